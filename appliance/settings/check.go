package settings

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// check says what is wrong with v, or nothing. It never repeats v: that may be
// a secret.
func (k Key) check(v any) string {
	switch k.Kind {
	case Number:
		n, ok := v.(int64)
		if !ok {
			return kindWords(k.Kind)
		}
		if n < k.Min || n > k.Max {
			return fmt.Sprintf("It must lie between %d and %d.", k.Min, k.Max)
		}
	case Bool:
		if _, ok := v.(bool); !ok {
			return kindWords(k.Kind)
		}
	case Choice:
		t, ok := v.(string)
		if !ok || !slices.Contains(k.Choices, t) {
			return "It must be one of: " + strings.Join(k.Choices, ", ") + "."
		}
	case List:
		return k.checkList(v)
	default:
		return k.checkText(v)
	}
	return ""
}

func (k Key) checkText(v any) string {
	t, ok := v.(string)
	if n := int64(len([]rune(t))); !ok || n < k.Min || n > k.Max {
		return fmt.Sprintf("It must have between %d and %d characters.", k.Min, k.Max)
	}
	if k.Check == nil || t == "" {
		return "" // where empty is allowed it means: none
	}
	return k.Check(t)
}

func (k Key) checkList(v any) string {
	list, ok := v.([]string)
	if !ok {
		return kindWords(k.Kind)
	}
	if n := int64(len(list)); n < k.Min || n > k.Max {
		return fmt.Sprintf("It must have between %d and %d entries.", k.Min, k.Max)
	}
	for i, one := range list {
		if k.Check == nil {
			continue
		}
		if why := k.Check(one); why != "" {
			return fmt.Sprintf("Entry %d: %s", i+1, why)
		}
	}
	return ""
}

func kindWords(k Kind) string {
	switch k {
	case Number:
		return "It must be a whole number."
	case Bool:
		return "It must be true or false."
	case List:
		return "It must be a list of texts."
	}
	return "It must be a text."
}

// domain lets a full host name pass (RFC 1123, in lower case).
func domain(s string) string {
	labels := strings.Split(s, ".")
	for _, l := range labels {
		plain := strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
		if l == "" || len(l) > 63 || !plain || l[0] == '-' || l[len(l)-1] == '-' {
			return "It must be a full name such as home.example.org, in lower case."
		}
	}
	if len(labels) < 2 {
		return "It must be a full name such as home.example.org, in lower case."
	}
	return ""
}

// identifier lets the id of a table's row pass; which ids there are is known
// to those who use it.
func identifier(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return "It must be the short name of a provider."
	}
	return ""
}

// texts lets a JSON object of texts pass.
func texts(s string) string {
	var fields map[string]string
	if err := json.Unmarshal([]byte(s), &fields); err != nil {
		return `It must be a JSON object of texts, such as {"token":"..."}.`
	}
	return ""
}

// places lets a JSON list of backup targets pass; what each needs is known to
// those who use it.
func places(s string) string {
	var list []struct {
		ID     string            `json:"id"`
		Kind   string            `json:"kind"`
		Fields map[string]string `json:"fields"`
	}
	if err := json.Unmarshal([]byte(s), &list); err != nil {
		return `It must be a JSON list of places, such as [{"id":"...","kind":"folder","name":"...","fields":{}}].`
	}
	seen := make(map[string]bool)
	for _, one := range list {
		if one.ID == "" || one.Kind == "" || seen[one.ID] {
			return "Each place needs a kind and an id of its own."
		}
		seen[one.ID] = true
	}
	return ""
}

// recoveryKey lets the text of an age identity pass.
func recoveryKey(s string) string {
	if !strings.HasPrefix(s, "AGE-SECRET-KEY-1") {
		return "It must be the recovery key of the kit, which begins with AGE-SECRET-KEY-1."
	}
	return ""
}

// httpsURL lets an address pass whose answer nobody on the way can forge.
func httpsURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return "It must be an address that begins with https://."
	}
	return ""
}

// network lets an address or a prefix pass. The whole internet is no proxy.
func network(s string) string {
	p, ok := prefix(s)
	switch {
	case !ok:
		return "It must be an address or a network such as 10.0.0.2 or fd00::/64."
	case p.Addr().Is4() && p.Bits() < 8 || p.Bits() < 16 && p.Addr().Is6():
		return "So wide a network would let anybody say who they are."
	}
	return ""
}

func prefix(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	if err != nil || p.Addr().Is4In6() {
		return netip.Prefix{}, false
	}
	return p.Masked(), true
}

// Prefixes reads a list of addresses and networks, as ReachProxies holds it.
// What is neither is passed over.
func Prefixes(list []string) []netip.Prefix {
	var all []netip.Prefix
	for _, s := range list {
		if p, ok := prefix(s); ok {
			all = append(all, p)
		}
	}
	return all
}

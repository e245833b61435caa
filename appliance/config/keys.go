package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// keys is every key with how it goes into the struct; the answer says what is
// wrong with the value, if anything.
var keys = map[string]func(c *Config, v any) string{
	"data": func(c *Config, v any) string { return text(v, &c.Data, nil) },
	"listen": func(c *Config, v any) string {
		why := texts(v, &c.Listen, address)
		if why == "" && len(c.Listen) == 0 {
			why = notList
		}
		if why == notList {
			return `must be a list of addresses such as [":8443"]`
		}
		return why
	},
	"local":                func(c *Config, v any) string { return orOff(v, &c.Local, loopback) },
	"redirect":             func(c *Config, v any) string { return orOff(v, &c.Redirect, address) },
	"log.level":            func(c *Config, v any) string { return text(v, &c.LogLevel, oneOf("debug", "info", "warn", "error")) },
	"log.format":           func(c *Config, v any) string { return text(v, &c.LogFormat, oneOf("text", "json")) },
	"log.country_database": func(c *Config, v any) string { return text(v, &c.CountryDatabase, fullPath) },
	"tls.oldest":           func(c *Config, v any) string { return text(v, &c.TLSOldest, oneOf("1.3", "1.2")) },
	"acme.directory":       func(c *Config, v any) string { return text(v, &c.ACMEDirectory, httpsURL) },
	"acme.test_directory":  func(c *Config, v any) string { return orOff(v, &c.ACMETest, httpsURL) },
	"acme.root":            func(c *Config, v any) string { return text(v, &c.ACMERoot, fullPath) },
	"address.https":        func(c *Config, v any) string { return texts(v, &c.AddressHTTPS, httpsURL) },
	"dns.resolvers": func(c *Config, v any) string {
		return each(v, &c.Resolvers, server)
	},
	"address.dns": func(c *Config, v any) string { return texts(v, &c.AddressDNS, echo) },
	"test.ranges": func(c *Config, v any) string { return each(v, &c.TestRanges, prefix) },
}

func text(v any, into *string, check func(string) string) string {
	s, ok := v.(string)
	if !ok {
		return "must be a text in quotes"
	}
	if check != nil {
		if why := check(s); why != "" {
			return why
		}
	}
	*into = s
	return ""
}

// orOff is text, where the word off leaves the value empty.
func orOff(v any, into *string, check func(string) string) string {
	if v == Off {
		*into = ""
		return ""
	}
	return text(v, into, check)
}

const notList = "must be a list of texts in quotes"

// each reads a list of texts by read, which says what is wrong with one.
func each[T any](v any, into *[]T, read func(string) (T, string)) string {
	list, ok := v.([]any)
	if !ok {
		return notList
	}
	var all []T
	for _, item := range list {
		s, ok := item.(string)
		if !ok {
			return notList
		}
		one, why := read(s)
		if why != "" {
			return why
		}
		all = append(all, one)
	}
	*into = all
	return ""
}

// texts is each for texts that are taken as they are.
func texts(v any, into *[]string, check func(string) string) string {
	return each(v, into, func(s string) (string, string) {
		if check == nil {
			return s, ""
		}
		return s, check(s)
	})
}

func oneOf(words ...string) func(string) string {
	return func(s string) string {
		if slices.Contains(words, s) {
			return ""
		}
		return "must be one of " + strings.Join(words, ", ")
	}
}

func address(s string) string {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return fmt.Sprintf("%q is not an address of the form host:port or :port", s)
	}
	if n, err := net.LookupPort("tcp", port); err != nil || n > 65535 {
		return fmt.Sprintf("%q has no port between 0 and 65535", s)
	}
	return ""
}

func loopback(s string) string {
	if why := address(s); why != "" {
		return why
	}
	host, _, _ := net.SplitHostPort(s)
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return ""
	}
	return `must be a loopback address such as "localhost:8480", since it is served without TLS`
}

func httpsURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return fmt.Sprintf("%q is not an address that begins with https://", s)
	}
	return ""
}

func fullPath(s string) string {
	if s == "" || filepath.IsAbs(s) {
		return ""
	}
	return fmt.Sprintf("%q is not a full path", s)
}

// server reads a DNS server: an address or a name, with port 53 where none is
// given.
func server(s string) (hostPort, why string) {
	host, port, err := net.SplitHostPort(s)
	if a, bad := netip.ParseAddr(strings.Trim(s, "[]")); bad == nil {
		host, port, err = a.String(), "53", nil
	} else if err != nil && !strings.Contains(s, ":") {
		host, port, err = s, "53", nil
	}
	if n, bad := net.LookupPort("udp", port); err != nil || bad != nil || n == 0 || !hostOf(host) {
		return "", fmt.Sprintf("%q is not a DNS server of the form 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53", s)
	}
	return net.JoinHostPort(host, port), ""
}

// hostOf reports whether s is an address or can be a host's name.
func hostOf(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return s != "" && len(s) <= 253 && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}

// echo judges "NAME [CLASS] TYPE @SERVER[:PORT]", a DNS question whose answer
// is the asker's address.
func echo(s string) string {
	bad := fmt.Sprintf("%q is not a question of the form \"whoami.example.net A @192.0.2.53\"", s)
	f := strings.Fields(s)
	if len(f) == 4 && slices.Contains([]string{"IN", "CH"}, f[1]) {
		f = slices.Delete(f, 1, 2)
	}
	if len(f) != 3 || !hostOf(f[0]) || !slices.Contains([]string{"A", "AAAA", "TXT"}, f[1]) {
		return bad
	}
	at, ok := strings.CutPrefix(f[2], "@")
	if !ok {
		return bad
	}
	_, why := server(at)
	return why
}

func prefix(s string) (netip.Prefix, string) {
	p, err := netip.ParsePrefix(s)
	if err != nil || p.Addr().Is4In6() {
		return p, fmt.Sprintf("%q is not a network such as 203.0.113.0/24", s)
	}
	return p.Masked(), ""
}

// CheckListen and CheckLocal judge addresses given on the command line by the
// same rules; the answer is empty when nothing is wrong.
func CheckListen(s string) string { return address(s) }

// CheckLocal is CheckListen for the loopback page.
func CheckLocal(s string) string {
	if s == Off {
		return ""
	}
	return loopback(s)
}

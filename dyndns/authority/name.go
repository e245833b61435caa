package authority

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"
	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// clean makes a name comparable: lower case, ASCII, without the dot at the end.
// A name that nobody can own is ErrNoZone.
func clean(name string) (string, error) {
	name = strings.TrimSuffix(strings.TrimSpace(name), ".")
	if ascii, err := idna.Lookup.ToASCII(name); err == nil {
		name = ascii // underscores make it fail; such names are ASCII already
	}
	name = strings.ToLower(name)
	if _, ok := dns.IsDomainName(name); !ok || strings.Contains("."+name+".", "..") || strings.ContainsAny(name, " \t\\\"@/:") {
		return "", fmt.Errorf("%w: %q is not a name", ErrNoZone, name)
	}
	for _, c := range name {
		if c <= ' ' || c > '~' {
			return "", fmt.Errorf("%w: %q is not a name", ErrNoZone, name)
		}
	}
	if !strings.Contains(name, ".") {
		return "", fmt.Errorf("%w: %q has no dot", ErrNoZone, name)
	}
	if suffix, _ := publicsuffix.PublicSuffix(name); suffix == name {
		return "", fmt.Errorf("%w: %s belongs to everybody; names are given out below it", ErrNoZone, name)
	}
	return name, nil
}

// registry is the part of a name under which names are sold ("co.uk"), by the
// public suffix list without its private part, which holds the likes of
// duckdns.org.
func registry(name string) string {
	suffix, icann := publicsuffix.PublicSuffix(name)
	for !icann {
		_, rest, more := strings.Cut(suffix, ".")
		if !more {
			break // a top level that the list does not know, such as .test
		}
		suffix, icann = publicsuffix.PublicSuffix(rest)
	}
	return suffix
}

// below is the name with one label more than suffix has: what is to be
// registered.
func below(name, suffix string) string {
	labels := dns.SplitDomainName(name)
	n := dns.CountLabel(suffix) + 1
	return strings.Join(labels[max(0, len(labels)-n):], ".")
}

// canonical is a name out of an answer, in our form.
func canonical(name string) string {
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// within reports whether name is zone or lies below it.
func within(zone, name string) bool {
	return zone == "" || name == zone || strings.HasSuffix(name, "."+zone)
}

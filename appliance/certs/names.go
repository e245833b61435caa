package certs

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// HostLabel is the machine's name as one label in lower case ("Pi.fritz.box"
// becomes "pi"), or "" where it is none that a URL and mDNS can hold as it is.
// A name with odd characters is left out and not mended: a mended name would
// resolve nowhere.
func HostLabel(raw string) string {
	label, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(raw)), ".")
	if !validLabel(label) || label == "localhost" {
		return ""
	}
	return label
}

// validLabel reports whether s is a lower-case label by RFC 1123, or one with
// an underscore, which is not a proper host name but works everywhere.
func validLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// bareAllowed reports whether the label may stand alone in our constraints. One
// that is a domain of the internet ("media", "box") would make our root good
// for all names below it; one that reads as a number is an address in a URL.
func bareAllowed(label string) bool {
	if label == "" || strings.Trim(label, "0123456789") == "" || strings.HasPrefix(label, "0x") {
		return false
	}
	_, internet := publicsuffix.PublicSuffix(label)
	return !internet
}

// dnsNames are the names a leaf should have: localhost, the bare host name,
// host.local, and the machine's full name where that is a local one.
func dnsNames(label, raw string, allowed []string) []string {
	names := []string{"localhost"}
	if label != "" {
		names = append(names, label, label+".local")
	}
	full := strings.TrimSuffix(strings.ToLower(strings.TrimSpace(raw)), ".")
	if validName(full) {
		names = append(names, full)
	}
	var kept []string
	for _, n := range names {
		if underAny(n, allowed) && !slices.Contains(kept, n) && (n != label || bareAllowed(label)) {
			kept = append(kept, n)
		}
	}
	return kept
}

func validName(name string) bool {
	if len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if !validLabel(label) {
			return false
		}
	}
	return true
}

// underAny reports whether name is one of the domains or lies below one.
func underAny(name string, domains []string) bool {
	return slices.ContainsFunc(domains, func(d string) bool {
		return name == d || strings.HasSuffix(name, "."+d)
	})
}

// leafAddresses are the two loopback addresses and those of present that the
// issuer may sign for, sorted. Link-local IPv6 is left out: its URL needs a
// zone, which browsers refuse.
func leafAddresses(present []netip.Addr, allowed []*net.IPNet) []netip.Addr {
	addrs := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	var more []netip.Addr
	for _, a := range present {
		a = a.Unmap().WithZone("")
		if a.IsLoopback() || (a.Is6() && a.IsLinkLocalUnicast()) || slices.Contains(more, a) {
			continue
		}
		if slices.ContainsFunc(allowed, func(n *net.IPNet) bool { return n.Contains(a.AsSlice()) }) {
			more = append(more, a)
		}
	}
	slices.SortFunc(more, netip.Addr.Compare)
	return append(addrs, more...)
}

// interfaceAddresses reads the addresses of all interfaces that are up.
func interfaceAddresses() ([]netip.Addr, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("listing network interfaces: %w", err)
	}
	var found []netip.Addr
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue // it went away between the two calls
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				found = append(found, p.Addr())
			}
		}
	}
	return found, nil
}

package listen

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
)

// LinkKind says for whom a link is.
type LinkKind string

// The kinds of link.
const (
	LinkHere    LinkKind = "here"    // on this computer
	LinkHost    LinkKind = "host"    // from another one, by name
	LinkAddress LinkKind = "address" // from another one, should the name be unknown
)

// Link is one way to open the page.
type Link struct {
	Kind LinkKind `json:"kind"`
	URL  string   `json:"url"`
	QR   []string `json:"qr"` // rows of 0 and 1, see QR
}

// Links lists the ways to path ("/#/setup?token=…") from near to far: this
// computer, the name host.local, and the first of addresses that the main door
// is open on. host is the machine's one-label name, "" where it has none
// (certs.Info.Host); addresses are the likeliest first (Network.Addresses).
// A way that does not exist is left out.
func Links(b Bound, host string, addresses []netip.Addr, path string) []Link {
	var links []Link
	add := func(kind LinkKind, origin string) {
		links = append(links, Link{Kind: kind, URL: origin + path, QR: QR(origin + path)})
	}
	if b.Plain != 0 {
		add(LinkHere, "http://localhost"+portOf(b.Plain, 80))
	} else if port, ok := openOn(b, loopback4, netip.IPv6Loopback()); ok {
		add(LinkHere, "https://localhost"+portOf(port, 443))
	}
	if port, ok := openOn(b, addresses...); ok && host != "" {
		add(LinkHost, "https://"+host+".local"+portOf(port, 443))
	}
	for _, a := range addresses {
		if port, ok := openOn(b, a); ok {
			add(LinkAddress, "https://"+bracketed(a)+portOf(port, 443))
			break
		}
	}
	return links
}

// openOn answers the port on which the main door is open to any of addrs.
func openOn(b Bound, addrs ...netip.Addr) (uint16, bool) {
	for _, l := range b.TLS {
		if len(addrs) > 0 && l.Addr().IsUnspecified() || slices.Contains(addrs, l.Addr().WithZone("")) {
			return l.Port(), true
		}
	}
	return 0, false
}

func portOf(port, usual uint16) string {
	if port == usual {
		return ""
	}
	return ":" + strconv.Itoa(int(port))
}

func bracketed(a netip.Addr) string {
	if a.Is4() {
		return a.String()
	}
	host := net.JoinHostPort(a.String(), "")
	return host[:len(host)-1]
}

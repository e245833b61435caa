package listen

import (
	"cmp"
	"net/netip"
	"slices"

	"latchkey/dyndns/uplink"
)

// Network is what this machine knows of the networks around it.
type Network struct {
	Interfaces []Interface
	Routes     []Route
	// Neighbours are the hardware addresses of peers on a link; nil where the
	// system does not tell, and then the router is known by its routes alone.
	Neighbours map[netip.Addr]string
	Routers    []string       // hardware addresses that gateways were ever seen with
	Names      []string       // our local names, lower case
	Proxies    []netip.Prefix // declared by the person who runs it
	// Test are reserved networks that a laboratory uses: as a home's where an
	// interface of ours lies in one, as the internet's elsewhere.
	Test []netip.Prefix
}

// Interface is one network interface that is up.
type Interface struct {
	Name     string
	Prefixes []netip.Prefix // its addresses, each with the link's length
	// Kind is empty for what may be a home's network: a card, or something
	// virtual that behaves like one.
	Kind Kind
}

// Kind is why an interface can't be a home's network.
type Kind string

// The kinds. A bridge with a card of the machine among its ports is the home's
// network itself (a common set-up of NAS and virtual machine hosts) and counts
// as a card; one without joins containers, and what comes from its addresses
// may be anybody's.
const (
	Card     Kind = ""
	Loopback Kind = "loopback"
	Tunnel   Kind = "tunnel" // point to point, VPN, mobile modem
	Bridge   Kind = "bridge"
)

// Route is one row of the routing table.
type Route = uplink.Row

// has reports whether a is an address of this machine.
func (n Network) has(a netip.Addr) bool {
	for _, i := range n.Interfaces {
		for _, p := range i.Prefixes {
			if p.Addr().WithZone("") == a {
				return true
			}
		}
	}
	return false
}

// onLink reports whether peer and local both lie on one home network.
func (n Network) onLink(peer, local netip.Addr) bool {
	for _, i := range n.home() {
		if z := peer.Zone(); z != "" && z != i.Name {
			continue
		}
		links := n.links(i)
		if contains(links, peer.WithZone("")) && contains(links, local.WithZone("")) {
			return true
		}
	}
	return false
}

// home are the interfaces that may be the home's network: for each family the
// card with the best default route.
//
// Where there is no default route at all (a laboratory, a direct cable, a
// network without a router) it is the only card that has a private network; of
// several none, since nothing says which is the home's. No router is known then
// that could be told from a neighbour; the token is the guard there.
func (n Network) home() []Interface {
	var best []Interface
	routed := false
	for _, family := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		for _, r := range n.defaults(family) {
			routed = true
			if i, ok := n.card(r.Interface); ok {
				best = append(best, i)
				break
			}
		}
	}
	if routed {
		return best
	}
	var private []Interface
	for _, i := range n.Interfaces {
		if i.Kind == Card && slices.ContainsFunc(n.links(i), n.private) {
			private = append(private, i)
		}
	}
	if len(private) != 1 {
		return nil
	}
	return private
}

// private reports whether a link's addresses can be nobody else's; link-local
// IPv6 says nothing, as every card has it.
func (n Network) private(p netip.Prefix) bool {
	a := p.Addr()
	return a.IsPrivate() || (a.Is4() && a.IsLinkLocalUnicast()) || contains(n.Test, a)
}

// defaults are the default routes of a family, the best first.
func (n Network) defaults(unspecified netip.Addr) []Route {
	var found []Route
	for _, r := range n.Routes {
		if r.To.Bits() == 0 && r.To.Addr() == unspecified {
			found = append(found, r)
		}
	}
	slices.SortStableFunc(found, func(a, b Route) int { return cmp.Compare(a.Metric, b.Metric) })
	return found
}

func (n Network) card(name string) (Interface, bool) {
	for _, i := range n.Interfaces {
		if i.Name == name {
			return i, i.Kind == Card
		}
	}
	return Interface{}, false
}

// links are the interface's prefixes whose peers may be a household's:
// private and link-local ones. A public IPv4 prefix is shared with strangers
// and never is, and it casts doubt on the IPv6 beside it: that is how rented
// servers look. A public IPv6 /64 is a household's own where the same link has
// a private IPv4 network, as behind every home router.
func (n Network) links(i Interface) []netip.Prefix {
	var private4, public4 bool
	for _, p := range i.Prefixes {
		if p.Addr().Is4() {
			private4 = private4 || n.private(p)
			public4 = public4 || !n.private(p)
		}
	}
	var links []netip.Prefix
	for _, p := range i.Prefixes {
		a := p.Addr()
		var good bool
		switch {
		case p.IsSingleIP():
		case a.Is4():
			good = n.private(p)
		case public4 || p.Bits() < 64:
		default:
			good = a.IsPrivate() || a.IsLinkLocalUnicast() || private4
		}
		if good {
			links = append(links, p.Masked())
		}
	}
	return links
}

// routerOrUnseen says why a peer on the link is still not a household's, or "".
func (n Network) routerOrUnseen(peer netip.Addr) string {
	var hardware []string
	for _, r := range n.Routes {
		if !r.Gateway.IsValid() {
			continue
		}
		if r.Gateway.WithZone("") == peer {
			return whyGateway
		}
		hardware = append(hardware, n.Neighbours[r.Gateway.WithZone("")])
	}
	if n.Neighbours == nil {
		return ""
	}
	own := n.Neighbours[peer]
	switch {
	case own == "":
		return whyUnseen
	case slices.Contains(hardware, own) || slices.Contains(n.Routers, own):
		return whyGateway
	}
	return ""
}

// Router reports whether a is the router, under any of its addresses on the
// link: one that masquerades speaks for strangers and for the household alike.
func (n Network) Router(a netip.Addr) bool { return n.routerOrUnseen(a.WithZone("")) == whyGateway }

// Addresses are the machine's addresses on the home network that a person
// could type, the likeliest first: private IPv4, then unique local IPv6.
func (n Network) Addresses() []netip.Addr {
	var found []netip.Addr
	for _, i := range n.home() {
		for _, p := range i.Prefixes {
			a := p.Addr().WithZone("")
			if n.private(p) && !slices.Contains(found, a) {
				found = append(found, a)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b netip.Addr) int { return cmp.Compare(a.BitLen(), b.BitLen()) })
	return found
}

func contains(prefixes []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

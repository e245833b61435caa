package listen

import (
	"net/netip"
	"slices"

	"latchkey/dyndns/publicip"
)

// FromOutside reports whether a call can only have come in from the internet,
// by our door: the proof that the door is open. Its client must have a public
// address that is neither ours (own are those that the router or others see us
// by) nor the router's nor anybody's on our links; a declared proxy's word for
// the client is enough, another proxy's is not. Whether TLS was spoken under
// the public name is the caller's to look at.
//
// It rather misses a proof than claims one: of IPv6 the whole /48 around our
// own addresses counts as inside, being the most that a provider hands to one
// household (RFC 6177).
func FromOutside(c Call, n Network, own []netip.Addr) bool {
	if c.Door != DoorTLS {
		return false
	}
	client := ClientOf(c, n.Proxies)
	if client.Doubt != "" || (!client.Proxied && forwarded(c.Header)) {
		return false
	}
	return n.outside(client.Addr, own)
}

func (n Network) outside(a netip.Addr, own []netip.Addr) bool {
	if _, special := publicip.Special(a, n.Test); special || !a.IsValid() {
		return false
	}
	if n.Neighbours[a] != "" || contains(n.Proxies, a) || n.routed(a) {
		return false
	}
	for _, i := range n.Interfaces {
		for _, p := range i.Prefixes {
			if p.Contains(a) || sameSite(p.Addr(), a) {
				return false
			}
		}
	}
	return !slices.ContainsFunc(own, func(o netip.Addr) bool { return o.Unmap() == a || sameSite(o, a) })
}

// widest are the prefix lengths from which on a route leads to somewhere and
// is no default route cut into pieces, as VPNs lay them (0.0.0.0/1, 2000::/3).
const (
	widest4 = 8
	widest6 = 16
)

// routed reports whether a is a gateway or lies behind a route other than the
// default one: a network of the household's own.
func (n Network) routed(a netip.Addr) bool {
	return slices.ContainsFunc(n.Routes, func(r Route) bool {
		least := widest6
		if a.Is4() {
			least = widest4
		}
		return r.Gateway.WithZone("") == a || r.To.Bits() >= least && r.To.Contains(a)
	})
}

// site is the largest IPv6 prefix that one household gets.
const site = 48

func sameSite(own, a netip.Addr) bool {
	if !own.Is6() || own.Is4In6() || !a.Is6() {
		return false
	}
	p, err := own.WithZone("").Prefix(site)
	return err == nil && p.Contains(a)
}

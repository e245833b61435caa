package listen

import (
	"net"
	"net/netip"
	"time"
)

const (
	// meetEvery keeps a router that is switched off from slowing us down.
	meetEvery = 30 * time.Second
	// meetFor is a hundred times what a router on the link takes to answer.
	meetFor = 200 * time.Millisecond
)

// meetRoutersLocked makes the kernel learn the hardware address of gateways
// that it has not yet spoken to: until then, a router's other addresses look
// like anybody's.
func (s *Scout) meetRoutersLocked(n *Network) {
	strange := strangeRouters(*n)
	if n.Neighbours == nil || len(strange) == 0 || (!s.met.IsZero() && time.Since(s.met) < meetEvery) {
		return
	}
	s.met = time.Now()
	for _, gateway := range strange {
		greet(gateway)
	}
	for time.Since(s.met) < meetFor && len(strangeRouters(*n)) > 0 {
		time.Sleep(meetFor / 20)
		now, err := neighbours()
		if err != nil {
			return
		}
		n.Neighbours = now
	}
}

// strangeRouters are the gateways on cards whose hardware address is unknown,
// each with the zone that a link-local one needs.
func strangeRouters(n Network) []netip.Addr {
	var strange []netip.Addr
	for _, r := range n.Routes {
		if _, card := n.card(r.Interface); !card || !r.Gateway.IsValid() || n.Neighbours[r.Gateway] != "" {
			continue
		}
		gateway := r.Gateway
		if gateway.IsLinkLocalUnicast() && gateway.Is6() {
			gateway = gateway.WithZone(r.Interface)
		}
		strange = append(strange, gateway)
	}
	return strange
}

// greet sends an empty datagram to the discard port (RFC 863): what matters is
// that the kernel must ask for the hardware address first.
func greet(gateway netip.Addr) {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(gateway, 9)))
	if err != nil {
		return // no way to it, so it is none of our callers
	}
	defer c.Close()
	c.Write(nil) // whether it arrives does not matter
}

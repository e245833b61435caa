package portmap

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"latchkey/dyndns/uplink"
)

// seekWait bounds a search: MX of a second, and the way there and back.
const seekWait = 1600 * time.Millisecond

// headStart is what PCP has before NAT-PMP: where a router speaks both, PCP is
// the better one, as it refuses a port instead of giving another.
const headStart = 60 * time.Millisecond

// network finds the doors of the real network.
type network struct {
	epochs *epochs
	mark   string

	// What tests put in place of the real ports and groups.
	gateway uint16         // 5351
	ssdp    uint16         // 1900
	group   netip.AddrPort // 239.255.255.250:1900
	wait    time.Duration  // seekWait
}

func newNetwork(e *epochs, mark string) *network {
	return &network{
		epochs: e, mark: mark, gateway: gatewayPort, ssdp: ssdpPort,
		group: netip.AddrPortFrom(ssdpGroup, ssdpPort), wait: seekWait,
	}
}

func (n *network) seek(ctx context.Context, r uplink.Route, hints []string) <-chan finding {
	found := make(chan finding)
	tell := func(f finding) {
		select {
		case found <- f:
		case <-ctx.Done():
		}
	}
	var all sync.WaitGroup
	if r.Address4.IsValid() && r.Gateway4.IsValid() {
		all.Go(func() { n.knock(ctx, n.pcp(r.Gateway4, r.Address4), tell) })
		all.Go(func() {
			pause(ctx, headStart)
			n.knock(ctx, n.natpmp(r), tell)
		})
		all.Go(func() { n.upnp(ctx, r, hints, tell) })
	}
	if r.Gateway6.IsValid() && len(r.Global6) > 0 {
		all.Go(func() { n.knock(ctx, n.pcp(r.Gateway6, r.Global6[0]), tell) })
	}
	go func() {
		all.Wait()
		close(found)
	}()
	return found
}

func (n *network) natpmp(r uplink.Route) *natpmpDoor {
	return &natpmpDoor{
		who:  about{protocol: NATPMP, family: 4, at: r.Gateway4, near: true},
		self: r.Address4, to: netip.AddrPortFrom(r.Gateway4, n.gateway), epochs: n.epochs,
	}
}

func (n *network) pcp(gateway, self netip.Addr) *pcpDoor {
	family := 4
	if self.Is6() {
		family = 6
	}
	return &pcpDoor{
		who:  about{protocol: PCP, family: family, at: gateway, near: true},
		self: self, to: netip.AddrPortFrom(gateway, n.gateway), epochs: n.epochs,
	}
}

// patientDoor can be asked again and again while its router starts.
type patientDoor interface {
	door
	ask(ctx context.Context, patient bool) (view, error)
}

func (n *network) knock(ctx context.Context, d patientDoor, tell func(finding)) {
	ctx, cancel := context.WithTimeout(ctx, n.wait)
	defer cancel()
	v, err := d.ask(ctx, true)
	tell(found(d, v, err))
}

// found makes a finding of what a door answered.
func found(d door, v view, err error) finding {
	a := d.about()
	f := finding{door: d, view: v, router: Router{Protocol: a.protocol, Family: a.family, Name: a.name, At: a.at, External: v.external, near: a.near}}
	if err == nil {
		return f
	}
	r := refused(err)
	f.router.Fault, f.router.Why = r.fault, r.why
	// What refuses to be looked at for one port or once may open another time;
	// what is silent or does not speak the protocol is no door.
	if r.fault == Silent || r.fault == Off {
		f.door = nil
	}
	return f
}

// upnp searches by SSDP, reads the descriptions and looks at each door in them.
func (n *network) upnp(ctx context.Context, r uplink.Route, hints []string, tell func(finding)) {
	within := fenceOf(r)
	var all sync.WaitGroup
	var mu sync.Mutex
	var seen []string
	doors := 0
	describe := func(location string) {
		mu.Lock()
		known := slices.Contains(seen, location) || len(seen) >= 8
		if !known {
			seen = append(seen, location)
		}
		mu.Unlock()
		if known {
			return
		}
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, 2*httpWait)
			defer cancel()
			n := n.describe(ctx, r, within, location, tell)
			mu.Lock()
			doors += n
			mu.Unlock()
		})
	}
	for _, h := range hints {
		describe(h)
	}
	searching, cancel := context.WithTimeout(ctx, n.wait)
	n.search(searching, r, within, describe)
	cancel()
	all.Wait()
	if doors > 0 || ctx.Err() != nil {
		return
	}
	why, fault := "no router answered the search for UPnP", Silent
	if len(seen) > 0 {
		why, fault = "the router's UPnP offers no port mapping", Off
	}
	tell(finding{router: Router{Protocol: UPnP1, Family: 4, At: r.Gateway4, Fault: fault, Why: why}})
}

// describe reads one description and tells its doors; it returns their number.
func (n *network) describe(ctx context.Context, r uplink.Route, within fence, location string, tell func(finding)) int {
	u, at, err := within.place(location)
	if err != nil {
		return 0
	}
	t := &transport{within: within, self: r.Address4}
	b, err := t.get(ctx, location)
	if err != nil {
		return 0
	}
	d, err := parseDescription(b, u, within)
	if err != nil {
		return 0
	}
	for _, s := range d.services {
		who := about{protocol: s.protocol, family: 4, name: d.name, at: at, where: s.control.String(), near: at == r.Gateway4}
		if s.protocol != PinholeUPnP {
			door := newIGD(s, who, r.Address4, n.mark, within)
			v, err := door.look(ctx)
			tell(found(door, v, err))
			continue
		}
		// Only the gateway's own firewall stands in our way.
		if !who.near || !r.Gateway6.IsValid() || len(r.Global6) == 0 {
			continue
		}
		s = s.over6(r.Gateway6)
		who.family, who.at, who.where = 6, r.Gateway6, s.control.String()
		door := newPinhole(s, who, r.Global6[0], within)
		v, err := door.look(ctx)
		tell(found(door, v, err))
	}
	return len(d.services)
}

// fenceOf is the gateway and the link of the default route.
func fenceOf(r uplink.Route) fence {
	f := fence{gateways: []netip.Addr{r.Gateway4, r.Gateway6}}
	if r.Prefix4.IsValid() && r.Prefix4.Bits() > 0 {
		f.links = append(f.links, r.Prefix4.Masked())
	}
	return f
}

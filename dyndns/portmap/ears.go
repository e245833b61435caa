package portmap

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"latchkey/dyndns/uplink"
)

// Where routers speak by themselves: SSDP NOTIFY, and the announcements of
// NAT-PMP (RFC 6886, section 3.2.1) and PCP (RFC 6887, section 14.1).
var (
	ssdpGroup = netip.AddrFrom4([4]byte{239, 255, 255, 250})
	allHosts  = netip.AddrFrom4([4]byte{224, 0, 0, 1})
	allNodes  = netip.MustParseAddr("ff02::1")
)

// clientPort is where clients of NAT-PMP and PCP are told.
const clientPort = 5350

// earRetry is when a place that can't be listened at is tried again.
const earRetry = 30 * time.Second

// multicast hears routers on the link of the default route. Ports are shared, so
// that others on this machine may listen too; a place that can't be had is done
// without, because all that is heard only spares waiting for the next poll.
type multicast struct{ log *slog.Logger }

var _ ears = multicast{}

func (m multicast) listen(ctx context.Context, r uplink.Route, heard func(news)) {
	within := fenceOf(r)
	var one sync.Mutex
	say := func(n news) {
		one.Lock()
		defer one.Unlock()
		heard(n)
	}
	places := []netip.AddrPort{
		netip.AddrPortFrom(ssdpGroup, ssdpPort),
		netip.AddrPortFrom(allHosts, clientPort),
	}
	if r.Gateway6.IsValid() {
		places = append(places, netip.AddrPortFrom(allNodes, clientPort))
	}
	var all sync.WaitGroup
	for _, place := range places {
		all.Go(func() {
			for ctx.Err() == nil {
				err := m.hear(ctx, r, place, within, say)
				if ctx.Err() == nil {
					m.log.Debug("listening to routers", "at", place, "error", err)
					pause(ctx, earRetry)
				}
			}
		})
	}
	all.Wait()
}

func (m multicast) hear(ctx context.Context, r uplink.Route, place netip.AddrPort, within fence, say func(news)) error {
	conn, err := join(ctx, r, place)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	b := make([]byte, ssdpMost+1)
	for {
		n, from, err := conn.ReadFrom(b)
		if err != nil {
			return fmt.Errorf("hearing %v: %w", place, err)
		}
		a := source(from)
		if !within.allows(a) {
			continue
		}
		if heard, ok := understand(place.Port(), a, b[:n]); ok {
			say(heard)
		}
	}
}

// understand makes news of a datagram, if it is any.
func understand(port uint16, from netip.Addr, b []byte) (news, bool) {
	if port == clientPort {
		if r, err := parseNATPMP(b); err == nil && r.op == natpmpAddress {
			return news{from: from, kind: announce}, true
		}
		if r, err := parsePCP(b); err == nil && r.op == pcpAnnounce {
			return news{from: from, kind: announce}, true
		}
		return news{}, false
	}
	m, ok := parseSSDP(b)
	if !ok || m.answer || !m.gatewayish() {
		return news{}, false
	}
	switch m.sub {
	case "ssdp:alive", "ssdp:update":
		return news{from: from, kind: alive, location: m.location, boot: m.boot}, true
	case "ssdp:byebye":
		return news{from: from, kind: byebye}, true
	}
	return news{}, false
}

func source(a net.Addr) netip.Addr {
	if u, ok := a.(*net.UDPAddr); ok {
		return u.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// join listens at a group on the route's interface. Bound to the group's own
// address, the socket takes nobody else's datagrams away.
func join(ctx context.Context, r uplink.Route, place netip.AddrPort) (net.PacketConn, error) {
	name := r.Interface
	if place.Addr().Is6() && r.Interface6 != "" {
		name = r.Interface6
	}
	ifi, err := net.InterfaceByName(name)
	if err != nil {
		return nil, fmt.Errorf("finding the interface: %w", err)
	}
	network, where := "udp4", place
	if place.Addr().Is6() {
		network, where = "udp6", netip.AddrPortFrom(place.Addr().WithZone(ifi.Name), place.Port())
	}
	conn, err := (&net.ListenConfig{Control: shared}).ListenPacket(ctx, network, where.String())
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	group := &net.UDPAddr{IP: place.Addr().AsSlice()}
	if place.Addr().Is4() {
		err = ipv4.NewPacketConn(conn).JoinGroup(ifi, group)
	} else {
		err = ipv6.NewPacketConn(conn).JoinGroup(ifi, group)
	}
	// All hosts are in the groups of all hosts, and some systems say so by refusing.
	if err != nil && !strings.Contains(err.Error(), "in use") && place.Port() == ssdpPort {
		conn.Close()
		return nil, fmt.Errorf("joining: %w", err)
	}
	return conn, nil
}

// search asks by SSDP, everybody and the gateway by itself (which answers at
// once, and passes firewalls that know connections), and tells the locations
// of what answers as a router.
func (n *network) search(ctx context.Context, r uplink.Route, within fence, tell func(location string)) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(r.Address4, 0)))
	if err != nil {
		return
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if ifi, err := net.InterfaceByName(r.Interface); err == nil {
		p := ipv4.NewPacketConn(conn)
		_ = p.SetMulticastInterface(ifi)
		_ = p.SetMulticastTTL(2) // UDA 2.0, section 1.1.2
	}
	go n.ask(ctx, conn, netip.AddrPortFrom(r.Gateway4, n.ssdp))
	b := make([]byte, ssdpMost+1)
	for {
		size, from, err := conn.ReadFromUDPAddrPort(b)
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			pause(ctx, 50*time.Millisecond) // the gateway's "nobody listens here"
			continue
		}
		m, ok := parseSSDP(b[:size])
		if !ok || !m.answer || m.location == "" || !within.allows(from.Addr()) {
			continue
		}
		if m.gatewayish() {
			tell(m.location)
		}
	}
}

// ask sends the questions twice, since UDP loses some.
func (n *network) ask(ctx context.Context, conn *net.UDPConn, gateway netip.AddrPort) {
	for round := range 2 {
		if round > 0 {
			pause(ctx, 400*time.Millisecond)
		}
		for _, target := range searched {
			for _, to := range [...]netip.AddrPort{gateway, n.group} {
				if ctx.Err() != nil {
					return
				}
				_, _ = conn.WriteToUDPAddrPort(search(to.String(), target), to)
			}
		}
	}
}

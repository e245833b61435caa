package listen

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"latchkey/dyndns/uplink"
)

// ScoutConfig says what a Scout can't see for itself. All of it may be nil.
type ScoutConfig struct {
	// Names are those under which we are found at home: certs.House.Names, and
	// once there is a public name it and the one below it for the home network.
	Names   func() []string
	Proxies func() []netip.Prefix // the declared proxies
	Test    []netip.Prefix        // see Network.Test
	Log     *slog.Logger
	root    string         // of /proc and /sys, for tests
	read    func() Network // in place of looking, for tests
}

// Scout looks at the machine's networks, at most every few seconds, and tells
// home from far. It is safe for concurrent use.
type Scout struct {
	cfg ScoutConfig

	mu      sync.Mutex
	seen    Network
	at      time.Time
	met     time.Time // when routers were last asked for
	routers []string
}

// freshFor bounds how long a changed network is judged by its old shape.
const freshFor = 3 * time.Second

// NewScout makes a Scout. Nothing is read before it is asked.
func NewScout(cfg ScoutConfig) *Scout {
	if cfg.Names == nil {
		cfg.Names = func() []string { return nil }
	}
	if cfg.Proxies == nil {
		cfg.Proxies = func() []netip.Prefix { return nil }
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Scout{cfg: cfg}
	if s.cfg.read == nil {
		s.cfg.read = s.readLocked
	}
	return s
}

// Origin tells where r comes from.
func (s *Scout) Origin(r *http.Request) Origin { return s.Verdict(r).Origin }

// Verdict tells where r comes from, and why. r must have come through Serve, or
// carry WithDoor and an http.LocalAddrContextKey of its own.
func (s *Scout) Verdict(r *http.Request) Verdict {
	c := CallOf(r)
	if c.Door == DoorSocket || c.Peer.IsLoopback() || c.Local.IsLoopback() {
		return Judge(c, Network{Proxies: s.cfg.Proxies()}) // no network has a say in it
	}
	v := Judge(c, s.Network())
	if v.Why == whyUnseen { // its first packet made it a neighbour, perhaps just now
		v = Judge(c, s.look(0))
	}
	return v
}

// Client tells for whom r is made, believing the declared proxies.
func (s *Scout) Client(r *http.Request) Client { return ClientOf(CallOf(r), s.cfg.Proxies()) }

// Undeclared reports whether r carries the marks of a proxy that nobody
// declared: then its address is not the caller's.
func (s *Scout) Undeclared(r *http.Request) bool {
	c := CallOf(r)
	return forwarded(c.Header) && !contains(s.cfg.Proxies(), c.Peer.WithZone(""))
}

// Shared reports whether callers from a are many behind one address that must
// never be shut out as a whole: this computer itself, the router, a declared
// proxy that does not say for whom it calls.
func (s *Scout) Shared(a netip.Addr) bool {
	return a.IsLoopback() || contains(s.cfg.Proxies(), a) || s.Network().Router(a)
}

// FromOutside is the function of that name for r.
func (s *Scout) FromOutside(r *http.Request, own []netip.Addr) bool {
	return FromOutside(CallOf(r), s.Network(), own)
}

// near reports whether a connection comes from home, as far as its two ends
// tell.
func (s *Scout) near(peer, local netip.Addr) bool {
	if peer.IsLoopback() || local.IsLoopback() {
		return Network{}.near(peer, local) == ""
	}
	why := s.Network().near(peer, local)
	if why == whyUnseen { // its first packet made it a neighbour, perhaps just now
		why = s.look(0).near(peer, local)
	}
	return why == ""
}

// CallOf reads from r what Judge needs.
func CallOf(r *http.Request) Call {
	c := Call{Door: Through(r), Host: r.Host, Header: r.Header}
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		c.Peer = peer.Addr().Unmap()
	}
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		c.Local = addrOf(local)
	}
	return c
}

// Network is the present view, at most a few seconds old.
func (s *Scout) Network() Network { return s.look(freshFor) }

func (s *Scout) look(notOlder time.Duration) Network {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at.IsZero() || time.Since(s.at) >= notOlder {
		s.seen = s.cfg.read()
		s.at = time.Now()
	}
	n := s.seen
	n.Names, n.Proxies, n.Test = s.cfg.Names(), s.cfg.Proxies(), s.cfg.Test
	return n
}

// readLocked reads everything. What can't be read is as if it were not there,
// which only ever makes a caller far.
func (s *Scout) readLocked() Network {
	var n Network
	if t, err := os.ReadFile(s.path("/proc/self/net/route")); err == nil {
		n.Routes = uplink.ParseTable4(t)
	}
	if t, err := os.ReadFile(s.path("/proc/self/net/ipv6_route")); err == nil {
		n.Routes = append(n.Routes, uplink.ParseTable6(t)...)
	}
	var err error
	if n.Interfaces, err = s.interfaces(); err != nil {
		s.cfg.Log.Warn("listing network interfaces", "error", err)
	}
	if n.Neighbours, err = neighbours(); err != nil {
		s.cfg.Log.Debug("listing neighbours", "error", err)
	}
	s.meetRoutersLocked(&n)
	for _, r := range n.Routes {
		hw := n.Neighbours[r.Gateway.WithZone("")]
		if r.Gateway.IsValid() && hw != "" && !slices.Contains(s.routers, hw) {
			s.routers = append(s.routers, hw)
		}
	}
	n.Routers = slices.Clone(s.routers)
	return n
}

func (s *Scout) interfaces() ([]Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var up []Interface
	for _, i := range all {
		if i.Flags&net.FlagUp == 0 {
			continue
		}
		one := Interface{Name: i.Name, Kind: s.kind(i)}
		addrs, err := i.Addrs()
		if err != nil {
			continue // it went away between the two calls
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				one.Prefixes = append(one.Prefixes, p)
			}
		}
		up = append(up, one)
	}
	return up, nil
}

// kind tells what an interface is from its flags and from sysfs.
func (s *Scout) kind(i net.Interface) Kind {
	dir := s.path("/sys/class/net/" + i.Name)
	switch {
	case i.Flags&net.FlagLoopback != 0:
		return Loopback
	case i.Flags&net.FlagPointToPoint != 0, i.Flags&net.FlagBroadcast == 0, exists(dir + "/tun_flags"):
		return Tunnel
	case exists(dir + "/bridge"):
		ports, _ := filepath.Glob(dir + "/brif/*") // the pattern is sound
		if slices.ContainsFunc(ports, func(p string) bool {
			return exists(s.path("/sys/class/net/" + filepath.Base(p) + "/device"))
		}) {
			return Card
		}
		return Bridge
	}
	uevent, _ := os.ReadFile(dir + "/uevent") // absent in some sandboxes: then a card
	return kindOf(string(uevent))
}

// kindOf reads the device type that the kernel tells in uevent.
func kindOf(uevent string) Kind {
	for line := range strings.Lines(uevent) {
		switch strings.TrimSpace(line) {
		case "DEVTYPE=wireguard", "DEVTYPE=vxlan", "DEVTYPE=geneve", "DEVTYPE=gre", "DEVTYPE=wwan", "DEVTYPE=ppp":
			return Tunnel
		case "DEVTYPE=bridge":
			return Bridge
		}
	}
	return Card
}

func (s *Scout) path(p string) string { return s.cfg.root + p }

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

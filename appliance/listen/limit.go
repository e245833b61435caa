package listen

import (
	"net"
	"net/netip"
	"sync"
)

const (
	// maxConnections at 40 KB each is what a machine of 1 GB spares easily.
	maxConnections = 2048
	// maxPerNeighbour leaves room for others while one address (an IPv6 /64)
	// holds all it can; a proxy in front of us counts as one.
	maxPerNeighbour = 512
)

// slots counts open connections, so that whoever opens thousands and says
// nothing holds only their own share.
type slots struct {
	total, each int

	mu   sync.Mutex
	open int
	by   map[netip.Prefix]int
}

func newSlots(total, each int) *slots {
	return &slots{total: total, each: each, by: make(map[netip.Prefix]int)}
}

func (s *slots) limit(l net.Listener) net.Listener { return limited{l, s} }

// take counts a connection from addr and reports whether there is room.
func (s *slots) take(p netip.Prefix) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open >= s.total || s.by[p] >= s.each {
		return false
	}
	s.open++
	s.by[p]++
	return true
}

func (s *slots) give(p netip.Prefix) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if s.by[p]--; s.by[p] == 0 {
		delete(s.by, p)
	}
}

// limited closes at once what is too many. Waiting instead would shut out
// everybody.
type limited struct {
	net.Listener
	slots *slots
}

func (l limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		p := neighbourhood(addrOf(c.RemoteAddr()))
		if l.slots.take(p) {
			return &counted{Conn: c, give: sync.OnceFunc(func() { l.slots.give(p) })}, nil
		}
		c.Close()
	}
}

type counted struct {
	net.Conn
	give func()
}

// Close gives the slot back, once.
func (c *counted) Close() error {
	c.give()
	return c.Conn.Close()
}

// neighbourhood is whom a connection counts against: an IPv4 address, or the
// IPv6 /64 of which one machine can use every address.
func neighbourhood(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, err := a.WithZone("").Prefix(bits)
	if err != nil { // no address at all counts as one peer
		return netip.Prefix{}
	}
	return p
}

// addrOf is the address of a TCP end, an IPv4 one as such; the zero Addr for
// any other.
func addrOf(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap()
}

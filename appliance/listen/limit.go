package listen

import (
	"net"
	"net/netip"
)

const (
	// maxConnections at 40 KB each is what a machine of 1 GB spares easily.
	maxConnections = 1024
	// maxPerNeighbour leaves room for others while one address (an IPv6 /64)
	// holds all it can; a proxy in front of us counts as one.
	maxPerNeighbour = 512
)

func (s *slots) limit(l net.Listener) net.Listener { return limited{l, s} }

// limited closes at once what finds no room. Waiting instead would shut out
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
		if h, ok := l.slots.take(neighbourhood(addrOf(c.RemoteAddr())), c.Close); ok {
			return &counted{Conn: c, slots: l.slots, held: h}, nil
		}
		c.Close()
	}
}

type counted struct {
	net.Conn
	slots *slots
	held  *held
}

// Close gives the slot back, once.
func (c *counted) Close() error {
	c.slots.give(c.held)
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

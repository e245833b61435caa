package listen

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
)

const (
	// maxConnections at 40 KB each is what a machine of 1 GB spares easily.
	maxConnections = 1024
	// maxPerNeighbour leaves room for others while one address (an IPv6 /64)
	// holds all it can; a proxy in front of us counts as one.
	maxPerNeighbour = 512
)

// slots counts open connections. Where there are too many, the newest comes in
// and an older one goes: of the neighbourhood that holds the most, the one that
// has been open longest without anybody proving themselves over it. Turning the
// newest away instead would let strangers shut everybody out, by connections
// that say nothing.
type slots struct {
	total, each int

	mu   sync.Mutex
	open int
	made uint64                   // counts connections, so that the older of two is known
	by   map[netip.Prefix][]*held // the oldest first
}

// held is a connection's place.
type held struct {
	place  netip.Prefix
	number uint64
	close  func() error
	proven atomic.Bool
}

func newSlots(total, each int) *slots {
	return &slots{total: total, each: each, by: make(map[netip.Prefix][]*held)}
}

func (s *slots) limit(l net.Listener) net.Listener { return limited{l, s} }

// take counts a connection from a place, which closed ends, and reports whether
// there is room for it. An older one may have been closed for that.
func (s *slots) take(p netip.Prefix, closed func() error) (*held, bool) {
	s.mu.Lock()
	var victim *held
	switch {
	case len(s.by[p]) >= s.each:
		victim = unproven(s.by[p])
	case s.open >= s.total:
		victim = s.crowdedLocked()
	}
	if victim == nil && (len(s.by[p]) >= s.each || s.open >= s.total) {
		s.mu.Unlock()
		return nil, false
	}
	if victim != nil {
		s.dropLocked(victim)
	}
	s.made++
	h := &held{place: p, number: s.made, close: closed}
	s.by[p] = append(s.by[p], h)
	s.open++
	s.mu.Unlock()
	if victim != nil {
		victim.close() // its own server sees the end and tidies up
	}
	return h, true
}

// crowdedLocked finds the connection to close when there is no room at all.
func (s *slots) crowdedLocked() *held {
	var victim *held
	most := 0
	for _, all := range s.by {
		oldest := unproven(all)
		if oldest != nil && (len(all) > most || len(all) == most && oldest.number < victim.number) {
			victim, most = oldest, len(all)
		}
	}
	return victim
}

// unproven is the oldest connection over which nobody has proved themselves.
func unproven(all []*held) *held {
	for _, h := range all {
		if !h.proven.Load() {
			return h
		}
	}
	return nil
}

// give frees a connection's place; one that was freed already is no mistake.
func (s *slots) give(h *held) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropLocked(h)
}

func (s *slots) dropLocked(h *held) {
	all := s.by[h.place]
	for i := range all {
		if all[i] != h {
			continue
		}
		s.open--
		if len(all) == 1 {
			delete(s.by, h.place)
			return
		}
		copy(all[i:], all[i+1:])
		all[len(all)-1] = nil
		s.by[h.place] = all[:len(all)-1]
		return
	}
}

type vouchKey struct{}

// Vouch says that whoever made r has proved who they are: their connection does
// not make room for strangers' ones any more. Requests that came through no door
// of ours are none the worse for it.
func Vouch(r *http.Request) {
	if c, ok := r.Context().Value(vouchKey{}).(*counted); ok {
		c.held.proven.Store(true)
	}
}

// vouching lets Vouch find a request's connection.
func vouching(ctx context.Context, c net.Conn) context.Context {
	over, ok := c.(*tls.Conn)
	if !ok {
		return ctx
	}
	if c, ok := over.NetConn().(*counted); ok {
		ctx = context.WithValue(ctx, vouchKey{}, c)
	}
	return ctx
}

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

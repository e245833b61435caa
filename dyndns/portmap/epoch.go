package portmap

import (
	"net/netip"
	"sync"
	"time"
)

// epoch follows a router's own clock, which starts anew when it has forgotten
// its mappings. Times are the client's and must be monotonic.
type epoch struct {
	known  bool
	server uint32
	at     time.Time
}

// pcp takes a PCP server's epoch and reports whether the server has lost its
// state since the one before (RFC 6887, section 8.5). The new value counts from
// now on, valid or not.
func (e *epoch) pcp(now time.Time, server uint32) (lost bool) {
	before := *e
	*e = epoch{known: true, server: server, at: now}
	if !before.known {
		return false
	}
	// Back by up to a second is packets overtaking each other, not time.
	if int64(server) < int64(before.server)-1 {
		return true
	}
	client := int64(now.Sub(before.at) / time.Second)
	delta := int64(server) - int64(before.server)
	return client+2 < delta-delta/16 || delta+2 < client-client/16
}

// natpmp does the same for NAT-PMP (RFC 6886, section 3.6): the router's clock
// may run slow by an eighth and two seconds, but not more.
func (e *epoch) natpmp(now time.Time, server uint32) (lost bool) {
	before := *e
	*e = epoch{known: true, server: server, at: now}
	if !before.known {
		return false
	}
	expected := float64(before.server) + now.Sub(before.at).Seconds()*7/8
	return float64(server) < expected-2
}

// epochs holds the clocks of all routers, so that every packet of theirs counts
// however it came about. lost is called, without the lock, when one restarted.
type epochs struct {
	mu   sync.Mutex
	all  map[epochKey]*epoch
	lost func(at netip.Addr, protocol Protocol)
}

type epochKey struct {
	at       netip.Addr
	protocol Protocol
}

func (e *epochs) take(at netip.Addr, p Protocol, server uint32) {
	e.mu.Lock()
	if e.all == nil {
		e.all = map[epochKey]*epoch{}
	}
	key := epochKey{at, p}
	clock := e.all[key]
	if clock == nil {
		clock = new(epoch)
		e.all[key] = clock
	}
	var lost bool
	if p == PCP {
		lost = clock.pcp(time.Now(), server)
	} else {
		lost = clock.natpmp(time.Now(), server)
	}
	if lost { // the same restart is not to be found again in its other clock
		for other := range e.all {
			if other.at == at && other != key {
				delete(e.all, other)
			}
		}
	}
	e.mu.Unlock()
	if lost && e.lost != nil {
		e.lost(at, p)
	}
}

// forget drops all clocks: another network's router may have the same address.
func (e *epochs) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = nil
}

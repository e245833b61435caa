package listen

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
)

// slots counts open connections. Where there are too many, the newest comes in
// and another one goes: turning the newest away would let strangers shut
// everybody out, by connections that say nothing. See rank for which one goes.
type slots struct {
	total, each int

	mu      sync.Mutex
	open    int
	made    uint64                   // counts connections, so that the older of two is known
	by      map[netip.Prefix][]*held // the oldest first
	friends map[netip.Prefix]uint64  // where somebody has proved themselves, and when, as made tells the time
}

// maxFriends bounds the memory; a household is seen in a few dozen places.
const maxFriends = 1024

// held is a connection's place.
type held struct {
	place  netip.Prefix
	number uint64
	close  func() error
	proven atomic.Bool  // somebody has proved themselves over it
	asking atomic.Int32 // requests that were read to their end and are not answered yet
}

func newSlots(total, each int) *slots {
	return &slots{total: total, each: each, by: make(map[netip.Prefix][]*held), friends: make(map[netip.Prefix]uint64)}
}

// rank says who goes first when there is no room: connections that wait for
// nothing before those that wait for an answer, strangers before whoever comes
// from where somebody has proved themselves.
type rank int

const (
	idleStranger rank = iota
	askingStranger
	idleFriend
	stays
)

func (s *slots) rankLocked(h *held) rank {
	_, friend := s.friends[h.place]
	asks := h.asking.Load() > 0
	switch {
	case h.proven.Load() || friend && asks:
		return stays
	case friend:
		return idleFriend
	case asks:
		return askingStranger
	}
	return idleStranger
}

// take counts a connection from a place, which closed ends, and reports whether
// there is room for it. Another one may have been closed for that.
func (s *slots) take(p netip.Prefix, closed func() error) (*held, bool) {
	h, victim := s.settle(p, closed)
	if victim != nil {
		victim.close() // its own server sees the end and tidies up
	}
	return h, h != nil
}

func (s *slots) settle(p netip.Prefix, closed func() error) (h, victim *held) {
	s.mu.Lock()
	defer s.mu.Unlock()
	crowd, full := s.by, s.open >= s.total
	if len(s.by[p]) >= s.each {
		crowd, full = map[netip.Prefix][]*held{p: s.by[p]}, true
	}
	if full {
		below := idleFriend // a stranger pushes out strangers only
		if _, friend := s.friends[p]; friend {
			below = stays
		}
		if victim = s.victimLocked(crowd, below); victim == nil {
			return nil, nil
		}
		s.dropLocked(victim)
	}
	s.made++
	h = &held{place: p, number: s.made, close: closed}
	s.by[p] = append(s.by[p], h)
	s.open++
	return h, victim
}

// victimLocked is who goes first of those below a rank: the lowest in rank,
// there of the neighbourhood that holds the most, there the oldest.
func (s *slots) victimLocked(crowd map[netip.Prefix][]*held, below rank) (victim *held) {
	most := 0
	for _, all := range crowd {
		for _, h := range all {
			r := s.rankLocked(h)
			switch {
			case r > below || r == below && victim == nil:
			case r < below || len(all) > most || len(all) == most && h.number < victim.number:
				victim, most, below = h, len(all), r
			}
		}
	}
	return victim
}

// give frees a connection's place; one that was freed already is no mistake.
func (s *slots) give(h *held) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropLocked(h)
}

func (s *slots) dropLocked(h *held) {
	all := s.by[h.place]
	i := slices.Index(all, h)
	if i < 0 {
		return
	}
	s.open--
	if all = slices.Delete(all, i, i+1); len(all) == 0 {
		delete(s.by, h.place)
		return
	}
	s.by[h.place] = all
}

// vouch notes that somebody has proved themselves over a connection.
func (s *slots) vouch(h *held) {
	if h.proven.Swap(true) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.friends[h.place] = s.made
	if len(s.friends) <= maxFriends {
		return
	}
	oldest := h.place
	for p, at := range s.friends {
		if at < s.friends[oldest] {
			oldest = p
		}
	}
	delete(s.friends, oldest)
}

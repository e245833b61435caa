package listen

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestSlots(t *testing.T) {
	for _, test := range []struct {
		name        string
		total, each int
		come        []string // from where, in turn; behind it + where they prove themselves at once, ? where they ask
		refused     []int    // which of them find no room
		closed      []int    // which of them are closed for others, in turn
	}{
		{
			"there is room for all", 3, 2,
			[]string{"203.0.113.1", "203.0.113.1", "203.0.113.2"},
			nil, nil,
		},
		{
			"who holds all that one may hold gives up the oldest, and nobody else's", 9, 2,
			[]string{"203.0.113.2", "203.0.113.1", "203.0.113.1", "203.0.113.1"},
			nil,
			[]int{1},
		},
		{
			"in a full house, who holds the most makes room, oldest first", 4, 3,
			[]string{"203.0.113.9", "203.0.113.1", "203.0.113.1", "203.0.113.1", "203.0.113.2", "203.0.113.3"},
			nil,
			[]int{1, 2},
		},
		{
			"where all hold as much, the oldest goes", 3, 3,
			[]string{"203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4", "203.0.113.5"},
			nil,
			[]int{0, 1},
		},
		{
			"who proved themselves stays, however old and many", 3, 3,
			[]string{"203.0.113.1+", "203.0.113.1+", "203.0.113.3", "203.0.113.4", "203.0.113.5"},
			nil,
			[]int{2, 3},
		},
		{
			"who waits for an answer stays longer than who asks for nothing", 3, 3,
			[]string{"203.0.113.1?", "203.0.113.2", "203.0.113.3?", "203.0.113.4?", "203.0.113.5"},
			nil,
			[]int{1, 0},
		},
		{
			"who holds the most goes last where they wait for an answer", 4, 3,
			[]string{"203.0.113.1?", "203.0.113.1?", "203.0.113.2", "203.0.113.3", "203.0.113.4"},
			nil,
			[]int{2},
		},
		{
			"where somebody proved themselves, the next connection is pushed out by no stranger", 3, 3,
			[]string{"203.0.113.1+", "203.0.113.1", "203.0.113.2?", "203.0.113.3", "203.0.113.4"},
			nil,
			[]int{2, 3},
		},
		{
			"and a stranger who finds nobody else does not come in", 2, 2,
			[]string{"203.0.113.1+", "203.0.113.1", "203.0.113.2"},
			[]int{2},
			nil,
		},
		{
			"but by another one from there, unless it waits for an answer", 3, 3,
			[]string{"203.0.113.1+", "203.0.113.1?", "203.0.113.1", "203.0.113.1", "203.0.113.1"},
			nil,
			[]int{2, 3},
		},
		{
			"where all proved themselves, the newest finds no room", 2, 2,
			[]string{"203.0.113.1+", "203.0.113.2+", "203.0.113.3"},
			[]int{2},
			nil,
		},
		{
			"one address that proved itself as often as it may finds no more room, but others do", 4, 2,
			[]string{"203.0.113.1+", "203.0.113.1+", "203.0.113.1", "203.0.113.2"},
			[]int{2},
			nil,
		},
		{
			"an IPv6 /64 counts as one", 9, 1,
			[]string{"2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"},
			nil,
			[]int{0},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSlots(test.total, test.each)
			var refused, closed []int
			open := map[int]*held{}
			for i, from := range test.come {
				h, ok := s.take(neighbourhood(netip.MustParseAddr(strings.TrimRight(from, "+?"))), func() error {
					closed = append(closed, i)
					s.give(open[i]) // as the connection's own end does
					delete(open, i)
					return nil
				})
				if !ok {
					refused = append(refused, i)
					continue
				}
				open[i] = h
				switch from[len(from)-1] {
				case '+':
					s.vouch(h)
				case '?':
					h.asking.Add(1)
				}
			}
			if !slices.Equal(refused, test.refused) || !slices.Equal(closed, test.closed) {
				t.Errorf("refused %v, closed %v; want %v and %v", refused, closed, test.refused, test.closed)
			}
			if s.open != len(open) {
				t.Errorf("%d are counted, %d are open", s.open, len(open))
			}
			for _, h := range open {
				s.give(h)
				s.give(h)
			}
			if len(s.by) != 0 || s.open != 0 {
				t.Errorf("after all have gone, %d places and %d connections are remembered", len(s.by), s.open)
			}
		})
	}
}

func TestFriends(t *testing.T) {
	s := newSlots(10, 10)
	of := func(n int) netip.Prefix {
		return neighbourhood(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}))
	}
	for n := range maxFriends + 3 {
		h, ok := s.take(of(n), func() error { return nil })
		if !ok {
			t.Fatal("no room")
		}
		s.vouch(h)
		s.vouch(h) // each request does
		s.give(h)
	}
	if len(s.friends) != maxFriends {
		t.Errorf("%d places are remembered, want %d", len(s.friends), maxFriends)
	}
	for n, want := range map[int]bool{0: false, 2: false, 3: true, maxFriends + 2: true} {
		if _, friend := s.friends[of(n)]; friend != want {
			t.Errorf("place %d is remembered: %v", n, friend)
		}
	}
}

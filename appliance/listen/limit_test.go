package listen

import (
	"net/netip"
	"slices"
	"testing"
)

func TestSlots(t *testing.T) {
	for _, test := range []struct {
		name        string
		total, each int
		come        []string // from where, in turn; a + behind it: they prove themselves at once
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
				proves := from[len(from)-1] == '+'
				if proves {
					from = from[:len(from)-1]
				}
				h, ok := s.take(neighbourhood(netip.MustParseAddr(from)), func() error {
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
				h.proven.Store(proves)
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

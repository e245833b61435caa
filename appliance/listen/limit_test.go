package listen

import (
	"net/netip"
	"testing"
)

func TestSlots(t *testing.T) {
	of := func(s string) netip.Prefix { return neighbourhood(netip.MustParseAddr(s)) }
	t.Run("one address gets its share and leaves the rest", func(t *testing.T) {
		s := newSlots(3, 2)
		got := []bool{s.take(of("203.0.113.1")), s.take(of("203.0.113.1")), s.take(of("203.0.113.1")), s.take(of("203.0.113.2")), s.take(of("203.0.113.3"))}
		for i, want := range []bool{true, true, false, true, false} {
			if got[i] != want {
				t.Errorf("connection %d: taken = %v, want %v", i+1, got[i], want)
			}
		}
	})
	t.Run("what is given back can be taken again, and nothing is remembered", func(t *testing.T) {
		s := newSlots(1, 1)
		for range 3 {
			if !s.take(of("203.0.113.1")) {
				t.Fatal("no room")
			}
			s.give(of("203.0.113.1"))
		}
		if len(s.by) != 0 || s.open != 0 {
			t.Errorf("%d addresses and %d connections are remembered", len(s.by), s.open)
		}
	})
	t.Run("an IPv6 /64 counts as one", func(t *testing.T) {
		s := newSlots(9, 1)
		if !s.take(of("2001:db8::1")) || s.take(of("2001:db8::2")) || !s.take(of("2001:db8:0:1::1")) {
			t.Error("the share is not that of a /64")
		}
	})
}

package guard_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"latchkey/appliance/guard"
)

// BenchmarkAsk asks as often as it can: what a try costs that is let through
// and then refunded, that of a known device, and those that are refused.
func BenchmarkAsk(b *testing.B) {
	far := guard.Try{Attempt: guard.Password, Account: "ada@example.org", Peer: netip.MustParseAddr("2001:db8:1:2::3"), Device: "stranger"}
	known := guard.Try{Attempt: guard.Password, Account: "ada@example.org", Peer: far.Peer, Device: "phone", Token: "token"}
	for _, c := range []struct {
		name    string
		try     guard.Try
		spent   int
		refunds bool
	}{
		{"a stranger who is let through and right", far, 0, true},
		{"a known device that is let through and right", known, 0, true},
		{"a stranger before an account under siege", far, 9, false},
		{"an anonymous request", guard.Try{Attempt: guard.Request, Peer: far.Peer}, 0, false},
	} {
		b.Run(c.name, func(b *testing.B) {
			now := time.Unix(1e9, 0)
			g, err := guard.New(b.Context(), guard.Config{Now: func() time.Time { return now }})
			if err != nil {
				b.Fatal(err)
			}
			g.Complete(known)
			for range c.spent {
				g.Ask(c.try)
			}
			b.ReportAllocs()
			for b.Loop() {
				v := g.Ask(c.try)
				if c.refunds {
					g.Passed(v)
				}
			}
		})
	}
	b.Run("ten thousand strangers", func(b *testing.B) {
		now := time.Unix(1e9, 0)
		g, err := guard.New(b.Context(), guard.Config{Now: func() time.Time { return now }})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for i := uint32(0); b.Loop(); i++ {
			try := far
			try.Peer = netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, 0x0a000000+i%10_000)))
			g.Ask(try)
		}
	})
}

package journal

import (
	"net/netip"
	"testing"
	"time"
)

func TestFoldsForgetWhoCameOnce(t *testing.T) {
	var f folds
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	peer := netip.MustParseAddr("203.0.113.7")
	for n := range 5000 {
		now = now.Add(time.Minute)
		e := Event{Kind: Refused, Outcome: "password.wrong", Address: peer.String()}
		f.take(sourceOf(e), e, now)
		peer = peer.Next()
		f.settle(now, false)
		if len(f.springs) > 10 || len(f.groups) > 100 {
			t.Fatalf("after %d minutes it remembers %d sources and %d groups", n, len(f.springs), len(f.groups))
		}
	}
}

package portmap

import (
	"net/netip"
	"testing"
	"time"
)

func TestEpochs(t *testing.T) {
	type word struct {
		at     time.Duration
		server uint32
		lost   bool
	}
	start := time.Now()
	for _, tc := range []struct {
		name   string
		rule   func(*epoch, time.Time, uint32) bool
		spoken []word
	}{
		{"PCP: the first value is always valid", (*epoch).pcp, []word{{0, 0, false}}},
		{"PCP: time that passes alike is valid", (*epoch).pcp, []word{{0, 100, false}, {3 * time.Second, 103, false}, {time.Hour, 3700, false}}},
		{"PCP: back by one second is two packets out of order", (*epoch).pcp, []word{{0, 100, false}, {0, 99, false}}},
		{"PCP: back by two seconds is a restart", (*epoch).pcp, []word{{0, 100, false}, {0, 98, true}}},
		{"PCP: a restart is told once", (*epoch).pcp, []word{{0, 5000, false}, {3 * time.Second, 1, true}, {6 * time.Second, 4, false}}},
		{"PCP: a server that runs slow by less than a sixteenth is valid", (*epoch).pcp, []word{{0, 0, false}, {1600 * time.Second, 1501, false}}},
		{"PCP: one that lost a tenth has restarted unseen", (*epoch).pcp, []word{{0, 0, false}, {1600 * time.Second, 1440, true}}},
		{"PCP: one that ran ahead is another", (*epoch).pcp, []word{{0, 0, false}, {100 * time.Second, 200, true}}},
		{"PCP: after it was restarted and longer up than before", (*epoch).pcp, []word{{0, 10, false}, {600 * time.Second, 300, true}}},
		{"NAT-PMP: time that passes alike is valid", (*epoch).natpmp, []word{{0, 100, false}, {3 * time.Second, 103, false}, {6 * time.Second, 106, false}}},
		{"NAT-PMP: slow by an eighth is valid", (*epoch).natpmp, []word{{0, 0, false}, {800 * time.Second, 699, false}}},
		{"NAT-PMP: slower is a restart", (*epoch).natpmp, []word{{0, 0, false}, {800 * time.Second, 697, true}}},
		{"NAT-PMP: back to the beginning is a restart, told once", (*epoch).natpmp, []word{{0, 7000, false}, {3 * time.Second, 2, true}, {6 * time.Second, 5, false}}},
		{"NAT-PMP: many small steps add up to no restart", (*epoch).natpmp, []word{{0, 0, false}, {2 * time.Second, 1, false}, {4 * time.Second, 3, false}, {6 * time.Second, 5, false}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var e epoch
			for _, w := range tc.spoken {
				if lost := tc.rule(&e, start.Add(w.at), w.server); lost != w.lost {
					t.Errorf("after %v the epoch %d: lost %v, want %v", w.at, w.server, lost, w.lost)
				}
			}
		})
	}
}

func TestOneRestartIsToldOnceForAllClocks(t *testing.T) {
	told := 0
	all := epochs{lost: func(netip.Addr, Protocol) { told++ }}
	at := netip.MustParseAddr("192.0.2.1")
	all.take(at, PCP, 1000)
	all.take(at, NATPMP, 1000)
	all.take(netip.MustParseAddr("192.0.2.2"), PCP, 1000)
	all.take(at, PCP, 1)
	all.take(at, NATPMP, 1)
	if told != 1 {
		t.Errorf("told %d times, want 1", told)
	}
	all.forget()
	all.take(netip.MustParseAddr("192.0.2.2"), PCP, 5)
	if told != 1 {
		t.Error("another network's router was taken for a restarted one")
	}
}

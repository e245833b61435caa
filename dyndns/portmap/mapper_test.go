package portmap

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/dyndns/uplink"
)

// inTime runs a test in a bubble, where hours take no time.
func inTime(t *testing.T, name string, fn func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, fn) })
}

func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func external(m *Mapping) uint16 {
	if m == nil {
		return 0
	}
	return m.External.Port()
}

func TestHolding(t *testing.T) {
	inTime(t, "the first protocol that opens is kept, the others stay in reserve", func(t *testing.T) {
		n := newFakeNet()
		igd, pcp, pmp := n.door(UPnP1, 4, 300*time.Millisecond), n.door(PCP, 4, 20*time.Millisecond), n.door(NATPMP, 4, 80*time.Millisecond)
		m, stop := n.run(t, nil, wishing(443))
		defer stop()
		after(5 * time.Second)
		s := m.State()
		if s.V4 == nil || s.V4.Protocol != PCP || external(s.V4) != 443 || s.V4.Internal != netip.AddrPortFrom(fakeSelf, 8443) || s.Trouble != FaultNone || !s.Asked {
			t.Fatalf("state %+v, %+v", s, s.V4)
		}
		if a, _, _ := igd.count(); a != 0 {
			t.Errorf("UPnP was asked %d times for a port", a)
		}
		if a, _, _ := pmp.count(); a != 0 {
			t.Errorf("NAT-PMP was asked %d times for a port", a)
		}
		pcp.net.set(func() { pcp.down = Silent })
		after(20 * time.Second)
		if s = m.State(); s.V4 == nil || s.V4.Protocol == PCP || external(s.V4) != 443 || s.Trouble != FaultNone {
			t.Errorf("after PCP fell silent: %+v, trouble %q", s.V4, s.Trouble)
		}
	})
	inTime(t, "leases are renewed at half time, and no oftener", func(t *testing.T) {
		n := newFakeNet()
		d := n.door(NATPMP, 4, 0)
		w := wishing(443)
		w.Lease = time.Hour
		m, stop := n.run(t, nil, w)
		defer stop()
		after(29 * time.Minute)
		if opens, _, _ := d.count(); opens != 1 {
			t.Errorf("%d requests within half the lease, want 1", opens)
		}
		after(2 * time.Minute)
		if opens, _, _ := d.count(); opens != 2 {
			t.Errorf("%d requests after half the lease, want 2", opens)
		}
		after(24 * time.Hour)
		if opens, _, _ := d.count(); opens < 49 || opens > 52 {
			t.Errorf("%d requests in a day, want about 50", opens)
		}
		if m.State().V4 == nil {
			t.Error("the mapping is lost")
		}
	})
	inTime(t, "a shorter lease than asked for is renewed by its own half", func(t *testing.T) {
		n := newFakeNet()
		d := n.door(PCP, 4, 0)
		d.lease = 2 * time.Minute
		n.door(NATPMP, 4, time.Millisecond)
		_, stop := n.run(t, nil, wishing(443))
		defer stop()
		after(10*time.Minute + 30*time.Second)
		if opens, _, _ := d.count(); opens != 11 {
			t.Errorf("%d requests in ten and a half minutes, want 11", opens)
		}
	})
	inTime(t, "IPv6 is opened to the port that IPv4 has", func(t *testing.T) {
		n := newFakeNet()
		four, six := n.door(PCP, 4, 10*time.Millisecond), n.door(PCP, 6, 0)
		four.refuse = map[uint16]*refusal{443: {fault: NotAuthorized, thisPort: true}}
		w := &Want{Ports: []Port{{443, 8443}, {8444, 8443}}, V6: true}
		m, stop := n.run(t, nil, w)
		after(10 * time.Second)
		s := m.State()
		if external(s.V4) != 8444 || external(s.V6) != 8444 || s.V6.Internal != netip.AddrPortFrom(fakeSelf6, 8444) || s.V4.Internal.Port() != 8443 {
			t.Errorf("v4 %+v, v6 %+v", s.V4, s.V6)
		}
		stop()
		for _, d := range []*fakeDoor{four, six} {
			if _, _, held := d.count(); held != 0 {
				t.Errorf("%d mappings left after the stop", held)
			}
		}
	})
	inTime(t, "IPv6 alone is opened where IPv4 can't be", func(t *testing.T) {
		n := newFakeNet()
		d := n.door(UPnP2, 4, 0)
		d.external = netip.Addr{}
		d.refuse = map[uint16]*refusal{443: {fault: NoResources, thisPort: true}, 8443: {fault: NoResources, thisPort: true}}
		n.door(PCP, 6, 0)
		w := wishing(443, 8443)
		w.V6 = true
		m, stop := n.run(t, nil, w)
		defer stop()
		after(10 * time.Second)
		s := m.State()
		if s.V4 != nil || s.Trouble != NoAddress || external(s.V6) != 443 {
			t.Errorf("v4 %+v (%q), v6 %+v", s.V4, s.Trouble, s.V6)
		}
		if v := m.External(4); v.Addr.IsValid() || !v.Answered {
			t.Errorf("external %+v, want answered without an address", v)
		}
	})
	inTime(t, "a permanent mapping is remembered and taken away by us", func(t *testing.T) {
		n, k := newFakeNet(), new(memory)
		d := n.door(UPnP1, 4, 0)
		d.forever = true
		m, stop := n.run(t, k, wishing(443))
		after(5 * time.Second)
		if s := m.State(); s.V4 == nil || !s.V4.Permanent || s.V4.Lease != 0 {
			t.Fatalf("mapping %+v", s.V4)
		}
		if left, err := readLedger(k.blob); err != nil || len(left) != 1 || !left[0].Permanent {
			t.Errorf("kept %s (%v)", k.blob, err)
		}
		stop()
		if left, _ := readLedger(k.blob); len(left) != 0 {
			t.Errorf("kept after the stop: %s", k.blob)
		}
		if _, closes, held := d.count(); closes != 1 || held != 0 {
			t.Errorf("%d closed, %d held", closes, held)
		}
	})
}

func TestWishes(t *testing.T) {
	denied := &refusal{fault: NotAuthorized, thisPort: true, why: "denied"}
	inTime(t, "the first wish waits for slower protocols before the second is tried", func(t *testing.T) {
		n := newFakeNet()
		quick, slow := n.door(PCP, 4, 0), n.door(UPnP1, 4, 600*time.Millisecond)
		quick.refuse = map[uint16]*refusal{443: denied}
		m, stop := n.run(t, nil, wishing(443, 8443))
		defer stop()
		after(10 * time.Second)
		if s := m.State(); external(s.V4) != 443 || s.V4.Protocol != UPnP1 {
			t.Errorf("held %+v, want 443 by UPnP", s.V4)
		}
		if !slices.Equal(quick.opens, []uint16{443}) || len(slow.opens) != 1 {
			t.Errorf("asked PCP for %v and UPnP for %v", quick.opens, slow.opens)
		}
	})
	inTime(t, "another port than the one asked for is given back", func(t *testing.T) {
		n := newFakeNet()
		d := n.door(NATPMP, 4, 0)
		d.gives = 1024
		m, stop := n.run(t, nil, wishing(443, 8443))
		defer stop()
		after(5 * time.Second)
		s := m.State()
		if _, closes, held := d.count(); s.V4 != nil || s.Trouble != PortRefused || closes < 2 || held != 0 {
			t.Errorf("held %+v, trouble %q, %d closed, %d left", s.V4, s.Trouble, closes, held)
		}
	})
	inTime(t, "a port to avoid is given up for the next wish", func(t *testing.T) {
		n := newFakeNet()
		d := n.door(PCP, 4, 0)
		m, stop := n.run(t, nil, wishing(443, 8443))
		defer stop()
		after(5 * time.Second)
		m.Avoid(443)
		after(2 * time.Second)
		if s := m.State(); external(s.V4) != 8443 {
			t.Errorf("held %+v, want 8443", s.V4)
		}
		if _, left := d.held[443]; left {
			t.Error("443 is still mapped")
		}
	})
	inTime(t, "holding nothing takes ours away and goes on watching", func(t *testing.T) {
		n := newFakeNet()
		d := n.door(NATPMP, 4, 0)
		m, stop := n.run(t, nil, wishing(443))
		defer stop()
		after(5 * time.Second)
		m.Hold(nil)
		after(10 * time.Second)
		if _, _, held := d.count(); held != 0 || m.State().V4 != nil || m.State().Trouble != FaultNone {
			t.Errorf("%d held, state %+v", held, m.State())
		}
		n.set(func() { d.external = netip.MustParseAddr("203.0.113.11") })
		after(4 * time.Second)
		if v := m.External(4); v.Addr.String() != "203.0.113.11" {
			t.Errorf("external %+v", v)
		}
	})
	inTime(t, "the port in use stays after a restart of the router, even if a better one would be free", func(t *testing.T) {
		n := newFakeNet()
		d := n.door(PCP, 4, 0)
		d.refuse = map[uint16]*refusal{443: denied}
		m, stop := n.run(t, nil, wishing(443, 8443))
		defer stop()
		after(5 * time.Second)
		n.set(func() { d.refuse = nil })
		d.restart()
		m.epochs.lost(fakeGateway, PCP)
		after(time.Second)
		if s := m.State(); external(s.V4) != 8443 || s.Restarts != 1 {
			t.Errorf("held %+v after %d restarts", s.V4, s.Restarts)
		}
	})
}

func TestMending(t *testing.T) {
	inTime(t, "a lost epoch has the mapping back at once", func(t *testing.T) {
		n := newFakeNet()
		d := n.door(PCP, 4, 0)
		m, stop := n.run(t, nil, wishing(443))
		defer stop()
		after(5 * time.Second)
		d.restart()
		m.epochs.lost(fakeGateway, PCP)
		after(10 * time.Millisecond)
		if _, _, held := d.count(); held != 1 {
			t.Error("the mapping is not back")
		}
		if s := m.State(); s.Restarts != 1 || s.LastRestart.IsZero() {
			t.Errorf("%d restarts", s.Restarts)
		}
	})
	inTime(t, "a UPnP router that forgets silently is noticed in ten seconds", func(t *testing.T) {
		n := newFakeNet()
		d := n.door(UPnP2, 4, 0)
		_, stop := n.run(t, nil, wishing(443))
		defer stop()
		after(5 * time.Second)
		d.restart()
		after(checkPolls * pollEvery)
		if _, _, held := d.count(); held != 1 {
			t.Error("the mapping is not back")
		}
	})
	for _, fault := range []Fault{Silent, Off} {
		inTime(t, "a router that was "+string(fault)+" has its mapping back three seconds after it is back", func(t *testing.T) {
			n := newFakeNet()
			d := n.door(PCP, 4, 0)
			m, stop := n.run(t, nil, wishing(443))
			defer stop()
			after(5 * time.Second)
			n.set(func() { d.down = fault })
			after(40 * time.Second)
			if s := m.State(); s.Trouble != fault || s.V4 == nil {
				t.Errorf("while it is away: %+v, trouble %q", s.V4, s.Trouble)
			}
			n.set(func() { d.down, d.held = FaultNone, nil })
			after(3 * time.Second)
			if _, _, held := d.count(); held != 1 || m.State().Trouble != FaultNone {
				t.Errorf("%d held, trouble %q", held, m.State().Trouble)
			}
		})
	}
	inTime(t, "a router that stays away is given up, and mapped when it comes", func(t *testing.T) {
		n := newFakeNet()
		d := n.door(PCP, 4, 0)
		m, stop := n.run(t, nil, wishing(443))
		defer stop()
		after(5 * time.Second)
		n.set(func() { d.down = Silent })
		after(10 * time.Minute)
		if s := m.State(); s.V4 != nil || s.Trouble != Silent {
			t.Errorf("held %+v, trouble %q", s.V4, s.Trouble)
		}
		n.set(func() { d.down = FaultNone })
		after(10 * time.Second)
		if external(m.State().V4) != 443 {
			t.Errorf("held %+v", m.State().V4)
		}
	})
	inTime(t, "an announcement has the router asked at once", func(t *testing.T) {
		n := newFakeNet()
		d := n.door(NATPMP, 4, 0)
		m, stop := n.run(t, nil, wishing(443))
		defer stop()
		after(4 * time.Second)
		n.set(func() { d.external = netip.MustParseAddr("203.0.113.99") })
		n.say(news{from: fakeGateway, kind: announce})
		after(time.Millisecond)
		if v := m.State().V4; v == nil || v.External.String() != "203.0.113.99:443" {
			t.Errorf("mapping %+v", v)
		}
	})
	inTime(t, "a change of our own address leads to a new mapping", func(t *testing.T) {
		n := newFakeNet()
		d := n.door(UPnP1, 4, 0)
		m, stop := n.run(t, nil, wishing(443))
		defer stop()
		after(5 * time.Second)
		n.set(func() { n.route.Address4 = netip.MustParseAddr("192.168.1.11") })
		m.Changed()
		after(2 * time.Second)
		if v := m.State().V4; v == nil || v.Internal.Addr().String() != "192.168.1.11" {
			t.Errorf("mapping %+v", v)
		}
		if !slices.Contains(d.closes, 443) {
			t.Error("the old mapping was not taken away")
		}
	})
	inTime(t, "the port is had back when the mapping of our old address has run out", func(t *testing.T) {
		n := newFakeNet()
		d := n.door(PCP, 4, 0)
		m, stop := n.run(t, nil, wishing(443, 8443))
		defer stop()
		after(5 * time.Second)
		n.set(func() {
			n.route.Address4 = netip.MustParseAddr("192.168.1.11")
			d.refuse = map[uint16]*refusal{443: {fault: Conflict, thisPort: true}}
		})
		m.Changed()
		after(3 * time.Second)
		if external(m.State().V4) != 8443 {
			t.Fatalf("held %+v, want 8443 meanwhile", m.State().V4)
		}
		after(20 * time.Minute)
		n.set(func() { d.refuse = nil })
		after(11 * time.Minute)
		if external(m.State().V4) != 443 {
			t.Errorf("held %+v, want 443 again", m.State().V4)
		}
	})
	inTime(t, "without a default route nothing is asked, and little is done", func(t *testing.T) {
		n := newFakeNet()
		d := n.door(PCP, 4, 0)
		n.route = uplink.Route{}
		m, stop := n.run(t, nil, wishing(443))
		defer stop()
		after(time.Hour)
		if n.asked > 1300 || n.seeks > 0 || d.looks > 0 {
			t.Errorf("asked for the route %d times, sought %d times, looked %d times", n.asked, n.seeks, d.looks)
		}
		if s := m.State(); s.Trouble != Silent || !s.Asked {
			t.Errorf("trouble %q", s.Trouble)
		}
	})
	inTime(t, "where no router ever answers it is searched for ever more rarely", func(t *testing.T) {
		n := newFakeNet()
		m, stop := n.run(t, nil, wishing(443))
		defer stop()
		after(time.Hour)
		if n.seeks < 55 || n.seeks > 75 {
			t.Errorf("sought %d times in an hour", n.seeks)
		}
		if s := m.State(); s.Trouble != Silent || s.V4 != nil {
			t.Errorf("trouble %q", s.Trouble)
		}
	})
	inTime(t, "a stop ends in three seconds even if the router is silent", func(t *testing.T) {
		n := newFakeNet()
		d := n.door(PCP, 4, 0)
		_, stop := n.run(t, nil, wishing(443))
		after(5 * time.Second)
		n.set(func() { d.down = Silent })
		began := time.Now()
		stop()
		if took := time.Since(began); took > leaveWait+time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestMemory(t *testing.T) {
	inTime(t, "after a crash the same nonce is used, and what is no longer wished for is taken away", func(t *testing.T) {
		n, k := newFakeNet(), new(memory)
		d := n.door(PCP, 4, 0)
		_, stop := n.run(t, k, wishing(443))
		after(5 * time.Second)
		crashed := slices.Clone(k.blob)
		stop()
		k.blob = crashed

		_, stop = n.run(t, k, wishing(443))
		after(5 * time.Second)
		if len(d.nonces) != 2 || d.nonces[0] != d.nonces[1] || d.nonces[0] == (nonce{}) {
			t.Errorf("nonces %x", d.nonces)
		}
		stop()
		k.blob = crashed
		d.closes = nil

		w := wishing(8444)
		m, stop := n.run(t, k, w)
		defer stop()
		after(5 * time.Second)
		if external(m.State().V4) != 8444 || !slices.Contains(d.closes, 443) {
			t.Errorf("held %+v, closed %v", m.State().V4, d.closes)
		}
	})
	inTime(t, "renewals write nothing", func(t *testing.T) {
		n, k := newFakeNet(), new(memory)
		n.door(PCP, 4, 0)
		_, stop := n.run(t, k, wishing(443))
		defer stop()
		after(time.Minute)
		before := k.saves
		after(24 * time.Hour)
		if k.saves != before {
			t.Errorf("%d writes in a day", k.saves-before)
		}
	})
	inTime(t, "a damaged memory is no reason to stop", func(t *testing.T) {
		n, k := newFakeNet(), &memory{blob: []byte(`{"version":1,"entries":[null,{"protocol":"pcp"}]}x`)}
		n.door(PCP, 4, 0)
		m, stop := n.run(t, k, wishing(443))
		defer stop()
		after(5 * time.Second)
		if external(m.State().V4) != 443 {
			t.Errorf("held %+v", m.State().V4)
		}
	})
}

// TestSchedules lets doors fall silent, switch off, refuse, forget and move at
// random, and wants the door open again soon after the last fault, and nothing
// of ours left behind at the end.
func TestSchedules(t *testing.T) {
	rounds := 200
	if testing.Short() {
		rounds = 40
	}
	for seed := range rounds {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 7))
			n, k := newFakeNet(), new(memory)
			doors := []*fakeDoor{n.door(PCP, 4, 5*time.Millisecond), n.door(NATPMP, 4, 60*time.Millisecond), n.door(UPnP2, 4, 300*time.Millisecond), n.door(PCP, 6, 5*time.Millisecond)}
			w := wishing(443, 8443)
			w.V6 = true
			m, stop := n.run(t, k, w)
			for range 30 {
				d := doors[r.IntN(len(doors))]
				n.set(func() {
					switch r.IntN(6) {
					case 0:
						d.down = []Fault{Silent, Off}[r.IntN(2)]
					case 1, 2:
						d.down, d.refuse = FaultNone, nil
					case 3:
						d.held = nil
					case 4:
						d.refuse = map[uint16]*refusal{443: {fault: []Fault{Conflict, NoResources, NotAuthorized}[r.IntN(3)], thisPort: r.IntN(2) == 0}}
					case 5:
						n.route.Address4 = netip.AddrFrom4([4]byte{192, 168, 1, byte(10 + r.IntN(3))})
					}
				})
				if r.IntN(3) == 0 {
					m.Changed()
				}
				after(time.Duration(r.IntN(20_000)) * time.Millisecond)
			}
			for _, d := range doors {
				n.set(func() { d.down, d.refuse = FaultNone, nil })
			}
			after(6 * time.Minute) // what is refused by rule is tried again after five
			s := m.State()
			if s.V4 == nil || s.V6 == nil || s.Trouble != FaultNone || external(s.V4) != external(s.V6) || s.V4.Internal.Addr() != n.route.Address4 {
				t.Errorf("seed %d: v4 %+v (%q), v6 %+v (%q)", seed, s.V4, s.Trouble, s.V6, s.Trouble6)
			}
			stop()
			for _, d := range doors {
				for port, e := range d.held {
					if e.Internal.Addr() == n.route.Address4 && s.V4 != nil && e.Protocol == s.V4.Protocol {
						t.Errorf("seed %d: %s still holds %d for %v; held was %+v; kept %s", seed, d.who.protocol, port, e.Internal, s.V4, k.blob)
					}
				}
			}
		})
	}
}

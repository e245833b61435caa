package guard_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"latchkey/appliance/guard"
)

// TestNobodyFarAwayCanBeInTheWay runs a house twice on the same clock: in one
// its people try this and that, in the other strangers do whatever comes to
// their mind besides. A known device, somebody at home and a session have to
// get the very same answers in both.
func TestNobodyFarAwayCanBeInTheWay(t *testing.T) {
	seeds := 20
	if testing.Short() {
		seeds = 6
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			quiet, loud := newStage(t), newStage(t)
			w := &walk{Rand: rand.New(rand.NewPCG(uint64(seed), 4)), t: t, houses: [2]*stage{quiet, loud}}
			w.people()
			for range 1500 {
				for range w.IntN(12) {
					w.stranger(loud)
				}
				w.household()
				if w.IntN(20) == 0 {
					w.wait(time.Duration(w.ExpFloat64() * float64(3*time.Minute)))
				}
				if w.IntN(500) == 0 {
					w.restart()
				}
			}
			if w.refused == 0 || w.asked == 0 || len(loud.Sieges())+len(loud.Bans()) == 0 {
				t.Errorf("asked %d, refused %d, %d sieges, %d bans: this proves nothing", w.asked, w.refused, len(loud.Sieges()), len(loud.Bans()))
			}
		})
	}
}

// walk is one run: what the household does in both houses.
type walk struct {
	*rand.Rand
	t              *testing.T
	houses         [2]*stage
	asked, refused int
}

var peers = []string{"203.0.113.1", "203.0.113.2", "2001:db8:0:1::1", "2001:db8:0:2::1", "2001:db8:0:1:2::3", "192.168.1.1", "192.168.1.20", "192.168.1.66"}

func (w *walk) pick(list ...string) string { return list[w.IntN(len(list))] }

func (w *walk) attempt() guard.Attempt {
	return []guard.Attempt{guard.Password, guard.Password, guard.Code, guard.Recovery, guard.Passkey, guard.APIKey, guard.Send}[w.IntN(7)]
}

func (w *walk) wait(d time.Duration) {
	for _, s := range w.houses {
		s.wait(d)
	}
}

// restart is what strangers may bring about.
func (w *walk) restart() {
	for _, s := range w.houses {
		s.flush()
		s.restart()
	}
}

// people makes the household's devices known.
func (w *walk) people() {
	for _, s := range w.houses {
		for _, account := range []string{ada, bob} {
			s.Complete(guard.Try{Account: account, Device: "page", Token: "its token", Peer: addr(peers[0])})
			s.Complete(guard.Try{Account: account, Device: "phone", Peer: addr(peers[0])})
		}
	}
}

// stranger does something far away: alone it may be anything but a known
// device's claim, whose budget is the device's own.
func (w *walk) stranger(s *stage) {
	try := guard.Try{
		Attempt: w.attempt(), Account: w.pick(ada, ada, bob, "", fmt.Sprint("name ", w.IntN(1000))),
		Peer: addr(w.pick(peers...)), Device: w.pick("", "page", "guess"), Token: w.pick("", "wrong"),
	}
	if w.IntN(3) == 0 {
		try.Peer = netip.AddrFrom4([4]byte{10, byte(w.IntN(4)), byte(w.IntN(256)), byte(w.IntN(256))})
	}
	if w.IntN(8) == 0 {
		try.Place = guard.Spared
	}
	if w.IntN(6) == 0 {
		try.Attempt = guard.Request
	}
	v := s.Ask(try)
	if v.Known {
		w.t.Fatalf("a stranger is taken for a known device: %+v", try)
	}
	if v.Allowed && w.IntN(3) == 0 {
		s.Passed(v)
	}
}

// household does something that no stranger may be in the way of, in both
// houses, and compares.
func (w *walk) household() {
	try := guard.Try{Attempt: w.attempt(), Account: w.pick(ada, bob), Peer: addr(w.pick(peers...))}
	switch w.IntN(3) {
	case 0:
		try.Device = "phone"
	case 1:
		try.Place = guard.Home
	case 2:
		try.Signed, try.Device = true, w.pick("phone", "laptop")
	}
	var got [2]guard.Verdict
	right, complete := w.IntN(2) == 0, w.IntN(10) == 0
	for i, s := range w.houses {
		if try.Place == guard.Far && !try.Signed && i == 0 && !s.device(try) {
			return // its own budget is spent: it is a stranger now
		}
		got[i] = s.Ask(try)
		if right && got[i].Allowed {
			s.Passed(got[i])
			if complete && try.Device != "" {
				s.Complete(try)
			}
		}
	}
	w.asked++
	if !got[0].Allowed {
		w.refused++
	}
	if got[0].Allowed != got[1].Allowed || (got[0].Wait-got[1].Wait).Abs() > time.Second || got[0].Why != got[1].Why || got[0].Known != got[1].Known {
		w.t.Fatalf("%+v: %+v in a quiet house, %+v in a loud one", try, got[0], got[1])
	}
}

// device reports whether a known device has some of its own budget left, by
// asking and taking it back.
func (s *stage) device(try guard.Try) bool {
	v := s.Ask(try)
	s.Passed(v)
	return v.Known
}

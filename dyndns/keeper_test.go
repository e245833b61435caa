package dyndns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/appliance/problem"
	"latchkey/dyndns/authority"
	"latchkey/dyndns/publicip"
)

// calm runs f with a Keeper in a world without faults, in a bubble.
func calm(t *testing.T, f func(t *testing.T, h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(7)
		w.plan = Plan{Provider: w, Mark: "one", Name: worldName, Lan: worldLan, TTL: time.Minute, V6: true, Clears: true}
		h := &house{t: t, w: w}
		h.start()
		time.Sleep(3 * time.Second)
		f(t, h)
		h.stop()
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.bad) > 0 {
			t.Errorf("%s\n%s", strings.Join(w.bad, "\n"), strings.Join(w.log, "\n"))
		}
	})
}

// do changes the world.
func (w *world) do(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

func (w *world) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls
}

func (w *world) at(key string) []netip.Addr {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.zone[key].addrs
}

func TestKeeperFollowsTheAddress(t *testing.T) {
	calm(t, func(t *testing.T, h *house) {
		if wrong := h.w.wrong(); wrong != "" {
			t.Fatal(wrong)
		}
		next := netip.MustParseAddr("81.2.200.200")
		h.w.do(func() { h.w.renumber4(next) })
		h.k.Nudge("the router says so")
		time.Sleep(time.Second)
		if got := h.w.at(worldName + "/4"); len(got) != 1 || got[0] != next {
			t.Fatalf("a second after the change the name has %v, want %s", got, next)
		}
		time.Sleep(2 * time.Second)
		s := h.k.State()
		if len(s.History) != 3 {
			t.Fatalf("history has %d entries, want 3: %v", len(s.History), s.History)
		}
		c := s.History[0]
		if c.To != next || c.Name != worldName || c.Family != publicip.V4 || !c.From.IsValid() || c.Took <= 0 || c.Took > 3*time.Second {
			t.Errorf("newest change is %+v", c)
		}
		r := s.Records[0]
		if !r.True || !r.Told || r.Working || r.Trouble != nil || r.Want.Addr != next || r.Changed.IsZero() {
			t.Errorf("record is %+v", r)
		}
	})
}

func TestKeeperLooksAtOnce(t *testing.T) {
	calm(t, func(t *testing.T, h *house) {
		time.Sleep(7 * time.Minute)
		before := time.Now()
		h.k.Nudge("for the test")
		time.Sleep(400 * time.Millisecond) // the slowest source of the world takes 200 ms
		h.w.do(func() {
			if asked := h.w.asked[4]; asked.Before(before) || asked.Sub(before) > 100*time.Millisecond {
				t.Errorf("asked %s after the nudge", asked.Sub(before))
			}
		})
	})
}

func TestKeeperIsNotDrivenByNudges(t *testing.T) {
	calm(t, func(t *testing.T, h *house) {
		time.Sleep(10 * time.Minute)
		asked := map[time.Time]bool{}
		for range 3600 {
			h.k.Nudge("again and again")
			time.Sleep(time.Second)
			h.w.do(func() { asked[h.w.asked[4]] = true })
		}
		if n := len(asked); n < 60 || n > 60+budgetBurst+20 {
			t.Errorf("asked %d times in an hour of nudges, want about 60", n)
		}
	})
}

func TestKeeperAsksRarely(t *testing.T) {
	for name, c := range map[string]struct {
		fast bool
		most int
	}{"with a router that tells": {false, 48}, "without": {true, 288}} {
		t.Run(name, func(t *testing.T) {
			calm(t, func(t *testing.T, h *house) {
				h.k.Pace(c.fast)
				asked := map[time.Time]bool{}
				for range 24 * 60 {
					time.Sleep(time.Minute)
					h.w.do(func() { asked[h.w.asked[4]] = true })
				}
				if n := len(asked); n > c.most+1 || n < c.most-c.most/6 {
					t.Errorf("asked %d times a day, want about %d", n, c.most)
				}
			})
		})
	}
}

func TestKeeperDoesNotWaitForAHangingProvider(t *testing.T) {
	calm(t, func(t *testing.T, h *house) {
		h.w.do(func() { h.w.provider = hanging; h.w.renumber4(h.w.new4()) })
		h.k.Nudge("renumbered")
		time.Sleep(time.Second) // the call hangs now
		next := netip.MustParseAddr("81.2.201.201")
		h.w.do(func() { h.w.provider = fine; h.w.renumber4(next) })
		h.k.Nudge("renumbered once more")
		time.Sleep(tooLong + time.Second)
		if got := h.w.at(worldName + "/4"); len(got) != 1 || got[0] != next {
			t.Errorf("the name has %v, want %s", got, next)
		}
	})
}

func TestKeeperRemembersComplaints(t *testing.T) {
	calm(t, func(t *testing.T, h *house) {
		h.w.do(func() { h.w.provider = refused; h.w.renumber4(h.w.new4()) })
		h.k.Nudge("renumbered")
		time.Sleep(time.Second)
		calls := h.w.count()
		h.restart()
		// It has worked before, so that it is tried a few times, and then no more.
		time.Sleep(4 * time.Hour)
		tried := h.w.count() - calls
		if tried == 0 || tried > len(workedWaits) {
			t.Errorf("%d calls with a token that was refused, want up to %d", tried, len(workedWaits))
		}
		time.Sleep(12 * time.Hour)
		if n := h.w.count() - calls; n != tried {
			t.Errorf("%d more calls with a token that was refused, want none", n-tried)
		}
		r := h.k.State().Records[0]
		if codeOf(r.Trouble) != codeToken || r.Next.IsZero() {
			t.Errorf("after a restart the record tells %v, next %s", r.Trouble, r.Next)
		}
		h.w.do(func() { h.w.provider, h.w.plan.Mark, h.w.notBefore = fine, "two", time.Time{} })
		plan := h.w.plan
		h.k.Follow(&plan)
		time.Sleep(2 * time.Second)
		if wrong := h.w.wrong(); wrong != "" {
			t.Errorf("with a new token: %s", wrong)
		}
	})
}

func TestKeeperTriesAgainWhenToldTo(t *testing.T) {
	calm(t, func(t *testing.T, h *house) {
		h.w.do(func() { h.w.provider = refused; h.w.renumber4(h.w.new4()) })
		h.k.Nudge("renumbered")
		time.Sleep(time.Second)
		h.w.do(func() { h.w.provider, h.w.notBefore = fine, time.Time{} })
		h.k.Retry()
		time.Sleep(2 * time.Second)
		if wrong := h.w.wrong(); wrong != "" {
			t.Error(wrong)
		}
	})
}

func TestKeeperRefusesADamagedMemory(t *testing.T) {
	calm(t, func(t *testing.T, h *house) {
		h.w.mu.Lock()
		good := slices.Clone(h.w.blob)
		h.w.mu.Unlock()
		for name, blob := range map[string]string{
			"empty":           "",
			"cut":             string(good[:len(good)/2]),
			"of a newer kind": strings.Replace(string(good), `"version":1`, `"version":2`, 1),
			"with more in it": strings.Replace(string(good), `{"version":1`, `{"more":1,"version":1`, 1),
			"twice":           string(good) + string(good),
			"without records": `{"version":1}`,
			"a null record":   `{"version":1,"memos":{"a/4":null}}`,
		} {
			_, err := Open(t.Context(), Config{Keep: fixed(blob)})
			if p := problem.Of(err); err == nil || p.Code != CodeMemory || p.Hint == "" {
				t.Errorf("a memory that is %s: %v", name, err)
			}
		}
		if _, err := Open(t.Context(), Config{Keep: fixed(good)}); err != nil {
			t.Errorf("its own memory: %v", err)
		}
	})
}

type fixed string

func (f fixed) Load(context.Context) ([]byte, error) { return []byte(f), nil }
func (fixed) Save(context.Context, []byte) error     { return nil }

func TestKeeperWithoutAPlanAsksNobody(t *testing.T) {
	calm(t, func(t *testing.T, h *house) {
		h.k.Follow(nil)
		time.Sleep(time.Second)
		var asked time.Time
		h.w.do(func() { asked = h.w.asked[4] })
		h.k.Nudge("for nothing")
		h.observe()
		time.Sleep(48 * time.Hour)
		h.w.do(func() {
			if h.w.asked[4] != asked {
				t.Error("asked without a plan")
			}
		})
		if s := h.k.State(); s.Following || len(s.Records) > 0 {
			t.Errorf("state is %+v", s)
		}
	})
}

func TestKeeperWithdrawsOnlyWhatIsOurs(t *testing.T) {
	calm(t, func(t *testing.T, h *house) {
		h.w.do(func() {
			h.w.put(worldName+"/6", rr{[]netip.Addr{foreign6}, time.Hour})
			h.w.plan.V6 = false
		})
		p := clearing{h.w, h.w.plan}
		plan := h.w.plan
		plan.Provider = p
		h.k.Follow(&plan)
		time.Sleep(time.Second)
		if err := h.k.Withdraw(t.Context()); err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]int{worldName + "/4": 0, worldLan + "/4": 0, worldName + "/6": 1} {
			if got := h.w.at(key); len(got) != want {
				t.Errorf("%s holds %v, want %d", key, got, want)
			}
		}
		if s := h.k.State(); s.Following || len(s.History) != 4 || s.History[0].To.IsValid() {
			t.Errorf("state is %+v", s)
		}
	})
}

// clearing is a provider that may clear all: its owner goes.
type clearing struct {
	w    *world
	plan Plan
}

func (c clearing) Set(ctx context.Context, name string, a netip.Addr, ttl time.Duration) error {
	return c.w.Set(ctx, name, a, ttl)
}

func (c clearing) Clear(ctx context.Context, name string, family int) error {
	c.w.apply(fmt.Sprintf("%s/%d", name, family), rr{}, 0)
	return nil
}

func TestKeeperSaysWhatItCanNotWithdraw(t *testing.T) {
	calm(t, func(t *testing.T, h *house) {
		plan := h.w.plan
		plan.Clears = false
		h.k.Follow(&plan)
		time.Sleep(time.Second)
		if err := h.k.Withdraw(t.Context()); problem.Of(err).Code != CodeCantRemove {
			t.Errorf("withdrawing: %v", err)
		}
		h.w.do(func() { h.w.server = cutOff })
		h.k.Follow(&plan)
		if err := h.k.Withdraw(t.Context()); !errors.Is(err, authority.ErrUnreachable) {
			t.Errorf("withdrawing blind: %v", err)
		}
	})
}

func TestKeeperWorksOnWithAFullDisk(t *testing.T) {
	calm(t, func(t *testing.T, h *house) {
		next := netip.MustParseAddr("81.2.202.202")
		h.w.do(func() { h.w.saveFails = true; h.w.renumber4(next) })
		h.k.Nudge("renumbered")
		time.Sleep(2 * time.Second)
		if got := h.w.at(worldName + "/4"); len(got) != 1 || got[0] != next {
			t.Errorf("the name has %v", got)
		}
		if codeOf(h.k.State().Unsaved) != CodeUnsaved {
			t.Error("nothing is said of the disk")
		}
		h.w.do(func() { h.w.saveFails = false })
		time.Sleep(lookEvery + time.Minute)
		if h.k.State().Unsaved != nil {
			t.Error("still complains of the disk")
		}
	})
}

func TestKeeperKeepsABoundedHistory(t *testing.T) {
	var m memory
	for i := range 3 * historyMost {
		one := &memo{Set: netip.AddrFrom4([4]byte{81, 3, byte(i >> 8), byte(i)}), Noticed: noon.Add(time.Duration(i) * time.Hour)}
		m.record(nameA, one, 0)
		m.record(nameA, one, time.Second)
	}
	if len(m.History) != historyMost || m.newest()[0].Took != time.Second || !m.newest()[0].Time.After(m.newest()[1].Time) {
		t.Errorf("history has %d entries, newest %+v", len(m.History), m.newest()[0])
	}
}

func TestClockThatJumpsBackStallsNothing(t *testing.T) {
	m := memory{Memos: map[string]*memo{"a/4": {SetAt: noon, since: noon, Pause: pause{Since: noon, Wait: time.Minute}}}}
	back := noon.Add(-10 * time.Hour)
	m.tidy(back)
	if one := m.Memos["a/4"]; one.Pause.until().Sub(back) > time.Minute || one.SetAt.After(back) || one.since.After(back) {
		t.Errorf("memo is %+v", one)
	}
}

func FuzzReadMemory(f *testing.F) {
	f.Add([]byte(`{"version":1,"mark":"","gate":{},"memos":{},"history":[]}`))
	f.Add([]byte(`{"version":1,"memos":{"a/4":{"set":"81.2.3.4","ours":["81.2.3.4"],"sets":[{"addr":"","at":"2026-01-01T00:00:00Z"}]}}}`))
	f.Add([]byte(`{"version":9}`))
	f.Fuzz(func(t *testing.T, blob []byte) {
		m, err := readMemory(blob)
		if err != nil || blob == nil {
			return
		}
		m.tidy(noon)
		again, err := readMemory(m.blob())
		if err != nil {
			t.Fatalf("its own blob: %v", err)
		}
		if len(again.Memos) != len(m.Memos) || len(m.Memos) > memosMost {
			t.Errorf("%d records, then %d", len(m.Memos), len(again.Memos))
		}
	})
}

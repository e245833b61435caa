package publicip_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	. "latchkey/dyndns/publicip"
)

// fake answers after a while, and counts.
type fake struct {
	kind   Kind
	name   string
	answer string // an address, "" for don't know, "panic"
	after  time.Duration
	deaf   bool // does not listen to its context

	mu    sync.Mutex
	asked int
}

func (s *fake) Kind() Kind   { return s.kind }
func (s *fake) Name() string { return s.name }

func (s *fake) Ask(ctx context.Context, _ Family) Answer {
	s.mu.Lock()
	s.asked++
	s.mu.Unlock()
	if s.deaf {
		time.Sleep(s.after)
	} else {
		select {
		case <-time.After(s.after):
		case <-ctx.Done():
			return Answer{Why: "too late"}
		}
	}
	switch s.answer {
	case "panic":
		panic("on purpose")
	case "":
		return Answer{Why: "can't tell"}
	}
	return Answer{State: Known, Addr: addr(s.answer)}
}

func (s *fake) times() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

const (
	here  = "93.184.215.14"
	there = "8.8.4.4"
)

func watcher(sources ...*fake) *Watcher {
	var all []Source
	for _, s := range sources {
		all = append(all, s)
	}
	return NewWatcher(Config{Sources: all})
}

func TestWatcher(t *testing.T) {
	ms := time.Millisecond
	for _, tt := range []struct {
		name    string
		sources []*fake
		want    string
		took    time.Duration
		asked   string // of each source
	}{
		{
			"it answers when the last of router and HTTPS has, and waits for no DNS",
			[]*fake{{kind: Router, answer: here}, {kind: HTTPS, answer: here, after: 50 * ms}, {kind: HTTPS, answer: here, after: 80 * ms}, {kind: DNS, answer: here, after: 2 * time.Second}},
			"known " + here, 80 * ms, "1 1 1 1",
		},
		{
			"two of each kind are asked, not more",
			[]*fake{{kind: HTTPS, answer: here}, {kind: HTTPS, answer: here}, {kind: HTTPS, answer: here}, {kind: DNS, answer: here}, {kind: DNS, answer: here}, {kind: DNS, answer: here}},
			"known " + here, 0, "1 1 0 1 1 0",
		},
		{
			"the others are asked when the first disagree, and outvote the liar",
			[]*fake{{kind: HTTPS, answer: there}, {kind: HTTPS, answer: here}, {kind: HTTPS, answer: here, after: 10 * ms}, {kind: DNS, answer: here}},
			"known " + here, 10 * ms, "1 1 1 1",
		},
		{
			"the others are asked when the first can't tell",
			[]*fake{{kind: HTTPS}, {kind: HTTPS}, {kind: HTTPS, answer: here, after: 10 * ms}, {kind: DNS, answer: here}},
			"known " + here, 10 * ms, "1 1 1 1",
		},
		{
			"the others are asked when the first leave us waiting for a second, and a late contradiction would still count",
			[]*fake{{kind: HTTPS, answer: here, after: time.Hour}, {kind: HTTPS, answer: here, after: time.Hour}, {kind: HTTPS, answer: here}, {kind: DNS, answer: here}},
			"known " + here, 3 * time.Second, "1 1 1 1",
		},
		{
			"nobody answers",
			[]*fake{{kind: HTTPS, after: time.Hour}, {kind: DNS, after: time.Hour}},
			"unknown", 3 * time.Second, "1 1",
		},
		{
			"a source that does not listen holds nobody up",
			[]*fake{{kind: HTTPS, answer: here, after: 10 * time.Second, deaf: true}, {kind: Router, answer: here}, {kind: DNS, answer: here}},
			"known " + here, 3 * time.Second, "1 1 1",
		},
		{
			"a source that panics is one that can't tell",
			[]*fake{{kind: HTTPS, answer: "panic"}, {kind: Router, answer: here}, {kind: DNS, answer: here}},
			"known " + here, 0, "1 1 1",
		},
		{
			"a contradiction stays one when all have been asked",
			[]*fake{{kind: HTTPS, answer: here}, {kind: Router, answer: there}, {kind: DNS, answer: here}, {kind: HTTPS, answer: here}, {kind: HTTPS, answer: here}},
			"unknown", 0, "1 1 1 1 1",
		},
		{"nobody to ask", nil, "unknown", 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := watcher(tt.sources...)
				began := time.Now()
				v := w.Ask(t.Context(), V4)
				took := time.Since(began)
				got := v.State.String()
				if v.State == Known {
					got += " " + v.Addr.String()
				}
				if got != tt.want || took != tt.took {
					t.Errorf("%s after %v (%s); want %s after %v", got, took, v.Why, tt.want, tt.took)
				}
				time.Sleep(time.Minute) // let the deaf one end
				var asked []string
				for _, s := range tt.sources {
					asked = append(asked, fmt.Sprint(s.times()))
				}
				if strings.Join(asked, " ") != tt.asked {
					t.Errorf("asked %v, want %s", asked, tt.asked)
				}
			})
		})
	}

	t.Run("operators take turns", func(t *testing.T) {
		sources := []*fake{{kind: HTTPS, answer: here}, {kind: HTTPS, answer: here}, {kind: HTTPS, answer: here}, {kind: HTTPS, answer: here}, {kind: HTTPS, answer: here}, {kind: DNS, answer: here}}
		w := watcher(sources...)
		for range 10 {
			w.Ask(t.Context(), V4)
		}
		for i, s := range sources[:5] {
			if s.times() != 4 {
				t.Errorf("operator %d was asked %d times of 10, want 4", i, s.times())
			}
		}
	})

	t.Run("it ends with the caller's context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*ms)
			defer cancel()
			began := time.Now()
			v := watcher(&fake{kind: HTTPS, after: time.Hour}).Ask(ctx, V4)
			if v.State != Unknown || time.Since(began) != 10*ms {
				t.Errorf("%v after %v", v.State, time.Since(began))
			}
		})
	})

	t.Run("the rule is asked for at each round", func(t *testing.T) {
		rule := Two
		w := NewWatcher(Config{Sources: []Source{&fake{kind: Router, answer: here}}, Rule: func() Rule { return rule }})
		if v := w.Ask(t.Context(), V4); v.State != Unknown {
			t.Errorf("two: %v", v.State)
		}
		rule = RouterOnly
		if v := w.Ask(t.Context(), V4); v.State != Known {
			t.Errorf("router: %v", v.State)
		}
	})

	t.Run("many rounds at once", func(t *testing.T) {
		w := watcher(&fake{kind: HTTPS, answer: here}, &fake{kind: Router, answer: here}, &fake{kind: DNS, answer: here})
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if v := w.Ask(t.Context(), V4); v.State != Known {
					t.Errorf("%v", v.State)
				}
			})
		}
		wg.Wait()
	})
}

// several is a source with two addresses, and none of IPv4.
type several struct{ fake }

func (s *several) AskAll(context.Context, Family) []Answer {
	return []Answer{{State: Known, Addr: addr("2606:4700::5")}, {State: Known, Addr: addr("2606:4700::6")}}
}

func (s *several) Serves(f Family) bool { return f == V6 }

func TestWatcherTakesAllAddressesOfASource(t *testing.T) {
	own := &several{fake{kind: Interface, name: "interface"}}
	w := NewWatcher(Config{Sources: []Source{own, &fake{kind: HTTPS, answer: "2606:4700::6"}}})
	v := w.Ask(t.Context(), V6)
	if v.State != Known || v.Addr != addr("2606:4700::6") || len(v.Reports) != 3 || len(v.Odd) != 0 {
		t.Errorf("got %+v", v)
	}
	v = w.Ask(t.Context(), V4)
	if slices.ContainsFunc(v.Reports, func(r Report) bool { return r.Kind == Interface }) {
		t.Error("a source was asked of a family that it does not serve")
	}
}

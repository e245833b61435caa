package dyndns

import (
	"context"
	"flag"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/dyndns/publicip"
)

var (
	modelSeed  = flag.Uint64("model.seed", 0, "run this schedule of the model alone, and tell its story")
	modelCount = flag.Int("model.count", 0, "how many schedules of the model; 0: 10,000, or 150 with -short")
)

// Worst cases for being right again after the last fault. A provider that
// refused the token is tried again after a day; a record that was fought over
// after six hours; an address that changed to and fro waits five minutes more
// than the next round of questions, which a nudge or the fast pace brings soon.
const (
	boundAll     = 26 * time.Hour
	boundNoToken = 7 * time.Hour
	boundSources = 36 * time.Minute
	boundSoon    = 11 * time.Minute
)

// TestModel lets a Keeper live through random schedules of faults. Whatever it
// does is judged by the world; afterwards it has to become right, and then keep
// quiet for a day.
func TestModel(t *testing.T) {
	if *modelSeed != 0 {
		s := live(t, *modelSeed)
		t.Log(strings.Join(s.log, "\n"))
		s.report(t)
		return
	}
	count := *modelCount
	if count == 0 {
		count = 10_000
		if testing.Short() {
			count = 150
		}
	}
	shards := runtime.GOMAXPROCS(0)
	var mu sync.Mutex
	var all []story
	t.Run("schedules", func(t *testing.T) {
		for shard := range shards {
			t.Run(fmt.Sprint(shard), func(t *testing.T) {
				t.Parallel()
				bad := 0 // a few tell enough
				for seed := uint64(1 + shard); seed <= uint64(count) && bad < 5; seed += uint64(shards) {
					s := live(t, seed)
					s.report(t)
					bad += min(len(s.bad), 1)
					mu.Lock()
					s.log = nil
					all = append(all, s)
					mu.Unlock()
				}
			})
		}
	})
	tell(t, all)
}

// story is what became of one schedule.
type story struct {
	seed      uint64
	reach     reach
	log, bad  []string
	recovered time.Duration
	calls     int
}

// reach says which faults a schedule had.
type reach int

const (
	onlySources reach = iota
	noToken
	everything
)

func (s story) report(t *testing.T) {
	if len(s.bad) > 0 {
		t.Errorf("seed %d (go test ./dyndns -run TestModel -model.seed %d tells all):\n%s", s.seed, s.seed, strings.Join(s.bad, "\n"))
	}
}

func tell(t *testing.T, all []story) {
	var calls int
	for class, name := range []string{"only sources, line and door", "all but refused tokens", "everything"} {
		var took []time.Duration
		for _, s := range all {
			if s.reach == reach(class) {
				took = append(took, s.recovered)
				calls += s.calls
			}
		}
		if len(took) == 0 {
			continue
		}
		slices.Sort(took)
		t.Logf("faults of %s: %d schedules, right again after: median %s, 95%% %s, worst %s",
			name, len(took), took[len(took)/2], took[len(took)*95/100], took[len(took)-1])
	}
	t.Logf("%d schedules, %d calls of providers", len(all), calls)
}

// live runs one schedule in a bubble of its own.
func live(t *testing.T, seed uint64) story {
	s := story{seed: seed}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seed)
		s.reach = []reach{onlySources, noToken, noToken, everything}[w.rng.IntN(4)]
		w.choosePlan()
		h := &house{t: t, w: w, reach: s.reach, fast: w.rng.IntN(3) == 0}
		h.start()
		h.suffer()
		h.heal()
		s.recovered = h.recover()
		h.quiet()
		h.stop()
		w.mu.Lock()
		defer w.mu.Unlock()
		s.log, s.bad, s.calls = w.log, w.bad, w.calls
	})
	return s
}

func (w *world) choosePlan() {
	r := w.rng
	w.plan = Plan{
		Mark: "one", Name: worldName, TTL: time.Minute, V6: r.IntN(4) > 0, Clears: r.IntN(4) > 0,
		CanPublishBehind: r.IntN(4) == 0, Propagation: []time.Duration{0, 2 * time.Minute}[r.IntN(2)],
	}
	if r.IntN(3) > 0 {
		w.plan.Lan = worldLan
	}
	if r.IntN(12) > 0 {
		w.plan.Provider = w
	}
	w.port6 = r.IntN(2) == 0
	if r.IntN(6) == 0 {
		w.leastTTL = 5 * time.Minute
	}
	switch r.IntN(5) {
	case 4:
		w.put(worldName+"/4", rr{[]netip.Addr{now4(w.was4), foreign4}, time.Minute})
	case 0: // somebody set the name up before, by hand
		w.put(worldName+"/4", rr{[]netip.Addr{foreign4}, time.Hour})
	case 1:
		w.put(worldName+"/4", rr{[]netip.Addr{now4(w.was4)}, time.Hour})
	case 2:
		w.put(worldName+"/4", rr{[]netip.Addr{foreign4, now4(w.was4)}, time.Minute})
		w.put(worldName+"/6", rr{[]netip.Addr{foreign6}, time.Hour})
	}
}

// house is a Keeper in the world, and what happens to both.
type house struct {
	t      *testing.T
	w      *world
	reach  reach
	k      *Keeper
	cancel context.CancelFunc
	done   chan struct{}
	fast   bool // no router tells of changes
	nudged bool // when all was healed
}

func (h *house) start() {
	w := h.w
	k, err := Open(context.Background(), Config{
		Ask: w.Ask, Authority: w, Keep: w, Jitter: w.chance,
		Now: func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return time.Now().Add(w.skew) },
	})
	if err != nil {
		h.t.Fatalf("seed: opening: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.k, h.cancel, h.done = k, cancel, make(chan struct{})
	go func() { defer close(h.done); _ = k.Run(ctx) }()
	plan := w.plan
	k.Pace(h.fast)
	k.Follow(&plan)
	h.observe()
}

func (w *world) chance() float64 { w.mu.Lock(); defer w.mu.Unlock(); return w.die("jitter").Float64() }

func (h *house) stop() { h.cancel(); <-h.done }

// observe tells the Keeper what is true of the house.
func (h *house) observe() {
	w := h.w
	w.mu.Lock()
	l := Local{Address4: now4(w.wasLan), Open6: w.open6}
	if w.port6 {
		l.Port6Addr = other(now4(w.was6))
	}
	k := h.k
	if w.heard6 != l.Open6 {
		w.heard6, w.heardAt = l.Open6, time.Now()
	}
	w.heardLan = turn(w.heardLan, l.Address4)
	w.mu.Unlock()
	k.Observe(l)
}

// suffer lets a few dozen things happen in about three hours.
func (h *house) suffer() {
	w := h.w
	for range 8 + w.rng.IntN(25) {
		w.mu.Lock()
		wait := time.Duration(w.rng.ExpFloat64() * float64([]time.Duration{2 * time.Second, 20 * time.Second, 10 * time.Minute}[w.rng.IntN(3)]))
		w.mu.Unlock()
		time.Sleep(min(wait, time.Hour))
		h.happen()
	}
}

// happen lets one thing happen.
func (h *house) happen() {
	w := h.w
	w.mu.Lock()
	r := w.rng
	sources, rest := 13, 24
	n := r.IntN(rest)
	if h.reach == onlySources {
		n = r.IntN(sources)
	}
	nudge, observe, restart := r.IntN(3) > 0, false, false
	kinds := []publicip.Kind{publicip.Router, publicip.DNS, publicip.HTTPS, publicip.Interface}
	switch n {
	case 0, 1:
		a := w.new4()
		if r.IntN(3) == 0 {
			a = w.was4[r.IntN(len(w.was4))].addr // an old one again
		}
		w.renumber4(a)
		w.note("renumbered to %s", a)
	case 2:
		w.renumber6(w.new6())
		w.note("prefix of %s", now4(w.was6))
		observe = true
	case 3:
		w.line = !w.line
		if w.line && r.IntN(2) == 0 {
			w.renumber4(w.new4())
		}
		w.note("line %v, %s", w.line, now4(w.was4))
	case 4:
		w.cgnat = !w.cgnat
		w.note("cgnat %v", w.cgnat)
	case 5:
		w.double = !w.double
		w.note("double %v", w.double)
	case 6, 7, 8:
		for _, kind := range kinds {
			w.kinds[kind] = []mood{fine, fine, silent, late, slow}[r.IntN(5)]
		}
		if w.cgnat || w.double { // a silent router can't say so, and nobody else knows
			w.kinds[publicip.Router] = fine
		}
		if liar := kinds[r.IntN(4)]; liar != publicip.Router || !w.cgnat && !w.double {
			w.kinds[liar] = []mood{lying, private, denying, flaps}[r.IntN(4)]
		}
		w.lie4, w.lie6 = w.was4[r.IntN(len(w.was4))].addr, w.was6[r.IntN(len(w.was6))].addr
		if r.IntN(3) > 0 {
			w.lie4, w.lie6 = netip.AddrFrom4([4]byte{45, 1, byte(r.IntN(200)), 1}), netip.MustParseAddr("2a0f:bad::1")
		}
		w.note("sources: %v, lies %s %s", w.kinds, w.lie4, w.lie6)
	case 9, 10:
		w.setOpen(!w.open6)
		observe = true
	case 11:
		w.wasLan = turn(w.wasLan, netip.AddrFrom4([4]byte{192, 168, 77, byte(10 + r.IntN(200))}))
		if r.IntN(4) == 0 { // straight on the internet
			w.wasLan = turn(w.wasLan, w.new4())
		}
		w.note("own address %s", now4(w.wasLan))
		observe = true
	case 12:
		restart = true
	case 13, 14, 15:
		moods := []mood{fine, failing, halfway, losing, late, twice, busy, hanging, slow, flaps}
		if h.reach == everything {
			moods = append(moods, refused, refused)
		}
		w.provider = moods[r.IntN(len(moods))]
		w.note("provider %s", w.provider)
	case 16, 17, 18:
		w.server = []mood{fine, cutOff, intercepted, staleOne, staleOnly}[r.IntN(5)]
		if w.server == fine {
			w.catchUp()
		}
		w.note("servers %s", w.server)
	case 19:
		w.put(worldName+"/4", rr{[]netip.Addr{foreign4}, 5 * time.Minute})
		w.note("somebody changed A")
	case 20:
		w.put(worldName+"/6", rr{[]netip.Addr{foreign6}, 5 * time.Minute})
		w.note("somebody changed AAAA")
	case 21:
		w.saveFails = !w.saveFails
		w.note("saving fails %v", w.saveFails)
	case 22:
		w.glitch = true
		w.note("one odd answer to come")
	case 23:
		w.skew += time.Duration(r.Int64N(int64(20*time.Hour))) - 10*time.Hour
		w.skewed = true
		w.note("clock off by %s", w.skew)
	}
	w.mu.Unlock()
	if restart {
		h.restart()
	}
	if observe {
		lag := w.upTo(5 * time.Second)
		if w.upTo(3) == 0 { // the door tells late, and the sources don't
			lag = w.upTo(time.Minute)
			h.k.Nudge("something changed")
		}
		time.Sleep(lag)
		h.observe()
	}
	if nudge {
		h.k.Nudge("something happened")
	}
}

func (h *house) restart() {
	h.w.mu.Lock()
	h.w.note("restarted")
	h.w.mu.Unlock()
	h.stop()
	time.Sleep(h.w.upTo(time.Minute))
	h.start()
}

func (w *world) upTo(d time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Duration(w.rng.Int64N(int64(d)))
}

func (w *world) setOpen(open bool) {
	w.open6 = open
	w.note("IPv6 open %v", open)
}

func (w *world) catchUp() {
	for key, have := range w.zone {
		w.behindZ[key] = have
	}
}

// heal ends all faults. What is true then stays true.
func (h *house) heal() {
	w := h.w
	w.mu.Lock()
	w.note("healed")
	for kind := range w.kinds {
		w.kinds[kind] = fine
	}
	w.line, w.cgnat, w.double, w.server, w.provider, w.saveFails, w.glitch = true, false, false, fine, fine, false, false
	if a := now4(w.wasLan); !a.IsPrivate() {
		w.wasLan = turn(w.wasLan, netip.MustParseAddr("192.168.77.250"))
	}
	w.catchUp()
	nudge := w.rng.IntN(2) == 0
	w.mu.Unlock()
	h.observe()
	if h.nudged = nudge; nudge {
		h.k.Nudge("the line is back")
	}
}

// recover waits until all is right, and tells how long it took.
func (h *house) recover() time.Duration {
	began := time.Now()
	bound := []time.Duration{boundSources, boundNoToken, boundAll}[h.reach]
	if h.reach == onlySources && (h.fast || h.nudged) {
		bound = boundSoon
	}
	for {
		wrong := h.w.wrong()
		if wrong == "" {
			return time.Since(began)
		}
		if time.Since(began) > bound {
			h.w.mu.Lock()
			h.w.broken("not right %s after the last fault: %s", bound, wrong)
			h.w.mu.Unlock()
			return bound
		}
		time.Sleep(max(time.Second, time.Since(began)/100)) // to a hundredth
	}
}

// wrong tells what is not as it should be; "" when all is.
func (w *world) wrong() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pending > 0 {
		return "updates are pending"
	}
	if w.plan.Provider == nil {
		return ""
	}
	if got := w.zone[worldName+"/4"].addrs; len(got) != 1 || got[0] != now4(w.was4) {
		return fmt.Sprintf("A is %v, not %s", got, now4(w.was4))
	}
	if got := w.zone[worldLan+"/4"].addrs; w.plan.Lan != "" && (len(got) != 1 || got[0] != now4(w.wasLan)) {
		return fmt.Sprintf("the A of lan is %v, not %s", got, now4(w.wasLan))
	}
	got := w.zone[worldName+"/6"].addrs
	if w.plan.V6 && w.open6 {
		want := now4(w.was6)
		if w.port6 {
			want = other(want)
		}
		if len(got) != 1 || got[0] != want {
			return fmt.Sprintf("AAAA is %v, not %s", got, want)
		}
		return ""
	}
	ours := len(got) > 0 && !slices.ContainsFunc(got, func(a netip.Addr) bool { return !slices.Contains(w.ours[worldName+"/6"], a) })
	if ours && w.plan.Clears && !w.forgot {
		return fmt.Sprintf("AAAA is still %v", got)
	}
	return ""
}

// quiet sees that nothing is sent while nothing changes, whoever nudges.
func (h *house) quiet() {
	w := h.w
	// A TTL may still be put right, and a provider that complained of that is
	// asked again. A memory that was not saved leaves more to be done.
	time.Sleep(lookEvery + time.Minute)
	if h.reach != onlySources {
		time.Sleep(2 * time.Hour)
	}
	w.mu.Lock()
	more := time.Until(w.notBefore) + time.Hour
	if w.forgot {
		more = boundAll
	}
	w.mu.Unlock()
	time.Sleep(more)
	w.mu.Lock()
	calls := w.calls
	w.mu.Unlock()
	for range 5 {
		time.Sleep(w.upTo(6 * time.Hour))
		h.k.Nudge("for nothing")
		time.Sleep(w.upTo(time.Hour))
		if w.upTo(4) == 0 {
			h.restart()
		}
	}
	wrong := w.wrong()
	state := h.k.State()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calls != calls {
		w.broken("%d updates while nothing changed", w.calls-calls)
	}
	if wrong != "" {
		w.broken("wrong after a quiet day: %s", wrong)
	}
	if got := w.zone["www.example.net/4"]; len(got.addrs) != 1 || got.addrs[0] != foreign4 {
		w.broken("another name was touched")
	}
	for _, r := range state.Records {
		if r.Working || r.Trouble != nil && r.Trouble.Code != CodeForeign && r.Trouble.Code != CodeStays && w.plan.Provider != nil {
			w.broken("after a quiet day %s/%d is told to be in trouble: %v", r.Name, r.Family, r.Trouble)
		}
	}
}

package dyndns

import (
	"context"
	"errors"
	"sync"
	"time"

	"latchkey/dyndns/publicip"
)

const (
	paceFast   = 5 * time.Minute
	paceSlow   = 30 * time.Minute
	lookEvery  = 5 * time.Minute  // the authoritative servers: cheap, and somebody else may change a record
	askTimeout = 8 * time.Second  // of a round of questions; the parts have shorter ones of their own
	actTimeout = 30 * time.Second // of one call of the provider
	// followUp: a nudge may come before the world has noticed what it tells of.
	followUp = 5 * time.Second
)

// sight is what was last seen, and when to look next. Times for waiting are
// monotonic.
type sight struct {
	asked             time.Time // when facts\' verdicts were asked for
	plan              *Plan     // of which the rest speaks
	facts             facts
	records           []Record
	nextAsk, nextLook time.Time
	unknown           time.Time // since when something that matters is not known; zero: it is
	follow            bool      // one more round soon
}

// Run keeps the records true until ctx ends; it returns nil then.
func (k *Keeper) Run(ctx context.Context) error {
	for k.rest(ctx) {
		k.mu.Lock()
		idle := k.plan == nil
		if idle {
			k.sight, k.nudged, k.stirred = sight{}, false, false
		}
		k.mu.Unlock()
		if idle {
			k.save(ctx)
			k.cfg.Told(k.State())
			continue
		}
		k.look(ctx)
	}
	return nil
}

// rest waits until a look is due; false when ctx ended.
func (k *Keeper) rest(ctx context.Context) bool {
	for ctx.Err() == nil {
		k.mu.Lock()
		wait := k.waitLocked()
		k.mu.Unlock()
		if wait <= 0 {
			return true
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-k.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	return false
}

func (k *Keeper) waitLocked() time.Duration {
	if k.plan != k.sight.plan || k.stirred {
		return 0
	}
	if k.plan == nil {
		return 24 * time.Hour
	}
	wait := min(time.Until(k.sight.nextAsk), time.Until(k.sight.nextLook))
	if k.nudged {
		wait = min(wait, k.budget.wait())
	}
	return wait
}

// look asks, decides and acts, once. It returns early when a nudge makes what
// it has gathered old.
func (k *Keeper) look(ctx context.Context) {
	k.mu.Lock()
	nudged := k.nudged && k.budget.take()
	if nudged {
		k.nudged = false
	}
	k.stirred = false
	ask := nudged || k.plan != k.sight.plan || time.Until(k.sight.nextAsk) <= 0
	k.mu.Unlock()

	f, plan, ok := k.gather(ctx, ask)
	if !ok {
		k.again(nudged)
		return
	}
	steps := k.decide(plan, f)
	for _, st := range steps {
		if st.act == askFirst {
			if f, plan, ok = k.gather(ctx, true); !ok {
				k.again(nudged)
				return
			}
			ask = true
			steps = k.decide(plan, f)
			break
		}
	}
	k.plot(f, steps, ask, nudged)
	k.save(ctx)
	k.cfg.Told(k.State())
	k.act(ctx, plan, f, steps)
}

// again keeps a nudge whose look was cut short by the next one.
func (k *Keeper) again(nudged bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stirred = true
	if nudged {
		k.sight.nextAsk = time.Time{}
	}
}

// gather asks the servers, and the sources where ask says so, all at once. It
// gives up when a nudge arrives that may be honoured, when the plan changes,
// and when ctx ends.
func (k *Keeper) gather(ctx context.Context, ask bool) (facts, *Plan, bool) {
	k.mu.Lock()
	plan, f := k.plan, k.sight.facts
	k.mu.Unlock()
	if plan == nil {
		return f, nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	wall, began := k.cfg.Now(), time.Now()
	done := make(chan facts, 1)
	go func() { done <- k.askAll(ctx, *plan, f, ask) }()
	for {
		select {
		case f = <-done:
			if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return f, plan, false
			}
			if ask {
				f.asked = wall
			}
			k.mu.Lock()
			defer k.mu.Unlock()
			if ask {
				k.sight.asked = began
			}
			f.age = time.Since(k.sight.asked)
			f.now, f.plan, f.test = k.cfg.Now(), *plan, k.cfg.Test
			f.local, f.observed = k.local, k.observed
			return f, plan, k.plan == plan
		case <-k.wake:
			k.mu.Lock()
			old := k.plan != plan || k.nudged && k.budget.wait() <= 0
			k.mu.Unlock()
			if old {
				return f, plan, false
			}
		}
	}
}

func (k *Keeper) askAll(ctx context.Context, plan Plan, f facts, ask bool) facts {
	var wg sync.WaitGroup
	if ask {
		wg.Go(func() { f.verdict4 = k.cfg.Ask(ctx, publicip.V4) })
		wg.Go(func() { f.verdict6 = k.cfg.Ask(ctx, publicip.V6) })
	}
	slots := plan.slots()
	views := make([]view, len(slots))
	for i, s := range slots {
		wg.Go(func() {
			answer, err := k.cfg.Authority.Addresses(ctx, s.name, int(s.family))
			views[i] = view{answer, err}
		})
	}
	wg.Wait()
	f.seen = make(map[string]view, len(slots))
	for i, s := range slots {
		f.seen[s.key()] = views[i]
	}
	return f
}

// decide decides for all records and remembers what was learned.
func (k *Keeper) decide(plan *Plan, f facts) []step {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.plan != plan {
		return nil
	}
	k.memory.tidy(f.now)
	var steps []step
	for _, s := range f.plan.slots() {
		m := k.memory.memo(s)
		var st step
		*m, st = decide(f, s, *m, k.memory.Gate)
		if st.seen {
			k.memory.record(s, m, max(f.now.Sub(m.Noticed), time.Millisecond))
		}
		if f.now.Sub(m.Used) > 24*time.Hour {
			m.Used = f.now
		}
		steps = append(steps, st)
	}
	return steps
}

// plot sets when to look and ask next.
func (k *Keeper) plot(f facts, steps []step, asked, nudged bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	s := &k.sight
	s.plan, s.facts = k.plan, f
	s.records = s.records[:0:0]
	next := lookEvery
	for _, st := range steps {
		s.records = append(s.records, st.record)
		if st.again > 0 {
			next = min(next, st.again)
		}
	}
	s.nextLook = now.Add(max(next, time.Second))
	if nudged && k.budget.wait() <= 0 {
		s.follow = true
	}
	if !asked {
		return
	}
	pace := paceSlow
	if k.fast {
		pace = paceFast
	}
	if f.unclear() {
		if s.unknown.IsZero() {
			s.unknown = now
		}
		pace = grow(now.Sub(s.unknown), time.Second, paceFast)
	} else {
		s.unknown = time.Time{}
	}
	if s.follow && !nudged {
		s.follow = false
	}
	if s.follow {
		pace = min(pace, followUp)
	}
	s.nextAsk = now.Add(pace)
}

// unclear reports whether something is not known that a record waits for.
func (f facts) unclear() bool {
	v4 := f.verdict4
	return v4.State == publicip.Unknown || v4.Behind == publicip.Hidden && !f.plan.CanPublishBehind ||
		f.plan.V6 && f.local.Open6 && f.verdict6.State != publicip.Known
}

// act does what was decided, one after the other, as long as it is fresh.
func (k *Keeper) act(ctx context.Context, plan *Plan, f facts, steps []step) {
	for _, st := range steps {
		if st.act != set && st.act != remove {
			continue
		}
		k.mu.Lock()
		if !st.slot.lan && time.Since(k.sight.asked) > freshFor {
			k.stirred = true // the one before took long: look again first
		}
		stop := k.plan != plan || k.stirred || k.nudged && k.budget.wait() <= 0 || k.memory.Gate.until().After(k.cfg.Now())
		k.mu.Unlock()
		if stop || ctx.Err() != nil {
			return
		}
		k.do(ctx, plan, st)
		k.save(context.WithoutCancel(ctx))
		k.mu.Lock()
		k.sight.nextLook = time.Now().Add(time.Second)
		k.mu.Unlock()
	}
}

// do makes one call of the provider.
func (k *Keeper) do(ctx context.Context, plan *Plan, st step) {
	k.doing.Lock()
	defer k.doing.Unlock()
	call, cancel := context.WithTimeout(ctx, actTimeout)
	defer cancel()
	k.mu.Lock()
	if k.plan != plan {
		k.mu.Unlock()
		return
	}
	m := k.memory.memo(st.slot)
	m.begun(st.addr, st.from, k.cfg.Now())
	k.mu.Unlock()
	k.save(ctx)

	k.mu.Lock()
	k.cancel, k.called = cancel, time.Now()
	k.mu.Unlock()
	var err error
	if st.act == remove {
		err = plan.Provider.Clear(call, st.slot.name, int(st.slot.family))
	} else {
		err = plan.Provider.Set(call, st.slot.name, st.addr, plan.TTL)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cancel = nil
	k.outcomeLocked(call, m, st, err)
}

// outcomeLocked writes down how a call ended.
func (k *Keeper) outcomeLocked(call context.Context, m *memo, st step, err error) {
	now := k.cfg.Now()
	if err == nil {
		k.memory.Gate, k.memory.Worked = pause{}, true
		m.acked(now)
		k.memory.record(st.slot, m, 0)
		k.cfg.Log.Info("changed a DNS record", "name", st.slot.name, "family", int(st.slot.family), "to", st.addr)
		return
	}
	if errors.Is(call.Err(), context.Canceled) {
		return // cut short by us: how it ended is not known, and nobody complained
	}
	wait := m.Pause.after(err, now, k.cfg.Jitter(), k.memory.Worked)
	if wait.Complaint.wide() {
		k.memory.Gate = k.memory.Gate.after(err, now, k.cfg.Jitter(), k.memory.Worked)
		wait = k.memory.Gate
	} else {
		m.Pause = wait
	}
	k.cfg.Log.Warn("changing a DNS record", "name", st.slot.name, "family", int(st.slot.family),
		"error", err, "again", wait.until())
}

package dyndns

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"latchkey/appliance/problem"
	"latchkey/dyndns/publicip"
)

// Set is the provider's. It judges the Keeper first.
func (w *world) Set(ctx context.Context, name string, addr netip.Addr, ttl time.Duration) error {
	family := 4
	if addr.Is6() {
		family = 6
	}
	key := fmt.Sprintf("%s/%d", name, family)
	w.mu.Lock()
	w.note("set %s to %s (%s, servers %s)", key, addr, w.provider, w.server)
	w.judgeCall(key)
	w.judgeSet(key, addr, ttl)
	w.ours[key] = append(w.ours[key], addr)
	w.mu.Unlock()
	return w.ended(key, w.change(ctx, key, rr{[]netip.Addr{addr}, ttl}))
}

// Clear is the provider's.
func (w *world) Clear(ctx context.Context, name string, family int) error {
	key := fmt.Sprintf("%s/%d", name, family)
	w.mu.Lock()
	w.note("clear %s (%s, servers %s)", key, w.provider, w.server)
	w.judgeCall(key)
	switch {
	case key != worldName+"/6":
		w.broken("cleared %s, which is always wanted", key)
	case !w.plan.Clears:
		w.broken("asked a provider that can't to clear %s", key)
	case w.plan.V6 && w.open6:
		// It may have opened a moment ago; the next look sets it again. And the
		// machine itself is believed when it says that it has no address.
		if w.heard6 && time.Since(w.heardAt) > oldest && w.kinds[publicip.Interface] != denying {
			w.broken("cleared %s although IPv6 was told to be open %s ago", key, time.Since(w.heardAt))
		}
	case w.toldOK[key] && len(w.told[key].addrs) == 0:
		w.broken("cleared %s, which was told to be empty", key)
	}
	if w.toldOK[key] {
		for _, a := range w.told[key].addrs {
			if !slices.Contains(w.ours[key], a) {
				w.broken("cleared %s, which held %s of somebody else", key, a)
			}
		}
	}
	w.mu.Unlock()
	return w.ended(key, w.change(ctx, key, rr{}))
}

func (w *world) ended(key string, err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unsure[key] = err != nil
	return err
}

// judgeCall knows what holds for every call.
func (w *world) judgeCall(key string) {
	w.calls++
	if w.calling {
		w.broken("two calls at once")
	}
	if w.plan.Provider == nil {
		w.broken("a watcher changed %s", key)
	}
	if !slices.Contains([]string{worldName + "/4", worldName + "/6", worldLan + "/4"}, key) || w.plan.Lan == "" && key == worldLan+"/4" {
		w.broken("touched %s", key)
	}
	if f := w.fails[key]; f.n > 0 && !w.forgot && !w.skewed {
		// Two seconds, doubled each time up to ten minutes, less a fifth by chance.
		if least := min(time.Duration(1<<min(f.n, 20))*800*time.Millisecond, 8*time.Minute); time.Since(f.last) < least {
			w.broken("called %s after %s, having failed %d times", key, time.Since(f.last), f.n)
		}
	}
	if left := time.Until(w.notBefore); left > 0 && !w.forgot && !w.skewed {
		w.broken("called %s before a pause was over", left)
	}
}

// judgeSet knows what may be published, and what is no reason for an update.
func (w *world) judgeSet(key string, addr netip.Addr, ttl time.Duration) {
	now := time.Now()
	if ttl != w.plan.TTL {
		w.broken("a TTL of %s", ttl)
	}
	switch key {
	case worldLan + "/4":
		if !addr.IsPrivate() || !oursSince(w.heardLan, addr, now.Add(-oldest)) {
			w.broken("%s under %s", addr, key)
		}
	case worldName + "/4":
		asked := w.asked[4]
		if now.Sub(asked) > oldest {
			w.broken("acted on what was asked %s ago", now.Sub(asked))
		}
		seen := oursSince(w.was4, addr, asked.Add(-shortly)) || addr == shared4
		if addr.IsPrivate() || addr == cgnat4 || !seen {
			w.broken("published %s, not ours", addr)
		}
		if w.shared || w.behind && !w.plan.CanPublishBehind {
			w.broken("published %s from behind another network", addr)
		}
	case worldName + "/6":
		asked := w.asked[6]
		if now.Sub(asked) > oldest {
			w.broken("acted on what was asked %s ago", now.Sub(asked))
		}
		if !oursSince(w.was6, addr, asked.Add(-shortly)) && !(w.port6 && oursOther(w.was6, addr, asked.Add(-shortly))) {
			w.broken("published %s, not ours", addr)
		}
		if !w.plan.V6 {
			w.broken("set an AAAA that the plan has not")
		}
		if !w.open6 && !w.heard6 && time.Since(w.heardAt) > oldest {
			w.broken("set an AAAA behind a closed door")
		}
	}
	w.judgeNeed(key, rr{[]netip.Addr{addr}, ttl})
}

func oursOther(list []span, addr netip.Addr, t time.Time) bool {
	return slices.ContainsFunc(list, func(s span) bool {
		return other(s.addr) == addr && (s.till.IsZero() || !s.till.Before(t))
	})
}

// judgeNeed tells whether an update was of no use, and the Keeper could have
// known.
func (w *world) judgeNeed(key string, want rr) {
	if told := w.told[key]; w.toldOK[key] && slices.Equal(told.addrs, want.addrs) && (told.ttl <= want.ttl || w.said[key] && !w.forgot) {
		w.broken("set %s to what it was told to be", key)
	}
	if w.odd[key] && !w.forgot && slices.Equal(w.before[key].addrs, want.addrs) && slices.Equal(w.zone[key].addrs, want.addrs) {
		w.broken("set %s for one odd answer", key)
	}
	if age := time.Since(w.acked[key].At); w.acked[key].Addr == want.addrs[0] && age < leastPatience && !w.skewed && !w.forgot {
		w.broken("set %s again after %s, without patience", key, age)
	}
	last, ok := w.ackedSame[key]
	if !ok || last.Addr != want.addrs[0] || w.forgot || w.odd[key] || w.unsure[key] {
		return
	}
	// The primary has held it ever since the provider said yes. The Keeper may
	// doubt it when all it hears is a server that is behind, but not often; and
	// never having heard of another server, it can't tell it from a lost update.
	if age := time.Since(last.At); w.server == intercepted {
		w.broken("set %s again after %s, blind, without a change", key, age)
	} else if !w.skewed && w.both[key] > 2 && age < doubtAfter {
		w.broken("set %s again after %s although nothing changed", key, age)
	}
}

// change does what the provider's mood makes of a call.
func (w *world) change(ctx context.Context, key string, to rr) error {
	w.mu.Lock()
	w.calling = true
	die := w.die("provider")
	m, line := w.provider, w.line
	if m == flaps {
		m = []mood{fine, failing, halfway, losing, late, twice, slow}[die.IntN(7)]
	}
	if m == busy && die.IntN(3) == 0 {
		m = fine
	}
	wait := 50 * time.Millisecond
	if m == slow {
		wait = time.Duration(die.IntN(15000)) * time.Millisecond
	}
	lag := time.Duration(die.Int64N(int64(w.patience())))
	coin := die.IntN(2) == 0
	seconds := 1 + die.IntN(600)
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.calling = false
		w.mu.Unlock()
	}()
	if m == hanging {
		if coin {
			w.apply(key, to, 0)
		}
		<-ctx.Done()
		return ctx.Err()
	}
	if !pass(ctx, wait) {
		return ctx.Err()
	}
	if !line {
		m = failing
	}
	w.mu.Lock()
	if m == failing {
		w.fails[key] = failures{w.fails[key].n + 1, time.Now()}
	} else {
		delete(w.fails, key)
	}
	w.mu.Unlock()
	switch m {
	case failing:
		return errNoLine
	case halfway:
		w.apply(key, to, 0)
		return problem.New(problem.Unavailable, "provider.unknown", "An odd answer.", "Wait.")
	case losing:
	case late:
		go w.apply(key, to, lag)
	case twice:
		w.apply(key, to, 0)
		go w.apply(key, to, lag)
	case busy:
		w.pauseFor(time.Duration(seconds) * time.Second)
		return problem.New(problem.TooMany, codeBusy, "Too often.", "Wait.").With("seconds", strconv.Itoa(seconds))
	case refused:
		w.pauseFor(w.refuse())
		return problem.New(problem.Refused, codeToken, "Wrong token.", "Mend it.")
	default:
		w.apply(key, to, 0)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.ackedSame, key)
	delete(w.acked, key)
	w.said[key] = true
	w.worked, w.refusals = w.plan.Mark, 0
	if len(to.addrs) == 1 {
		w.acked[key] = sent{to.addrs[0], time.Now()}
	}
	if m != losing && m != late && len(to.addrs) == 1 {
		w.ackedSame[key] = sent{to.addrs[0], time.Now()}
	}
	return nil
}

func (w *world) patience() time.Duration { return max(w.plan.Propagation, leastPatience) }

// refuse says how long a refused token may not be tried at least: one that has
// worked gets a few tries, since the refusal may be the provider's own trouble.
func (w *world) refuse() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.refusals
	w.refusals++
	if w.worked == w.plan.Mark && n < len(workedWaits) {
		return workedWaits[n] * 8 / 10
	}
	return 24 * time.Hour
}

func (w *world) pauseFor(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notBefore = time.Now().Add(d)
}

// apply changes the primary after a while.
func (w *world) apply(key string, to rr, after time.Duration) {
	w.mu.Lock()
	w.pending++
	w.mu.Unlock()
	time.Sleep(after)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending--
	w.put(key, to)
}

// put changes the primary; the server that is behind keeps what it has.
func (w *world) put(key string, to rr) {
	if last := w.ackedSame[key]; len(to.addrs) != 1 || to.addrs[0] != last.Addr {
		delete(w.ackedSame, key)
	}
	if len(to.addrs) > 0 {
		to.ttl = max(to.ttl, w.leastTTL)
	}
	w.zone[key] = to
	if w.server != staleOne && w.server != staleOnly {
		w.behindZ[key] = to
	}
}

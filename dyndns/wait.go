package dyndns

import (
	"context"
	"errors"
	"strconv"
	"time"

	"latchkey/appliance/problem"
	"latchkey/dyndns/authority"
	"latchkey/dyndns/publicip"
)

const (
	// leastPatience is for providers that say nothing of how long they take.
	leastPatience = time.Minute
	// confirmAfter: what was right and is wrong now is looked at once more, so
	// that one odd answer is not an update.
	confirmAfter = time.Minute
	// doubtAfter: a server that is behind commonly catches up within its zone's
	// refresh time, for which RFC 1912 2.2 names 20 minutes to 2 hours.
	doubtAfter = time.Hour
	calmAfter  = 6 * time.Hour // after it, an update that held counts as the first again
	flapWindow = 6 * time.Hour
)

// againWaits is how long after an update the same one may follow, by how many
// there were. Providers ban for needless updates, and a record that is locked,
// proxied or fought over needs a person.
var againWaits = []time.Duration{0, 0, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour}

// flapWaits is how long an address has to stand before it is published once
// more, by how often it was within flapWindow: coming back once is life.
var flapWaits = []time.Duration{0, 0, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute}

// A house that gets more new addresses than this in an hour is not changing
// provider: something lies well.
const (
	manyChanges    = 12
	manyChangesFor = 2 * time.Minute
)

func stair(waits []time.Duration, n int) time.Duration { return waits[min(n, len(waits)-1)] }

// want notes what is wanted and since when. Not knowing does not end an
// address's time, but it does end the time of an absence, which rests on
// knowing that the house is online.
func (m *memo) want(w wish, now time.Time) {
	switch {
	case w.state == publicip.Unknown && m.wish.state == publicip.None:
		m.wish, m.since = wish{}, time.Time{}
	case w.state == publicip.Unknown:
	case m.wish.state != w.state || m.wish.addr != w.addr:
		m.wish, m.since, m.wrong = w, now, time.Time{}
	default:
		m.wish = w
	}
}

// count learns how many servers commonly answer: more at once, fewer after a day.
func (m *memo) count(a authority.Answer, now time.Time) {
	if a.Servers > m.Servers || a.Servers < m.Servers && now.Sub(m.ServersAt) > 24*time.Hour {
		m.Servers, m.ServersAt = a.Servers, now
		return
	}
	if a.Servers == m.Servers && now.Sub(m.ServersAt) > 12*time.Hour { // not at each look: it is written down
		m.ServersAt = now
	}
}

func (d *decision) patience() time.Duration { return max(d.plan.Propagation, leastPatience) }

// verifyIn spaces the looks after an update: seconds at first, a minute later.
func (d *decision) verifyIn() time.Duration {
	return grow(d.now.Sub(d.memo.SetAt), time.Second, time.Minute)
}

// earliest is when a wrong record may be changed, and the code of what it
// waits for.
func (d *decision) earliest() (time.Time, string) {
	m, w := d.memo, d.wish
	until := m.since.Add(w.settle)
	// It was right, under the same wish; blind, what was is no proof of what is.
	held := !d.blind && m.right.state == w.state && m.right.addr == w.addr
	wait := stair(againWaits, m.Again)
	var why string
	switch same := m.Set == w.addr && !m.SetAt.IsZero(); {
	case same && m.Acked && !m.Seen:
		until, why = laterOf(until, m.SetAt.Add(max(d.patience(), wait))), CodeLost
	case same && m.Seen:
		until, why = laterOf(until, m.SetAt.Add(wait)), CodeContested
	case held:
		why = CodeContested
	default:
		if calm := m.since.Add(d.calm()); calm.After(until) {
			return calm, CodeFlapping
		}
		return until, ""
	}
	until = laterOf(until, m.wrong.Add(confirmAfter))
	if d.doubtful() {
		until = laterOf(until, laterOf(m.wrong, m.SetAt).Add(doubtAfter))
	}
	return until, why
}

// calm is how long the wish has to have stood, for what has been published of late.
func (d *decision) calm() time.Duration {
	same, all := 0, 0
	for _, s := range d.memo.Sets {
		if age := d.now.Sub(s.At); age < flapWindow && s.Addr == d.wish.addr {
			same++
		} else if age < time.Hour {
			all++
		}
	}
	wait := stair(flapWaits, same)
	if all >= manyChanges {
		wait = max(wait, manyChangesFor)
	}
	return wait
}

// grow doubles a wait with the time that has passed, between two bounds.
func grow(passed, least, most time.Duration) time.Duration {
	return min(max(passed, least), most)
}

// The codes of package provider that say how to wait. The Keeper knows
// providers only by its interface, and these are part of its contract.
const (
	codeToken       = "provider.token"
	codeGlobalKey   = "provider.globalkey"
	codePermission  = "provider.permission"
	codeZone        = "provider.zone"
	codeTTL         = "provider.ttl"
	codeUnable      = "provider.unable"
	codeBusy        = "provider.busy"
	codeUnreachable = "provider.unreachable"
	codeRejected    = "provider.rejected"
)

// backoff is how a wait grows with each failure.
type backoff struct{ least, most time.Duration }

var (
	offReach    = backoff{2 * time.Second, 10 * time.Minute} // mostly our own line
	offBusy     = backoff{30 * time.Second, time.Hour}
	offRejected = backoff{5 * time.Minute, 6 * time.Hour} // seldom passes by itself
	offElse     = backoff{15 * time.Second, time.Hour}
)

func (b backoff) after(fails int) time.Duration {
	wait := b.least
	for range min(fails, 30) - 1 {
		if wait *= 2; wait >= b.most {
			return b.most
		}
	}
	return wait
}

// workedWaits are for what a person would have to mend, of credentials that
// have worked: an answer that was garbled on the provider's side looks the same,
// and must not keep a new address back for a day.
var workedWaits = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour}

// after is the wait that follows err, by what it complains of. chance is in
// [0, 1). What a person has to mend waits a day, of credentials that have worked
// only after a few tries; a plan that changes ends it.
func (p pause) after(err error, now time.Time, chance float64, worked bool) pause {
	c := complaintOf(err)
	if errors.Is(err, context.DeadlineExceeded) && c.Code == "internal" {
		c = complaintOf(problem.New(problem.Unavailable, codeUnreachable,
			"The DNS provider did not answer in time.", "Nothing to do: Latchkey tries again by itself."))
	}
	next := pause{Fails: p.Fails + 1, Complaint: c}
	spread := func(b backoff) time.Duration {
		return time.Duration(float64(b.after(next.Fails)) * (0.8 + 0.4*chance))
	}
	var wait time.Duration
	switch c.Code {
	case codeToken, codeGlobalKey, codePermission, codeZone, codeTTL, codeUnable:
		if worked && p.Fails < len(workedWaits) {
			wait = time.Duration(float64(workedWaits[p.Fails]) * (0.8 + 0.4*chance))
			break
		}
		next.Lasting = true
		wait = 24*time.Hour + time.Duration(chance*float64(30*time.Minute))
	case codeBusy:
		next.Asked = true
		asked, _ := strconv.Atoi(c.Values["seconds"])
		named := min(time.Duration(max(asked, 0))*time.Second, 24*time.Hour)
		wait = max(named+time.Duration(chance*float64(named)/30), spread(offBusy))
	case codeUnreachable:
		wait = spread(offReach)
	case codeRejected:
		wait = spread(offRejected)
	default:
		wait = spread(offElse)
	}
	next.Since, next.Wait = now, wait
	return next
}

// wide reports whether a complaint holds for every record of the provider.
func (c *complaint) wide() bool {
	return c != nil && (c.Code == codeBusy || c.Code == codeToken || c.Code == codeGlobalKey)
}

package certs

import (
	"math"
	"time"
)

// limit is one rule of the budget: at most most of what it counts in window.
type limit struct {
	window time.Duration
	most   int
	counts func(attempt) bool
	// grows with how often certificates of a short life are due by nature
	grows bool
	// all names of the CA's account together
	shared bool
}

// Let's Encrypt's limits, as published (letsencrypt.org/docs/rate-limits, read
// in 2026): 300 orders in 3 hours for an account; 5 failed validations an hour
// for a name; 5 certificates a week for the same names; 50 a week for a
// registered domain; 10 new accounts in 3 hours for an address; renewals that
// the CA asked for count nowhere. Ours lie well below them, so that a second
// house under one domain, or a try by hand elsewhere, finds something left.
func strictLimits() []limit {
	return []limit{
		{window: time.Hour, most: 20, counts: anyAttempt, grows: true},
		{window: 24 * time.Hour, most: 60, counts: anyAttempt, grows: true},
		{window: time.Hour, most: 10, counts: orders, grows: true},
		{window: 24 * time.Hour, most: 40, counts: orders, grows: true},
		{window: 3 * time.Hour, most: 60, counts: orders, grows: true, shared: true},
		{window: time.Hour, most: 3, counts: refusals},
		{window: 24 * time.Hour, most: 12, counts: refusals},
		{window: ledgerSpan, most: 3, counts: certificates, grows: true},
		{window: ledgerSpan, most: 20, counts: certificates, grows: true, shared: true},
	}
}

// rehearsalLimits are for the test CA, which allows far more (200 failed
// validations an hour, 30,000 certificates a week): someone who corrects a
// token should not have to wait.
func rehearsalLimits() []limit {
	return []limit{
		{window: time.Hour, most: 30, counts: anyAttempt},
		{window: 24 * time.Hour, most: 120, counts: anyAttempt},
		{window: time.Hour, most: 20, counts: refusals},
	}
}

// registrations is how many accounts may be asked for in 3 hours.
const registrations = 3

func anyAttempt(attempt) bool { return true }
func orders(a attempt) bool   { return !a.Resumed }
func refusals(a attempt) bool { return a.End == outcomeRefused || a.End == outcomeOpen }
func certificates(a attempt) bool {
	return !a.Exempt && (a.End == outcomeIssued || a.End == outcomeOpen)
}

// allowed is how many l allows for certificates of that life. A certificate is
// renewed when two thirds of its life are over; twice as often is no runaway.
func (l limit) allowed(life time.Duration) int {
	if !l.grows || life <= 0 {
		return l.most
	}
	natural := math.Ceil(float64(l.window) / (float64(life) * 2 / 3))
	return max(l.most, 2*int(min(natural, mostAttempts)))
}

// budget says when the next attempt for name is within all limits, not before
// now, and how many could be made at once.
func (l *ledger) budget(name string, limits []limit, now time.Time) (next time.Time, left int) {
	r := l.Names[name]
	if r == nil {
		r = &record{}
	}
	next, left = now, math.MaxInt
	for _, rule := range limits {
		used := counted(r.Attempts, rule, now)
		if rule.shared {
			used = nil
			for _, other := range l.Names {
				used = append(used, counted(other.Attempts, rule, now)...)
			}
			used = recent(used, now, func(t *time.Time) *time.Time { return t })
		}
		most := rule.allowed(r.Life)
		left = min(left, max(0, most-len(used)))
		if over := len(used) - most; over >= 0 {
			next = later(next, used[over].Add(rule.window))
		}
	}
	return next, left
}

// counted are the times of the attempts that rule counts.
func counted(all []attempt, rule limit, now time.Time) []time.Time {
	var used []time.Time
	for _, a := range all {
		if now.Sub(a.At) < rule.window && rule.counts(a) {
			used = append(used, a.At)
		}
	}
	return used
}

// waits are the times to wait after the first, second, third failure in a row
// and so on.
var waits = [...]time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour,
}

// patience says until when to wait after the failures so far. remaining is the
// life that is left of the present certificate, 0 where there is none: with the
// end near, waits are short. Failures of another way than this one say nothing:
// who corrects a token need not wait.
func (r *record) patience(way string, remaining time.Duration) time.Time {
	if r == nil || r.Streak == 0 || r.Way != way {
		return time.Time{}
	}
	wait := waits[min(r.Streak, len(waits))-1]
	if remaining > 0 {
		wait = min(wait, max(remaining/10, 10*time.Minute))
	}
	return r.Failed.Add(wait)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

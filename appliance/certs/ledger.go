package certs

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"latchkey/appliance/problem"
)

// ledger is what was asked of one CA in the last week. It is kept before each
// attempt, so that whoever starts again and again finds the attempts of all
// those who died before.
type ledger struct {
	Version    int                `json:"version"`
	Names      map[string]*record `json:"names,omitempty"`
	Registered []time.Time        `json:"registered,omitempty"` // accounts asked for
}

// record is the ledger's page of one name.
type record struct {
	Attempts []attempt     `json:"attempts,omitempty"`  // in order
	Streak   int           `json:"streak,omitempty"`    // failures since the last success
	Failed   time.Time     `json:"failed,omitzero"`     // when the last of them ended
	Held     time.Time     `json:"held,omitzero"`       // the CA said: not before
	Fault    *fault        `json:"fault,omitempty"`     // why the last attempt failed
	Rehearse string        `json:"rehearsed,omitempty"` // the solver whose dry run went well
	Way      string        `json:"way,omitempty"`       // the solver of the last attempt
	Life     time.Duration `json:"life,omitempty"`      // of the last certificate
}

// attempt is one order, from before it was placed.
type attempt struct {
	At      time.Time `json:"at"`
	End     outcome   `json:"end,omitempty"`
	Resumed bool      `json:"resumed,omitempty"` // went on with an order that was there
	Exempt  bool      `json:"exempt,omitempty"`  // the CA asked for it (RFC 9773), so it does not count it
}

// outcome is how an attempt ended. One without an end is under way or was cut
// off, and counts as the worst in each respect.
type outcome string

const (
	outcomeOpen    outcome = ""
	outcomeRefused outcome = "refused" // the CA looked for the record and did not find it
	outcomeFailed  outcome = "failed"  // before the CA looked, or for another reason
	outcomeIssued  outcome = "issued"
)

// fault is a problem as kept.
type fault struct {
	Kind   problem.Kind      `json:"kind"`
	Code   string            `json:"code"`
	Text   string            `json:"text"`
	Hint   string            `json:"hint,omitempty"`
	Values map[string]string `json:"values,omitempty"`
}

const (
	ledgerVersion = 1
	ledgerSpan    = 7 * 24 * time.Hour // the CAs' longest window
	// mostAttempts bounds what a damaged or hostile ledger may hold.
	mostAttempts = 10_000
)

// parseLedger reads what marshal wrote; nil gives an empty ledger. What lies
// in the future was written by a clock that ran ahead: it happened at the
// latest now.
func parseLedger(blob []byte, now time.Time) (*ledger, error) {
	if blob == nil {
		return &ledger{Version: ledgerVersion, Names: make(map[string]*record)}, nil
	}
	l := &ledger{}
	if err := json.Unmarshal(blob, l); err != nil {
		return nil, fmt.Errorf("reading the ledger of certificates: %w", err)
	}
	if l.Version != ledgerVersion {
		return nil, fmt.Errorf("reading the ledger of certificates: version %d is unknown here", l.Version)
	}
	if l.Names == nil {
		l.Names = make(map[string]*record)
	}
	l.Registered = recent(l.Registered, now, func(t *time.Time) *time.Time { return t })
	for name, r := range l.Names {
		if r == nil || len(r.Attempts) > mostAttempts || r.Streak < 0 || r.Life < 0 {
			return nil, errors.New("reading the ledger of certificates: a page of it makes no sense")
		}
		r.Attempts = recent(r.Attempts, now, func(a *attempt) *time.Time { return &a.At })
		if r.Failed.After(now) {
			r.Failed = now
		}
		if latest := now.Add(ledgerSpan); r.Held.After(latest) {
			r.Held = latest
		}
		l.Names[name] = r
	}
	return l, nil
}

// recent keeps what lies in the span, none of it later than now.
func recent[T any](all []T, now time.Time, at func(*T) *time.Time) []T {
	var kept []T
	for _, x := range all {
		t := at(&x)
		if t.After(now) {
			*t = now
		}
		if now.Sub(*t) < ledgerSpan {
			kept = append(kept, x)
		}
	}
	slices.SortStableFunc(kept, func(a, b T) int { return at(&a).Compare(*at(&b)) })
	return kept
}

func (l *ledger) marshal() ([]byte, error) { return json.Marshal(l) }

// of gives the page of name, a new one where there was none.
func (l *ledger) of(name string) *record {
	r := l.Names[name]
	if r == nil {
		r = &record{}
		l.Names[name] = r
	}
	return r
}

// begin notes that an attempt is about to be made. One that was cut off before
// it is settled by that: it went as far as this one goes on from, or nowhere,
// since an order is kept before anything is done with it.
func (l *ledger) begin(name string, a attempt) {
	r := l.of(name)
	r.settle()
	r.Attempts = append(r.Attempts, a)
}

func (r *record) settle() {
	for i := range r.Attempts {
		if r.Attempts[i].End == outcomeOpen {
			r.Attempts[i].End = outcomeFailed
		}
	}
}

// placing says that the last attempt of name places an order of its own.
func (l *ledger) placing(name string) {
	if r := l.of(name); len(r.Attempts) > 0 {
		r.Attempts[len(r.Attempts)-1].Resumed = false
	}
}

// issued notes that the last attempt of name gave a certificate of that life.
func (l *ledger) issued(name string, life time.Duration) {
	r := l.of(name)
	r.end(outcomeIssued)
	r.Streak, r.Failed, r.Held, r.Fault, r.Life = 0, time.Time{}, time.Time{}, nil, life
}

// failed notes that the last attempt of name gave none, and until when the CA
// wants to hear no more.
func (l *ledger) failed(name string, o outcome, why *problem.Problem, held, now time.Time) {
	r := l.of(name)
	r.end(o)
	r.miss(why, held, now)
}

func (r *record) end(o outcome) {
	if n := len(r.Attempts); n > 0 {
		r.Attempts[n-1].End = o
	}
}

// miss notes one more failure in a row.
func (r *record) miss(why *problem.Problem, held, now time.Time) {
	r.Streak++
	r.Failed, r.Held = now, held
	r.Fault = &fault{why.Kind, why.Code, why.Text, why.Hint, why.Values}
}

// problem is why the last attempt failed; nil when it did not.
func (r *record) problem() *problem.Problem {
	if r == nil || r.Fault == nil {
		return nil
	}
	return &problem.Problem{
		Kind: r.Fault.Kind, Code: r.Fault.Code, Text: r.Fault.Text, Hint: r.Fault.Hint, Values: r.Fault.Values,
	}
}

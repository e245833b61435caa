package journal

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Cursor is a place between two lines; it lasts as long as the log. "" is
// none.
type Cursor string

// Query says which lines are wanted; what is zero does not matter.
type Query struct {
	Since, Until time.Time    // Since <= Time < Until
	Address      netip.Prefix // the caller's is in it
	Outcome      string       // OK, AnyRefusal, or a problem's code
	Kind         Kind
	Device       string // a kind of device, or part of a device's name
	Owner        string // an account's ID, or a pseudonym: whose it is or who did it
	Text         string // stands in one of a line's texts, in capitals or not
	Before       Cursor // older than that
	After        Cursor // newer than that
	Limit        int    // of Page.Events; 0 means DefaultLimit
}

// AnyRefusal is the Outcome of a Query for everything but OK.
const AnyRefusal = "refused"

// How many lines a page has.
const (
	DefaultLimit = 100
	MaxLimit     = 1000
)

// Page is an answer to a Query, the newest first.
type Page struct {
	Events []Event
	Next   Cursor // where to go on with Before; "" when all was searched
	Newest Cursor // where to go on with After
}

// scanLimit bounds what one search looks at, about a third of a second's work
// on a small computer; the page then has a Next though it is not full.
const scanLimit = 50_000

// clockSlack is how far ahead of now a line may stand to be new: those from a
// day when the clock was years ahead would come up as news for ever.
const clockSlack = time.Minute

// Search gives a page of what matches. With After it is the page that comes
// next after it, so that whoever follows the log misses nothing.
func (j *Journal) Search(ctx context.Context, q Query) (Page, error) {
	from, to, err := j.bounds(q)
	if err != nil {
		return Page{}, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = DefaultLimit
	}
	limit = min(limit, MaxLimit)
	if q.After != "" {
		return j.follow(ctx, q, from, to, limit)
	}
	return j.backwards(ctx, q, from, to, limit)
}

// bounds are those of the times that a query may find.
func (j *Journal) bounds(q Query) (from, to time.Time, err error) {
	from, to = q.Since, q.Until
	if q.After != "" {
		after, err := q.After.time()
		if err != nil {
			return from, to, err
		}
		if after = after.Add(time.Microsecond); after.After(from) {
			from = after
		}
		if to.IsZero() {
			to = j.c.Now().Add(clockSlack)
		}
	}
	if q.Before != "" {
		before, err := q.Before.time()
		if err != nil {
			return from, to, err
		}
		if to.IsZero() || before.Before(to) {
			to = before
		}
	}
	return from, to, nil
}

func (j *Journal) backwards(ctx context.Context, q Query, from, to time.Time, limit int) (Page, error) {
	now := j.c.Now()
	page := Page{Events: []Event{}, Newest: cursorAt(now.Add(-time.Microsecond))}
	match, seen := j.matcher(q), 0
	var last time.Time
	for e, err := range j.each(ctx, from, to) {
		if err != nil {
			return Page{}, err
		}
		// Older programs may have kept two lines of one time: they stay together.
		if (len(page.Events) >= limit || seen >= scanLimit) && !e.Time.Equal(last) {
			page.Next = cursorAt(last)
			break
		}
		if seen++; seen == 1 && e.Time.Before(now.Add(clockSlack)) {
			page.Newest = cursorAt(e.Time)
		}
		last = e.Time
		if match(e) {
			page.Events = append(page.Events, e)
		}
	}
	return page, nil
}

// follow gives the oldest matches after a place. It remembers no more than two
// pages of them on the way back there.
func (j *Journal) follow(ctx context.Context, q Query, from, to time.Time, limit int) (Page, error) {
	page := Page{Events: []Event{}, Newest: q.After}
	match := j.matcher(q)
	first, more := true, false // more than a page was found
	for e, err := range j.each(ctx, from, to) {
		if err != nil {
			return Page{}, err
		}
		if first {
			page.Newest, first = cursorAt(e.Time), false
		}
		if !match(e) {
			continue
		}
		if len(page.Events) >= 2*limit {
			page.Events = append(page.Events[:0], page.Events[limit:]...)
			more = true
		}
		page.Events = append(page.Events, e)
	}
	if over := len(page.Events) - limit; more || over > 0 {
		page.Events = page.Events[max(over, 0):]
		page.Newest = cursorAt(page.Events[0].Time)
	}
	return page, nil
}

// matcher makes the test for what a query wants beside the times.
func (j *Journal) matcher(q Query) func(Event) bool {
	pseudonym := j.Pseudonym(q.Owner)
	device, text := strings.ToLower(q.Device), strings.ToLower(q.Text)
	is := func(kept string) bool { return kept != "" && (kept == q.Owner || kept == pseudonym) }
	return func(e Event) bool {
		kind := DeviceKind(e.DeviceType)
		switch {
		case q.Kind != "" && e.Kind != q.Kind,
			q.Outcome == AnyRefusal && e.Outcome == OK,
			q.Outcome != "" && q.Outcome != AnyRefusal && e.Outcome != q.Outcome,
			q.Owner != "" && !is(e.Owner) && !is(e.By),
			q.Address.IsValid() && !within(q.Address, e.Address),
			device != "" && kind != device && !strings.Contains(strings.ToLower(e.Device), device):
			return false
		}
		return text == "" || slices.ContainsFunc(
			[]string{string(e.Kind), e.Outcome, e.Method, e.Owner, e.By, e.Device, kind, e.Address, e.Country, e.Detail},
			func(s string) bool { return strings.Contains(strings.ToLower(s), text) })
	}
}

func within(network netip.Prefix, address string) bool {
	peer, err := netip.ParseAddr(address)
	return err == nil && network.Contains(peer.Unmap().WithZone(""))
}

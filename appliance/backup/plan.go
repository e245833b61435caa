package backup

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"latchkey/appliance/backup/archive"
)

// Plan is how many backups are kept at each place: the newest of each of the
// last so many days, weeks and months that have one. A house that was switched
// off for a month loses nothing by that.
type Plan struct {
	Daily, Weekly, Monthly int
}

// Copy is one backup at a place, as the plan judges it.
type Copy struct {
	Name    string
	Made    time.Time
	Seq     uint64 // counts the backups up in the order of their making; 0: unknown
	Trusted bool   // whether the clock was when it was made
	Good    bool   // its bytes were read back and found to be right
	Opened  bool   // and the house in them was opened and found to be whole
}

// ahead is how far a copy's date may lie before the present time until it is
// taken for that of a clock that ran wrong: a day, for whoever travels.
const ahead = 24 * time.Hour

// leastGood good copies stay, whatever the plan says: the newest, and one for
// the case that something is wrong with it that nobody saw.
const leastGood = 2

// Surplus names what the plan doesn't keep, the oldest first.
//
// Good copies are judged among themselves, so that no copy of which nothing is
// known takes the place of one that is good. What has not the name of a backup
// is never named, nor is the newest good copy, nor the newest that was opened. A date that can't be is put
// right by the order of making; a copy from the future of which the order is
// not known is kept and takes nobody's place.
func (p Plan) Surplus(copies []Copy, now time.Time, zone *time.Location) []string {
	var good, rest []dated
	for _, c := range copies {
		if _, _, ok := archive.ParseName(c.Name); !ok {
			continue
		}
		d := date(c, copies, now)
		if c.Good {
			good = append(good, d)
		} else {
			rest = append(rest, d)
		}
	}
	keep := make(map[string]bool)
	for _, d := range slices.SortedFunc(slices.Values(good), byOrder)[:min(leastGood, len(good))] {
		keep[d.Name] = true
	}
	// Of copies that nobody has opened, all may show a house that was damaged
	// already: the newest in which it is known to be whole stays.
	opened := slices.DeleteFunc(slices.Clone(good), func(d dated) bool { return !d.Opened })
	if len(opened) > 0 {
		keep[slices.MinFunc(opened, byOrder).Name] = true
	}
	p.mark(good, zone, keep)
	p.mark(rest, zone, keep)
	var surplus []string
	for _, d := range slices.SortedFunc(slices.Values(append(good, rest...)), func(a, b dated) int { return byDate(b, a) }) {
		if !keep[d.Name] && !d.unjudged {
			surplus = append(surplus, d.Name)
		}
	}
	return surplus
}

// dated is a copy with the date that it counts under.
type dated struct {
	Copy
	date     time.Time
	guessed  bool // its name says another
	unjudged bool // its date is not known
}

// byDate sorts the newest first; of the same date one that says so itself comes
// before a guess.
func byDate(a, b dated) int {
	guess := 0
	if a.guessed != b.guessed {
		guess = 1
		if b.guessed {
			guess = -1
		}
	}
	return cmp.Or(b.date.Compare(a.date), guess, cmp.Compare(b.Seq, a.Seq), b.Made.Compare(a.Made), cmp.Compare(b.Name, a.Name))
}

// byOrder sorts what was made last first; what has no number comes after all
// that have one.
func byOrder(a, b dated) int { return cmp.Or(cmp.Compare(b.Seq, a.Seq), byDate(a, b)) }

// mark keeps the newest copy of each of the last days, weeks and months.
func (p Plan) mark(group []dated, zone *time.Location, keep map[string]bool) {
	group = slices.DeleteFunc(slices.Clone(group), func(d dated) bool { return d.unjudged })
	slices.SortFunc(group, byDate)
	for _, rule := range []struct {
		most int
		span func(time.Time) string
	}{{max(p.Daily, 1), day}, {p.Weekly, week}, {p.Monthly, month}} {
		last, spans := "", 0
		for _, d := range group {
			span := rule.span(d.date.In(zone))
			if span == last {
				continue
			}
			if spans++; spans > rule.most {
				break
			}
			last = span
			keep[d.Name] = true
		}
	}
}

func day(t time.Time) string   { return t.Format(time.DateOnly) }
func month(t time.Time) string { return t.Format("2006-01") }

func week(t time.Time) string {
	year, w := t.ISOWeek()
	return fmt.Sprintf("%d-%d", year, w)
}

// date is what a copy counts under: what its name says, unless that lies in the
// future or the clock was not trusted. Then it was made no earlier than those
// before it and no later than those behind it whose dates can be believed. It
// is not known for one from the future that nothing lies behind.
func date(c Copy, all []Copy, now time.Time) dated {
	future := func(t time.Time) bool { return t.After(now.Add(ahead)) }
	if c.Seq == 0 || c.Trusted && !future(c.Made) {
		return dated{c, c.Made, false, future(c.Made)}
	}
	var low, high time.Time
	for _, o := range all {
		switch {
		case o.Seq == 0 || !o.Trusted || future(o.Made):
		case o.Seq < c.Seq && o.Made.After(low):
			low = o.Made
		case o.Seq > c.Seq && (high.IsZero() || o.Made.Before(high)):
			high = o.Made
		}
	}
	t := c.Made
	if t.Before(low) {
		t = low
	}
	if !high.IsZero() && t.After(high) {
		t = high
	}
	return dated{c, t, !t.Equal(c.Made), future(t)}
}

// reckoning remembers the trusted time, to notice when it contradicts itself.
type reckoning struct {
	High  time.Time `json:"high,omitzero"`  // the latest trusted time
	Doubt time.Time `json:"doubt,omitzero"` // since when trusted time lies well before High
}

// How far trusted time may fall back, and how long it must go on like that
// until it is believed rather than what was seen before.
const (
	fallback = 48 * time.Hour
	doubtFor = 14 * 24 * time.Hour
)

// holds reports whether backups may be removed by the date now is, and what to
// remember. A clock that says to be right and lies well before a time at which
// it said so, too, was wrong once: for two weeks nothing is removed.
func (r reckoning) holds(now time.Time, trusted bool) (reckoning, bool) {
	switch {
	case !trusted:
		return r, false
	case !now.Before(r.High.Add(-fallback)):
		if now.After(r.High) {
			r.High = now
		}
		return reckoning{High: r.High}, true
	case r.Doubt.IsZero() || r.Doubt.After(now):
		r.Doubt = now
		return r, false
	case now.Sub(r.Doubt) < doubtFor:
		return r, false
	}
	return reckoning{High: now}, true
}

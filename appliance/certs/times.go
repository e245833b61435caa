package certs

import "time"

const (
	leafLife = 90 * 24 * time.Hour
	// renewal at two thirds leaves a month in which a machine may be off
	leafRenew = leafLife * 2 / 3
	// backdate is how far a phone's clock may lie behind ours. With leafLife
	// it stays below the 825 days that Apple allows under a private root.
	backdate = 365 * 24 * time.Hour
	// setBack is how far the clock may fall behind the leaf's making before
	// the leaf counts as made in a wrong future.
	setBack    = 30 * 24 * time.Hour
	rootYears  = 10
	rootSpread = 20 // years after birth that are still believed
)

var (
	// birth is before this program was written: an earlier clock is wrong.
	birth = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	// epoch is from when root and issuer are valid, whatever the clock says,
	// so that none made on a wrong day has its start in anybody's future. It
	// also lies before every leaf's start.
	epoch = birth.Add(-backdate)
)

// sane moves what can't be the present into what may be: a clock before birth
// has stopped, and one of 2106 has run away.
func sane(now time.Time) time.Time {
	last := birth.AddDate(rootSpread, 0, 0)
	switch {
	case now.Before(birth):
		return birth
	case now.After(last):
		return last
	}
	return now.UTC().Truncate(time.Second)
}

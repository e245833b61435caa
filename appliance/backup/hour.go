package backup

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Where the house's own use says too little, its backup is made between one and
// five o'clock: the same hour every day, another for each house, so that not all
// houses call at a shared server in the same minute.
const (
	nightFrom  = 1
	nightHours = 4
)

// enoughUse is how many requests tell apart quiet hours from a house that is
// hardly used at all.
const enoughUse = 200

// spread is over how many minutes of its hour the backup moves from day to day.
const spread = 50

// draw is a number below n that stays the same for a seed.
func draw(seed string, n uint64) int {
	sum := sha256.Sum256([]byte("latchkey backup " + seed))
	return int(binary.BigEndian.Uint64(sum[:8]) % n) //nolint:gosec // below n, which is small
}

func stableHour(house string) int { return nightFrom + draw("hour "+house, nightHours) }

// quietHour is the local hour in which the house is used least, its neighbours
// counting half; among those alike the one that the house has by itself, or else
// the next after it.
func quietHour(use [24]int64, house string) int {
	var all int64
	for _, n := range use {
		all += n
	}
	own := stableHour(house)
	if all < enoughUse {
		return own
	}
	best, least := own, int64(-1)
	for i := range use {
		h := (own + i) % len(use)
		load := 2*use[h] + use[(h+1)%len(use)] + use[(h+len(use)-1)%len(use)]
		if least < 0 || load < least {
			best, least = h, load
		}
	}
	return best
}

// slot is when the backup of a local day is due.
func slot(y int, m time.Month, d, hour int, house string, zone *time.Location) time.Time {
	day := time.Date(y, m, d, 0, 0, 0, 0, zone)
	minute := 2 + draw("minute "+house+day.Format(time.DateOnly), spread)
	return time.Date(y, m, d, hour, minute, 0, 0, zone)
}

// slots are the last one that is over at now, and the next.
func slots(now time.Time, hour int, house string, zone *time.Location) (last, next time.Time) {
	y, m, d := now.In(zone).Date()
	today := slot(y, m, d, hour, house, zone)
	if now.Before(today) {
		return slot(y, m, d-1, hour, house, zone), today
	}
	return today, slot(y, m, d+1, hour, house, zone)
}

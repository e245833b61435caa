package backup

import (
	"testing"
	"time"
)

func TestQuietHour(t *testing.T) {
	busy := func(from, to int) (use [24]int64) {
		for h := range use {
			use[h] = 5
			if h >= from && h < to {
				use[h] = 500
			}
		}
		return use
	}
	hole := busy(0, 24)
	hole[14] = 0
	for _, tt := range []struct {
		name string
		use  [24]int64
		want func(h int) bool
	}{
		{"a house that is not used has its own hour of the night", [24]int64{}, func(h int) bool { return h == stableHour(house) }},
		{"one that is hardly used, too", [24]int64{3: 100, 4: 99}, func(h int) bool { return h == stableHour(house) }},
		{"people who sleep at night get it at night", busy(7, 24), func(h int) bool { return h >= 1 && h <= 5 }},
		{"people who work at night get it by day", busy(0, 9), func(h int) bool { return h >= 10 && h <= 22 }},
		{"a quiet hour among busy ones", hole, func(h int) bool { return h == 14 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := quietHour(tt.use, house); !tt.want(got) {
				t.Errorf("got %d", got)
			}
		})
	}
	t.Run("houses don't all take the same", func(t *testing.T) {
		hours, minutes := map[int]bool{}, map[int]bool{}
		for i := range 100 {
			id := string(rune('a'+i)) + house
			h := stableHour(id)
			if h < 1 || h > 4 {
				t.Errorf("%d is no hour of the night", h)
			}
			hours[h] = true
			minutes[slot(2027, 3, 1, h, id, time.UTC).Minute()] = true
		}
		if len(hours) != nightHours || len(minutes) < 30 {
			t.Errorf("%d hours, %d minutes", len(hours), len(minutes))
		}
	})
}

func TestSlots(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("there is one a day, in its hour, all the year round", func(t *testing.T) {
		at := time.Date(2027, 1, 1, 0, 0, 0, 0, berlin)
		for at.Year() == 2027 {
			last, next := slots(at, 2, house, berlin)
			if last.After(at) || !next.After(at) {
				t.Fatalf("at %v the last is %v, the next %v", at, last, next)
			}
			if gap := next.Sub(last); gap < 22*time.Hour || gap > 26*time.Hour {
				t.Fatalf("at %v there are %v between two", at, gap)
			}
			// Only when the clocks go forward there is no such hour.
			if h := next.In(berlin).Hour(); h != 2 && next.Month() != time.March {
				t.Fatalf("one is at %v", next)
			}
			at = at.Add(7 * time.Hour)
		}
	})
	t.Run("the minute moves from day to day, and is the same when asked again", func(t *testing.T) {
		minutes := map[int]bool{}
		for d := range 60 {
			a := slot(2027, 3, 1+d, 3, house, time.UTC)
			if b := slot(2027, 3, 1+d, 3, house, time.UTC); !a.Equal(b) {
				t.Fatal("it changed")
			}
			minutes[a.Minute()] = true
		}
		if len(minutes) < 20 {
			t.Errorf("only %d minutes", len(minutes))
		}
	})
}

package backup

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/backup/archive"
)

var start = time.Date(2027, 3, 1, 3, 10, 0, 0, time.UTC)

// series are good copies, made one after the other at these times.
func series(times ...time.Time) (all []Copy) {
	for i, at := range times {
		all = append(all, Copy{Name: archive.Name(house, at), Made: at, Seq: uint64(i + 1), Trusted: true, Good: true})
	}
	return all
}

func daily(from time.Time, days int) (all []time.Time) {
	for i := range days {
		all = append(all, from.AddDate(0, 0, i))
	}
	return all
}

// kept are the days of those that stay, the newest first.
func kept(p Plan, all []Copy, now time.Time) string {
	surplus := p.Surplus(all, now, time.UTC)
	var days []string
	for _, c := range all {
		if !slices.Contains(surplus, c.Name) {
			days = append(days, c.Made.Format("0102"))
		}
	}
	slices.SortFunc(days, func(a, b string) int { return strings.Compare(b, a) })
	return strings.Join(days, " ")
}

func TestSurplus(t *testing.T) {
	year2038 := time.Date(2038, 1, 19, 3, 14, 0, 0, time.UTC)
	hours := func(day time.Time, n int) (all []time.Time) {
		for i := range n {
			all = append(all, day.Add(time.Duration(i)*time.Hour))
		}
		return all
	}
	jumped := series(append(daily(start, 3), year2038, start.AddDate(0, 0, 3), start.AddDate(0, 0, 4))...)
	jumped[3].Trusted = false
	lost := series(append(daily(start, 2), time.Unix(7200, 0).UTC(), start.AddDate(0, 0, 3), start.AddDate(0, 0, 4))...)
	lost[2].Trusted = false
	doubted := series(start, start.AddDate(0, 0, 1), time.Unix(7200, 0).UTC(), start.AddDate(0, 0, 3), start.AddDate(0, 0, 4))
	doubted[1].Trusted, doubted[2].Trusted = false, false
	unknown := func(c Copy, at time.Time) Copy {
		return Copy{Name: archive.Name(house, at), Made: at, Good: c.Good}
	}
	bad := series(daily(start, 4)...)
	bad[3].Good, bad[2].Good = false, false
	opened := series(daily(start, 9)...)
	opened[0].Opened, opened[1].Opened = true, true
	for _, tt := range []struct {
		name string
		plan Plan
		all  []Copy
		now  time.Time
		want string
	}{
		{"nothing there, nothing to go", Plan{7, 5, 12}, nil, start, ""},
		{"a week is kept by the day", Plan{3, 0, 0}, series(daily(start, 5)...), start.AddDate(0, 0, 5), "0305 0304 0303"},
		{"before that the last of each week", Plan{2, 3, 0}, series(daily(start, 20)...), start.AddDate(0, 0, 20), "0320 0319 0314 0307"},
		{"before that the last of each month", Plan{1, 1, 3}, series(daily(start, 80)...), start.AddDate(0, 0, 80), "0519 0518 0430 0331"},
		{"of one day the newest stays, and another for the case", Plan{2, 0, 0}, series(append(daily(start, 1), hours(start.AddDate(0, 0, 1), 5)...)...), start.AddDate(0, 0, 2), "0302 0302 0301"},
		{"a house that was off for a year loses nothing", Plan{3, 0, 0}, series(append(daily(start.AddDate(-1, 0, 0), 3), start)...), start, "0302 0303 0301"},
		{"one copy never goes", Plan{}, series(start), start.AddDate(10, 0, 0), "0301"},
		{"one from a clock that ran ahead counts under the day on which it was made", Plan{3, 0, 0}, jumped, start.AddDate(0, 0, 5), "0305 0304 0303"},
		{"one from 1970 does, too", Plan{4, 0, 0}, lost, start.AddDate(0, 0, 4), "0305 0304 0302 0301"},
		{"and takes no month of its own", Plan{2, 0, 3}, lost, start.AddDate(0, 0, 5), "0305 0304"},
		{"what a doubted clock says bounds nobody", Plan{4, 0, 0}, doubted, start.AddDate(0, 0, 5), "0305 0304 0302 0301"},
		{"one from the future that nothing lies behind is kept, and takes no place", Plan{2, 0, 0}, series(append(daily(start, 3), year2038)...), start.AddDate(0, 0, 4), "0303 0302 0119"},
		{"so is one of which the order is not known", Plan{2, 0, 0}, append(series(daily(start, 3)...), unknown(Copy{Good: true}, year2038)), start.AddDate(0, 0, 4), "0303 0302 0119"},
		{"one that is not known to be good takes no good one's place", Plan{2, 0, 0}, bad, start.AddDate(0, 0, 4), "0304 0303 0302 0301"},
		{"the newest that was opened stays, however old", Plan{2, 0, 0}, opened, start.AddDate(0, 0, 9), "0309 0308 0302"},
		{"what is no backup is not touched", Plan{1, 0, 0}, append(series(daily(start, 3)...), Copy{Name: "holiday.age", Made: start.AddDate(-1, 0, 0)}), start.AddDate(0, 0, 4), "0303 0302 0301"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := kept(tt.plan, tt.all, tt.now)
			want := strings.Fields(tt.want)
			slices.SortFunc(want, func(a, b string) int { return strings.Compare(b, a) })
			if got != strings.Join(want, " ") {
				t.Errorf("kept %q, want %q", got, strings.Join(want, " "))
			}
		})
	}
}

// A household's history with every mishap: days off, clocks that jump, copies
// that are bad, others that were found.
func history(rnd *rand.Rand, days int) (all []Copy, now time.Time) {
	now = start
	seen := map[string]bool{}
	for seq := uint64(1); days > 0; days-- {
		now = now.Add(time.Duration(20+rnd.IntN(10)) * time.Hour)
		if rnd.IntN(10) == 0 {
			now = now.AddDate(0, 0, rnd.IntN(40))
		}
		at, trusted := now, true
		switch rnd.IntN(15) {
		case 0:
			at, trusted = time.Unix(rnd.Int64N(1<<20), 0).UTC(), false
		case 1:
			at, trusted = now.AddDate(rnd.IntN(12), 0, 1), rnd.IntN(2) == 0
		}
		c := Copy{Name: archive.Name(house, at), Made: at, Seq: seq, Trusted: trusted, Good: rnd.IntN(8) > 0}
		if rnd.IntN(12) == 0 {
			c.Seq, c.Trusted = 0, false
		}
		if !seen[c.Name] {
			all = append(all, c)
		}
		seen[c.Name] = true
		seq++
	}
	return all, now
}

func TestSurplusKeepsItsPromises(t *testing.T) {
	for seed := range uint64(400) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		p := Plan{rnd.IntN(9), rnd.IntN(6), rnd.IntN(14)}
		all, now := history(rnd, 1+rnd.IntN(200))
		surplus := p.Surplus(all, now, time.UTC)
		var good, stay []Copy
		for _, c := range all {
			if c.Good {
				good = append(good, c)
			}
			if !slices.Contains(surplus, c.Name) {
				stay = append(stay, c)
			}
		}
		// Dates are guessed by what lies around: what goes may change a guess.
		settled := slices.Clone(stay)
		for rounds := 0; ; rounds++ {
			again := p.Surplus(settled, now, time.UTC)
			if len(again) == 0 {
				break
			}
			if rounds == 10 {
				t.Fatalf("seed %d: it never comes to rest", seed)
			}
			settled = slices.DeleteFunc(settled, func(c Copy) bool { return slices.Contains(again, c.Name) })
		}
		believed := slices.DeleteFunc(slices.Clone(good), func(c Copy) bool { return !c.Trusted || c.Made.After(now.Add(ahead)) })
		if len(believed) > 0 {
			newest := slices.MaxFunc(believed, func(a, b Copy) int { return int(a.Seq) - int(b.Seq) })
			if !slices.ContainsFunc(settled, func(c Copy) bool { return c.Name == newest.Name }) {
				t.Fatalf("seed %d: the newest good copy with a date of its own goes", seed)
			}
		}
		if len(good) > 0 {
			newest := slices.MaxFunc(good, func(a, b Copy) int { return int(a.Seq) - int(b.Seq) })
			if slices.Contains(surplus, newest.Name) {
				t.Fatalf("seed %d: the newest good copy goes", seed)
			}
		}
		goodStay := 0
		for _, c := range stay {
			if c.Good {
				goodStay++
			}
		}
		if goodStay < min(len(good), leastGood) {
			t.Fatalf("seed %d: %d of %d good copies stay", seed, goodStay, len(good))
		}
		future := 0
		for _, c := range stay {
			if c.Made.After(now.Add(ahead)) {
				future++
			}
		}
		if most := 2*(max(p.Daily, 1)+p.Weekly+p.Monthly) + leastGood + future; len(stay) > most {
			t.Fatalf("seed %d: %d stay, at most %d may", seed, len(stay), most)
		}
		if shuffled := slices.Clone(all); len(all) > 1 {
			rnd.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			other := p.Surplus(shuffled, now, time.UTC)
			if !slices.Equal(other, surplus) {
				t.Fatalf("seed %d: the order in which copies are listed matters", seed)
			}
		}
	}
}

// Removing as the years go by, one backup a day, leaves what the plan says: the
// right days, and not only as many.
func TestTenYearsOfThePlan(t *testing.T) {
	p := Plan{7, 5, 12}
	var all []Copy
	now := start
	for i := range 10 * 365 {
		now = start.AddDate(0, 0, i)
		all = append(all, Copy{Name: archive.Name(house, now), Made: now, Seq: uint64(i + 1), Trusted: true, Good: true})
		surplus := p.Surplus(all, now, time.UTC)
		surplus = surplus[:min(len(surplus), pruneMost)]
		all = slices.DeleteFunc(all, func(c Copy) bool { return slices.Contains(surplus, c.Name) })
	}
	var ages []int
	for _, c := range slices.Backward(all) {
		ages = append(ages, int(now.Sub(c.Made)/(24*time.Hour)))
	}
	if len(all) < 7+3+10 || len(all) > 7+5+12 || !slices.Equal(ages[:7], []int{0, 1, 2, 3, 4, 5, 6}) || ages[len(ages)-1] < 330 {
		t.Errorf("after ten years copies of these ages in days: %v", ages)
	}
}

func TestReckoning(t *testing.T) {
	day := 24 * time.Hour
	type step struct {
		now     time.Time
		trusted bool
		want    bool
	}
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"a trusted clock holds", []step{{start, true, true}, {start.Add(day), true, true}}},
		{"one that is not trusted does not", []step{{start, false, false}, {start, true, true}, {start.Add(day), false, false}}},
		{"a little back is no trouble", []step{{start, true, true}, {start.Add(-day), true, true}}},
		{"far back it is doubted for two weeks", []step{
			{start, true, true},
			{start.Add(-100 * day), true, false},
			{start.Add(-90 * day), true, false},
			{start.Add(-86 * day), true, true},
			{start.Add(-85 * day), true, true},
		}},
		{"a visit to 1970 changes nothing", []step{{start, true, true}, {time.Unix(0, 0), true, false}, {start.Add(day), true, true}, {start.Add(2 * day), true, true}}},
		{"after one to 2038 it takes two weeks", []step{
			{start, true, true},
			{start.AddDate(11, 0, 0), true, true},
			{start.Add(day), true, false},
			{start.Add(14 * day), true, false},
			{start.Add(15 * day), true, true},
		}},
		{"a doubt that began in the future begins anew", []step{
			{start, true, true},
			{start.Add(-3 * day), true, false},
			{start.Add(-300 * day), true, false},
			{start.Add(-287 * day), true, false},
			{start.Add(-286 * day), true, true},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r reckoning
			for i, s := range tt.steps {
				var got bool
				if r, got = r.holds(s.now, s.trusted); got != s.want {
					t.Fatalf("step %d: %v, want %v", i, got, s.want)
				}
			}
		})
	}
}

package clock

import (
	"testing"
	"testing/synctest"
	"time"
)

// machine is a computer whose clock is set, that sleeps, and whose kernel is
// told the time or not.
type machine struct {
	at     time.Time
	passed time.Duration
	synced bool
}

// pass lets time go by, asleep or not.
func (m *machine) pass(d time.Duration) { m.at, m.passed = m.at.Add(d), m.passed+d }

func (m *machine) clock() *Clock {
	return &Clock{
		wall: func() time.Time { return m.at }, synced: func() bool { return m.synced },
		lapse: func() time.Duration { return m.passed },
	}
}

func load(t *testing.T, c *Clock, saved time.Time) *memory {
	t.Helper()
	keep := &memory{saved}
	if err := c.Load(t.Context(), keep); err != nil {
		t.Fatal(err)
	}
	return keep
}

// TestATimeThatWasCertainGoesOn wants the time of this run to be remembered,
// not that of before the start, where trust ends after a while.
func TestATimeThatWasCertainGoesOn(t *testing.T) {
	right := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name  string
		saved time.Time
	}{
		{"where it was saved long ago", right.AddDate(-3, 0, 0)},
		{"where a wrong time in 2038 was saved once", time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC)},
		{"where none was saved", time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &machine{at: right, synced: true}
			c := m.clock()
			keep := load(t, c, tt.saved)
			if got := c.Now(); !got.Equal(right) || c.Behind() != 0 || c.Ahead() != 0 {
				t.Errorf("trusted it is %v, behind %v, ahead %v", got, c.Behind(), c.Ahead())
			}
			m.synced = false
			m.pass(48 * time.Hour)
			for what, got := range map[string]time.Time{"now": c.Now(), "for certain": c.Sure()} {
				if !got.Equal(right.Add(48 * time.Hour)) {
					t.Errorf("%s it is %v", what, got)
				}
			}
			if c.Behind() != 0 || c.Ahead() != 0 || c.Certain() {
				t.Errorf("behind %v, ahead %v, certain %v", c.Behind(), c.Ahead(), c.Certain())
			}
			if err := c.Save(t.Context(), keep); err != nil || !keep.saved.Equal(right.Add(48*time.Hour)) {
				t.Errorf("saved %v (%v)", keep.saved, err)
			}
		})
	}
}

func TestAClockThatFellBackStaysWrongWhileTimePasses(t *testing.T) {
	saved := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	m := &machine{at: saved.Add(-3 * time.Hour)}
	c := m.clock()
	load(t, c, saved)
	for range 5 {
		if c.Behind() != 3*time.Hour {
			t.Errorf("behind by %v", c.Behind())
		}
		m.pass(time.Hour)
	}
	if got := c.Now(); !got.Equal(saved.Add(5 * time.Hour)) {
		t.Errorf("it is %v", got)
	}
}

// TestTheFirstRun has no saved time to go by.
func TestTheFirstRun(t *testing.T) {
	m := &machine{at: time.Unix(0, 0)}
	c := m.clock()
	load(t, c, time.Time{})
	if c.Behind() < 50*365*24*time.Hour || c.Now().Before(born) || !c.Sure().IsZero() {
		t.Errorf("in 1970: behind by %v, it is %v, for certain %v", c.Behind(), c.Now(), c.Sure())
	}
	was := c.Now()
	m.pass(time.Hour)
	if got := c.Now().Sub(was); got != time.Hour {
		t.Errorf("in an hour, %v passes", got)
	}
	m.at, m.synced = born.AddDate(1, 0, 0), true
	if c.Behind() != 0 || !c.Now().Equal(m.at) {
		t.Errorf("once it is right: behind by %v, it is %v", c.Behind(), c.Now())
	}
}

// TestSleep is a computer that is put to sleep, for which Go's monotonic time
// stands still.
func TestSleep(t *testing.T) {
	right := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	t.Run("makes no right clock wrong", func(t *testing.T) {
		m := &machine{at: right}
		c := m.clock()
		c.Attest([]Witness{{"a", 0}, {"b", 0}})
		m.pass(8 * time.Hour)
		if !c.Trusted() || c.Off() != 0 || !c.Now().Equal(right.Add(8*time.Hour)) {
			t.Errorf("off by %v, it is %v", c.Off(), c.Now())
		}
	})
	t.Run("counts as time that has passed", func(t *testing.T) {
		m := &machine{at: time.Unix(0, 0)}
		c := m.clock()
		load(t, c, right)
		m.pass(8 * time.Hour)
		if !c.Now().Equal(right.Add(8 * time.Hour)) {
			t.Errorf("it is %v", c.Now())
		}
	})
	t.Run("is measured by the kernel", func(t *testing.T) {
		lapse := sinceBoot()
		before := lapse()
		time.Sleep(time.Millisecond)
		if passed := lapse() - before; passed < time.Millisecond || passed > time.Minute {
			t.Errorf("%v passed", passed)
		}
	})
}

func TestTheKernelIsAskedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		synced := lately(func() bool { asked++; return asked > 1 })
		for range 10 {
			if synced() {
				t.Error("it says yes before the kernel does")
			}
		}
		time.Sleep(askKernelEvery)
		if !synced() || asked != 2 {
			t.Errorf("asked %d times", asked)
		}
	})
}

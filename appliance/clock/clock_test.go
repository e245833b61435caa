package clock

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

type memory struct{ saved time.Time }

func (m *memory) LoadTime(context.Context) (time.Time, error)   { return m.saved, nil }
func (m *memory) SaveTime(_ context.Context, t time.Time) error { m.saved = t; return nil }

func at(wall time.Time, synced bool) *Clock {
	return Told(func() time.Time { return wall }, func() bool { return synced })
}

func TestNow(t *testing.T) {
	saved := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name   string
		wall   time.Time
		synced bool
		want   time.Time
	}{
		{"a clock after the saved time is believed", saved.AddDate(0, 0, 1), false, saved.AddDate(0, 0, 1)},
		{"an unsynchronised clock before the saved time is not", time.Unix(0, 0), false, saved},
		{"an unsynchronised clock a year later is believed", saved.AddDate(1, 0, 0), false, saved.AddDate(1, 0, 0)},
		{"one that jumped to 2038 is not", time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC), false, saved},
		{"a synchronised one is, even in 2038", time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC), true, time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC)},
		{"a synchronised clock before the saved time wins", saved.AddDate(0, -1, 0), true, saved.AddDate(0, -1, 0)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := at(tt.wall, tt.synced)
				if err := c.Load(t.Context(), &memory{saved}); err != nil {
					t.Fatal(err)
				}
				if got := c.Now(); !got.Equal(tt.want) {
					t.Errorf("got %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestSure(t *testing.T) {
	saved := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	later := saved.AddDate(0, 1, 0)
	for _, tt := range []struct {
		name   string
		saved  time.Time
		synced bool
		want   time.Time
	}{
		{"a clock that nobody confirmed throws nothing away", saved, false, saved.Add(3 * time.Hour)},
		{"a synchronised one does", saved, true, later},
		{"where no time was saved, none has come for certain", time.Time{}, false, time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := at(later, tt.synced)
				if err := c.Load(t.Context(), &memory{tt.saved}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(3 * time.Hour)
				if got := c.Sure(); !got.Equal(tt.want) {
					t.Errorf("got %v, want %v", got, tt.want)
				}
			})
		})
	}
}

// TestWitnessesPutTheTimeRight is a machine whose own clock is wrong, and whom
// two servers tell by how much.
func TestWitnessesPutTheTimeRight(t *testing.T) {
	saved := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	right := saved.Add(48 * time.Hour)
	for _, wall := range []time.Time{time.Unix(0, 0), saved.AddDate(-1, 0, 0), saved.AddDate(1, 0, 0), time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC)} {
		t.Run(wall.Format("2006"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := at(wall, false)
				if err := c.Load(t.Context(), &memory{saved}); err != nil {
					t.Fatal(err)
				}
				if !c.Attest([]Witness{{"a", right.Sub(wall)}, {"b", right.Sub(wall) + time.Second}}) {
					t.Fatal("they don't agree")
				}
				for what, got := range map[string]time.Time{"now": c.Now(), "for certain": c.Sure()} {
					if d := got.Sub(right).Abs(); d > 2*time.Second {
						t.Errorf("%s it is %v, want %v", what, got, right)
					}
				}
				if c.Trusted() {
					t.Error("the machine's own clock is trusted, which others go by")
				}
			})
		})
	}
}

func TestRunSavesOnlyTimeThatCanBeBelieved(t *testing.T) {
	saved := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name   string
		synced bool
		want   time.Time
	}{
		{"a jump to 2038 that nobody confirmed moves it by the hours passed", false, saved.Add(2 * time.Hour)},
		{"synchronised time is saved as it is", true, time.Date(2038, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := at(time.Date(2038, 1, 1, 0, 0, 0, 0, time.UTC), tt.synced)
				keep := &memory{saved}
				if err := c.Load(t.Context(), keep); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour+time.Minute)
				defer cancel()
				if err := c.Run(ctx, keep); err != nil {
					t.Fatal(err)
				}
				if !keep.saved.Equal(tt.want) {
					t.Errorf("saved %v, want %v", keep.saved, tt.want)
				}
			})
		})
	}
}

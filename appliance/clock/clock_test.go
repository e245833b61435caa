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
	return &Clock{wall: func() time.Time { return wall }, synced: func() bool { return synced }, started: time.Now()}
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

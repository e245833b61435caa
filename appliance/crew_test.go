package appliance

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/appliance/health"
)

func newCrew() crew {
	quiet := slog.New(slog.DiscardHandler)
	return crew{health.NewBoard(time.Now, quiet), quiet}
}

// diary notes what happened, in order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

// waits is a part that does nothing until it is stopped, which takes it a
// while.
func waits(d *diary, name string, end end) part {
	return part{name, func(ctx context.Context) error {
		d.note("start " + name)
		<-ctx.Done()
		time.Sleep(time.Second)
		d.note("stop " + name)
		return nil
	}, end}
}

func TestPartsStopOneByOneBackwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		err := newCrew().run(ctx, []part{waits(&d, "journal", restarts), waits(&d, "workers", restarts), waits(&d, "door", stops)})
		if err != nil {
			t.Errorf("stopping as asked: %v", err)
		}
		if got := d.lines[3:]; !slices.Equal(got, []string{"stop door", "stop workers", "stop journal"}) {
			t.Errorf("stopped as %q", got)
		}
	})
}

func TestAPartThatMustNotEndStopsTheHouse(t *testing.T) {
	trouble := errors.New("the socket is gone")
	for name, run := range map[string]func(context.Context) error{
		"with an error": func(context.Context) error { time.Sleep(time.Second); return trouble },
		"by itself":     func(context.Context) error { time.Sleep(time.Second); return nil },
		"in a panic":    func(context.Context) error { panic(trouble) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var d diary
				err := newCrew().run(t.Context(), []part{waits(&d, "journal", restarts), {"door", run, stops}})
				if err == nil || !strings.Contains(err.Error(), "running door") {
					t.Errorf("got %v, want the part's name", err)
				}
				if !slices.Contains(d.lines, "stop journal") {
					t.Error("the others were not stopped")
				}
			})
		})
	}
}

// TestAPartThatMayEndRunsAgain has one that falls over ten times: the pauses
// double up to five minutes.
func TestAPartThatMayEndRunsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrew()
		ctx, cancel := context.WithCancel(t.Context())
		var starts []time.Time
		falls := func(ctx context.Context) error {
			if n := len(starts); n > 0 {
				if got := c.board.List(); len(got) != 1 || got[0].Code != "part.worker" || got[0].Severity != health.Trouble {
					t.Errorf("after fall %d the board shows %v", n, got)
				}
			}
			starts = append(starts, time.Now())
			switch len(starts) {
			case 12:
				cancel()
				<-ctx.Done()
				return nil
			case 3:
				panic("worker: stumbled")
			case 4:
				return nil
			}
			return errors.New("stumbled")
		}
		if err := c.run(ctx, []part{{"worker", falls, restarts}}); err != nil {
			t.Errorf("the house ended: %v", err)
		}
		want := []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300}
		for i, w := range want {
			if got := starts[i+1].Sub(starts[i]); got != w*time.Second {
				t.Errorf("pause %d was %v, want %v", i, got, w*time.Second)
			}
		}
		if got := c.board.List(); len(got) != 0 {
			t.Errorf("stopped as asked it leaves %v", got)
		}
	})
}

func TestATroubleIsOverWhenThePartRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrew()
		ctx, cancel := context.WithCancel(t.Context())
		var starts []time.Time
		done := make(chan error)
		go func() {
			done <- c.run(ctx, []part{{"worker", func(ctx context.Context) error {
				starts = append(starts, time.Now())
				if n := len(starts); n <= 3 {
					return errors.New("stumbled")
				} else if n == 4 { // runs well, for once, then stumbles
					time.Sleep(healthyFor + time.Second)
					return errors.New("stumbled")
				}
				<-ctx.Done()
				return nil
			}, restarts}})
		}()
		time.Sleep(6 * time.Second)
		if len(c.board.List()) != 1 {
			t.Error("no condition while it falls over")
		}
		time.Sleep(30 * time.Second)
		if got := c.board.List(); len(got) != 0 {
			t.Errorf("it runs, and the board still shows %v", got)
		}
		time.Sleep(healthyFor + 10*time.Second)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if got := starts[4].Sub(starts[3]) - healthyFor - time.Second; got != firstPause {
			t.Errorf("after a good time it paused %v, want %v", got, firstPause)
		}
	})
}

func TestATroubleWhileStoppingIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		lost := errors.New("the last lines were not written")
		err := newCrew().run(ctx, []part{{"journal", func(ctx context.Context) error { <-ctx.Done(); return lost }, restarts}})
		if !errors.Is(err, lost) {
			t.Errorf("got %v", err)
		}
	})
}

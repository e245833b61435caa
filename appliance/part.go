package appliance

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"latchkey/appliance/health"
)

// end says what it means that a part ends although nobody asked it to.
type end int

const (
	restarts end = iota // a condition is shown, and it runs again after a while
	stops               // without it the house is of no use: everything stops
)

// part is one row of what runs: a loop that returns when its ctx ends.
type part struct {
	name string
	run  func(ctx context.Context) error
	end  end
}

// Back-off of a part that keeps ending: quick at first, so that a hiccup is
// over in a second, then patient.
const (
	firstPause = time.Second
	lastPause  = 5 * time.Minute
	healthyFor = 10 * time.Minute // after so long the pauses begin anew
)

// errEnded is a part that returned nil though its ctx goes on.
var errEnded = errors.New("ended by itself")

// crew runs parts.
type crew struct {
	board *health.Board
	log   *slog.Logger
}

// run starts the parts in their order and waits until ctx ends or one of them
// that must not has ended. Then it stops them in the opposite order, each
// before the next, so that what a later part needs of an earlier one is there
// to its end.
func (c crew) run(ctx context.Context, parts []part) error {
	fatal := make(chan error, len(parts))
	var stopping []func()
	for _, p := range parts {
		partCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := c.keep(partCtx, p); err != nil {
				fatal <- err
			}
		}()
		stopping = append(stopping, func() { cancel(); <-done })
	}
	var cause error
	select {
	case <-ctx.Done():
	case cause = <-fatal:
	}
	for i := len(stopping) - 1; i >= 0; i-- {
		stopping[i]()
	}
	close(fatal)
	for err := range fatal {
		cause = errors.Join(cause, err)
	}
	return cause
}

// keep runs one part until ctx ends, again and again where its row says so.
func (c crew) keep(ctx context.Context, p part) error {
	code := "part." + p.name
	pause := firstPause
	for {
		began := time.Now()
		well := time.AfterFunc(pause, func() { c.board.Clear(code) })
		err := protect(ctx, p)
		well.Stop()
		if ctx.Err() != nil {
			c.board.Clear(code)
			if errors.Is(err, ctx.Err()) {
				return nil // it says only that it was asked to end
			}
			return err
		}
		if err == nil {
			err = errEnded
		}
		err = fmt.Errorf("running %s: %w", p.name, err)
		if p.end == stops {
			return err
		}
		if time.Since(began) > healthyFor {
			pause = firstPause
		}
		c.log.Error("a part ended and will run again", "part", p.name, "cause", err, "in", pause)
		c.board.Set(health.Condition{
			Code: code, Severity: health.Trouble,
			Text: "A part of Latchkey (" + p.name + ") stopped and is being started again.",
			Hint: "If this stays, restart Latchkey; its log says what happened.",
		})
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// protect turns a panic of the part into an error with its place.
func protect(ctx context.Context, p part) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return p.run(ctx)
}

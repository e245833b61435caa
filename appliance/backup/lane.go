package backup

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// lane is the way to one target: one at a time is on it.
type lane struct {
	busy chan struct{} // holds one while somebody is on it

	mu    sync.Mutex
	moved time.Time // when whoever is on it last got anywhere (monotonic)
	local bool      // what goes on now does not wait for the target
	owned bool      // Run has begun something here
	tries int       // failed in a row
	next  time.Time // not before then by itself (monotonic)
}

func newLane() *lane { return &lane{busy: make(chan struct{}, 1), moved: time.Now()} }

// enter waits for the lane.
func (l *lane) enter(ctx context.Context) (leave func(), err error) {
	select {
	case l.busy <- struct{}{}:
		l.move(false)
		return func() { <-l.busy }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *lane) taken() bool { return len(l.busy) > 0 }

// move says that it goes on; local, that it does so without the target.
func (l *lane) move(local bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.moved, l.local = time.Now(), local
}

// still is how long nothing has moved.
func (l *lane) still() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.local {
		return 0
	}
	return time.Since(l.moved)
}

// claim is for Run, so that it begins one thing at a time.
func (l *lane) claim() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	had := l.owned
	l.owned = true
	return !had
}

func (l *lane) unclaim() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.owned = false
}

// rests reports whether nothing is to be tried by itself yet.
func (l *lane) rests() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Now().Before(l.next)
}

// settle takes down how a try went: when is the pause after so many failures,
// nil after a success.
func (l *lane) settle(when func(tries int) time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if when == nil {
		l.tries, l.next = 0, time.Time{}
		return
	}
	l.next = time.Now().Add(when(l.tries))
	l.tries++
}

func (b *Backups) lane(id string) *lane {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.lanes[id]
	if l == nil {
		l = newLane()
		b.lanes[id] = l
	}
	return l
}

// A target that has not moved for stillFor is given up: the network's own limit
// (target.Env.Patience) is shorter, so this is a disk that hangs in the kernel,
// where no ctx reaches. Whoever was asked to end has grace to do so.
const (
	stillFor = 10 * time.Minute
	lookAt   = time.Minute
	grace    = 10 * time.Second
)

// guarded runs fn, which uses the lane, and leaves it behind when nothing moves
// there any more; it then keeps the lane until it ends after all.
func (b *Backups) guarded(ctx context.Context, l *lane, fn func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- sheltered(func() error { return fn(ctx) }) }()
	look := time.NewTicker(lookAt)
	defer look.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-look.C:
			if l.still() < stillFor {
				continue
			}
			cancel()
			return inGrace(done, errStuck)
		case <-ctx.Done():
			return inGrace(done, ctx.Err())
		}
	}
}

// inGrace waits a little for what was asked to end; otherwise is what its end
// counts as, unless it succeeded meanwhile.
func inGrace(done <-chan error, otherwise error) error {
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case err := <-done:
		if err == nil {
			return nil
		}
	case <-t.C:
	}
	return otherwise
}

// sheltered turns a panic of fn into an error: neither a library nor a damaged
// file ends the house.
func sheltered(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return fn()
}

package uplink

import (
	"context"
	"time"
)

const (
	// settle is how long a burst of changes (an address goes, another comes,
	// then the route) is gathered before we look.
	settle = 200 * time.Millisecond
	// pollEvery is the net under the kernel's messages, and pollAlone does
	// without them.
	pollEvery = 30 * time.Second
	pollAlone = 5 * time.Second
)

// Watch calls fn at once, and again after every change that matters, until ctx
// ends; it answers ctx's error. fn is never called twice at a time, and a slow
// one delays the next call only. Where the system does not tell its routes, fn
// hears the zero Route.
func (u *Uplink) Watch(ctx context.Context, fn func(Route)) error {
	poll := pollEvery
	changes, err := u.cfg.changes(ctx)
	if err != nil {
		u.cfg.Log.Info("hearing of network changes is not possible here; looking every few seconds", "error", err)
		poll = pollAlone
	}
	tick := time.NewTicker(poll)
	defer tick.Stop()

	last := u.look()
	fn(last)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case _, open := <-changes:
			if !open {
				changes = nil // the kernel's messages ended; the poll goes on
				tick.Reset(pollAlone)
				continue
			}
			if !pause(ctx, settle) {
				return ctx.Err()
			}
		}
		now := u.look()
		if now.Equal(last) {
			continue
		}
		u.cfg.Log.Info("the way out has changed", "interface", now.Interface,
			"gateway", now.Gateway4, "gateway6", now.Gateway6, "tunnel", now.Tunnel)
		last = now
		fn(now)
	}
}

func (u *Uplink) look() Route {
	r, err := u.Now()
	if err != nil {
		u.cfg.Log.Debug("looking for the way out", "error", err)
	}
	return r
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

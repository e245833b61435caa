package certs

import (
	"context"
	"fmt"
	"sync"
)

// locks are certmagic's locks by name. One process owns the file, so they live
// in memory: none can be left over from a crash.
type locks struct {
	mu   sync.Mutex
	held map[string]chan struct{} // closed when released
}

// Lock waits until nobody holds name, or ctx ends.
func (l *locks) Lock(ctx context.Context, name string) error {
	for {
		released, ok := l.take(name)
		if ok {
			return nil
		}
		select {
		case <-released:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// TryLock takes name where nobody holds it.
func (l *locks) TryLock(ctx context.Context, name string) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	_, ok := l.take(name)
	return ok, nil
}

func (l *locks) take(name string) (released chan struct{}, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if released, taken := l.held[name]; taken {
		return released, false
	}
	if l.held == nil {
		l.held = make(map[string]chan struct{})
	}
	l.held[name] = make(chan struct{})
	return nil, true
}

// Unlock releases name for the next who waits. It also works when ctx has
// ended, since a lock must not outlive its work.
func (l *locks) Unlock(_ context.Context, name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	released, taken := l.held[name]
	if !taken {
		return fmt.Errorf("releasing %q: nobody holds it", name)
	}
	delete(l.held, name)
	close(released)
	return nil
}

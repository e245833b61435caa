//go:build unix

package store

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// A start that follows a stop may find the old process still closing.
const (
	lockPatience = 2 * time.Second
	lockRetry    = 20 * time.Millisecond
)

// lockFolder keeps two creations out of each other's way. The lock is on the
// folder itself and leaves no file behind; a kill releases it.
func lockFolder(dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, unreadable(dir, err)
	}
	if err := lockSoon(context.Background(), f); err != nil {
		_ = f.Close()
		return nil, locked(dir, err)
	}
	return func() { _ = f.Close() }, nil
}

// lockSoon takes an exclusive lock on f, which lasts until f is closed, or
// gives up after a while with EWOULDBLOCK.
func lockSoon(ctx context.Context, f *os.File) error {
	limit := time.NewTimer(lockPatience)
	defer limit.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			return err
		case <-time.After(lockRetry):
		}
	}
}

// locked is the problem behind an error of lockSoon.
func locked(dir string, err error) error {
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return problemLocked(dir)
	}
	return unreadable(dir, err)
}

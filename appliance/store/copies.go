package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// copyAside makes a hot copy in the data folder, where the disk is known to be
// the house's own, and returns its path.
func (s *Store) copyAside(ctx context.Context) (path string, err error) {
	f, err := os.CreateTemp(s.dir, copyPattern) // mode 0600
	if err != nil {
		return "", unreadable(s.dir, err)
	}
	err = errors.Join(s.HotCopy(ctx, f), f.Close())
	if err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// removeCopies removes the copies that a killed check, migration or closing of
// the key has left; the caller holds the database's lock, so that none is in
// use.
func removeCopies(dir string) {
	left, _ := filepath.Glob(filepath.Join(dir, copyPattern)) // the pattern is good
	left = append(left, filepath.Join(dir, beforeMaking), filepath.Join(dir, closingKey))
	for _, path := range left {
		_ = os.Remove(path) // one that stays costs space and is tried again
	}
}

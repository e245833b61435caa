package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// Before a migration the file is copied to latchkey.db.before-vN, N being its
// version, so that the older program can be put back with its data. One copy
// is kept at most, until ForgetBefore.
const (
	beforeStem   = fileName + ".before-v"
	beforeMaking = fileName + ".copying" // made whole before it gets that name
)

// keepBefore makes the copy; it is on the disk, under its name, when it
// returns. All migrations run in one transaction, so that a copy of this name
// that is there already was made of the same data, or is older: it is replaced.
func keepBefore(ctx context.Context, dir string, db *bbolt.DB, version uint64) error {
	making := filepath.Join(dir, beforeMaking)
	err := removeIfThere(making)
	if err == nil {
		err = copyDurable(ctx, making, db)
	}
	name := fmt.Sprint(beforeStem, version)
	if err == nil {
		err = renameDurable(dir, beforeMaking, name)
	}
	if err != nil {
		_ = os.Remove(making)
		if errors.As(err, new(damage)) {
			return openingProblem(dir, err)
		}
		return problemNoCopy(dir, full(err)).Because(fmt.Errorf("copying before the migration: %w", err))
	}
	return removeBefore(dir, name)
}

// copyDurable writes all of db to a new file.
func copyDurable(ctx context.Context, path string, db *bbolt.DB) (err error) {
	defer caught(&err)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	err = db.View(func(tx *bbolt.Tx) error {
		_, err := tx.WriteTo(contextWriter{ctx, f})
		return err
	})
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// before gives the path of the newest copy, empty where there is none.
func before(dir string) string {
	for _, path := range befores(dir) {
		return path
	}
	return ""
}

func befores(dir string) []string {
	all, _ := filepath.Glob(filepath.Join(dir, beforeStem+"*")) // the pattern is good
	return all
}

// removeBefore removes all copies but the one of that name.
func removeBefore(dir, keep string) error {
	var all error
	for _, path := range befores(dir) {
		if filepath.Base(path) != keep {
			all = errors.Join(all, removeIfThere(path))
		}
	}
	if all != nil {
		return unreadable(dir, all)
	}
	return nil
}

// ForgetBefore removes the copy from before a migration, as when a backup made
// by the new program has been proved.
func (s *Store) ForgetBefore() error { return removeBefore(s.dir, "") }

// Snapshot gives fn one unchanging state of the file, its size in bytes and a
// function that writes just so many to w. Reading and writing go on meanwhile,
// and a slow fn keeps the pages of that moment from being used again. Two
// copies hold the same, but may differ in pages that are free.
func (s *Store) Snapshot(ctx context.Context, fn func(size int64, copyTo func(w io.Writer) error) error) error {
	return s.view(ctx, func(l *layer) error {
		return fn(l.tx.Size(), func(w io.Writer) error { return l.copyTo(ctx, w) })
	})
}

func (l *layer) copyTo(ctx context.Context, w io.Writer) (err error) {
	defer caught(&err)
	if l.ended {
		return errKept
	}
	if _, err := l.tx.WriteTo(contextWriter{ctx, w}); err != nil {
		return fmt.Errorf("copying the database: %w", err)
	}
	return nil
}

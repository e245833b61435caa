package crash

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"latchkey/appliance/journal"
	"latchkey/appliance/store"
	"latchkey/test/house"
)

// working tells this program that it is a child, and in which folder to prune
// the log: the real house does that a minute after its start only.
const working = "LATCHKEY_CRASH_PRUNES"

func work(dir string) int {
	s, err := store.Open(context.Background(), store.Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		err = errors.Join(s.Journal().Prune(context.Background(), logDay(logDays-logKept), 0), s.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// The log that is pruned: so many entries a day, of which the last days stay.
const (
	logDays, logKept = 100, 40
	logEach          = 60
)

func logDay(n int) time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n) }

func fillLog(t testing.TB, dir string) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for day := range logDays {
		var entries []journal.Entry
		for i := range logEach {
			entries = append(entries, journal.Entry{Time: logDay(day).Add(time.Duration(i) * time.Second), Body: bytes.Repeat([]byte("x"), 200)})
		}
		if err := s.Journal().Append(t.Context(), entries); err != nil {
			t.Fatal(err)
		}
	}
}

func killPruning(t *testing.T, box *sandbox) func() (life, error) {
	h := furnish(t, 0, 3, "")
	fillLog(t, h.dir)
	before, err := look(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	const gone = (logDays - logKept) * logEach
	words := func(dir string) []string { return []string{"env", working + "=" + dir, os.Args[0]} }
	takes := span(t, func() (time.Duration, error) {
		dir, _, err := box.copyOf(h)
		if err != nil {
			return 0, err
		}
		_, d, err := complete(words(dir)...)
		return d, err
	})
	return func() (l life, err error) {
		dir, b, err := box.copyOf(h)
		if err != nil {
			return l, err
		}
		_, l.killed, err = cut(during(takes), words(dir)...)
		if err != nil {
			return l, err
		}
		s, err := look(dir)
		if err == nil {
			err = b.compare(s.slots)
		}
		if err != nil {
			return l, err
		}
		if s.entries > before.entries || s.entries < before.entries-gone || (!l.killed && s.entries != before.entries-gone) {
			return l, fmt.Errorf("of %d entries, %d are there; killed: %v", before.entries, s.entries, l.killed)
		}
		return l, nil
	}
}

// golden lays the golden file of an old version.
func golden(dir string, version uint64) error {
	from := filepath.Join(house.Root(), "appliance", "store", "testdata", fmt.Sprint("v", version))
	packed, err := os.Open(from + ".db.gz")
	if err != nil {
		return err
	}
	defer func() { _ = packed.Close() }()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		return err
	}
	file, err := io.ReadAll(unpacked)
	if err != nil {
		return err
	}
	key, err := os.ReadFile(from + ".key")
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "latchkey.db"), file, 0o600),
		os.WriteFile(filepath.Join(dir, "seal.key"), key, 0o600))
}

func killMigration(t *testing.T, box *sandbox) func() (life, error) {
	words := func(dir string) []string { return []string{program(t), "status", "--data", dir} }
	lay := func(from uint64) (string, error) {
		dir := filepath.Join(box.fresh(), "house")
		return dir, golden(dir, from)
	}
	takes := span(t, func() (time.Duration, error) {
		dir, err := lay(1)
		if err != nil {
			return 0, err
		}
		_, d, err := complete(words(dir)...)
		return d, err
	})
	from := uint64(0)
	return func() (l life, err error) {
		from = from%(store.Version()-1) + 1
		dir, err := lay(from)
		if err != nil {
			return l, err
		}
		_, l.killed, err = cut(during(takes), words(dir)...)
		if err != nil {
			return l, err
		}
		s, err := look(dir)
		if err != nil {
			return l, err
		}
		if s.people != 1 || s.items != 1 || s.migrated != 0 && s.migrated != from {
			return l, fmt.Errorf("from version %d: %+v", from, s)
		}
		if want := filepath.Join(dir, fmt.Sprint("latchkey.db.before-v", from)); s.before != want {
			return l, fmt.Errorf("the copy from before is %q, not %q", s.before, want)
		}
		key, err := os.ReadFile(filepath.Join(dir, "seal.key"))
		if r := store.Check(s.before, key); err != nil || !r.Clean() || r.Version != from {
			return l, fmt.Errorf("in the copy from before the full check found %w %v", err, &r)
		}
		return l, nil
	}
}

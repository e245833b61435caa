package power

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/journal"
	"latchkey/appliance/store"
	"latchkey/test/house"
)

// works are what this program does as a child under strace, where the real one
// does it only after a while.
var works = map[string]func(words string) error{
	"prune":            prune,
	"boot":             func(root string) error { return machine{root: root}.boot(context.Background()) },
	"install":          func(words string) error { return installing(words, false) },
	"install-and-fail": func(words string) error { return installing(words, true) },
}

// working is how the child is told its work and its folder.
const working = "LATCHKEY_POWER_WORK"

func work(words string) int {
	name, dir, _ := strings.Cut(words, " ")
	if err := works[name](dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("done")
	return 0
}

func open(dir string) (*store.Store, error) {
	return store.Open(context.Background(), store.Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
}

// The log that is pruned: so many entries a day, of which the last days stay.
const (
	logDays, logKept = 100, 40
	logEach          = 60
)

func logDay(n int) time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n) }

func prune(dir string) error {
	s, err := open(dir)
	if err != nil {
		return err
	}
	err = s.Journal().Prune(context.Background(), logDay(logDays-logKept), 0)
	return errors.Join(err, s.Close())
}

func fillLog(t *testing.T, dir string) {
	t.Helper()
	s, err := open(dir)
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

func TestPowerFailsWhileTheLogIsPruned(t *testing.T) {
	root := folder(t)
	dir := filepath.Join(root, "house")
	setUp(t, plainly(t), dir)
	fillLog(t, dir)
	const pruned = 1
	d := recordWork(t, root, map[string]int{"done": pruned}, "prune", dir)
	check(t, d, question{House: "house"}, most(), seed(), func(acked map[int]bool, f found, _ string) error {
		most := logDays*logEach + 50 // the set-up's own
		if acked[pruned] {
			most = logKept*logEach + 50
		}
		if f.Entries < logKept*logEach || f.Entries > most || f.People != 1 {
			return fmt.Errorf("the log has %d entries, of which %d had to stay; %d people", f.Entries, logKept*logEach, f.People)
		}
		return whole(f)
	})
}

func TestPowerFailsWhileAVaultIsImported(t *testing.T) {
	root := folder(t)
	dir := filepath.Join(root, "house")
	setUp(t, plainly(t), dir)
	const many = 300
	var w *writers
	d := record(t, root, nil, func(r *recorder) {
		w = serve(t, r, dir)
		var items []any
		mark := w.note(func(mark int) {
			for slot := range many {
				items = append(items, login(slot, mark))
				w.book.write(slot, mark)
			}
		})
		c := &http.Client{Timeout: time.Minute}
		if err := w.ask(c, mark, "POST", "/api/ciphers/import", map[string]any{"ciphers": items}, nil); err != nil {
			t.Fatal(err)
		}
		w.h.Stop()
	})
	if len(d.acks) != 1 {
		t.Errorf("the trace shows %d answers", len(d.acks))
	}
	check(t, d, question{House: "house"}, most(), seed(), func(acked map[int]bool, f found, dir string) error {
		if n := len(f.Marks); n != 0 && n != many {
			return fmt.Errorf("%d of %d imported items are there", n, many)
		}
		return w.fits(acked, f, dir)
	})
}

func TestPowerFailsWhileAFormatIsMigrated(t *testing.T) {
	for _, from := range []uint64{1, 2} {
		t.Run(fmt.Sprint("from version ", from), func(t *testing.T) {
			root := folder(t)
			dir := filepath.Join(root, "house")
			golden(t, dir, from)
			d := record(t, root, nil, func(r *recorder) { r.run(house.Binary(t), "status", "--data", dir) })
			check(t, d, question{House: "house"}, most(), seed(), func(_ map[int]bool, f found, dir string) error {
				if f.People != 1 || f.Items != 1 || f.Version != store.Version() || (f.Migrated != 0 && f.Migrated != from) {
					return fmt.Errorf("%d people, %d items, version %d from %d", f.People, f.Items, f.Version, f.Migrated)
				}
				return errors.Join(whole(f), wholeBefore(dir, f, from))
			})
		})
	}
}

// golden lays the golden file of an old version.
func golden(t *testing.T, dir string, version uint64) {
	t.Helper()
	from := filepath.Join(house.Root(), "appliance", "store", "testdata", fmt.Sprint("v", version))
	packed, err := os.Open(from + ".db.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = packed.Close() }()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	file, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(from + ".key")
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "latchkey.db"), file, 0o600),
		os.WriteFile(filepath.Join(dir, "seal.key"), key, 0o600))
	if err != nil {
		t.Fatal(err)
	}
}

// wholeBefore wants the copy from before the migration: from the moment on at
// which the file is of the new version, and whole whenever it has its name.
func wholeBefore(dir string, f found, from uint64) error {
	if f.Before != filepath.Join(dir, "house", fmt.Sprint("latchkey.db.before-v", from)) {
		return fmt.Errorf("the copy from before is %q", f.Before)
	}
	key, err := os.ReadFile(filepath.Join(dir, "house", "seal.key"))
	if err != nil {
		return err
	}
	if r := store.Check(f.Before, key); !r.Clean() || r.Version != from {
		return fmt.Errorf("in the copy from before the full check found %v", &r)
	}
	return nil
}

package crash

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/backup/archive"
)

// copies are the files in a folder that have the name of a backup, and those
// that stand there besides.
func copies(dir string) (backups, others []string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	for _, e := range entries {
		if _, _, ok := archive.ParseName(e.Name()); ok {
			backups = append(backups, filepath.Join(dir, e.Name()))
		} else {
			others = append(others, filepath.Join(dir, e.Name()))
		}
	}
	return backups, others, err
}

// openBackup reads a backup through, as whoever holds the kit can.
func openBackup(t testing.TB, file, kit string) error {
	text, err := os.ReadFile(kit)
	if err != nil {
		return err
	}
	parsed, err := archive.ParseKit(text)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	a, err := archive.Open(bytes.NewReader(raw), parsed, archive.Limits{})
	if err != nil {
		return err
	}
	return a.Check(t.Context(), nil)
}

func killBackup(t *testing.T, box *sandbox) func() (life, error) {
	disk := filepath.Join(box.root, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	h := furnish(t, 0, 20, disk)
	words := []string{program(t), "backup", "create", "--data", h.dir}
	takes := span(t, func() (time.Duration, error) {
		_, d, err := complete(words...)
		return d, err
	})
	opened := make(map[string]bool)
	return func() (l life, err error) {
		said, killed, err := cut(during(takes), words...)
		if l.killed = killed; err != nil {
			return l, err
		}
		if strings.Contains(said, "Made latchkey-") {
			l.acks++
		}
		if rand.N(10) == 0 { // and again, undisturbed
			if _, _, err := complete(words...); err != nil {
				return l, err
			}
			for _, dir := range []string{disk, filepath.Join(h.dir, "backups")} {
				_, others, err := copies(dir)
				if others = withoutMarker(others); err != nil || len(others) > 0 {
					return l, fmt.Errorf("what kills have left stays: %v %w", others, err)
				}
			}
		}
		s, err := look(h.dir)
		if err == nil {
			err = h.book.compare(s.slots)
		}
		for _, dir := range []string{disk, filepath.Join(h.dir, "backups")} {
			all, _, listing := copies(dir)
			err = errors.Join(err, listing)
			for _, file := range all {
				if !opened[file] {
					opened[file] = true
					if bad := openBackup(t, file, h.kit); bad != nil {
						err = errors.Join(err, fmt.Errorf("%s has the name of a backup: %w", file, bad))
					}
				}
			}
			if killed && len(all) == 0 {
				err = errors.Join(err, fmt.Errorf("no backup is left in %s", dir))
			}
		}
		return l, err
	}
}

// withoutMarker leaves out the file by which a disk is known again, and small
// ones by which it was tried, which are swept when they are old.
func withoutMarker(files []string) (rest []string) {
	for _, f := range files {
		if strings.HasPrefix(filepath.Base(f), "latchkey-check-") {
			continue
		}
		if !strings.HasPrefix(filepath.Base(f), ".latchkey-") || strings.Contains(filepath.Base(f), ".age") {
			rest = append(rest, f)
		}
	}
	return rest
}

const saysRestored = "The house is restored in"

// restoring gives the words of a restore, and how long it takes.
func restoring(t *testing.T, h home, more ...string) func(dir string) []string {
	return func(dir string) []string {
		return append([]string{program(t), "backup", "restore", h.backup, "--kit", h.kit, "--data", dir}, more...)
	}
}

func killRestore(t *testing.T, box *sandbox) func() (life, error) {
	h := furnish(t, 0, 40, "")
	words := restoring(t, h)
	takes := span(t, func() (time.Duration, error) {
		_, d, err := complete(words(filepath.Join(box.fresh(), "new", "house"))...)
		return d, err
	})
	return func() (l life, err error) {
		dir := filepath.Join(box.fresh(), "new", "house")
		said, killed, err := cut(during(takes), words(dir)...)
		if l.killed = killed; err != nil {
			return l, err
		}
		s, err := look(dir)
		if err != nil {
			return l, err
		}
		acked := strings.Contains(said, saysRestored)
		if !s.made && !acked {
			if rand.N(4) == 0 {
				_, _, err = complete(words(dir)...)
			}
			return l, err
		}
		if acked {
			l.acks++
		}
		return l, h.book.compare(s.slots)
	}
}

func killReplacing(t *testing.T, box *sandbox) func() (life, error) {
	old, fresh := furnish(t, 0, 20, ""), furnish(t, 1000, 20, "")
	words := restoring(t, fresh, "--replace")
	takes := span(t, func() (time.Duration, error) {
		dir, _, err := box.copyOf(old)
		if err != nil {
			return 0, err
		}
		_, d, err := complete(words(dir)...)
		return d, err
	})
	return func() (l life, err error) {
		dir, _, err := box.copyOf(old)
		if err != nil {
			return l, err
		}
		said, killed, err := cut(during(takes), words(dir)...)
		if l.killed = killed; err != nil {
			return l, err
		}
		acked := strings.Contains(said, saysRestored)
		if acked {
			l.acks++
		}
		if rand.N(4) == 0 { // the real next start goes on with it
			if _, _, err := complete(program(t), "status", "--data", dir); err != nil {
				return l, err
			}
		}
		return l, oneOfTwo(dir, old, fresh, acked)
	}
}

// oneOfTwo wants in dir the fresh house, with the old one whole beside it, or,
// where nothing else was acknowledged, the old one.
func oneOfTwo(dir string, old, fresh home, acked bool) error {
	s, err := look(dir)
	if err != nil {
		return err
	}
	if !s.made {
		return errors.New("the house is empty")
	}
	if old.book.compare(s.slots) == nil && !acked {
		return nil
	}
	if err := fresh.book.compare(s.slots); err != nil {
		return err
	}
	aside, _ := filepath.Glob(dir + ".before-*")
	if len(aside) != 1 {
		return fmt.Errorf("the old house lies in %v", aside)
	}
	if s, err = look(aside[0]); err != nil {
		return fmt.Errorf("the old house: %w", err)
	}
	return old.book.compare(s.slots)
}

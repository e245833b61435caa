package crash

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"latchkey/appliance/account"
	"latchkey/appliance/restore"
	"latchkey/appliance/store"
	"latchkey/appliance/vault"
)

// state is what stands in a data folder.
type state struct {
	made     bool // there is a house
	people   int
	slots    map[int]int // the mark in each slot
	items    int
	entries  int // of the log
	migrated uint64
	before   string // the copy from before a migration
}

// look does what the next start does: it goes on with what was under way, opens
// the house, reads all of it and writes once. Then it checks every page, seal
// and reference. A house that is not there is no error, one that does not open
// or is not whole is.
func look(dir string) (s state, err error) {
	ctx := context.Background()
	if err := restore.Resume(dir); err != nil {
		return s, fmt.Errorf("going on with a restore: %w", err)
	}
	if s.made, err = store.Made(dir); err != nil || !s.made {
		return s, err
	}
	file, err := store.Open(ctx, store.Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return s, fmt.Errorf("opening: %w", err)
	}
	s.migrated, s.before = file.Opening().Migrated, file.Opening().Before
	err = errors.Join(s.read(ctx, file), file.SetValue(ctx, "crash/after", []byte("it goes on")), file.Close())
	if err != nil {
		return s, err
	}
	r := store.Check(filepath.Join(dir, "latchkey.db"), file.SealKey())
	s.items, s.entries = r.Counts.Items, r.Counts.Entries
	if !r.Clean() {
		return s, fmt.Errorf("the full check found %v", &r)
	}
	return s, nil
}

func (s *state) read(ctx context.Context, file *store.Store) error {
	s.slots = make(map[int]int)
	var people []account.Account
	err := file.Accounts().View(ctx, func(r account.Reader) (err error) {
		people, err = r.Accounts()
		return err
	})
	if err != nil {
		return err
	}
	s.people = len(people)
	return file.Vault().View(ctx, func(r vault.Reader) error {
		for _, p := range people {
			for it, err := range r.Items(p.ID) {
				if err != nil {
					return err
				}
				if slot, mark, ok := slotIn(it.Body); ok {
					s.slots[slot] = mark
				}
			}
		}
		return nil
	})
}

// copyTree copies the files of a folder that nobody writes to.
func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		there := filepath.Join(to, strings.TrimPrefix(path, from))
		if d.IsDir() {
			return os.MkdirAll(there, 0o700)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(there, content, 0o600)
	})
}

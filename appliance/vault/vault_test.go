package vault_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/store"
	"latchkey/appliance/vault"
)

const sealed = "2.AAAAAAAAAAAAAAAAAAAAAA==|AAAAAAAAAAAAAAAAAAAAAA==|AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

const day = 24 * time.Hour

// stage is a vault over a real file with two people in it, and a clock that
// moves when told.
type stage struct {
	*vault.Vault
	t          *testing.T
	keep       vault.Keep
	alice, bob vault.Actor

	mu  sync.Mutex
	now time.Time
}

func newStage(t *testing.T) *stage {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "house")
	if err := store.Create(dir, nil); err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	file, err := store.Open(t.Context(), store.Config{Dir: dir, Now: s.clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
	s.keep = file.Vault()
	s.Vault = vault.New(s.keep, s.clock)
	s.alice.Owner, s.bob.Owner = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"
	return s
}

func (s *stage) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *stage) wait(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func (s *stage) add(by vault.Actor, name string) vault.ItemID {
	s.t.Helper()
	it, err := s.Create(context.Background(), by, vault.Draft{Body: []byte(`"name":"` + name + `"`)})
	if err != nil {
		s.t.Fatal(err)
	}
	return it.ID
}

func (s *stage) do(by vault.Actor, act vault.Act, ids ...vault.ItemID) {
	s.t.Helper()
	if _, err := s.Do(context.Background(), by, ids, act); err != nil {
		s.t.Fatal(err)
	}
}

// has wants exactly these names left in a vault.
func (s *stage) has(by vault.Actor, want ...string) {
	s.t.Helper()
	var got []string
	err := s.Contents(context.Background(), by.Owner, func(vault.Revision) error { return nil }, func(vault.Folder) error { return nil },
		func(it vault.Item) error {
			got = append(got, strings.Trim(strings.TrimPrefix(string(it.Body), `"name":`), `"`))
			return nil
		})
	if err != nil || strings.Join(got, " ") != strings.Join(want, " ") {
		s.t.Errorf("left are %q, want %q (%v)", got, want, err)
	}
}

func (s *stage) sweep(days int64) int {
	s.t.Helper()
	n, err := s.SweepTrash(context.Background(), []account.UserID{s.alice.Owner, s.bob.Owner}, days, s.now)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func TestSweepingTheTrash(t *testing.T) {
	s := newStage(t)
	old, _, restored, bobs := s.add(s.alice, "old"), s.add(s.alice, "kept"), s.add(s.alice, "restored"), s.add(s.bob, "bobs")
	s.do(s.alice, s.Trash(), old, restored)
	s.do(s.bob, s.Trash(), bobs)
	s.do(s.alice, s.Restore(), restored)
	s.wait(10 * day)
	young := s.add(s.alice, "young")
	s.do(s.alice, s.Trash(), young)
	s.do(s.alice, s.Trash(), old) // once more: its time goes on from the first
	s.wait(20 * day)
	before, err := s.Revision(t.Context(), s.alice.Owner)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("removes nothing on the last day", func(t *testing.T) {
		if n := s.sweep(30); n != 0 {
			t.Errorf("removed %d", n)
		}
	})
	s.wait(time.Second)
	t.Run("never removes where that is not wanted", func(t *testing.T) {
		if n := s.sweep(0); n != 0 {
			t.Errorf("removed %d", n)
		}
	})
	t.Run("removes what has lain there, of everybody", func(t *testing.T) {
		if n := s.sweep(30); n != 2 {
			t.Errorf("removed %d, want 2", n)
		}
		s.has(s.alice, "kept", "restored", "young")
		s.has(s.bob)
		if now, err := s.Revision(t.Context(), s.alice.Owner); err != nil || now <= before {
			t.Errorf("the revision %d did not move on from %d (%v)", now, before, err)
		}
	})
	t.Run("leaves the revision where there was nothing", func(t *testing.T) {
		before, _ := s.Revision(t.Context(), s.alice.Owner)
		s.sweep(30)
		if now, _ := s.Revision(t.Context(), s.alice.Owner); now != before {
			t.Errorf("it moved from %d to %d", before, now)
		}
	})
}

// between is a Keep in which something happens between reading and writing.
type between struct {
	vault.Keep
	happens func()
}

func (b between) WriteLong(ctx context.Context, by account.DeviceID, fn func(vault.Writer) error) error {
	b.happens()
	return b.Keep.WriteLong(ctx, by, fn)
}

func TestSweepingSparesWhatWasRestoredMeanwhile(t *testing.T) {
	s := newStage(t)
	one, two := s.add(s.alice, "one"), s.add(s.alice, "two")
	gone := s.add(s.alice, "gone")
	s.do(s.alice, s.Trash(), one, two, gone)
	s.wait(31 * day)
	racing := vault.New(between{s.keep, func() {
		s.do(s.alice, s.Restore(), one)
		if err := s.Remove(context.Background(), s.alice, []vault.ItemID{gone}); err != nil {
			t.Error(err)
		}
	}}, s.clock)
	n, err := racing.SweepTrash(t.Context(), []account.UserID{s.alice.Owner}, 30, s.now)
	if err != nil || n != 1 {
		t.Errorf("it says that it removed %d (%v), want 1", n, err)
	}
	s.has(s.alice, "one")
}

func TestARemovedFolderLeavesItsItemsWhole(t *testing.T) {
	s := newStage(t)
	f, err := s.SaveFolder(t.Context(), s.alice, "", sealed)
	if err != nil {
		t.Fatal(err)
	}
	ids := []vault.ItemID{s.add(s.alice, "the-longest-of-all"), s.add(s.alice, "shorter"), s.add(s.alice, "s"), s.add(s.alice, "middling")}
	s.do(s.alice, s.Move(f.ID), ids...)
	if err := s.RemoveFolder(t.Context(), s.alice, f.ID); err != nil {
		t.Fatal(err)
	}
	s.has(s.alice, "the-longest-of-all", "shorter", "s", "middling")
	for _, id := range ids {
		if it, err := s.Item(t.Context(), s.alice.Owner, id); err != nil || it.Folder != "" {
			t.Errorf("%s is in %q (%v)", id, it.Folder, err)
		}
	}
}

func TestNobodyActsOnWhatIsNotTheirs(t *testing.T) {
	s := newStage(t)
	item := s.add(s.alice, "hers")
	f, err := s.SaveFolder(t.Context(), s.alice, "", sealed)
	if err != nil {
		t.Fatal(err)
	}
	ctx, by := t.Context(), s.bob
	for name, try := range map[string]func() error{
		"reading": func() error { _, err := s.Item(ctx, by.Owner, item); return err },
		"changing": func() error {
			_, err := s.Update(ctx, by, item, vault.Draft{Body: []byte(`"a":1`)}, time.Time{})
			return err
		},
		"marking":  func() error { _, err := s.Partial(ctx, by, item, "", true); return err },
		"trashing": func() error { _, err := s.Do(ctx, by, []vault.ItemID{item}, s.Trash()); return err },
		"removing": func() error { return s.Remove(ctx, by, []vault.ItemID{item}) },
		"using a folder": func() error {
			_, err := s.Create(ctx, by, vault.Draft{Folder: f.ID, Body: []byte(`"a":1`)})
			return err
		},
		"renaming":      func() error { _, err := s.SaveFolder(ctx, by, f.ID, sealed); return err },
		"clearing away": func() error { return s.RemoveFolder(ctx, by, f.ID) },
	} {
		t.Run(name, func(t *testing.T) {
			if err := try(); !errors.Is(err, vault.ErrNoItem) && !errors.Is(err, vault.ErrNoFolder) {
				t.Errorf("got %v", err)
			}
		})
	}
	s.has(s.alice, "hers")
	s.has(s.bob)
}

func TestRevisionsOnlyGrow(t *testing.T) {
	s := newStage(t)
	id := s.add(s.alice, "a")
	last := vault.Revision(0)
	for i := range 20 {
		if i == 10 {
			s.wait(-time.Hour) // the clock falls back
		}
		it, err := s.Partial(t.Context(), s.alice, id, "", i%2 == 0)
		if err != nil || it.Revision <= last {
			t.Fatalf("revision %d after %d (%v)", it.Revision, last, err)
		}
		last = it.Revision
	}
}

func TestAnUpdateFromAnOldStateIsRefused(t *testing.T) {
	s := newStage(t)
	for name, c := range map[string]struct {
		ago   time.Duration // of the state that the client started from
		stale bool
	}{
		"the same state":          {0, false},
		"a state to come":         {-time.Hour, false},
		"a second ago":            {time.Second, false},
		"more than a second ago":  {time.Second + time.Millisecond, true},
		"no state that it speaks": {-1, false},
	} {
		t.Run(name, func(t *testing.T) {
			id := s.add(s.alice, "a")
			it, err := s.Item(t.Context(), s.alice.Owner, id)
			if err != nil {
				t.Fatal(err)
			}
			known := it.Revision.Time().Add(-c.ago)
			if c.ago == -1 {
				known = time.Time{}
			}
			_, err = s.Update(t.Context(), s.alice, id, vault.Draft{Body: []byte(`"name":"b"`)}, known)
			if stale := errors.Is(err, vault.ErrStale); stale != c.stale || !stale && err != nil {
				t.Errorf("got %v", err)
			}
		})
	}
}

package store

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

// restoredAt is when the houses of these tests come back.
var restoredAt = time.Date(2026, 11, 21, 12, 0, 0, 123_456, time.UTC)

// TestAGoldenHouseRebasedIsTheGoldenRebasedHouse shows all that a rebase
// changes, but for the accounts, whose rows grow with the program.
func TestAGoldenHouseRebasedIsTheGoldenRebasedHouse(t *testing.T) {
	dir, _ := goldenHouse(t, "v2")
	s, err := Open(t.Context(), quiet(dir))
	must(t, err)
	must(t, s.Rebase(t.Context(), restoredAt, map[string][]byte{"restored/pending": []byte("yes")}))
	got := strings.Join(slices.DeleteFunc(strings.SplitAfter(dump(t, s), "\n"), func(line string) bool {
		return strings.HasPrefix(line, tableAccounts+" ")
	}), "")
	key := s.SealKey()
	must(t, s.Close())
	if r := Check(filepath.Join(dir, fileName), key); !r.Clean() {
		t.Errorf("the full check found %v", &r)
	}
	if *update {
		must(t, os.WriteFile("testdata/rebased.txt", []byte(got), 0o644))
	}
	want, err := os.ReadFile("testdata/rebased.txt")
	if must(t, err); got != string(want) {
		t.Errorf("the rebased house holds\n%s\nwant\n%s", got, want)
	}
}

func TestARebasedHouseIsNewerThanAnythingSeen(t *testing.T) {
	s := openNew(t)
	ada, bob := furnished(t, s), joins(t, s, "bob@example.org", "phone")
	must(t, s.Accounts().Write(t.Context(), func(w account.Writer) error {
		a, err := w.Account(ada)
		a.Remembered = []account.Remembered{{Device: "laptop", Expires: restoredAt.AddDate(1, 0, 0)}}
		must(t, err)
		_, err = w.Touch(bob)
		must(t, err)
		return w.PutAccount(a)
	}))
	for _, c := range []struct {
		says string
		now  time.Time
	}{
		{"where the clock is right", time.Now().Add(time.Hour)},
		{"where the clock was set back to 1970", time.Unix(7, 0)},
		{"where nothing has passed", time.Unix(7, 0)},
	} {
		t.Run(c.says, func(t *testing.T) {
			was := heads(t, s, ada, bob)
			must(t, s.Rebase(t.Context(), c.now, nil))
			now := heads(t, s, ada, bob)
			for i, rev := range now {
				if rev <= was[i] || int64(rev) < c.now.UnixMilli() {
					t.Errorf("person %d went from %d to %d", i, was[i], rev)
				}
			}
			wantAllAt(t, s, ada, was[0], now[0])
		})
	}
	must(t, s.Accounts().View(t.Context(), func(r account.Reader) error {
		a, err := r.Account(ada)
		must(t, err)
		sessions, err := r.Sessions(ada)
		must(t, err)
		invited, err := r.Invitations()
		if must(t, err); len(a.Remembered)+len(sessions)+len(invited) > 0 {
			t.Errorf("left are %v, %v, %v", a.Remembered, sessions, invited)
		}
		devices, err := r.Devices(ada)
		if must(t, err); len(devices) != 1 {
			t.Errorf("the devices are %v", devices)
		}
		return nil
	}))
	must(t, s.Close())
	if r := Check(filepath.Join(s.dir, fileName), s.SealKey()); !r.Clean() {
		t.Errorf("the full check found %v", &r)
	}
}

func heads(t *testing.T, s *Store, of ...account.UserID) (all []vault.Revision) {
	t.Helper()
	must(t, s.Vault().View(t.Context(), func(r vault.Reader) error {
		for _, owner := range of {
			rev, err := r.Revision(owner)
			must(t, err)
			all = append(all, rev)
		}
		return nil
	}))
	return all
}

// wantAllAt wants each thing at its new revision, and each once in what has
// changed since the old one.
func wantAllAt(t *testing.T, s *Store, owner account.UserID, was, now vault.Revision) {
	t.Helper()
	must(t, s.Vault().View(t.Context(), func(r vault.Reader) error {
		things := 0
		for it, err := range r.Items(owner) {
			if must(t, err); it.Revision != now || len(it.Body) == 0 {
				t.Errorf("item %s has revision %d", it.ID, it.Revision)
			}
			things++
		}
		for f, err := range r.Folders(owner) {
			if must(t, err); f.Revision != now || f.Name != "2.folder" {
				t.Errorf("folder %s has revision %d", f.ID, f.Revision)
			}
			things++
		}
		changes, gone := 0, 0
		for c, err := range r.Changes(owner, was) {
			if must(t, err); c.Revision != now {
				t.Errorf("a change at %d", c.Revision)
			}
			changes++
			if c.Gone {
				gone++
			}
		}
		if things != 2 || changes != 3 || gone != 1 {
			t.Errorf("%d things, %d changes, %d of them gone", things, changes, gone)
		}
		return nil
	}))
}

func TestARebasedHouseGoesOn(t *testing.T) {
	s := openNew(t)
	owner := furnished(t, s)
	must(t, s.Rebase(t.Context(), time.Now().Add(time.Hour), nil))
	was := heads(t, s, owner)[0]
	it := benchItem(owner)
	must(t, s.Vault().Write(t.Context(), "", func(w vault.Writer) (err error) {
		it.Revision, err = w.Next(owner)
		must(t, err)
		return w.PutItem(it)
	}))
	if it.Revision <= was {
		t.Errorf("the next save has revision %d after %d", it.Revision, was)
	}
	must(t, s.Vault().View(t.Context(), func(r vault.Reader) error {
		n := 0
		for c, err := range r.Changes(owner, was) {
			if must(t, err); c.ID != string(it.ID) {
				t.Errorf("changed since: %+v", c)
			}
			n++
		}
		if n != 1 {
			t.Errorf("%d changes", n)
		}
		return nil
	}))
}

func TestARebaseThatFailsChangesNothing(t *testing.T) {
	dir := t.TempDir()
	must(t, Create(dir, nil))
	s, err := Open(t.Context(), quiet(dir))
	must(t, err)
	defer func() { _ = s.Close() }()
	owner := furnished(t, s)
	key, _ := ownerKey(owner)
	must(t, s.writer.do(t.Context(), alone, func(l *layer) error { // a folder that does not open
		return l.put(plain(bucketFolders), append(key, key...), []byte("clear text"))
	}))
	was, err := s.Counts(t.Context())
	must(t, err)
	head := heads(t, s, owner)[0]
	if err := s.Rebase(t.Context(), time.Now().Add(time.Hour), map[string][]byte{"a": nil}); err == nil {
		t.Error("it rebased over a damaged value")
	}
	now, err := s.Counts(t.Context())
	if must(t, err); now != was || heads(t, s, owner)[0] != head {
		t.Errorf("%+v became %+v", was, now)
	}
}

// rebaseChild begins a rebase of a large house, says so, and is killed.
func rebaseChild(args []string) int {
	s, err := Open(testContext, quiet(args[0]))
	if err != nil {
		return complain(err)
	}
	fmt.Println("open")
	if err := s.Rebase(testContext, time.Now().Add(time.Hour), map[string][]byte{"restored": []byte("x")}); err != nil {
		return complain(err)
	}
	fmt.Println("done")
	return 0
}

// TestARebaseOfALargeHouseIsQuickAndAKillInItIsRepeated has 10,000 items and
// kills after ever more of the time that the whole takes.
func TestARebaseOfALargeHouseIsQuickAndAKillInItIsRepeated(t *testing.T) {
	dir := t.TempDir()
	must(t, Create(dir, nil))
	s, err := Open(t.Context(), quiet(dir))
	must(t, err)
	owner := joins(t, s, "ada@example.org", "laptop")
	const many = 10_000
	fillItems(t, s, owner, many)
	began := time.Now()
	must(t, s.Rebase(t.Context(), time.Now(), nil))
	took := time.Since(began)
	t.Logf("a rebase of %d items took %v", many, took)
	if took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	must(t, s.Close())
	const kills = 8
	for i := range kills {
		cmd := child("rebase", dir)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		_, err = out.Read(make([]byte, 5))
		must(t, err)
		time.AfterFunc(took*time.Duration(i)/(kills-2), func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		s, err := Open(t.Context(), quiet(dir))
		must(t, err)
		_, kept := s.Value(t.Context(), "restored")
		counts, err := s.Counts(t.Context())
		if must(t, err); counts.Items != many || counts.Revisions != many {
			t.Errorf("after kill %d there are %+v, value %v", i, counts, kept)
		}
		must(t, s.RemoveValue(t.Context(), "restored"))
		must(t, s.Close())
	}
	if r := Check(filepath.Join(dir, fileName), s.SealKey()); !r.Clean() {
		t.Errorf("the full check found %v", &r)
	}
}

// fillItems keeps n items in a few writes.
func fillItems(t *testing.T, s *Store, owner account.UserID, n int) {
	t.Helper()
	body := bytes.Repeat([]byte("x"), benchBody)
	for done := 0; done < n; done += 1000 {
		must(t, s.Vault().WriteLong(t.Context(), "", func(w vault.Writer) error {
			for range 1000 {
				rev, err := w.Next(owner)
				must(t, err)
				must(t, w.PutItem(vault.Item{ID: vault.ItemID(someID()), Owner: owner, Revision: rev, Created: time.Now(), Body: body}))
			}
			return nil
		}))
	}
}

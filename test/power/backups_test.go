package power

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/store"
	"latchkey/test/house"
)

// furnished makes a house with a recovery kit and the slots from first on. Of a
// target the house sends its backups there.
func furnished(t *testing.T, dir, kit string, first int, target string) book {
	t.Helper()
	setUp(t, func(b string, args ...string) { plainly(t)(b, append(args, "--recovery-kit", kit)...) }, dir)
	h := house.Start(t, house.Options{Dir: dir, Plain: true})
	h.URL = h.Local
	w := &writers{t: t, h: h, p: h.Owner(), book: make(book)}
	w.marks.Store(int64(first))
	if err := w.run(first, 6, 20); err != nil {
		t.Fatal(err)
	}
	if target != "" {
		w.p.Prove()
		w.p.Must("PUT", "/latchkey/backups/targets/new", map[string]any{"kind": "folder", "name": "disk", "fields": map[string]string{"folder": target}}, nil)
	}
	h.Stop()
	return w.book
}

// all takes every write of a book for acknowledged.
func (b book) all() map[int]bool {
	acked := make(map[int]bool)
	for _, lines := range b {
		for _, l := range lines {
			acked[l.mark] = true
		}
	}
	return acked
}

func TestPowerFailsWhileABackupIsMade(t *testing.T) {
	root := folder(t)
	dir, target := filepath.Join(root, "house"), filepath.Join(root, "disk")
	if err := os.Mkdir(target, 0o700); err != nil {
		t.Fatal(err)
	}
	kept := furnished(t, dir, filepath.Join(t.TempDir(), "kit"), 0, target)
	const made = 1
	d := record(t, root, map[string]int{"Made latchkey-": made}, func(r *recorder) { r.run(house.Binary(t), "backup", "create", "--data", dir) })
	real := copies(t, root)
	if len(real) != 2 {
		t.Fatalf("there are %v", slices.Collect(maps.Keys(real)))
	}
	check(t, d, question{House: "house"}, most(), seed(), func(acked map[int]bool, f found, dir string) error {
		seen := copies(t, dir)
		for path, content := range seen {
			if !bytes.Equal(content, real[path]) {
				return fmt.Errorf("%s has the name of a backup and is none", path)
			}
		}
		if acked[made] && len(seen) != len(real) {
			return fmt.Errorf("of a backup that was made there are %d copies", len(seen))
		}
		return errors.Join(whole(f), kept.compare(kept.all(), f.Marks))
	})
}

// copies are the files under dir that have the name of a backup.
func copies(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := make(map[string][]byte)
	for _, place := range []string{"disk", "house/backups"} {
		entries, err := os.ReadDir(filepath.Join(dir, place))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
		for _, e := range entries {
			if _, _, ok := archive.ParseName(e.Name()); !ok {
				continue
			}
			content, err := os.ReadFile(filepath.Join(dir, place, e.Name()))
			if err != nil {
				t.Error(err)
			}
			all[place+"/"+e.Name()] = content
		}
	}
	return all
}

// backedUp makes a house and a backup of it: the file, the kit, and what is in
// it.
func backedUp(t *testing.T, first int) (file, kit string, kept book) {
	t.Helper()
	dir := t.TempDir()
	from := filepath.Join(dir, "house")
	file, kit = filepath.Join(dir, "backup.age"), filepath.Join(dir, "kit")
	kept = furnished(t, from, kit, first, "")
	plainly(t)(house.Binary(t), "backup", "create", "--out", file, "--data", from)
	return file, kit, kept
}

const restored = 1

var saysRestored = map[string]int{"The house is restored in": restored}

func TestPowerFailsWhileABackupIsRestored(t *testing.T) {
	file, kit, kept := backedUp(t, 0)
	root := folder(t)
	d := record(t, root, saysRestored, func(r *recorder) {
		r.run(house.Binary(t), "backup", "restore", file, "--kit", kit, "--data", filepath.Join(root, "new", "house"))
	})
	check(t, d, question{House: "new/house"}, most(), seed(), func(acked map[int]bool, f found, _ string) error {
		if err := whole(f); err != nil || (!f.Made && !acked[restored]) {
			return err
		}
		return kept.compare(kept.all(), f.Marks)
	})
}

func TestPowerFailsWhileARestoredHouseTakesTheOldOnesPlace(t *testing.T) {
	file, kit, fresh := backedUp(t, 100)
	root := folder(t)
	dir := filepath.Join(root, "house")
	old := furnished(t, dir, filepath.Join(t.TempDir(), "kit"), 0, "")
	key, err := os.ReadFile(filepath.Join(dir, "seal.key"))
	if err != nil {
		t.Fatal(err)
	}
	d := record(t, root, saysRestored, func(r *recorder) {
		r.run(house.Binary(t), "backup", "restore", file, "--kit", kit, "--replace", "--data", dir)
	})
	fits := func(acked map[int]bool, f found, dir string) error {
		if err := whole(f); err != nil {
			return err
		}
		if !f.Made {
			return errors.New("the house is empty")
		}
		if old.compare(old.all(), f.Marks) == nil && !acked[restored] {
			return nil
		}
		return errors.Join(fresh.compare(fresh.all(), f.Marks), keptAside(dir, key))
	}
	check(t, d, question{House: "house"}, most(), seed(), fits)
	t.Run("and again when the next start goes on with it", func(t *testing.T) {
		again(t, d, question{House: "house"}, fits, func(root string) *disk {
			return record(t, root, nil, func(r *recorder) { r.run(house.Binary(t), "status", "--data", filepath.Join(root, "house")) })
		})
	})
}

// keptAside wants the house of that key to lie, whole, under the name for one
// that gave way.
func keptAside(dir string, key []byte) error {
	found, _ := filepath.Glob(filepath.Join(dir, "house.before-*"))
	for _, old := range found {
		if r := store.Check(filepath.Join(old, "latchkey.db"), key); r.Clean() {
			return nil
		}
	}
	return fmt.Errorf("the old house is not whole in any of %v", found)
}

package store

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"latchkey/appliance/problem"
)

// TestWhatWouldSilentlyBeMissingIsRefused changes a file in ways that leave its
// pages sound.
func TestWhatWouldSilentlyBeMissingIsRefused(t *testing.T) {
	from, _ := damagedHouse(t)
	rename := func(b []byte, old, fresh string) {
		if n := bytes.Count(b, []byte(old)); n == 0 {
			t.Fatalf("there is no %q", old)
		}
		copy(b, bytes.ReplaceAll(b, []byte(old), []byte(fresh)))
	}
	for says, harm := range map[string]func(b []byte){
		"a bucket of items under another name":  func(b []byte) { rename(b, "items", "itemr") },
		"a table of people under another name":  func(b []byte) { rename(b, "accounts", "accountr") },
		"the last revisions under another name": func(b []byte) { rename(b, "heads", "headr") },
	} {
		t.Run(says, func(t *testing.T) {
			opensNot(t, from, func(path string) {
				b, err := os.ReadFile(path)
				must(t, err)
				harm(b)
				must(t, os.WriteFile(path, b, 0o600))
			})
		})
	}
	t.Run("an item of an owner that nobody is", func(t *testing.T) {
		opensNot(t, from, func(path string) {
			db, err := bbolt.Open(path, 0o600, nil)
			must(t, err)
			must(t, db.Update(func(tx *bbolt.Tx) error {
				b := tx.Bucket([]byte(bucketItems))
				key, value := b.Cursor().Last()
				key, value = bytes.Clone(key), bytes.Clone(value)
				must(t, b.Delete(key))
				key[3] ^= 0x40
				return b.Put(key, value)
			}))
			must(t, db.Close())
		})
	})
}

func opensNot(t *testing.T, from string, harm func(path string)) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "house")
	must(t, os.CopyFS(dir, os.DirFS(from)))
	harm(filepath.Join(dir, fileName))
	s, err := Open(t.Context(), quiet(dir))
	if err == nil {
		must(t, s.Close())
	}
	if problem.Of(err).Code != "store.damaged" {
		t.Errorf("opening it gave %v", err)
	}
}

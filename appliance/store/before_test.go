package store

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"latchkey/appliance/account"
)

// goldenHouse puts the golden file of a version into a folder of its own.
func goldenHouse(t *testing.T, version string) (dir string, file []byte) {
	t.Helper()
	dir, file = t.TempDir(), unzipped(t, "testdata/"+version+".db.gz")
	must(t, os.WriteFile(filepath.Join(dir, fileName), file, fileMode))
	key, err := os.ReadFile("testdata/" + version + ".key")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, keyName), key, fileMode))
	return dir, file
}

func TestAMigrationKeepsTheFileFromBefore(t *testing.T) {
	dir, _ := goldenHouse(t, "v2")
	want := filepath.Join(dir, "latchkey.db.before-v2")
	stale := filepath.Join(dir, "latchkey.db.before-v1")
	for _, left := range []string{stale, filepath.Join(dir, beforeMaking)} {
		must(t, os.WriteFile(left, []byte("left"), fileMode))
	}
	s, err := Open(t.Context(), quiet(dir))
	must(t, err)
	if got := s.Opening().Before; got != want {
		t.Errorf("Opening names %q", got)
	}
	key := s.SealKey()
	must(t, s.Close())
	if r := Check(want, key); !r.Clean() || r.Version != 2 {
		t.Errorf("the full check of the copy found %v", &r)
	}
	if names, _ := os.ReadDir(dir); len(names) != 3 {
		t.Errorf("it left %v", names)
	}
	t.Run("until it is forgotten", func(t *testing.T) {
		s, err := Open(t.Context(), quiet(dir))
		must(t, err)
		defer func() { _ = s.Close() }()
		if got := s.Opening(); got.Before != want || got.Migrated != 0 {
			t.Errorf("the next start found %+v", got)
		}
		must(t, s.ForgetBefore())
		must(t, s.ForgetBefore())
		if there, _ := there(want); there {
			t.Error("it is still there")
		}
	})
}

func TestAMigrationThatCantKeepACopyChangesNothing(t *testing.T) {
	dir, file := goldenHouse(t, "v1")
	must(t, os.MkdirAll(filepath.Join(dir, beforeMaking, "in the way"), folderMode))
	_, err := Open(t.Context(), quiet(dir))
	wantProblem(t, err, "store.noCopy")
	if left, err := os.ReadFile(filepath.Join(dir, fileName)); err != nil || !bytes.Equal(left, file) {
		t.Errorf("the file was changed, %v", err)
	}
	must(t, os.RemoveAll(filepath.Join(dir, beforeMaking)))
	s, err := Open(t.Context(), quiet(dir))
	must(t, err)
	must(t, s.Close())
}

func TestASnapshotIsOneMomentOfKnownSize(t *testing.T) {
	s := openNew(t)
	furnished(t, s)
	var kept func(io.Writer) error
	must(t, s.Snapshot(t.Context(), func(size int64, copyTo func(io.Writer) error) error {
		var first, second bytes.Buffer
		must(t, copyTo(&first))
		must(t, s.SetValue(t.Context(), "meanwhile", []byte("x")))
		must(t, copyTo(&second))
		for _, b := range []*bytes.Buffer{&first, &second} {
			path := filepath.Join(t.TempDir(), "copy")
			must(t, os.WriteFile(path, b.Bytes(), fileMode))
			if r := Check(path, s.SealKey()); !r.Clean() || r.Counts.Values != 1 || int64(b.Len()) != size {
				t.Errorf("a copy of %d bytes for a size of %d: the full check found %v", b.Len(), size, &r)
			}
		}
		kept = copyTo
		return nil
	}))
	if err := kept(io.Discard); err == nil {
		t.Error("it copies after its moment has passed")
	}
	if err := s.Snapshot(t.Context(), func(int64, func(io.Writer) error) error { return account.ErrTaken }); err != account.ErrTaken {
		t.Errorf("the function's error came back as %v", err)
	}
}

func TestCountsAreThoseOfTheFullCheck(t *testing.T) {
	s := openNew(t)
	for i := range 3 {
		joins(t, s, fmt.Sprint(i, "@example.org"), "phone", "laptop")
	}
	furnished(t, s)
	got, err := s.Counts(t.Context())
	must(t, err)
	must(t, s.Close())
	if r := Check(filepath.Join(s.dir, fileName), s.SealKey()); !r.Clean() || r.Counts != got {
		t.Errorf("counted %+v, the full check %v", got, &r)
	}
}

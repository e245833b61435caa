package store

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// A golden file of each old version lies in testdata: go test -run Golden
// -update makes the one of the version before the last from today's code, which
// is right only in the commit that adds the next migration.
var update = flag.Bool("update", false, "make the golden files of the version before the last")

// TestGoldenFilesOfOldVersionsOpen opens files as old programs have left them,
// and wants in them what stands beside them as text.
func TestGoldenFilesOfOldVersionsOpen(t *testing.T) {
	if *update {
		makeGolden(t, Version()-1)
	}
	found, err := filepath.Glob("testdata/v*.db.gz")
	if must(t, err); len(found) != int(Version())-1 {
		t.Fatalf("%d golden files for %d old versions", len(found), Version()-1)
	}
	for _, path := range found {
		version := strings.TrimSuffix(filepath.Base(path), ".db.gz")
		t.Run(version, func(t *testing.T) { openGolden(t, version) })
	}
}

func openGolden(t *testing.T, version string) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, fileName), unzipped(t, "testdata/"+version+".db.gz"), 0o600))
	key, err := os.ReadFile("testdata/" + version + ".key")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, keyName), key, 0o600))
	if r := Check(filepath.Join(dir, fileName), key); !r.Clean() || fmt.Sprint("v", r.Version) != version {
		t.Errorf("before the migration the full check found %v", &r)
	}
	s, err := Open(t.Context(), quiet(dir))
	must(t, err)
	if was := s.Opening().Migrated; fmt.Sprint("v", was) != version {
		t.Errorf("migrated from %d", was)
	}
	got := dump(t, s)
	must(t, s.Close())
	if r := Check(filepath.Join(dir, fileName), key); !r.Clean() || r.Version != Version() {
		t.Errorf("after the migration the full check found %v", &r)
	}
	golden := "testdata/" + version + ".txt"
	if *update {
		must(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	if must(t, err); got != string(want) {
		t.Errorf("the migrated file holds\n%s\nwant\n%s", got, want)
	}
	s, err = Open(t.Context(), quiet(dir))
	must(t, err)
	if was := s.Opening().Migrated; was != 0 {
		t.Errorf("it was migrated again, from %d", was)
	}
	must(t, s.Close())
}

// dump writes out all that a file holds, opened.
func dump(t *testing.T, s *Store) string {
	t.Helper()
	var out strings.Builder
	must(t, s.view(t.Context(), func(l *layer) error {
		for _, name := range []string{tableAccounts, tableDevices, tableInvitations, tableValues} {
			table := l.table(name)
			rows, err := table.all()
			must(t, err)
			for _, r := range rows {
				text, err := table.text(&r)
				must(t, err)
				fmt.Fprintf(&out, "%s %s %s %s %s\n", name, r.ID, r.Name, r.Owner, text)
			}
		}
		return l.tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			if b.Bucket([]byte(recordBucket)) == nil && string(name) != bucketHouse && string(name) != stormVersionPlace {
				dumpBucket(t, l, &out, plain(string(name)))
			}
			return nil
		})
	}))
	return out.String()
}

func dumpBucket(t *testing.T, l *layer, out io.Writer, p place) {
	t.Helper()
	fmt.Fprintf(out, "bucket %s\n", p.top)
	for c := l.scan(p, nil, nil); ; {
		key, sealed, err := c.next()
		if must(t, err); key == nil {
			return
		}
		text, err := l.open(p, key, sealed, nil)
		must(t, err)
		fmt.Fprintf(out, "%s %x %q\n", p.top, key, text)
	}
}

// makeGolden makes a file of that version, furnished through the buckets that
// it has, as small as it can be.
func makeGolden(t *testing.T, version uint64) {
	t.Helper()
	dir := t.TempDir()
	key := newSealKey()
	must(t, makeFile(filepath.Join(dir, fileName), key, version))
	db, err := bbolt.Open(filepath.Join(dir, fileName), 0o600, nil)
	must(t, err)
	m, err := newMigrator(db, key)
	must(t, err)
	s := newStore(quiet(dir), db, m, Opening{})
	s.now = func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
	furnish(t, s, version)
	must(t, s.Close())
	file, err := os.ReadFile(filepath.Join(dir, fileName))
	must(t, err)
	var small bytes.Buffer
	zip := gzip.NewWriter(&small)
	_, err = zip.Write(file)
	must(t, err)
	must(t, zip.Close())
	must(t, os.MkdirAll("testdata", 0o755))
	name := fmt.Sprintf("testdata/v%d", version)
	must(t, os.WriteFile(name+".db.gz", small.Bytes(), 0o644))
	must(t, os.WriteFile(name+".key", key.encode(), 0o644))
}

func unzipped(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer func() { _ = f.Close() }()
	zip, err := gzip.NewReader(f)
	must(t, err)
	all, err := io.ReadAll(zip)
	must(t, err)
	return all
}

func TestAMigrationThatFailsLeavesTheFileAsItWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), fileName)
	key := newSealKey()
	must(t, makeFile(path, key, 1))
	db, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	defer func() { _ = db.Close() }()
	must(t, db.Update(func(tx *bbolt.Tx) error { // in the way of migration 2
		_, err := tx.CreateBucket([]byte(bucketJournal))
		return err
	}))
	m, err := newMigrator(db, key)
	must(t, err)
	if err := m.migrate(db, 1, Version()); err == nil {
		t.Error("it migrated over what was in its way")
	}
	if version, err := m.identify(db); version != 1 || err != nil {
		t.Errorf("the version is %d, %v", version, err)
	}
}

func TestMigrationsAreNumberedWithoutGaps(t *testing.T) {
	for i, m := range migrations() {
		if m.version != uint64(i)+1 || m.name == "" || m.run == nil {
			t.Errorf("migration %d is %+v", i, m)
		}
		files, _ := filepath.Glob(fmt.Sprintf("migrate_%04d_*.go", m.version))
		if len(files) != 1 {
			t.Errorf("migration %d is in %v", m.version, files)
		}
	}
}

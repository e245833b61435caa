package restore_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/problem"
	"latchkey/appliance/restore"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const aside = "house.before-20261121T120000Z"

// folders makes a state folder: each name is "folder/file=content", or
// "folder/" for an empty one.
func folders(t *testing.T, names ...string) (dir string) {
	t.Helper()
	state := t.TempDir()
	for _, name := range names {
		file, content, _ := strings.Cut(name, "=")
		path := filepath.Join(state, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "/") {
			if err := os.MkdirAll(path, 0o700); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(state, "house")
}

// found lists what lies in the state folder, as folders takes it.
func found(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	state := filepath.Dir(dir)
	err := filepath.WalkDir(state, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		name, _ := filepath.Rel(state, path)
		all = append(all, name+"="+string(raw))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

const order = "/restore.order=" + aside + "\n"

// TestResume takes up every state in which a kill or a power cut may leave a
// swap, on file systems that exchange folders and on those that don't.
func TestResume(t *testing.T) {
	t.Parallel()
	done := []string{aside + "/latchkey.db=old", "house/latchkey.db=new"}
	tests := []struct {
		name   string
		before []string
		after  []string
	}{
		{"nothing was restored", []string{"house/latchkey.db=old"}, []string{"house/latchkey.db=old"}},
		{"a restored house that nobody wanted yet waits on", []string{"house/latchkey.db=old", "house.restored/latchkey.db=new"}, []string{"house.restored/latchkey.db=new", "house/latchkey.db=old"}},
		{"what a killed restore left goes", []string{"house/latchkey.db=old", "house.restored/latchkey.db=new", "house.restored/restore.mark=", "house.building/restore.mark=", "house.building/house/latchkey.db=half"}, []string{"house/latchkey.db=old"}},
		{"somebody's own folder of such a name stays", []string{"house/latchkey.db=old", "house.building/latchkey.db=half"}, []string{"house.building/latchkey.db=half", "house/latchkey.db=old"}},
		{"it was ordered", []string{"house/latchkey.db=old", "house.restored/latchkey.db=new", "house.restored" + order}, done},
		{"the folders are exchanged, and the old one has no name yet", []string{"house/latchkey.db=new", "house" + order, "house.restored/latchkey.db=old"}, done},
		{"the old one has its name, and the order still lies there", []string{"house/latchkey.db=new", "house" + order, aside + "/latchkey.db=old"}, done},
		{"the old one is aside, and the new one has no name yet", []string{aside + "/latchkey.db=old", "house.restored/latchkey.db=new", "house.restored" + order}, done},
		{"there was no house before", []string{"house.restored/latchkey.db=new", "house.restored" + order}, []string{"house/latchkey.db=new"}},
		{"there was an empty folder before", []string{"house/", "house.restored/latchkey.db=new", "house.restored" + order}, []string{"house/latchkey.db=new"}},
		{"all is done", done, done},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := folders(t, c.before...)
			for range 2 { // the second time there is nothing left to do
				if err := restore.Resume(dir); err != nil {
					t.Fatal(err)
				}
				if got := found(t, dir); !slices.Equal(got, slices.Sorted(slices.Values(c.after))) {
					t.Errorf("found %q, want %q", got, c.after)
				}
			}
		})
	}
}

func TestTake(t *testing.T) {
	t.Parallel()
	t.Run("the old house is kept, and its place is told", func(t *testing.T) {
		t.Parallel()
		dir := folders(t, "house/latchkey.db=old", "house.restored/latchkey.db=new")
		old, err := restore.Take(dir, noon)
		if err != nil || filepath.Base(old) != aside {
			t.Fatalf("old house at %q, %v", old, err)
		}
		if got, want := found(t, dir), []string{aside + "/latchkey.db=old", "house/latchkey.db=new"}; !slices.Equal(got, want) {
			t.Errorf("found %q, want %q", got, want)
		}
		if restore.Before(dir) != old {
			t.Errorf("before it was %q", restore.Before(dir))
		}
	})
	t.Run("two in one second don't meet", func(t *testing.T) {
		t.Parallel()
		dir := folders(t, "house/latchkey.db=two", "house.restored/latchkey.db=three", aside+"/latchkey.db=one")
		old, err := restore.Take(dir, noon)
		if err != nil || filepath.Base(old) != aside+"-2" {
			t.Errorf("old house at %q, %v", old, err)
		}
	})
	t.Run("where there was none, none is told", func(t *testing.T) {
		t.Parallel()
		dir := folders(t, "house.restored/latchkey.db=new")
		if old, err := restore.Take(dir, noon); err != nil || old != "" {
			t.Errorf("old house at %q, %v", old, err)
		}
	})
	t.Run("a link is followed, and stays", func(t *testing.T) {
		t.Parallel()
		dir := folders(t, "house/latchkey.db=old", "house.restored/latchkey.db=new")
		link := filepath.Join(t.TempDir(), "data")
		if err := os.Symlink(dir, link); err != nil {
			t.Fatal(err)
		}
		if _, err := restore.Take(link, noon); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(link, "latchkey.db"))
		if err != nil || string(raw) != "new" {
			t.Errorf("behind the link lies %q, %v", raw, err)
		}
	})
	t.Run("without a restored house nothing is touched", func(t *testing.T) {
		t.Parallel()
		dir := folders(t, "house/latchkey.db=old")
		_, err := restore.Take(dir, noon)
		if problem.Of(err).Code != "restore.folder" {
			t.Errorf("answered %v", err)
		}
		if got := found(t, dir); !slices.Equal(got, []string{"house/latchkey.db=old"}) {
			t.Errorf("found %q", got)
		}
	})
	t.Run("a file system that can't exchange folders gets two names in turn", func(t *testing.T) {
		t.Parallel()
		dir := folders(t, "house/latchkey.db=old", "house.restored/latchkey.db=new", "house.restored"+order)
		if err := restore.RenameBoth(dir, aside); err != nil {
			t.Fatal(err)
		}
		if err := restore.Resume(dir); err != nil {
			t.Fatal(err)
		}
		if got, want := found(t, dir), []string{aside + "/latchkey.db=old", "house/latchkey.db=new"}; !slices.Equal(got, want) {
			t.Errorf("found %q, want %q", got, want)
		}
	})
	t.Run("a folder whose name begins with a dot is one as well", func(t *testing.T) {
		t.Parallel()
		house := folders(t, "house/latchkey.db=old", "house.restored/latchkey.db=new")
		dir := filepath.Join(filepath.Dir(house), ".latchkey")
		for _, name := range []string{"", ".restored"} {
			if err := os.Rename(house+name, dir+name); err != nil {
				t.Fatal(err)
			}
		}
		old, err := restore.Take(dir, noon)
		if err != nil || filepath.Base(old) != ".latchkey.before-20261121T120000Z" {
			t.Fatalf("old house at %q, %v", old, err)
		}
		if raw, err := os.ReadFile(filepath.Join(dir, "latchkey.db")); err != nil || string(raw) != "new" {
			t.Errorf("in its place lies %q, %v", raw, err)
		}
	})
	t.Run("a link that leads nowhere just now is followed, too", func(t *testing.T) {
		t.Parallel()
		dir := folders(t, aside+"/latchkey.db=old", "house.restored/latchkey.db=new", "house.restored"+order)
		link := filepath.Join(t.TempDir(), "data")
		if err := os.Symlink(dir, link); err != nil {
			t.Fatal(err)
		}
		if err := restore.Resume(link); err != nil {
			t.Fatal(err)
		}
		if raw, err := os.ReadFile(filepath.Join(link, "latchkey.db")); err != nil || string(raw) != "new" {
			t.Errorf("behind the link lies %q, %v", raw, err)
		}
	})
}

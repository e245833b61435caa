package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"latchkey/test/house"
)

// home is a house with an owner, of which copies are made to be ill-treated.
type home struct {
	dir    string
	kit    string // a file
	token  string // of the owner's session, which the house in each copy knows
	hash   string // proves the owner
	book   *book
	backup string // a file with a backup of it
}

// memory is a folder in memory where there is one: a kill loses nothing that
// the system was told, on whatever disk.
func memory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "latchkey-crash-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// furnish makes a home with items in so many slots from first on; target is a
// folder for its backups, or "".
func furnish(t testing.TB, first, slots int, target string) home {
	t.Helper()
	root := memory(t)
	h := home{dir: filepath.Join(root, "house"), kit: filepath.Join(root, "kit"), book: newBook(), backup: filepath.Join(root, "backup.age")}
	do := func(args ...string) {
		t.Helper()
		if _, _, err := complete(append(append([]string{program(t)}, args...), "--data", h.dir)...); err != nil {
			t.Fatal(err)
		}
	}
	do("setup", "--local", "--email", house.OwnerEmail, "--password-file", passwordFile(t), "--recovery-kit", h.kit)
	live := house.Start(t, house.Options{Dir: h.dir, Plain: true, Binary: program(t)})
	owner := live.Owner()
	h.token, h.hash = owner.Access, owner.Master.ServerHash(owner.Password)
	c := newCaller(live.Local, h.token)
	if err := c.bulk(h.book, first, slots); err != nil {
		t.Fatal(err)
	}
	if target != "" {
		owner.Prove()
		owner.Must("PUT", "/latchkey/backups/targets/new", map[string]any{"kind": "folder", "name": "disk", "fields": map[string]string{"folder": target}}, nil)
	}
	live.Stop()
	do("backup", "create", "--out", h.backup)
	return h
}

// sandbox is a scene's own folder and its copies of a home.
type sandbox struct {
	root string
	n    int
}

func (s *sandbox) fresh() string {
	_ = os.RemoveAll(s.at(s.n))
	s.n++
	return s.at(s.n)
}

func (s *sandbox) at(n int) string { return filepath.Join(s.root, fmt.Sprint("cycle", n)) }

// copyOf puts a copy of a home into a folder of its own and gives the house's
// place and book.
func (s *sandbox) copyOf(h home) (dir string, b *book, err error) {
	dir = filepath.Join(s.fresh(), "house")
	return dir, h.book.clone(), copyTree(dir, h.dir)
}

// span is how long something takes here, the median of three.
func span(t testing.TB, run func() (time.Duration, error)) time.Duration {
	t.Helper()
	var all [3]time.Duration
	for i := range all {
		d, err := run()
		if err != nil {
			t.Fatal(err)
		}
		all[i] = d
	}
	return max(min(all[0], all[1]), min(max(all[0], all[1]), all[2]))
}

func passwordFile(t testing.TB) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(house.OwnerPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

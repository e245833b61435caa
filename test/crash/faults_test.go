package crash

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/test/house"
)

// tenant lives in a house on a disk of its own.
type tenant struct {
	t     testing.TB
	home  home
	place string // the disk
	dir   string
	live  *house.House
	owner *house.Person
	c     *caller

	imports []int // the first slots of what was tried to be imported
}

func moveIn(t testing.TB, size string) *tenant {
	t.Helper()
	place := disk(t, size)
	n := &tenant{t: t, home: furnish(t, 0, 40, ""), place: place, dir: filepath.Join(place, "house")}
	// With holes, as a file grows by itself, and sure to be there.
	command(t, "cp", "-r", "--sparse=always", n.home.dir, n.dir)
	command(t, "sync", "-f", n.dir)
	n.open()
	return n
}

func (n *tenant) open() {
	n.t.Helper()
	n.live = house.Start(n.t, house.Options{Dir: n.dir, Plain: true, Binary: program(n.t)})
	n.owner = n.live.Owner()
	n.c = newCaller(n.live.Local, n.owner.Access)
}

// run runs a command on the house, and gives what it said and its exit code.
func (n *tenant) run(words ...string) (string, int) {
	n.t.Helper()
	p, err := start(append([]string{program(n.t)}, words...)...)
	if err != nil {
		n.t.Fatal(err)
	}
	code, err := p.wait()
	if err != nil {
		n.t.Fatal(err)
	}
	return p.said(), code
}

func (n *tenant) onHouse(words ...string) (string, int) {
	return n.run(append(words, "--data", n.dir)...)
}

// refusedClearly wants of an error that it is a no, of one of those codes, that
// says what happened and what to do.
func refusedClearly(err error, codes []string) error {
	no := new(refusal)
	if !errors.As(err, &no) {
		return fmt.Errorf("got %v", err)
	}
	if no.Status != 503 || !slices.Contains(codes, no.Problem.Code) || no.Problem.Text == "" || no.Problem.Hint == "" {
		return fmt.Errorf("got %v, want one of %v", no, codes)
	}
	return nil
}

// suffers wants each write to be refused clearly, and reading to go on. Of a
// disk that is full a small one may fit into what the file has taken before.
func (n *tenant) suffers(codes ...string) {
	t, b := n.t, n.home.book
	t.Helper()
	_, ids, err := n.c.sync()
	if err != nil {
		t.Fatal(err)
	}
	mayFit := slices.Contains(codes, "store.full")
	first := 100 + 3000*len(n.imports)
	n.imports = append(n.imports, first)
	if mayFit {
		_ = n.c.bulk(b, first, 2900) // takes what room there is
	}
	tries := []struct {
		what string
		mark int
		try  func(mark int) error
	}{
		{"saving", b.begin(first, false), func(mark int) error { return n.c.ask("POST", "/api/ciphers", login(first, mark, 6000), nil) }},
		{"changing", b.begin(1, false), func(mark int) error { return n.c.ask("PUT", "/api/ciphers/"+ids[1], login(1, mark, 6000), nil) }},
		{"importing", 0, func(int) error { return n.c.bulk(b, first+1, 2900) }},
	}
	for _, w := range tries {
		err := w.try(w.mark)
		if err == nil && mayFit && w.mark != 0 {
			b.answered(w.mark)
			continue
		}
		if err := refusedClearly(err, codes); err != nil {
			t.Errorf("%s: %v", w.what, err)
		}
	}
	answer := n.owner.Token()
	var said struct {
		Problem struct{ Code, Text, Hint string }
	}
	answer.Into(t, &said)
	if fits := mayFit && answer.Status == 200; !fits && (answer.Status != 503 || !slices.Contains(codes, said.Problem.Code)) {
		t.Errorf("signing in: %d %s", answer.Status, answer.Body)
	}
	marks, _, err := n.c.sync()
	if err == nil {
		err = b.compare(marks)
	}
	if err != nil {
		t.Errorf("reading: %v", err)
	}
	if status, _ := n.onHouse("status"); !strings.Contains(status, "trouble: "+said.Problem.Text) && !strings.Contains(status, "trouble: The disk is full") {
		t.Errorf("status does not say it:\n%s", status)
	}
}

// thrives wants all to be well again, soon and without anybody's doing.
func (n *tenant) thrives() {
	t := n.t
	t.Helper()
	var status string
	for end := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		slot := 501
		mark := n.home.book.begin(slot, false)
		err := n.c.ask("POST", "/api/ciphers", login(slot, mark, 100), nil)
		if err == nil {
			n.home.book.answered(mark)
		}
		status, _ = n.onHouse("status")
		if err == nil && !strings.Contains(status, "trouble: ") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("it does not recover: %v\n%s", err, status)
		}
		if err == nil { // one of each slot is enough
			_, ids, _ := n.c.sync()
			n.home.book.begin(slot, true)
			_ = n.c.ask("DELETE", "/api/ciphers/"+ids[slot], nil, nil)
		}
	}
	if answer := n.owner.Token(); answer.Status != 200 {
		t.Errorf("signing in: %d %s", answer.Status, answer.Body)
	}
	if said, code := n.onHouse("doctor"); code != 0 {
		t.Errorf("doctor says:\n%s", said)
	}
	n.reads()
}

func (n *tenant) reads() {
	n.t.Helper()
	marks, _, err := n.c.sync()
	if err == nil {
		err = n.home.book.compare(marks)
	}
	if err != nil {
		n.t.Errorf("what is served: %v", err)
	}
}

// ends stops the house and looks at what it left.
func (n *tenant) ends() {
	n.t.Helper()
	n.live.Stop()
	if err := settled(n.dir, n.home.book); err != nil {
		n.t.Error(err)
	}
}

// leavesNothing wants of a backup and a restore that fail that they say why and
// leave the house and the folders as they were.
func (n *tenant) leavesNothing() {
	t := n.t
	t.Helper()
	two := func(what, said string, code int) {
		t.Helper()
		lines := strings.Split(strings.TrimSpace(said), "\n")
		if code != 1 || len(lines) < 2 || !strings.HasPrefix(lines[len(lines)-2], "latchkey: ") || !strings.HasPrefix(lines[len(lines)-1], "  ") {
			t.Errorf("%s ended with %d and said:\n%s", what, code, said)
		}
	}
	before := names(n.place)
	said, code := n.onHouse("backup", "create")
	two("a backup", said, code)
	said, code = n.onHouse("backup", "create", "--out", filepath.Join(n.place, "out.age"))
	two("a backup to a file there", said, code)
	said, code = n.run("backup", "restore", n.home.backup, "--kit", n.home.kit, "--data", filepath.Join(n.place, "other", "house"))
	two("a restore", said, code)
	after := slices.DeleteFunc(names(n.place), func(name string) bool {
		return name == "other" || name == "house/backups" // folders
	})
	if !slices.Equal(after, slices.DeleteFunc(before, func(name string) bool { return name == "house/backups" })) {
		t.Errorf("they left %v of %v", after, before)
	}
}

// names lists what lies in the houses of a disk.
func names(place string) (all []string) {
	_ = filepath.WalkDir(place, func(path string, d os.DirEntry, err error) error {
		if path != place && err == nil && !strings.Contains(path, "lost+found") && !strings.Contains(path, ".check-") {
			all = append(all, strings.TrimPrefix(path, place+"/"))
		}
		return nil
	})
	return all
}

func TestADiskIsFull(t *testing.T) {
	t.Parallel()
	n := moveIn(t, "4G")
	lift := fill(t, n.place, n.dir, 0)
	n.suffers("store.full")
	n.leavesNothing()
	if said, code := n.onHouse("doctor"); code != 1 || !strings.Contains(said, "BAD   The disk is full") {
		t.Errorf("doctor says:\n%s", said)
	}
	t.Run("and a house that starts on it serves what it has", func(t *testing.T) {
		n.live.Stop()
		n.live = house.Start(t, house.Options{Dir: n.dir, Plain: true, Binary: program(t)})
		n.c = newCaller(n.live.Local, n.c.token)
		n.reads()
		n.live.Stop()
	})
	t.Run("and no restored house takes its place", func(t *testing.T) {
		said, code := n.onHouse("backup", "restore", n.home.backup, "--kit", n.home.kit, "--replace")
		if code != 1 || !strings.Contains(said, "latchkey: ") {
			t.Errorf("it ended with %d and said:\n%s", code, said)
		}
	})
	lift()
	if err := settled(n.dir, n.home.book); err != nil {
		t.Fatal(err)
	}
	n.open()
	lift = fill(t, n.place, n.dir, 0)
	n.suffers("store.full")
	lift()
	n.thrives()
	n.ends()
}

func TestADiskFails(t *testing.T) {
	t.Parallel()
	wants(t, "strace")
	for what, f := range map[string]fault{
		"when it writes": failing("pwrite64", ""),
		"when it syncs":  failing("fdatasync", ""),
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			n := moveIn(t, "4G")
			lift := f(t, n.place, n.dir, n.live.PID())
			n.suffers("store.disk")
			lift()
			n.thrives()
			n.ends()
		})
	}
	t.Run("when it syncs what makes a write count", func(t *testing.T) {
		t.Parallel()
		n := moveIn(t, "4G")
		lift := failing("fdatasync", "2+2")(t, n.place, n.dir, n.live.PID())
		var err error
		for slot := 600; slot < 640; slot++ {
			mark := n.home.book.begin(slot, false)
			if err = n.c.ask("POST", "/api/ciphers", login(slot, mark, 100), nil); err == nil {
				n.home.book.answered(mark)
			}
			if no := new(refusal); errors.As(err, &no) && no.Problem.Code == "store.stopped" {
				break
			}
		}
		if err := refusedClearly(err, []string{"store.stopped"}); err != nil {
			t.Fatal(err)
		}
		n.suffers("store.stopped")
		lift()
		n.suffers("store.stopped") // what is true is decided by opening the file
		n.live.Kill()
		if err := settled(n.dir, n.home.book); err != nil {
			t.Fatal(err)
		}
		n.open()
		n.thrives()
		n.ends()
	})
}

func TestADiskIsLocked(t *testing.T) {
	t.Parallel()
	n := moveIn(t, "4G")
	lock(t, n.place, n.dir, n.live.PID())
	n.suffers("store.readonly", "store.disk", "store.stopped")
	n.leavesNothing()
	if said, code := n.onHouse("doctor"); code != 1 || !strings.Contains(said, "BAD   The disk can't be written any more.") {
		t.Errorf("doctor says:\n%s", said)
	}
	n.live.Kill()
	t.Run("and a house that starts on it says why it does not", func(t *testing.T) {
		said, code := n.run(serveWords("", n.dir)[1:]...)
		if code != 1 || !strings.Contains(said, "can't be used") {
			t.Errorf("it ended with %d and said:\n%s", code, said)
		}
	})
	t.Run("and mended, it has all that was acknowledged", func(t *testing.T) {
		image := filepath.Join(filepath.Dir(n.place), "image")
		command(t, "umount", n.place)
		_, _ = start("e2fsck", "-fy", image)
		time.Sleep(time.Second)
		command(t, "mount", "-o", "loop", image, n.place)
		if err := settled(n.dir, n.home.book); err != nil {
			t.Fatal(err)
		}
		n.open()
		n.thrives()
		n.ends()
	})
}

// TestWhatCantBeToldIsNoTrouble starts a house whose log and console take
// nothing, as on a full disk.
func TestWhatCantBeToldIsNoTrouble(t *testing.T) {
	t.Parallel()
	h := furnish(t, 0, 3, "")
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("there is no /dev/full here: %v", err)
	}
	defer func() { _ = full.Close() }()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.Addr().String()
	_ = free.Close()
	cmd := exec.Command(program(t), "serve", "--data", h.dir, "--listen", "127.0.0.1:0", "--local", at)
	cmd.Stdout, cmd.Stderr = full, full
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	defer func() { _ = cmd.Process.Kill() }()
	c := newCaller("http://"+strings.Replace(at, "127.0.0.1", "localhost", 1), h.token)
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		marks, _, err := c.sync()
		if err == nil {
			err = h.book.compare(marks)
		}
		if err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	live := house.At(t, c.url, filepath.Join(h.dir, "local-ca.pem"), house.Options{})
	live.Owner().Must("GET", "/api/sync", nil, nil)
}

package power

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/test/house"
)

func TestMain(m *testing.M) {
	if os.Getenv(judging) != "" {
		os.Exit(serveJudge(os.Stdin, os.Stdout))
	}
	if words := os.Getenv(working); words != "" {
		os.Exit(work(words))
	}
	os.Exit(m.Run())
}

// How many states of each history are judged: hundreds of all in a test,
// thousands of each in make crash.
func most() int {
	if n, err := strconv.Atoi(os.Getenv("LATCHKEY_POWER_STATES")); err == nil {
		return n
	}
	return 150
}

// seed is a new one each time, printed with the result, unless it is given.
func seed() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("LATCHKEY_POWER_SEED"), 10, 64); err == nil {
		return n
	}
	return rand.Uint64() >> 32
}

// folder is one whose path is short enough for a socket in it: a longer one is
// bound by another way, which the replay does not know.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "power-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// setUp makes a house with an owner, by the command line.
func setUp(t *testing.T, run func(binary string, args ...string), dir string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(house.OwnerPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(house.Binary(t), "setup", "--local", "--email", house.OwnerEmail, "--password-file", file, "--data", dir)
}

func plainly(t *testing.T) func(binary string, args ...string) {
	return func(binary string, args ...string) {
		t.Helper()
		if out, err := exec.Command(binary, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// whole is what every house must be after a cut.
func whole(f found) error {
	switch {
	case f.Refused != "":
		return fmt.Errorf("it does not open: %s", f.Refused)
	case f.Findings != "":
		return fmt.Errorf("the full check found %s", f.Findings)
	}
	return nil
}

func TestPowerFailsWhileAHouseIsMade(t *testing.T) {
	d, q, fits := creation(t, folder(t))
	check(t, d, q, most(), seed(), fits)
}

// setUpMark is of what `setup` says when it is done.
const setUpMark = 1

func fitsCreation(acked map[int]bool, f found, _ string) error {
	if acked[setUpMark] && (!f.Made || f.People != 1) {
		return fmt.Errorf("it was set up, and now: made %v, %d people", f.Made, f.People)
	}
	return whole(f)
}

func TestPowerFailsWhileTheSealKeyIsClosed(t *testing.T) {
	root, credentials := folder(t), t.TempDir()
	dir := filepath.Join(root, "house")
	setUp(t, plainly(t), dir)
	key := bytes.Repeat([]byte{7}, 32)
	if err := os.WriteFile(filepath.Join(credentials, "machine.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	const closed = 1
	d := record(t, root, map[string]int{"its data lies in": closed}, func(r *recorder) {
		cmd := r.launch(house.Binary(t), "status", "--data", dir)
		cmd.Env = append(cmd.Env, "CREDENTIALS_DIRECTORY="+credentials)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	})
	text, err := os.ReadFile(filepath.Join(dir, "seal.key"))
	if err != nil || bytes.Contains(text, []byte("\nkey ")) {
		t.Fatalf("seal.key shows its key, %v", err)
	}
	check(t, d, question{House: "house", MachineKey: key}, most(), seed(), func(_ map[int]bool, f found, _ string) error {
		if !f.Made || f.People != 1 || f.KeyOpen {
			return fmt.Errorf("made %v, %d people, the key is open: %v", f.Made, f.People, f.KeyOpen)
		}
		return whole(f)
	})
}

// writers ask for writes at the same time, each of its own slots.
type writers struct {
	t     *testing.T
	h     *house.House
	p     *house.Person
	marks atomic.Int64
	mu    sync.Mutex
	book  book
}

// serve starts the recorded house with an owner signed in, over a door whose
// answers a trace can read.
func serve(t *testing.T, r *recorder, dir string) *writers {
	t.Helper()
	h := house.Start(t, house.Options{Dir: dir, Plain: true, Launch: r.launch})
	h.URL = h.Local
	return &writers{t: t, h: h, p: h.Owner(), book: make(book)}
}

func (w *writers) note(do func(mark int)) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	mark := int(w.marks.Add(1))
	do(mark)
	return mark
}

func (w *writers) ask(c *http.Client, mark int, method, path string, body, answer any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(method, w.h.URL+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+w.p.Access)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(markHeader, strconv.Itoa(mark))
	got, err := c.Do(request)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	if got.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s", method, path, got.Status)
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(got.Body).Decode(answer)
}

func login(slot, mark int) map[string]any {
	return map[string]any{"type": 1, "name": nameOf(slot, mark), "login": map[string]any{"username": nameOf(slot, mark)}}
}

// run makes, changes and removes things in a few slots of its own.
func (w *writers) run(first, slots, writes int) error {
	c := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableCompression: true}}
	defer c.CloseIdleConnections()
	ids := make(map[int]string)
	for range writes {
		slot := first + rand.IntN(slots)
		var err error
		switch id, known := ids[slot]; {
		case !known:
			var made struct{ ID string }
			mark := w.note(func(mark int) { w.book.write(slot, mark) })
			err = w.ask(c, mark, "POST", "/api/ciphers", login(slot, mark), &made)
			ids[slot] = made.ID
		case rand.IntN(4) == 0:
			mark := w.note(func(mark int) { w.book.drop(slot, mark) })
			err = w.ask(c, mark, "DELETE", "/api/ciphers/"+id, nil, nil)
			delete(ids, slot)
		default:
			mark := w.note(func(mark int) { w.book.write(slot, mark) })
			err = w.ask(c, mark, "PUT", "/api/ciphers/"+id, login(slot, mark), nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// together runs n of them.
func (w *writers) together(n, slots, writes int) {
	w.t.Helper()
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = w.run(i*slots, slots, writes) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *writers) fits(acked map[int]bool, f found, _ string) error {
	if !f.Made || f.People != 1 {
		return fmt.Errorf("the house is empty: made %v, %d people", f.Made, f.People)
	}
	return errors.Join(whole(f), w.book.compare(acked, f.Marks))
}

func TestPowerFailsWhileThingsAreSaved(t *testing.T) {
	d, q, fits := saves(t, folder(t))
	check(t, d, q, most(), seed(), fits)
}

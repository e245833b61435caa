package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/appliance/account"
)

const (
	crashWriters = 5
	// A house lives through so many kills before a new one is made, so that
	// creation is killed as well and the full check stays quick.
	crashLives = 20
	// A life ends so long after it began, at most.
	crashSpan = 60 * time.Millisecond
)

// crashCycles is how often to kill: hundreds in a test, thousands in make
// crash, a few for each save.
func crashCycles(t *testing.T) int {
	if n, err := strconv.Atoi(os.Getenv("LATCHKEY_CRASH_CYCLES")); err == nil {
		return n
	}
	if testing.Short() || os.Getenv("LATCHKEY_QUICK") != "" {
		return 10
	}
	return 200
}

// TestCrashKeepsEveryAcknowledgedWrite kills a process that writes in many
// ways, at a random moment, again and again. After each kill the file opens,
// holds all that was acknowledged, of each unanswered write all or nothing,
// and passes the full check, which also wants every page reachable or free.
func TestCrashKeepsEveryAcknowledgedWrite(t *testing.T) {
	var dir string
	var m *model
	acknowledged, killed := 0, 0
	for cycle := range crashCycles(t) {
		if cycle%crashLives == 0 {
			dir, m = filepath.Join(t.TempDir(), "data"), newModel()
		}
		n, err := m.live(dir, cycle)
		if err != nil {
			t.Fatalf("cycle %d: %v", cycle, err)
		}
		acknowledged += n
		killed++
		if err := m.compare(dir); err != nil {
			t.Fatalf("cycle %d: after the kill: %v", cycle, err)
		}
		key, _ := os.ReadFile(filepath.Join(dir, keyName))
		if r := Check(filepath.Join(dir, fileName), key); !r.Clean() {
			t.Fatalf("cycle %d: the full check found %v", cycle, &r)
		}
	}
	t.Logf("%d kills, %d acknowledged writes, none lost", killed, acknowledged)
}

// model is what the file must hold: the number last written to each key, 0 for
// none; and for each writer the write that was begun and not answered.
type model struct {
	kept  map[string]int
	begun [crashWriters]map[string]int
}

func newModel() *model { return &model{kept: make(map[string]int)} }

// live runs a child on dir, kills it at a random moment, and takes in what it
// said: "B writer key=n ..." before a write, "A writer" after its answer.
func (m *model) live(dir string, cycle int) (acknowledged int, err error) {
	cmd := child("write", dir, strconv.Itoa(cycle))
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	time.AfterFunc(rand.N(crashSpan), func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "A") {
			acknowledged++
		}
		if err := m.hear(lines.Text()); err != nil {
			return 0, err
		}
	}
	err = cmd.Wait()
	if cmd.ProcessState.Exited() {
		return 0, fmt.Errorf("the child was not killed but ended: %w", err)
	}
	return acknowledged, nil
}

func (m *model) hear(line string) error {
	words := strings.Fields(line)
	if len(words) < 2 {
		return nil // cut by the kill
	}
	w, err := strconv.Atoi(words[1])
	if err != nil {
		return fmt.Errorf("the child said %q", line)
	}
	if words[0] == "A" {
		m.settle(w, true)
		return nil
	}
	m.begun[w] = make(map[string]int)
	for _, change := range words[2:] {
		key, n, _ := strings.Cut(change, "=")
		if m.begun[w][key], err = strconv.Atoi(n); err != nil {
			return fmt.Errorf("the child said %q", line)
		}
	}
	return nil
}

func (m *model) settle(w int, kept bool) {
	if kept {
		for key, n := range m.begun[w] {
			m.kept[key] = n
		}
	}
	m.begun[w] = nil
}

// compare opens the house as the next start would, and reads all of it.
func (m *model) compare(dir string) (err error) {
	made, err := Made(dir)
	if err != nil {
		return fmt.Errorf("looking: %w", err)
	}
	if !made {
		if len(m.kept) > 0 {
			return errors.New("the house is gone")
		}
		if err := Create(dir, nil); err != nil {
			return fmt.Errorf("creating after a killed creation: %w", err)
		}
	}
	s, err := Open(testContext, Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("opening: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	found, err := readAll(s)
	if err != nil {
		return err
	}
	for w := range m.begun {
		kept, err := m.whole(w, found)
		if err != nil {
			return err
		}
		m.settle(w, kept)
	}
	for key, n := range m.kept {
		if found[key] != n {
			return fmt.Errorf("%s is %d, and %d was acknowledged", key, found[key], n)
		}
	}
	for key, n := range found {
		if m.kept[key] != n {
			return fmt.Errorf("%s is %d, which nobody has written", key, n)
		}
	}
	return nil
}

// whole says whether writer w's unanswered write is there; half of it is an
// error.
func (m *model) whole(w int, found map[string]int) (kept bool, err error) {
	there, changes := 0, 0
	for key, n := range m.begun[w] {
		if m.kept[key] == n {
			continue // it changes nothing
		}
		changes++
		if found[key] == n {
			there++
		}
	}
	if there != 0 && there != changes {
		return false, fmt.Errorf("half of a write is there: %v", m.begun[w])
	}
	return there > 0, nil
}

// crashChild writes until it is killed.
func crashChild(args []string) int {
	dir := args[0]
	cycle, err := strconv.Atoi(args[1])
	if err != nil {
		return complain(err)
	}
	if made, err := Made(dir); err != nil {
		return complain(err)
	} else if !made {
		if err := Create(dir, nil); err != nil {
			return complain(err)
		}
	}
	s, err := Open(testContext, Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return complain(err)
	}
	said := &teller{out: os.Stdout}
	var all sync.WaitGroup
	for w := range crashWriters {
		all.Go(func() { (&crashWriter{s: s, w: w, owner: crashOwner(w), said: said, n: cycle * 1_000_000}).run() })
	}
	all.Wait()
	return 0
}

// teller says whole lines, each in one system call, so that a kill loses none
// that was said.
type teller struct {
	mu  sync.Mutex
	out io.Writer
}

func (t *teller) say(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.out, format+"\n", args...)
}

func crashOwner(w int) account.UserID {
	return account.UserID(fmt.Sprintf("00000000-0000-7000-8000-%012d", w))
}

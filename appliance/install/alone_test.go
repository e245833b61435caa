package install

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// locks tries the lock that the store takes.
func locks(t *testing.T, path string) (free bool) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

func TestAlone(t *testing.T) {
	t.Run("nobody starts or opens the house from its copy to its swap, and the upgrade goes on", func(t *testing.T) {
		m := lived(t)
		c := m.config("2.0.0", "")
		var tried []string
		c.reached = func(step string) {
			switch step {
			case "copied", "tried", "kept aside", "swapping":
				tried = append(tried, step)
				if locks(t, m.place.at(DataDir+"/latchkey.db")) || locks(t, m.place.at(DataDir)) {
					t.Errorf("at %q the house can be opened", step)
				}
				fallthrough
			case "marked", "stopped", "house swapped", "program swapped":
				wantProblem(t, m.boot(t.Context()), "install.busy")
			}
		}
		if _, err := Install(t.Context(), c); err != nil || m.whole() != wholeNew {
			t.Errorf("it is %q, %v", m.whole(), err)
		}
		if len(tried) != 4 {
			t.Errorf("it was tried at %v", tried)
		}
	})
	t.Run("nobody starts it while the way back is under way", func(t *testing.T) {
		m := lived(t)
		c := m.config("2.0.0", "start")
		n := 0
		c.reached = func(step string) {
			if strings.HasPrefix(step, "undo: ") && step != "undo: unmarked" {
				n++
				wantProblem(t, m.boot(t.Context()), "install.busy")
			}
		}
		_, err := Install(t.Context(), c)
		wantProblem(t, err, "install.undone")
		if m.whole() != wholeOld || n < 3 {
			t.Errorf("it is %q after %d tries", m.whole(), n)
		}
	})
	t.Run("one who has the house open keeps the old version, with what is saved", func(t *testing.T) {
		m := lived(t)
		f, err := os.Open(m.place.at(DataDir + "/latchkey.db"))
		if err != nil {
			t.Fatal(err)
		}
		c := m.config("2.0.0", "")
		c.reached = func(step string) {
			switch step {
			case "stopped":
				err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
			case "undo: stopped":
				err = errors.Join(err, f.Close())
			}
		}
		_, failed := Install(t.Context(), c)
		wantProblem(t, failed, "install.inuse")
		if err != nil || m.whole() != wholeOld {
			t.Errorf("it is %q, %v", m.whole(), err)
		}
	})
	t.Run("a house that does not end is not swapped", func(t *testing.T) {
		m := lived(t)
		c := m.config("2.0.0", "")
		c.reached = func(step string) {
			switch step {
			case "tried":
				m.up, m.stuck = true, true
			case "undo: stopped":
				m.up, m.stuck = false, false
			}
		}
		_, err := Install(t.Context(), c)
		wantProblem(t, err, "install.running")
		if m.whole() != wholeOld {
			t.Errorf("it is %q", m.whole())
		}
	})
	t.Run("one that passes while it is being stopped is not undone", func(t *testing.T) {
		m := lived(t)
		c := m.config("2.0.0", "silent")
		c.reached = func(step string) {
			if step == "undo: stopped" {
				if err := m.place.Passed(m.place.at(DataDir)); err != nil {
					t.Error(err)
				}
			}
		}
		if _, err := Install(t.Context(), c); err == nil || m.whole() != wholeNew {
			t.Errorf("it is %q, %v", m.whole(), err)
		}
	})
}

func TestHold(t *testing.T) {
	for name, path := range map[string]string{"the file": "latchkey.db", "the folder, where one is made": "."} {
		t.Run("it waits for who has open "+name+", and no longer than it may", func(t *testing.T) {
			s := state(t)
			f, err := os.Open(s.at(houseName, path))
			if err != nil {
				t.Fatal(err)
			}
			if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
				t.Fatal(err)
			}
			if _, err := s.hold(t.Context(), 0); err == nil {
				t.Error("two hold it")
			}
			time.AfterFunc(10*time.Millisecond, func() { _ = f.Close() })
			release, err := s.hold(t.Context(), 20*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			if locks(t, s.at(houseName, "latchkey.db")) || locks(t, s.at(houseName)) {
				t.Error("it is held by nobody")
			}
			release()
			if !locks(t, s.at(houseName, "latchkey.db")) || !locks(t, s.at(houseName)) {
				t.Error("it is held for ever")
			}
		})
	}
	t.Run("a folder without a house in it is held, too", func(t *testing.T) {
		s := stateFolder{t.TempDir()}
		if err := os.Mkdir(s.at(houseName), 0o700); err != nil {
			t.Fatal(err)
		}
		release, err := s.hold(t.Context(), 0)
		if err != nil || locks(t, s.at(houseName)) {
			t.Fatalf("it is not: %v", err)
		}
		release()
	})
	t.Run("it says that it holds it, and does until it is asked to end", func(t *testing.T) {
		s := state(t)
		ctx, cancel := context.WithCancel(t.Context())
		said := writing(func(p string) {
			if p != holding+"\n" || locks(t, s.at(houseName, "latchkey.db")) {
				t.Errorf("it said %q", p)
			}
			cancel()
		})
		if err := Hold(ctx, s.dir, said); err != nil || !locks(t, s.at(houseName, "latchkey.db")) {
			t.Errorf("Hold = %v", err)
		}
	})
}

type writing func(string)

func (w writing) Write(p []byte) (int, error) { w(string(p)); return len(p), nil }

func TestWhile(t *testing.T) {
	sh := func(script string, fn func(context.Context)) Command {
		return Command{Name: "sh", Args: []string{"-c", script}, Until: "ready", While: fn}
	}
	t.Run("a command goes on while something is done", func(t *testing.T) {
		mark := filepath.Join(t.TempDir(), "mark")
		_, err := Machine{}.Run(t.Context(), sh("trap 'rm "+mark+"; exit 0' TERM; touch "+mark+"; echo ready; while :; do sleep 0.01; done", func(context.Context) {
			if !exists(mark) {
				t.Error("it is not there")
			}
		}))
		if err != nil || exists(mark) {
			t.Errorf("it was not asked to end: %v", err)
		}
	})
	t.Run("what is done hears that the command has ended", func(t *testing.T) {
		_, err := Machine{}.Run(t.Context(), sh("echo ready; exit 3", func(ctx context.Context) { <-ctx.Done() }))
		if err == nil {
			t.Error("nobody heard of it")
		}
	})
	t.Run("a command that is never ready leaves it undone", func(t *testing.T) {
		_, err := Machine{}.Run(t.Context(), sh("exit 0", func(context.Context) { t.Error("it was done") }))
		if err == nil {
			t.Error("it succeeded")
		}
	})
}

package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"latchkey/appliance/problem"
)

func quiet(dir string) Config { return Config{Dir: dir, Log: slog.New(slog.DiscardHandler)} }

// wantProblem fails unless err is a problem of that code with two sentences.
func wantProblem(t *testing.T, err error, code string) {
	t.Helper()
	var p *problem.Problem
	if !errors.As(err, &p) || p.Code != code {
		t.Errorf("got %v, want problem %s", err, code)
		return
	}
	if p.Text == "" || p.Hint == "" {
		t.Errorf("problem %s leaves a person without a text or a hint", code)
	}
}

func TestACreatedHouseIsForItsOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	must(t, Create(dir, nil))
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, keyName): 0o600, filepath.Join(dir, fileName): 0o600} {
		info, err := os.Stat(path)
		if must(t, err); info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
		}
	}
	names, err := os.ReadDir(dir)
	if must(t, err); len(names) != 2 {
		t.Errorf("creation left %v", names)
	}
}

func TestAFolderAndAKeyThatOthersMayReadIsTold(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	must(t, os.Mkdir(dir, 0o755))
	must(t, Create(dir, nil))
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("a folder that was there has mode %v, %v", info.Mode(), err)
	}
	for _, c := range []struct {
		folder, key os.FileMode
		want        bool
	}{{0o700, 0o600, false}, {0o700, 0o644, false}, {0o755, 0o600, false}, {0o755, 0o640, true}} {
		must(t, os.Chmod(dir, c.folder))
		must(t, os.Chmod(filepath.Join(dir, keyName), c.key))
		s, err := Open(t.Context(), quiet(dir))
		must(t, err)
		if got := s.Opening().Exposed; got != c.want {
			t.Errorf("folder %o, key %o: told %v", c.folder, c.key, got)
		}
		must(t, s.Close())
	}
}

func TestAHouseIsNeverMadeOverAnother(t *testing.T) {
	dir := t.TempDir()
	must(t, Create(dir, nil))
	before, err := os.ReadFile(filepath.Join(dir, keyName))
	must(t, err)
	wantProblem(t, Create(dir, nil), "store.exists")
	for _, lost := range []struct{ name, code string }{{keyName, "store.keyLost"}, {fileName, "store.fileLost"}} {
		t.Run("nor where only "+lost.name+" is missing", func(t *testing.T) {
			path := filepath.Join(dir, lost.name)
			must(t, os.Rename(path, path+".aside"))
			wantProblem(t, Create(dir, nil), lost.code)
			_, err := Made(dir)
			wantProblem(t, err, lost.code)
			_, err = Open(t.Context(), quiet(dir))
			wantProblem(t, err, lost.code)
			must(t, os.Rename(path+".aside", path))
		})
	}
	after, err := os.ReadFile(filepath.Join(dir, keyName))
	if must(t, err); string(after) != string(before) {
		t.Error("the key has changed")
	}
}

// The steps of a creation, at each of which a child kills itself.
var creationSteps = []string{"cleared", "key written", "file written", "prepared", "key named", "file named"}

func createChild(args []string) int {
	c := &creation{dir: args[0], reached: func(step string) {
		if step == args[1] {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}}
	if err := c.run(); err != nil {
		return complain(err)
	}
	return 0
}

func TestACreationKilledAtAnyStepResumes(t *testing.T) {
	for _, step := range creationSteps {
		t.Run("killed when it had reached: "+step, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			if err := child("create", dir, step).Run(); err == nil {
				t.Fatal("the child was not killed")
			}
			key, _ := os.ReadFile(filepath.Join(dir, keyName))
			made, err := Made(dir)
			must(t, err)
			if made != (len(key) > 0) {
				t.Errorf("made is %v with a key of %d bytes", made, len(key))
			}
			if !made {
				must(t, Create(dir, nil))
			}
			s, err := Open(t.Context(), quiet(dir))
			must(t, err)
			if resumed := s.Opening().Resumed; resumed != (step == "key named") {
				t.Errorf("resumed is %v", resumed)
			}
			must(t, s.Close())
			if after, _ := os.ReadFile(filepath.Join(dir, keyName)); len(key) > 0 && string(after) != string(key) {
				t.Error("the key has changed")
			}
			names, err := os.ReadDir(dir)
			if must(t, err); len(names) != 2 {
				t.Errorf("it left %v", names)
			}
		})
	}
	t.Run("and Create itself resumes as well", func(t *testing.T) {
		dir := t.TempDir()
		_ = child("create", dir, "key named").Run()
		must(t, Create(dir, nil))
		wantProblem(t, Create(dir, nil), "store.exists")
	})
}

func TestManyCreationsAtOnceMakeOneHouse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	results := make(chan error)
	const many = 6
	for range many {
		go func() { results <- Create(dir, nil) }()
	}
	made := 0
	for range many {
		if err := <-results; err == nil {
			made++
		} else {
			wantProblem(t, err, "store.exists")
		}
	}
	if made != 1 {
		t.Errorf("%d creations say that they made it", made)
	}
	s, err := Open(t.Context(), quiet(dir))
	must(t, err)
	must(t, s.Close())
}

func TestAFolderThatCantBeMadeOrReadIsAProblem(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	wantProblem(t, Create(filepath.Join(file, "data"), nil), "store.unreadable")
	_, err := Made(filepath.Join(file, "data"))
	wantProblem(t, err, "store.unreadable")
	_, err = Open(t.Context(), quiet(filepath.Join(t.TempDir(), "nowhere")))
	wantProblem(t, err, "store.none")
	if !strings.Contains(fmt.Sprint(err), "nowhere") {
		t.Errorf("%v does not name the folder", err)
	}
}

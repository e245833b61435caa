package power

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/appliance/install"
)

// installing puts a program into a machine, both named in words.
func installing(words string, fail bool) error {
	root, program, _ := strings.Cut(words, " ")
	m := machine{root: root, fail: fail}
	_, err := install.Install(context.Background(), m.config(m.version(program), program))
	if fail != (err != nil) {
		return fmt.Errorf("it was to fail: %v, and gave %w", fail, err)
	}
	return nil
}

// empty makes a machine on which systemd runs and nothing else.
func empty(t *testing.T, root string) {
	t.Helper()
	for _, dir := range []string{"etc/systemd/system", "run/systemd/system", "var/lib", "usr/local/bin", "tmp"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	passwd := fmt.Sprintf("latchkey:x:%d:%d::/:/bin/false\n", os.Getuid(), os.Getgid())
	if err := os.WriteFile(filepath.Join(root, "etc/passwd"), []byte(passwd), 0o600); err != nil {
		t.Fatal(err)
	}
}

// download is a program of a version where a person would have it.
func download(t *testing.T, root, version string) string {
	t.Helper()
	path := filepath.Join(root, "tmp", "latchkey-"+version)
	if err := os.WriteFile(path, []byte("program "+version+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// recordWork gives the history of a work of this program.
func recordWork(t *testing.T, root string, said map[string]int, words ...string) *disk {
	t.Helper()
	return record(t, root, said, func(r *recorder) {
		cmd := r.launch(os.Args[0])
		cmd.Env = append(cmd.Env, working+"="+strings.Join(words, " "))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", words, err, out)
		}
	})
}

const saved = 1

var saysSaved = map[string]int{"saved": saved}

func TestPowerFailsWhileTheProgramIsInstalled(t *testing.T) {
	root := folder(t)
	empty(t, root)
	d := recordWork(t, root, saysSaved, "install", root, download(t, root, newVersion))
	check(t, d, question{Machine: "."}, most(), seed(), func(acked map[int]bool, f found, dir string) error {
		text, _ := os.ReadFile(filepath.Join(dir, unit))
		if acked[saved] && (f.Program != newVersion || !f.Saved || len(text) == 0) {
			return fmt.Errorf("the program is %q, its unit %.40q, and what was saved is there: %v", f.Program, text, f.Saved)
		}
		return whole(f)
	})
}

// lived makes a machine on which the old version has kept a house.
func lived(t *testing.T, root string) {
	t.Helper()
	empty(t, root)
	if err := installing(root+" "+download(t, root, oldVersion), false); err != nil {
		t.Fatal(err)
	}
	dir := machine{root: root}.house()
	golden(t, dir, oldFormat)
	err := errors.Join(os.Mkdir(filepath.Join(dir, "backups"), 0o700), os.WriteFile(filepath.Join(dir, "backups", "a"), []byte("a backup"), 0o600),
		os.WriteFile(filepath.Join(root, unit), []byte(oldUnit), 0o644))
	if err != nil {
		t.Fatal(err)
	}
}

// The service's unit, and what the old version has in it.
const (
	unit    = "etc/systemd/system/latchkey.service"
	oldUnit = "# old\n"
)

// lives wants the one house on a machine, with the program that can open it.
func lives(f found, dir string) error {
	if f.Program != oldVersion && f.Program != newVersion {
		return fmt.Errorf("the program is %q", f.Program)
	}
	if err := whole(f); err != nil {
		return err
	}
	if f.People != 1 || f.Items != 1 {
		return fmt.Errorf("%d people and %d items with program %s", f.People, f.Items, f.Program)
	}
	text, err := os.ReadFile(filepath.Join(dir, unit))
	if (string(text) == oldUnit) != (f.Program == oldVersion) || len(text) == 0 {
		return fmt.Errorf("program %s has the unit %.40q, %w", f.Program, text, err)
	}
	text, err = os.ReadFile(filepath.Join(machine{root: dir}.house(), "backups", "a"))
	if string(text) != "a backup" {
		return fmt.Errorf("a backup in the house is %q, %w", text, err)
	}
	return nil
}

func fitsUpgrade(acked map[int]bool, f found, dir string) error {
	if acked[saved] && (f.Program != newVersion || !f.Saved) {
		return fmt.Errorf("the program is %q, and what was saved is there: %v", f.Program, f.Saved)
	}
	return lives(f, dir)
}

func TestPowerFailsWhileANewVersionTakesTheOldOnesPlace(t *testing.T) {
	d, q, fits := upgrade(t, folder(t))
	check(t, d, q, 2*most(), seed(), fits)
	t.Run("and again when the machine starts", func(t *testing.T) {
		again(t, d, q, fits, func(root string) *disk { return recordWork(t, root, saysSaved, "boot", root) })
	})
}

func TestPowerFailsWhileANewVersionThatDoesNotStartIsTakenBack(t *testing.T) {
	root := folder(t)
	lived(t, root)
	d := recordWork(t, root, nil, "install-and-fail", root, download(t, root, newVersion))
	check(t, d, question{Machine: "."}, 2*most(), seed(), func(_ map[int]bool, f found, dir string) error {
		if f.Program != oldVersion {
			return fmt.Errorf("the program is %q", f.Program)
		}
		return lives(f, dir)
	})
}

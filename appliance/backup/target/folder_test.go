package target_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"latchkey/appliance/backup/target"
	"latchkey/appliance/backup/target/targettest"
)

func TestFolderKnowsItsDisk(t *testing.T) {
	p := targettest.Folder(t)
	_, c, err := target.Check(t.Context(), p.Config, p.Env)
	if err != nil {
		t.Fatal(err)
	}
	mark := filepath.Join(p.Dir, ".latchkey-"+targettest.House)
	text, err := os.ReadFile(mark)
	if err != nil || strings.TrimSpace(string(text)) != c.Fields[target.FieldDisk] || c.Fields[target.FieldDisk] == "" {
		t.Fatalf("the mark is %q, the config has %q, %v", text, c.Fields[target.FieldDisk], err)
	}
	to := targettest.Open(t, c, p.Env)
	put := func() error { return to.Put(t.Context(), targettest.Name(0), strings.NewReader("x"), 1) }
	refused := func(t *testing.T) {
		t.Helper()
		targettest.Wants(t, put(), target.CodeNotPlugged)
		_, err := to.List(t.Context())
		targettest.Wants(t, err, target.CodeNotPlugged)
		_, err = to.Get(t.Context(), targettest.Name(0))
		targettest.Wants(t, err, target.CodeNotPlugged)
		targettest.Wants(t, to.Remove(t.Context(), targettest.Name(0)), target.CodeNotPlugged)
	}
	away := mark + ".away"
	for sentence, change := range map[string]struct{ do, undo func() error }{
		"the disk is away and the empty mount point is left": {
			func() error { return os.Rename(mark, away) }, func() error { return os.Rename(away, mark) },
		},
		"the folder is away with it": {
			func() error { return os.Rename(p.Dir, p.Dir+".away") }, func() error { return os.Rename(p.Dir+".away", p.Dir) },
		},
		"it is another disk of this house": {
			func() error { return os.WriteFile(mark, []byte("another\n"), 0o600) }, func() error { return os.WriteFile(mark, text, 0o600) },
		},
		"the mark is a pipe that nobody writes": {
			func() error {
				_ = os.Rename(mark, away)
				return syscall.Mkfifo(mark, 0o600)
			},
			func() error { return os.Rename(away, mark) },
		},
		"the mark is a link": {
			func() error {
				_ = os.Rename(mark, away)
				return os.Symlink(away, mark)
			},
			func() error { return os.Rename(away, mark) },
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			if err := change.do(); err != nil {
				t.Fatal(err)
			}
			refused(t)
			if err := change.undo(); err != nil {
				t.Fatal(err)
			}
			if _, err := to.List(t.Context()); err != nil {
				t.Errorf("plugged in again: %v", err)
			}
		})
	}
	if err := put(); err != nil {
		t.Error(err)
	}
}

func TestFolderThatWasNeverChecked(t *testing.T) {
	p := targettest.Folder(t)
	to := targettest.Open(t, p.Config, p.Env)
	targettest.Wants(t, to.Put(t.Context(), targettest.Name(0), strings.NewReader("x"), 1), target.CodeUnchecked)
	if _, err := to.List(t.Context()); err != nil {
		t.Errorf("reading it: %v", err)
	}
}

func TestFolderThatIsNone(t *testing.T) {
	p := targettest.Folder(t)
	file := filepath.Join(p.Dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{
		file: target.CodeMissing, p.Dir + "/not there": target.CodeMissing, "relative": target.CodeField, "/": target.CodeField,
		"/../..": target.CodeField, "": target.CodeField, p.Env.Data: target.CodeField, p.Env.Data + "/backups": target.CodeField,
	} {
		_, _, err := target.Check(t.Context(), p.With(target.FieldFolder, folder), p.Env)
		targettest.Wants(t, err, want)
		if folder == p.Dir+"/not there" && !strings.Contains(hint(err), "--backup-dir '"+folder+"'") {
			t.Errorf("the hint names no command: %v", hint(err))
		}
	}
}

func TestFolderOnTheSameDisk(t *testing.T) {
	p := targettest.Folder(t)
	look, _, err := target.Check(t.Context(), p.Config, p.Env)
	if err != nil || !look.SameDisk || !strings.Contains(look.Text, "same disk") {
		t.Errorf("the look is %+v, %v", look, err)
	}
	if look.FreeBytes <= 0 {
		t.Errorf("%d bytes are free", look.FreeBytes)
	}
}

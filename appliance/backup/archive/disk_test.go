//go:build linux

package archive

import (
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"latchkey/appliance/problem"
)

func newFolder(t *testing.T) (*folder, string) {
	t.Helper()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return &folder{root: root, turns: make(chan struct{}, syncsAtOnce)}, dir
}

// limited runs fn while no file may grow beyond limit bytes, which the system
// tells as it tells a full disk.
func limited(t *testing.T, limit uint64, fn func()) {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	now := before
	now.Cur = limit
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &now); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Fatal(err)
		}
	}()
	fn()
}

func TestADiskThatRefuses(t *testing.T) {
	t.Run("a file that finds no room says that the disk is full", func(t *testing.T) {
		f, _ := newFolder(t)
		out, err := f.create("latchkey.db")
		if err != nil {
			t.Fatal(err)
		}
		limited(t, 300<<10, func() {
			for err == nil {
				_, err = out.Write(make([]byte, chunk))
			}
			err = errors.Join(err, out.Close())
		})
		if got := problem.Of(notWritten(err)).Code; got != "backup.full" {
			t.Errorf("%v is %s", err, got)
		}
	})
	t.Run("no room for what was still in the buffer is an error of the close", func(t *testing.T) {
		f, _ := newFolder(t)
		out, err := f.create("latchkey.db")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(make([]byte, 2000)); err != nil {
			t.Fatal(err)
		}
		limited(t, 1000, func() { err = out.Close() })
		if got := problem.Of(notWritten(err)).Code; got != "backup.full" {
			t.Errorf("%v is %s", err, got)
		}
		if err := f.wait(); err != nil {
			t.Errorf("it was told twice: %v", err)
		}
	})
	t.Run("a sync that fails ends the work, and the first reason stays", func(t *testing.T) {
		f, dir := newFolder(t)
		gone, err := os.Create(filepath.Join(dir, "gone"))
		if err != nil {
			t.Fatal(err)
		}
		_ = gone.Close()
		f.sync(gone)
		first := f.wait()
		if !errors.Is(first, fs.ErrClosed) {
			t.Fatalf("waiting says %v", first)
		}
		if _, err := f.create("next"); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("the next part is made: %v", err)
		}
		fine, err := os.Create(filepath.Join(dir, "fine"))
		if err != nil {
			t.Fatal(err)
		}
		f.sync(fine)
		if err := f.wait(); err != first { //nolint:errorlint // the very same
			t.Errorf("then %v", err)
		}
		if got := problem.Of(notWritten(first)).Code; got != "backup.disk" {
			t.Errorf("it is %s", got)
		}
	})
	t.Run("a file is there once, and nowhere else", func(t *testing.T) {
		f, dir := newFolder(t)
		if err := os.Mkdir(filepath.Join(dir, "attachments"), 0o700); err != nil {
			t.Fatal(err)
		}
		out, err := f.create("attachments/0a")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(out.Close(), f.wait()); err != nil {
			t.Error(err)
		}
		for _, name := range []string{"attachments/0a", "../outside", "/tmp/outside", "attachments/../../outside"} {
			if out, err := f.create(name); err == nil {
				_ = out.Close()
				t.Errorf("%s was made", name)
			}
		}
	})
}

//go:build linux

package archive

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"latchkey/appliance/problem"
)

func someFolder(t *testing.T) (*folder, string) {
	t.Helper()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return newFolder(root), dir
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
		f, _ := someFolder(t)
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
		f, _ := someFolder(t)
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
		f, dir := someFolder(t)
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
		f, dir := someFolder(t)
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

// TestWhatTheDiskHas counts the files that were brought to the disk, and lets
// that fail for the last one, behind which nothing is written any more.
func TestWhatTheDiskHas(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	public, sign, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var parts []Part
	for _, name := range []string{DatabasePart, SealKeyPart, LocalCAPart} {
		parts = append(parts, Part{Name: name, Size: 3, Open: func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("abc")), nil
		}})
	}
	var file bytes.Buffer
	m := Manifest{House: "1a2b3c4d", Made: time.Unix(1_795_000_000, 0)}
	if err := Write(t.Context(), &file, []age.Recipient{identity.Recipient()}, sign, m, parts, nil); err != nil {
		t.Fatal(err)
	}
	fill := func(t *testing.T, flushed func(*os.File) error) error {
		t.Helper()
		r, err := Open(bytes.NewReader(file.Bytes()), Kit{identity, public}, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		to, _ := someFolder(t)
		to.flushed = flushed
		return r.fill(t.Context(), to, nil)
	}
	t.Run("is every file", func(t *testing.T) {
		var flushed atomic.Int64
		err := fill(t, func(f *os.File) error {
			if info, err := f.Stat(); err == nil && info.Size() == 3 {
				flushed.Add(1)
			}
			return nil
		})
		if err != nil || flushed.Load() != 3 {
			t.Errorf("%d files, %v", flushed.Load(), err)
		}
	})
	t.Run("is not the last one, and it is told", func(t *testing.T) {
		err := fill(t, func(f *os.File) error {
			if filepath.Base(f.Name()) == LocalCAPart {
				return syscall.EIO
			}
			return nil
		})
		if p := problem.Of(err); p.Code != "backup.disk" || !errors.Is(err, syscall.EIO) {
			t.Errorf("got %v", err)
		}
	})
}

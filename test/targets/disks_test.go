package targets

import (
	"context"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"latchkey/appliance/backup/target"
	"latchkey/appliance/backup/target/targettest"
	"latchkey/appliance/problem"
)

func folder(t *testing.T, dir string) targettest.Place {
	return targettest.Place{
		Env: targettest.Env(t), Dir: dir,
		Config: target.Config{ID: "f", Kind: target.KindFolder, Name: "stick", Fields: map[string]string{target.FieldFolder: dir}},
	}
}

func checked(t *testing.T, p targettest.Place) (target.Look, target.Target) {
	t.Helper()
	look, c, err := targettest.Check(t.Context(), p.Config, p.Env)
	if err != nil {
		t.Fatal(err, problem.Of(err).Cause)
	}
	return look, targettest.Open(t, c, p.Env)
}

func stream(n int64) io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{}), n) }

func put(t *testing.T, to target.Target, n int, size int64) error {
	t.Helper()
	return to.Put(t.Context(), targettest.Name(n), stream(size), size)
}

func TestAFullDisk(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(*testing.T, string) targettest.Place{"folder": folder, "OpenSSH": sshd, "Apache": apache, "nginx": nginx, "S3": gateway} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := openDir(t)
			memory(t, dir, 8)
			p := serve(t, dir)
			_, to := checked(t, p)
			if err := put(t, to, 0, 2<<20); err != nil {
				t.Fatal(err)
			}
			full := []string{target.CodeFull}
			if name == "nginx" {
				full = []string{target.CodeBroken} // it says 500 and no more
			}
			targettest.Wants(t, put(t, to, 1, 50<<20), full...) // folder, OpenSSH and Apache know it before
			// Somebody else fills it up in the middle.
			filler := filepath.Join(dir, "filler")
			source := &after{Reader: stream(5 << 20), left: 1 << 20, do: func() { fill(t, filler) }}
			err := to.Put(t.Context(), targettest.Name(2), source, 5<<20)
			targettest.Wants(t, err, full...)
			list, err := to.List(t.Context())
			if err != nil || len(list) != 1 {
				t.Errorf("afterwards the list is %v, %v", list, err)
			}
			if err := os.Remove(filler); err != nil {
				t.Fatal(err)
			}
			if err := put(t, to, 3, 4<<20); err != nil {
				t.Errorf("with room again: %v", err)
			}
		})
	}
}

// after does something once some bytes have been read.
type after struct {
	io.Reader
	left int
	do   func()
}

func (a *after) Read(b []byte) (int, error) {
	n, err := a.Reader.Read(b[:min(len(b), 64<<10)])
	if a.left -= n; a.left < 0 && a.do != nil {
		a.do()
		a.do = nil
	}
	return n, err
}

func fill(t *testing.T, path string) {
	f, err := os.Create(path)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	_, _ = io.Copy(f, stream(1<<30)) // until there is no room
}

func TestADiskThatComesAndGoes(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	memory(t, dir, 16)
	look, to := checked(t, folder(t, dir))
	if look.SameDisk || !strings.Contains(look.Text, "memory") || look.FreeBytes < 8<<20 || look.FreeBytes > 16<<20 {
		t.Errorf("the look is %+v", look)
	}
	if err := put(t, to, 0, 1<<20); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	err := put(t, to, 1, 1000)
	targettest.Wants(t, err, target.CodeReadOnly)
	if want := "sudo latchkey install --backup-dir " + dir; !strings.Contains(problem.Of(err).Hint, want) {
		t.Errorf("the hint is %q", problem.Of(err).Hint)
	}
	targettest.Wants(t, to.Remove(t.Context(), targettest.Name(0)), target.CodeReadOnly)
	if f, err := to.Get(t.Context(), targettest.Name(0)); err != nil {
		t.Errorf("reading goes on: %v", err)
	} else {
		f.Close()
	}
	_, _, err = target.Check(t.Context(), folder(t, dir).Config, targettest.Env(t))
	targettest.Wants(t, err, target.CodeReadOnly)

	// A file that is open holds up nobody who pulls the plug the right way.
	unmount(t, dir)
	targettest.Wants(t, put(t, to, 1, 1000), target.CodeNotPlugged)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("the mount point was written to: %v, %v", entries, err)
	}
}

// image formats a file and mounts it as a disk of its own.
func image(t *testing.T, install, program string, args ...string) string {
	t.Helper()
	needRoot(t)
	program = need(t, program, install)
	file := filepath.Join(t.TempDir(), "disk")
	write(t, file, "", 0o600)
	if err := os.Truncate(file, 160<<20); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(program, append(args, file)...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", program, err, out)
	}
	dir := openDir(t)
	if out, err := exec.Command("mount", "-o", "loop", file, dir).CombinedOutput(); err != nil {
		t.Skipf("mounting a disk: %s", out)
	}
	t.Cleanup(func() { unmount(t, dir) })
	return dir
}

func TestAnotherDisk(t *testing.T) {
	t.Parallel()
	dir := image(t, "e2fsprogs", "mkfs.ext4", "-q")
	look, to := checked(t, folder(t, dir))
	if look.SameDisk {
		t.Errorf("the look is %+v", look)
	}
	if err := put(t, to, 0, 3<<20); err != nil {
		t.Fatal(err)
	}
	targettest.Wants(t, put(t, to, 0, 10), target.CodeExists)
	targettest.Wants(t, put(t, to, 1, 170<<20), target.CodeFull)
}

// TestSubvolumesOfOneDisk: to stat(2) they are different devices.
func TestSubvolumesOfOneDisk(t *testing.T) {
	t.Parallel()
	dir := image(t, "btrfs-progs", "mkfs.btrfs", "-q")
	var numbers []uint64
	for _, name := range []string{"data", "backup"} {
		if out, err := exec.Command("btrfs", "subvolume", "create", filepath.Join(dir, name)).CombinedOutput(); err != nil {
			t.Fatalf("btrfs: %v: %s", err, out)
		}
		var s syscall.Stat_t
		if err := syscall.Stat(filepath.Join(dir, name), &s); err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, uint64(s.Dev))
	}
	if numbers[0] == numbers[1] {
		t.Fatalf("both are the device %d, which shows nothing", numbers[0])
	}
	p := folder(t, filepath.Join(dir, "backup"))
	p.Env.Data = filepath.Join(dir, "data")
	if look, _ := checked(t, p); !look.SameDisk {
		t.Errorf("the look is %+v", look)
	}
	p.Env.Data = t.TempDir()
	if look, _ := checked(t, p); look.SameDisk {
		t.Errorf("beside another disk the look is %+v", look)
	}
}

// TestMemoryStaysSmall sends and fetches what a small machine could not hold. Not beside others: it looks at all of
// the process.
func TestMemoryStaysSmall(t *testing.T) {
	const size, most = 96 << 20, 64 << 20
	for name, serve := range map[string]func(*testing.T, string) targettest.Place{"folder": folder, "OpenSSH": sshd, "Apache": apache, "S3": gateway} {
		t.Run(name, func(t *testing.T) {
			p := serve(t, openDir(t))
			_, to := checked(t, p)
			runtime.GC()
			ctx, cancel := context.WithCancel(t.Context())
			peak := make(chan uint64)
			go func() {
				var highest uint64
				for ctx.Err() == nil {
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					highest = max(highest, m.HeapInuse)
					time.Sleep(5 * time.Millisecond)
				}
				peak <- highest
			}()
			begun := time.Now()
			if err := put(t, to, 0, size); err != nil {
				t.Error(err)
			}
			sent := time.Since(begun)
			f, err := to.Get(t.Context(), targettest.Name(0))
			if err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, f)
			if n != size || err != nil {
				t.Errorf("%d bytes came back, %v", n, err)
			}
			_ = f.Close()
			cancel()
			highest := <-peak
			t.Logf("%d MiB: sent in %v, fetched in %v, at most %d MiB in use", size>>20, sent.Round(time.Millisecond), (time.Since(begun) - sent).Round(time.Millisecond), highest>>20)
			if highest > most {
				t.Errorf("%d MiB were in use, want at most %d", highest>>20, most>>20)
			}
		})
	}
}

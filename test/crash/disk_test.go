package crash

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// command runs a tool of the system, which has to end well.
func command(t testing.TB, words ...string) {
	t.Helper()
	if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
	}
}

// wants skips a test that needs root or a tool that is not here.
func wants(t testing.TB, tools ...string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can make a disk that fills up, fails or is locked: run make test as root")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not here: scripts/test-needs.sh installs it, or names its package", tool)
		}
	}
}

// disk is a file system of our own that is locked for writing after a fault.
func disk(t testing.TB, size string) string {
	t.Helper()
	wants(t, "mke2fs", "mount", "fallocate")
	dir := t.TempDir()
	image, place := filepath.Join(dir, "image"), filepath.Join(dir, "disk")
	if err := os.Mkdir(place, 0o700); err != nil {
		t.Fatal(err)
	}
	command(t, "truncate", "-s", size, image)
	command(t, "mke2fs", "-q", "-t", "ext4", "-m", "0", image)
	if out, err := exec.Command("mount", "-o", "loop,errors=remount-ro", image, place).CombinedOutput(); err != nil {
		t.Skipf("no disk can be mounted here: %v %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", place).Run() })
	return place
}

// A fault begins on a disk with a house that runs, and gives what ends it.
type fault func(t testing.TB, place, house string, pid int) (lift func())

// fill takes all room.
func fill(t testing.TB, place, _ string, _ int) func() {
	t.Helper()
	for n, step := 0, int64(1<<40); step >= 1<<10; n++ {
		f := filepath.Join(place, fmt.Sprint("filler", n))
		if exec.Command("fallocate", "-l", fmt.Sprint(step), f).Run() != nil {
			_ = os.Remove(f)
			step /= 2
		}
	}
	f, err := os.Create(filepath.Join(place, "filler"))
	if err != nil {
		return func() { unfill(t, place) } // not even a name fits
	}
	_, _ = io.Copy(f, strings.NewReader(strings.Repeat("x", 1<<20)))
	_ = f.Close()
	return func() { unfill(t, place) }
}

func unfill(t testing.TB, place string) {
	t.Helper()
	all, _ := filepath.Glob(filepath.Join(place, "filler*"))
	for _, f := range all {
		if err := os.Remove(f); err != nil {
			t.Error(err)
		}
	}
}

// failing lets calls on the database fail as by a disk that dies; when chooses
// which of each thread ("" all of them).
func failing(call, when string) fault {
	return func(t testing.TB, _, house string, pid int) func() {
		t.Helper()
		inject := "inject=" + call + ":error=EIO"
		if when != "" {
			inject += ":when=" + when
		}
		cmd := exec.Command("strace", "-f", "-P", filepath.Join(house, "latchkey.db"), "-e", "trace="+call, "-e", inject,
			"-o", filepath.Join(t.TempDir(), "trace"), "-p", fmt.Sprint(pid))
		told, err := cmd.StderrPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(told).ReadString('\n')
		if err != nil || !strings.Contains(line, "attached") {
			t.Fatalf("strace says %q %v", line, err)
		}
		go func() { _, _ = io.Copy(io.Discard, told) }()
		time.Sleep(100 * time.Millisecond) // it takes the threads one after the other
		return func() {
			_ = cmd.Process.Signal(os.Interrupt)
			_ = cmd.Wait()
		}
	}
}

// lock is what the system does with a disk that has a fault.
func lock(t testing.TB, place, _ string, _ int) func() {
	t.Helper()
	out, err := exec.Command("findmnt", "-n", "-o", "SOURCE", place).Output()
	if err != nil {
		t.Skipf("findmnt is not here: %v", err)
	}
	trigger := filepath.Join("/sys/fs/ext4", filepath.Base(strings.TrimSpace(string(out))), "trigger_fs_error")
	if err := os.WriteFile(trigger, []byte("1"), 0); err != nil {
		t.Skipf("this system can't be told that a disk has a fault: %v", err)
	}
	return func() {}
}

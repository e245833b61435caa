package power

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// watched are the calls that change a disk, make it sure, or answer somebody.
// Those that we could not replay are among them, so that none goes unseen.
const watched = "open,openat,openat2,creat,read,write,writev,pwrite64,pwritev,pwritev2,lseek,ftruncate,truncate,fallocate," +
	"fsync,fdatasync,sync,syncfs,sync_file_range,msync,rename,renameat,renameat2,link,linkat,symlink,symlinkat," +
	"unlink,unlinkat,rmdir,mkdir,mkdirat,copy_file_range,sendfile,splice,mmap,ioctl,bind"

// A recorder runs programs under strace and keeps what they do to one folder.
type recorder struct {
	t      testing.TB
	root   string
	traces []string
	pids   []*exec.Cmd
}

// launch prepares the program to run under strace, which stands behind it, not
// before: signals reach the program, and its number is the command's.
func (r *recorder) launch(binary string, args ...string) *exec.Cmd {
	trace := filepath.Join(r.t.TempDir(), fmt.Sprint("trace", len(r.traces)))
	words := append([]string{
		"-D", "-f", "-q", "-y", "-xx", "-s", "67108864", "--seccomp-bpf", "-e", "signal=none", "-e", "trace=" + watched, "-o", trace, binary,
	}, args...)
	cmd := exec.Command("strace", words...)
	cmd.Env = append(os.Environ(), "GODEBUG=multipathtcp=0")
	r.traces, r.pids = append(r.traces, trace), append(r.pids, cmd)
	return cmd
}

// run runs a program to its end and gives what it said.
func (r *recorder) run(binary string, args ...string) string {
	r.t.Helper()
	out, err := r.launch(binary, args...).CombinedOutput()
	if err != nil {
		r.t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// record has work done in the folder root, in which all that lies there now is
// sure, and gives the history. said are texts that a program prints when
// something is kept, with the mark of it.
func record(t testing.TB, root string, said map[string]int, work func(*recorder)) *disk {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatal("strace is not here: scripts/test-needs.sh installs it, or names its package")
	}
	d, err := newDisk(root, said)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{t: t, root: root}
	work(r)
	reader := &traceReader{begin: d.begin, end: d.end}
	for i, trace := range r.traces {
		text := r.wait(i, trace)
		if err := reader.read(bytes.NewReader(text)); err != nil {
			t.Fatalf("reading the trace: %v", err)
		}
	}
	if len(d.odd) > 0 {
		t.Fatalf("the program does what this test can't replay: %v", d.odd)
	}
	return d
}

// wait gives the trace once strace has written all of it.
func (r *recorder) wait(i int, trace string) []byte {
	r.t.Helper()
	last := fmt.Sprint(r.pids[i].Process.Pid)
	for begun := time.Now(); time.Since(begun) < time.Minute; time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(trace)
		if err != nil {
			r.t.Fatal(err)
		}
		lines := bytes.Split(bytes.TrimRight(text[max(0, len(text)-4096):], "\n"), []byte("\n"))
		for _, line := range lines {
			if words := bytes.Fields(line); len(words) > 1 && string(words[0]) == last && string(words[1]) == "+++" {
				return text
			}
		}
	}
	text, _ := os.ReadFile(trace)
	r.t.Fatalf("strace did not end; it wrote %d bytes, the last are %.2000s", len(text), text[max(0, len(text)-2000):])
	return nil
}

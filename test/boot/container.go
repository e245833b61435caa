package boot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"latchkey/test/house"
)

// container is a machine in namespaces of this one: the same kernel, clock and disk, and all else its own.
type container struct {
	base, dir, cgroup string

	process *exec.Cmd
	said    *bytes.Buffer
	over    chan error
	init    string // the process id of its systemd, as seen from here
}

var made atomic.Int32

// Container starts one, and ends it with the test. It needs root; a test that asks for it without is skipped.
func Container(t testing.TB) *Machine {
	t.Helper()
	base := image(t, "root")
	group, err := cgroups()
	if err != nil {
		t.Skip(err)
	}
	// Not t.TempDir, which is too long a path for an overlay's options and a socket's name.
	dir, err := os.MkdirTemp("", "lk-boot-")
	if err != nil {
		t.Fatal(err)
	}
	c := &container{base: filepath.Join(base, "root"), dir: dir, cgroup: filepath.Join(group, fmt.Sprintf("latchkey-boot-%d-%d", os.Getpid(), made.Add(1)))}
	m := &Machine{t, c}
	t.Cleanup(func() {
		if t.Failed() && c.process != nil {
			t.Logf("the machine said:\n%s", m.Journal())
		}
		if c.process != nil {
			c.cut(t)
		}
		_ = os.RemoveAll(dir)
	})
	c.start(t)
	return m
}

// image builds what machines are made of, once.
func image(t testing.TB, what string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("a machine is not for short tests")
	}
	if os.Getuid() != 0 {
		t.Skip("a machine needs root: it is made of namespaces and mounts")
	}
	for _, name := range []string{"mmdebstrap", "unshare", "nsenter"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("a machine needs %s, which is not here (scripts/test-needs.sh installs it)", name)
		}
	}
	var why bytes.Buffer
	command := exec.Command(filepath.Join(house.Root(), "scripts", "machine.sh"), what)
	command.Stderr = &why
	out, err := command.Output()
	if err != nil {
		t.Skipf("no machine could be made: %v: %s", err, &why) // its packages come from the network
	}
	return strings.TrimSpace(string(out))
}

var errNoCgroups = errors.New("a machine needs the unified control groups, which are mounted nowhere here")

// cgroups is where the host has the unified hierarchy.
func cgroups() (string, error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(mounts)) {
		if words := strings.Fields(line); len(words) > 2 && words[2] == "cgroup2" {
			return words[1], nil
		}
	}
	return "", errNoCgroups
}

func (c *container) start(t testing.TB) {
	t.Helper()
	if err := os.MkdirAll(c.cgroup, 0o755); err != nil {
		t.Fatal(err)
	}
	c.said = &bytes.Buffer{}
	c.process = exec.Command(filepath.Join(house.Root(), "test", "boot", "container.sh"), c.base, c.dir, c.cgroup)
	c.process.Stdout, c.process.Stderr = c.said, c.said
	// A session of its own; and when this process is killed, it goes too.
	c.process.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	c.over = make(chan error, 1)
	began := make(chan error)
	go func(process *exec.Cmd, over chan<- error) {
		// The signal is sent when the thread ends that started the process.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		began <- process.Start()
		over <- process.Wait()
	}(c.process, c.over)
	if err := <-began; err != nil {
		t.Fatalf("starting a machine: %v", err)
	}
	limit := time.Now().Add(patience)
	for !c.up() {
		select {
		case err := <-c.over:
			c.process = nil
			t.Fatalf("the machine ended at its start: %v\n%s", err, c.said)
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(limit) {
			t.Fatalf("the machine did not start within %v\n%s", patience, c.said)
		}
	}
}

// up tells whether its systemd has started what belongs to its start, failed or not.
func (c *container) up() bool {
	pid := c.process.Process.Pid
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil || len(bytes.Fields(children)) != 1 {
		return false
	}
	c.init = string(bytes.Fields(children)[0])
	if name, err := os.ReadFile("/proc/" + c.init + "/comm"); err != nil || string(name) != "systemd\n" {
		return false
	}
	out, _ := c.command(context.Background(), "systemctl", "is-system-running").Output()
	said := strings.TrimSpace(string(out))
	return said == "running" || said == "degraded"
}

func (c *container) command(ctx context.Context, words ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, "nsenter", append([]string{"-t", c.init, "-m", "-u", "-i", "-n", "-p", "-C", "--wdns=/root", "--"}, words...)...)
	command.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"}
	return command
}

func (c *container) put(t testing.TB, path string, mode os.FileMode, body []byte) {
	t.Helper()
	command := c.command(context.Background(), "sh", "-c", `cat >"$1.new" && chmod "$2" "$1.new" && mv "$1.new" "$1"`, "put", path, strconv.FormatUint(uint64(mode), 8))
	command.Stdin = bytes.NewReader(body)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("writing %s: %v\n%s", path, err, out)
	}
}

// dial connects from within its network.
func (c *container) dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	done := make(chan struct{})
	var enter func()
	enter = func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			// The first thread can't end. While this one is held, the next goroutine gets another.
			defer runtime.UnlockOSThread()
			go enter()
			<-done
			return
		}
		defer close(done)
		there, failed := os.Open("/proc/" + c.init + "/ns/net")
		if failed != nil {
			err = failed
			return
		}
		defer there.Close()
		if failed := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); failed != nil {
			err = fmt.Errorf("entering the machine's network: %w", failed)
			return
		}
		var dialer net.Dialer
		conn, err = dialer.DialContext(ctx, network, address)
	}
	go enter()
	<-done
	return conn, err
}

func (c *container) cut(t testing.TB) {
	t.Helper()
	// All processes of a namespace end with its first.
	if pid, err := strconv.Atoi(c.init); err == nil {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = c.process.Process.Kill()
	c.ended(t)
}

func (c *container) ended(t testing.TB) {
	t.Helper()
	select {
	case <-c.over:
	case <-time.After(patience):
		t.Fatalf("the machine did not switch itself off within %v", patience)
	}
	c.process, c.init = nil, ""
	if err := c.release(); err != nil {
		t.Errorf("giving back the control group: %v", err)
	}
}

// release removes its control groups, the innermost first. That is also how it sees that no process is left: one that
// was writing ends only when the disk has answered.
func (c *container) release() error {
	var err error
	for limit := time.Now().Add(patience); time.Now().Before(limit); {
		var groups []string
		_ = filepath.WalkDir(c.cgroup, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				groups = append(groups, path)
			}
			return nil
		})
		for i := len(groups) - 1; i >= 0; i-- {
			err = os.Remove(groups[i])
		}
		if _, gone := os.Stat(c.cgroup); errors.Is(gone, fs.ErrNotExist) {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

// Package targets tries the places for backups on the programs that people really run: OpenSSH, Apache, nginx and
// an S3 gateway, all on loopback with throwaway configurations.
package targets

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// need skips the test unless a program is there.
func need(t *testing.T, program, install string) string {
	t.Helper()
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/sbin") {
		path := filepath.Join(dir, program)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	t.Skipf("%s is not here (apt-get install %s)", program, install)
	return ""
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("mounting wants root")
	}
}

// free gives an address on loopback that nobody listens on.
func free(t *testing.T) (addr, port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return l.Addr().String(), port
}

// said collects what a program says, to be told when its test fails.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// start runs a server until the test ends, and waits until it listens.
func start(t *testing.T, addr string, env []string, program string, args ...string) {
	t.Helper()
	words := &said{}
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = words, words
	cmd.Env = append(os.Environ(), env...)
	// A group of its own, so that children end with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(gone)
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-gone:
		case <-time.After(5 * time.Second):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-gone
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(program), tail(words.String()))
		}
	})
	for range 500 {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
			return
		}
		select {
		case <-gone:
			t.Fatalf("%s ended: %s", filepath.Base(program), tail(words.String()))
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("%s does not listen: %s", filepath.Base(program), tail(words.String()))
}

func tail(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "\n")
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// memory mounts a small disk in memory.
func memory(t *testing.T, dir string, megabytes int) {
	t.Helper()
	needRoot(t)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, "mode=0777,size="+strconv.Itoa(megabytes)+"m"); err != nil {
		t.Skipf("mounting a tmpfs: %v", err)
	}
	t.Cleanup(func() { unmount(t, dir) })
}

// unmount is repeated, because a server may still close its files.
func unmount(t *testing.T, dir string) {
	t.Helper()
	for range 100 {
		if err := syscall.Unmount(dir, 0); err == nil || err == syscall.EINVAL {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	_ = syscall.Unmount(dir, syscall.MNT_DETACH)
}

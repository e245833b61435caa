package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Command is another program with its arguments.
type Command struct {
	Name  string
	Args  []string
	Stdin []byte
	// As is who it runs as; nil is this process's own user.
	As *Owner
	// Key is handed to it by a pipe, for MachineKey; nil hands over nothing.
	Key []byte
	// Until: once a line that it prints begins so, it has done what was wanted
	// and is asked to end. Ending earlier is then an error.
	Until string
	// While is done from that line on, before the command is asked to end; its
	// context ends when the command has ended by itself. nil does nothing.
	While func(context.Context)
}

// String is the command as a person would type it, without what is secret.
func (c Command) String() string { return strings.Join(append([]string{c.Name}, c.Args...), " ") }

// Owner is a user with its group.
type Owner struct{ UID, GID int }

// System runs programs, so that a test can stand in for a machine.
type System interface {
	// Run runs c to its end and answers what it printed. An error holds the
	// last that it said on stderr.
	Run(ctx context.Context, c Command) ([]byte, error)
}

// Machine is the real System.
type Machine struct{}

var _ System = Machine{}

// keyVariable names the descriptor from which a child reads the machine key.
const keyVariable = "LATCHKEY_MACHINE_KEY_FD"

// childPatience is how long a child may take to end when it is asked to.
const childPatience = time.Minute

// saidSize bounds what is kept of a child's complaints.
const saidSize = 4 << 10

// Run runs c. When ctx ends, c is asked to end, and killed if it doesn't.
func (Machine) Run(ctx context.Context, c Command) ([]byte, error) {
	cmd := exec.CommandContext(ctx, c.Name, c.Args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = childPatience
	cmd.Dir = "/"
	// Where this process is killed, no trial may go on behind it. The kernel
	// looks at the thread that made the child, not at the process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if c.As != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(c.As.UID), Gid: uint32(c.As.GID)}
		cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	}
	if c.Key != nil {
		r, err := handOver(c.Key)
		if err != nil {
			return nil, err
		}
		defer r.Close()
		cmd.ExtraFiles = []*os.File{r}
		cmd.Env = append(cmd.Environ(), keyVariable+"="+strconv.Itoa(3))
	}
	out, errs := &said{}, &tail{}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(c.Stdin), out, errs
	if c.Until != "" {
		out.until, out.reached = c.Until, func() { _ = cmd.Process.Signal(syscall.SIGTERM) }
	}
	ended := c.meanwhile(ctx, out)
	err := cmd.Run()
	ended()
	if err == nil && c.Until != "" && !out.done {
		err = errors.New("it ended by itself")
	}
	if err != nil {
		return out.all.Bytes(), fmt.Errorf("%s: %w: %s", c, err, strings.TrimSpace(string(errs.kept)))
	}
	return out.all.Bytes(), nil
}

// meanwhile has While done when out.reached is called, and what out.reached did
// until now after it. ended waits for it, once the command is no more.
func (c Command) meanwhile(ctx context.Context, out *said) (ended func()) {
	if c.While == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var doing sync.WaitGroup
	after := out.reached
	out.reached = func() {
		doing.Go(func() {
			c.While(ctx)
			after()
		})
	}
	return func() {
		cancel()
		doing.Wait()
	}
}

// handOver gives the reading end of a pipe that holds the key; a pipe takes so
// few bytes without a reader.
func handOver(key []byte) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("handing the machine key over: %w", err)
	}
	_, err = w.Write(key)
	if err = errors.Join(err, w.Close()); err != nil {
		_ = r.Close() // the error before says more
		return nil, fmt.Errorf("handing the machine key over: %w", err)
	}
	return r, nil
}

// said keeps what a child prints, and calls reached at a line that begins with
// until. The buffer is no embedded one, whose ReadFrom would pass Write by.
type said struct {
	all     bytes.Buffer
	until   string
	reached func()
	done    bool
}

// Write keeps p.
func (s *said) Write(p []byte) (int, error) {
	s.all.Write(p)
	if s.until == "" || s.done {
		return len(p), nil
	}
	for line := range bytes.Lines(s.all.Bytes()) {
		if bytes.HasPrefix(line, []byte(s.until)) {
			s.done = true
			s.reached()
			break
		}
	}
	return len(p), nil
}

// tail keeps the end of what a child complains of: the last lines say why.
type tail struct{ kept []byte }

// Write keeps the last bytes.
func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	t.kept = t.kept[max(0, len(t.kept)-saidSize):]
	return len(p), nil
}

package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// CheckConfig says how to run the full check.
type CheckConfig struct {
	// Command starts a program that calls CheckMain with the path that is
	// added to it as the last argument.
	Command []string
	Env     []string // nil: this process's own
}

const (
	// A child that has been killed gets so long to let go of its pipes.
	childPatience = 5 * time.Second
	complaintSize = 2 << 10 // of a crashed child's last words
)

// CheckInChild makes a hot copy in the data folder and has another process
// check all of it, because a bad page may end the process that reads it. A
// child that crashes is a finding, not an error; an error means that nothing
// could be found out (no space for the copy, no child or one that was killed,
// no memory for it, ctx ended). The copy is removed in any case.
func (s *Store) CheckInChild(ctx context.Context, c CheckConfig) (Report, error) {
	path, err := s.copyAside(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("copying for the check: %w", err)
	}
	defer func() { _ = os.Remove(path) }()
	if len(c.Command) == 0 {
		return Report{}, errors.New("store: no command for the check")
	}
	out, complaint := &limited{size: reportSize}, &limited{size: complaintSize}
	cmd := exec.CommandContext(ctx, c.Command[0], append(c.Command[1:len(c.Command):len(c.Command)], path)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(s.SealKey()), out, complaint
	cmd.Env, cmd.WaitDelay = c.Env, childPatience
	err = cmd.Run()
	if ctx.Err() != nil {
		return Report{}, ctx.Err()
	}
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		return Report{}, fmt.Errorf("running the check: %w", err)
	}
	if err == nil {
		var r Report
		if r, err = parseReport(out.b.Bytes()); err == nil {
			return r, nil
		}
	}
	if !crashed(err, complaint.b.Bytes()) {
		return Report{}, fmt.Errorf("the check ended without a report: %w: %s", err, firstLine(complaint.b.Bytes()))
	}
	r := Report{Version: Version()}
	r.add(FoundCrash, "", "%v: %s", err, firstLine(complaint.b.Bytes()))
	return r, nil
}

// crashed tells a child that fell over what it read, which speaks against the
// file, from one that was killed (a stop, or the kernel in want of memory), found
// no memory, or never came to read: that says nothing about it.
func crashed(end error, lastWords []byte) bool {
	for _, want := range []string{"out of memory", "cannot allocate memory", "fatal error: newosproc"} {
		if bytes.Contains(lastWords, []byte(want)) {
			return false
		}
	}
	if exit := new(exec.ExitError); errors.As(end, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return slices.Contains([]syscall.Signal{
				syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGABRT, syscall.SIGILL, syscall.SIGFPE, syscall.SIGTRAP,
			}, status.Signal())
		}
	}
	for _, fall := range []string{"panic:", "fatal error:", "unexpected fault address", "SIGSEGV:", "SIGBUS:"} {
		if bytes.Contains(lastWords, []byte(fall)) {
			return true
		}
	}
	return false
}

// limited keeps the first bytes and swallows the rest, so that a child never
// waits for us.
type limited struct {
	b    bytes.Buffer
	size int
}

func (l *limited) Write(p []byte) (int, error) {
	l.b.Write(p[:min(len(p), max(0, l.size-l.b.Len()))])
	return len(p), nil
}

func firstLine(b []byte) []byte {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return line
}

// CheckMain is the child's side: it reads the seal key from stdin, checks the
// copy at path and writes the report. It returns the exit code: 0 when there
// is a report, whatever it says.
func CheckMain(stdin io.Reader, stdout io.Writer, path string) int {
	key, err := io.ReadAll(io.LimitReader(stdin, 1<<10))
	if err != nil {
		return 1
	}
	if err := json.NewEncoder(stdout).Encode(Check(path, key)); err != nil {
		return 1
	}
	return 0
}

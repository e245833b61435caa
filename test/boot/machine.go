// Package boot installs the house on machines that systemd starts for real, and looks at what becomes of it there: a
// container with a Debian of its own (container.sh), or a whole machine under an emulator (vm.go), where a clock can be
// set and a power cut loses what was not synced.
package boot

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"latchkey/test/house"
)

// patience is how long a machine may take to start or stop. It is no measure of anything.
const patience = 3 * time.Minute

// A kind of machine can be started, spoken to and cut off. All of it may be called again after the machine ended.
type kind interface {
	start(t testing.TB)
	// command prepares a command that runs in the machine as root.
	command(ctx context.Context, words ...string) *exec.Cmd
	// put writes a file.
	put(t testing.TB, path string, mode os.FileMode, body []byte)
	dial(ctx context.Context, network, address string) (net.Conn, error)
	// cut ends it at once; ended waits until it switched itself off.
	cut(t testing.TB)
	ended(t testing.TB)
}

// A Machine runs a Debian with systemd and nothing else. It has no network.
type Machine struct {
	t testing.TB
	kind
}

// For is the same machine in a test within the test.
func (m *Machine) For(t testing.TB) *Machine { return &Machine{t, m.kind} }

// Do runs a command as root and gives what it printed, both ways; any other end than 0 fails the test.
func (m *Machine) Do(words ...string) string {
	m.t.Helper()
	out, err := m.Try(words...)
	if err != nil {
		m.t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
	}
	return out
}

// Try is Do for a command that may fail.
func (m *Machine) Try(words ...string) (string, error) { return m.Type("", words...) }

// Type is Try with something on its standard input.
func (m *Machine) Type(in string, words ...string) (string, error) {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	command := m.command(ctx, words...)
	command.Stdin = strings.NewReader(in)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	command.WaitDelay = time.Second // what it started may hold its ends of the pipes for ever
	err := command.Run()
	return out.String(), err
}

// Shell is Do for a line of shell.
func (m *Machine) Shell(line string) string {
	m.t.Helper()
	return m.Do("sh", "-c", line)
}

// Put writes a file into the machine.
func (m *Machine) Put(path string, mode os.FileMode, body []byte) {
	m.t.Helper()
	m.put(m.t, path, mode, body)
}

// Reboot switches the machine off in good order and on again.
func (m *Machine) Reboot() {
	m.t.Helper()
	_, _ = m.Try("systemctl", "reboot") // the machine may be gone before it answers
	m.ended(m.t)
	m.start(m.t)
}

// PowerCut cuts the machine off and switches it on again.
func (m *Machine) PowerCut() {
	m.t.Helper()
	m.cut(m.t)
	m.start(m.t)
}

// Await waits until a line of shell in the machine succeeds, and gives what it printed.
func (m *Machine) Await(what, line string) string {
	m.t.Helper()
	limit := time.Now().Add(patience)
	for {
		out, err := m.Try("sh", "-c", line)
		if err == nil {
			return out
		}
		if time.Now().After(limit) {
			m.t.Fatalf("%s: not within %v\n%s\n%s", what, patience, out, m.Journal())
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// Journal is what the house's units said last.
func (m *Machine) Journal() string {
	out, _ := m.Try("sh", "-c", "systemctl --no-pager --full status 'latchkey*' | head -n 60; journalctl --no-pager -n 60 -u 'latchkey*'")
	return out
}

// Show is a property of a unit as systemd tells it.
func (m *Machine) Show(unit, property string) string {
	m.t.Helper()
	return strings.TrimSpace(m.Do("systemctl", "show", "--value", "-p", property, unit))
}

// House is the house that runs in the machine, seen from within: reached over TLS that trusts its own root.
func (m *Machine) House() *house.House {
	m.t.Helper()
	ca := m.t.TempDir() + "/local-ca.pem"
	if err := os.WriteFile(ca, []byte(m.Do("cat", "/var/lib/latchkey/house/local-ca.pem")), 0o600); err != nil {
		m.t.Fatal(err)
	}
	return house.At(m.t, "https://localhost:8443", ca, house.Options{
		Binary: "latchkey", Dial: m.dial,
		Launch: func(binary string, args ...string) *exec.Cmd {
			return m.command(context.Background(), append([]string{binary}, args...)...)
		},
	})
}

// Package lab brings up a small internet in network namespaces (lab.sh) for a test, with the real binary in its
// home, and looks at both from every side: from another computer at home, from far away, at the authoritative
// server and at a resolver with a cache. It needs root; without it, a test that asks for a lab is skipped.
package lab

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"latchkey/test/house"
)

// The namespaces.
const (
	Inet   = "inet"   // the internet's services
	Router = "router" // the home's router
	Home   = "lan"    // the computer at home that runs Latchkey
	Desk   = "desk"   // another computer at home
	Roam   = "roam"   // somebody far away
)

// A Lab is one that is up. Each has namespaces and a folder of its own, so that several stand side by side.
type Lab struct {
	Dir  string            // keys, state and logs
	Plan map[string]string // the addresses and keys of plan.env

	t      testing.TB
	prefix string
	tools  tools
	made   atomic.Int32 // what was spawned, for names
}

// tools are what a lab is built with, made once for all labs of a process.
type tools struct{ tool, pebble string }

var build = sync.OnceValues(func() (tools, error) {
	root := house.Root()
	if err := sweep(); err != nil {
		return tools{}, err
	}
	tool := filepath.Join(root, "bin", "lab-tool")
	command := exec.Command("go", "build", "-o", tool, "./test/lab/tool")
	command.Dir = root
	if out, err := command.CombinedOutput(); err != nil {
		return tools{}, fmt.Errorf("building the lab's tool: %w\n%s", err, out)
	}
	pebble, err := exec.Command(filepath.Join(root, "scripts", "pebble.sh")).Output()
	if err != nil {
		return tools{}, fmt.Errorf("%w: %w", errPebble, err)
	}
	return tools{tool, strings.TrimSpace(string(pebble))}, nil
})

var errPebble = errors.New("the lab needs pebble, which scripts/pebble.sh could not build")

var count atomic.Int32

// needs are the programs that lab.sh calls.
var needs = []string{
	"ip", "nft", "nsenter", "unshare", "setsid", "flock", "ss", "conntrack", "miniupnpd", "knotd", "kdig", "named", "dig",
}

// Up brings a lab up, and takes it down when the test ends, however it ends. If the test failed, the ends of the
// logs are shown.
func Up(t testing.TB) *Lab {
	t.Helper()
	if testing.Short() {
		t.Skip("the lab is not for short tests")
	}
	if os.Getuid() != 0 {
		t.Skip("the lab needs root: it makes network namespaces and starts a router's programs in them")
	}
	for _, name := range needs {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("the lab needs %s, which is not here (scripts/test-needs.sh installs it)", name)
		}
	}
	made, err := build()
	if errors.Is(err, errPebble) {
		t.Skip(err) // it comes from the network
	}
	if err != nil {
		t.Fatal(err)
	}
	// Not t.TempDir: a socket's path must be short, and that of a test with a long name is not.
	dir, err := os.MkdirTemp("", "lk-lab-")
	if err != nil {
		t.Fatal(err)
	}
	l := &Lab{t: t, Dir: dir, tools: made, prefix: fmt.Sprintf("%s%d-%d-", prefix, os.Getpid(), count.Add(1))}
	t.Cleanup(func() {
		if t.Failed() {
			l.showLogs()
		}
		if out, err := l.command("down").CombinedOutput(); err != nil {
			t.Errorf("taking the lab down: %v\n%s", err, out)
		}
		_ = os.RemoveAll(dir)
	})
	if l.Plan, err = readPlan(); err != nil {
		t.Fatal(err)
	}
	l.Do("up")
	return l
}

// prefix begins the names of the namespaces, before the number of the process that made them.
const prefix = "lk-t"

// sweep takes down what a test that was killed has left behind: labs whose process is no more.
func sweep() error {
	left, err := filepath.Glob("/run/netns/" + prefix + "*-" + Inet)
	if err != nil {
		return err
	}
	for _, path := range left {
		name := strings.TrimSuffix(filepath.Base(path), Inet)
		pid, _, _ := strings.Cut(strings.TrimPrefix(name, prefix), "-")
		if _, err := strconv.Atoi(pid); err != nil {
			continue
		}
		if _, err := os.Stat("/proc/" + pid); err == nil {
			continue
		}
		command := exec.Command(script(), "down")
		command.Env = append(os.Environ(), "LAB_PREFIX="+name, "LAB="+filepath.Join(os.TempDir(), "latchkey-lab-left"))
		if out, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("taking down a lab that was left: %w\n%s", err, out)
		}
	}
	return nil
}

func folder() string {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		panic("lab: the test binary does not know its own source")
	}
	return filepath.Dir(file)
}

func script() string { return filepath.Join(folder(), "lab.sh") }

func readPlan() (map[string]string, error) {
	file, err := os.Open(filepath.Join(folder(), "plan.env"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	plan := map[string]string{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if name, value, found := strings.Cut(lines.Text(), "="); found && !strings.HasPrefix(name, "#") {
			plan[name] = value
		}
	}
	return plan, lines.Err()
}

func (l *Lab) command(words ...string) *exec.Cmd {
	command := exec.Command(script(), words...)
	command.Env = append(os.Environ(), "LAB="+l.Dir, "LAB_PREFIX="+l.prefix, "LAB_TOOL="+l.tools.tool, "LAB_PEBBLE="+l.tools.pebble)
	return command
}

// Do runs a command of lab.sh, such as "renumber", "--hot", and fails the test where that fails.
func (l *Lab) Do(words ...string) string {
	l.t.Helper()
	out, err := l.command(words...).CombinedOutput()
	if err != nil {
		l.t.Fatalf("lab.sh %s: %v\n%s", strings.Join(words, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// Command prepares a program to run in a namespace. What is started is the program itself, so that a signal
// reaches it.
func (l *Lab) Command(ns string, words ...string) *exec.Cmd {
	return l.command(append([]string{"exec", ns}, words...)...)
}

// Exec runs a program in a namespace to its end and gives what it said.
func (l *Lab) Exec(ns string, words ...string) (string, error) {
	out, err := l.Command(ns, words...).CombinedOutput()
	return string(out), err
}

// Spawn starts a program in a namespace; it ends with the lab, or by the function that comes back.
func (l *Lab) Spawn(ns string, words ...string) (stop func()) {
	l.t.Helper()
	name := fmt.Sprintf("spawned-%d", l.made.Add(1))
	l.Do(append([]string{"spawn", name, ns}, words...)...)
	return func() { l.Do("stop", name) }
}

// Tool is the path of the lab's own tool, for Spawn.
func (l *Lab) Tool() string { return l.tools.tool }

// WAN is the router's address now, behind another box the one that it has there.
func (l *Lab) WAN() string { return l.state("wan_ip") }

// Private is the address at home of the computer that runs Latchkey.
func (l *Lab) Private() string { return l.state("lan_ip") }

// Global is its address over IPv6.
func (l *Lab) Global() string { return l.state("lan6") + "::10" }

func (l *Lab) state(name string) string {
	l.t.Helper()
	text, err := os.ReadFile(filepath.Join(l.Dir, "run", name))
	if err != nil {
		l.t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// CA is the file with the root of the lab's own servers.
func (l *Lab) CA() string { return filepath.Join(l.Dir, "pki", "ca.pem") }

// Root is the file with the root of what the certificate authority issues.
func (l *Lab) Root() string { return filepath.Join(l.Dir, "run", "acme-root.pem") }

// shownLines is how much of each log a failed test shows.
const shownLines = 12

func (l *Lab) showLogs() {
	logs, _ := filepath.Glob(filepath.Join(l.Dir, "run", "*.log"))
	for _, file := range logs {
		text, err := os.ReadFile(file)
		if err != nil || len(text) == 0 {
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		l.t.Logf("%s:\n%s", filepath.Base(file), strings.Join(lines[max(0, len(lines)-shownLines):], "\n"))
	}
}

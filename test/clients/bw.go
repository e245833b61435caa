// Package clients proves the wire with the clients that people use: the real Bitwarden command line, run
// against the real binary. It installs bw with npm at first use and skips, saying so, where npm gives none.
package clients

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/test/house"
)

// install fetches what package-lock.json lists and gives why not, in npm's last words.
var install = sync.OnceValue(func() string {
	folder := filepath.Join(house.Root(), "test", "clients")
	if _, err := os.Stat(filepath.Join(folder, "node_modules", ".package-lock.json")); err == nil {
		return ""
	}
	// npm retries for minutes when there is no network; half a minute without an answer is none.
	command := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error",
		"--fetch-retries=1", "--fetch-timeout=30000")
	command.Dir = folder
	if out, err := command.CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return "npm could not install @bitwarden/cli: " + lines[0]
	}
	return ""
})

// A Bw is one installation of the command line with its own data, as one device has it.
type Bw struct {
	t       testing.TB
	node    string
	env     []string
	Session string // BW_SESSION, once unlocked
}

// A Result is how one call ended.
type Result struct {
	Code int
	Out  string // without the trailing line break
	Err  string
}

// NewBw gives a fresh installation that trusts the root in a file, or skips the test.
func NewBw(t testing.TB, root string) *Bw {
	t.Helper()
	if why := install(); why != "" {
		t.Skip(why)
	}
	folder := filepath.Join(house.Root(), "test", "clients", "node_modules")
	arch := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	node := filepath.Join(folder, "node-linux-"+arch, "bin", "node")
	if _, err := os.Stat(node); err != nil {
		t.Skipf("no Node 22 for this machine in test/clients (%s)", runtime.GOARCH)
	}
	return &Bw{t: t, node: node, env: append(os.Environ(),
		"NODE_EXTRA_CA_CERTS="+root, "BITWARDENCLI_APPDATA_DIR="+t.TempDir(), "BW_NOINTERACTION=true", "BW_SESSION=")}
}

// Set puts NAME=value into the environment of the calls that follow.
func (b *Bw) Set(environment ...string) { b.env = append(b.env, environment...) }

// Try runs bw and gives how it ended.
func (b *Bw) Try(args ...string) Result {
	b.t.Helper()
	return b.feed(nil, args...)
}

func (b *Bw) command(ctx context.Context, args ...string) *exec.Cmd {
	script := filepath.Join(house.Root(), "test", "clients", "node_modules", "@bitwarden", "cli", "build", "bw.js")
	command := exec.CommandContext(ctx, b.node, append([]string{script}, args...)...)
	command.Env = append(b.env, "BW_SESSION="+b.Session)
	return command
}

func (b *Bw) feed(stdin []byte, args ...string) Result {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	command := b.command(ctx, args...)
	command.Stdin = bytes.NewReader(stdin)
	var out, complaint bytes.Buffer
	command.Stdout, command.Stderr = &out, &complaint
	err := command.Run()
	if err != nil && command.ProcessState == nil {
		b.t.Fatalf("running bw %s: %v", args[0], err)
	}
	return Result{
		Code: command.ProcessState.ExitCode(),
		Out:  strings.TrimRight(out.String(), "\n"), Err: strings.TrimSpace(complaint.String()),
	}
}

// Run runs bw, wants it to end well, and gives what it printed.
func (b *Bw) Run(args ...string) string {
	b.t.Helper()
	got := b.Try(args...)
	if got.Code != 0 {
		b.t.Fatalf("bw %s: %d\n%s\n%s", strings.Join(args, " "), got.Code, got.Out, got.Err)
	}
	return got.Out
}

// JSON runs bw and reads what it printed.
func (b *Bw) JSON(into any, args ...string) {
	b.t.Helper()
	out := b.Run(args...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		b.t.Fatalf("bw %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// An Object is any JSON object of bw's.
type Object = map[string]any

// Create sends an object as `bw create KIND` or `bw edit KIND ID`, through bw encode as a person would.
func (b *Bw) Create(kind string, object any) Object {
	b.t.Helper()
	return b.write(object, "create", kind)
}

// Edit is Create for an object that is there.
func (b *Bw) Edit(kind, id string, object any) Object {
	b.t.Helper()
	return b.write(object, "edit", kind, id)
}

// TryEdit is Edit for a call that may end otherwise.
func (b *Bw) TryEdit(kind, id string, object any) Result {
	b.t.Helper()
	return b.send(object, "edit", kind, id)
}

func (b *Bw) send(object any, args ...string) Result {
	b.t.Helper()
	raw, err := json.Marshal(object)
	if err != nil {
		b.t.Fatal(err)
	}
	encoded := b.feed(raw, "encode")
	if encoded.Code != 0 {
		b.t.Fatalf("bw encode: %s", encoded.Err)
	}
	return b.feed([]byte(encoded.Out), args...)
}

func (b *Bw) write(object any, args ...string) Object {
	b.t.Helper()
	got := b.send(object, args...)
	if got.Code != 0 {
		b.t.Fatalf("bw %s: %d\n%s\n%s", strings.Join(args, " "), got.Code, got.Out, got.Err)
	}
	var made Object
	if err := json.Unmarshal([]byte(got.Out), &made); err != nil {
		b.t.Fatalf("bw %s: %v\n%s", strings.Join(args, " "), err, got.Out)
	}
	return made
}

// Login points this installation at the house and signs in.
func (b *Bw) Login(h *house.House, email, password string) {
	b.t.Helper()
	b.Run("config", "server", h.URL)
	b.Session = b.Run("login", email, password, "--raw")
	if b.Session == "" {
		b.t.Fatal("bw login printed no session")
	}
}

// Status is `bw status`: unauthenticated, locked or unlocked.
func (b *Bw) Status() string {
	b.t.Helper()
	var status struct {
		Status string `json:"status"`
	}
	b.JSON(&status, "status")
	return status.Status
}

// Serve starts `bw serve`, which keeps its session in memory, and gives its address. It ends with the test.
func (b *Bw) Serve() string {
	b.t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	free.Close()
	command := b.command(context.Background(), "serve", "--hostname", "127.0.0.1", "--port", fmt.Sprint(port))
	if err := command.Start(); err != nil {
		b.t.Fatalf("starting bw serve: %v", err)
	}
	b.t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	at := fmt.Sprintf("http://127.0.0.1:%d", port)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if answer, err := http.Get(at + "/status"); err == nil {
			answer.Body.Close()
			return at
		} else if time.Now().After(deadline) {
			b.t.Fatalf("bw serve did not answer: %v", err)
		}
	}
}

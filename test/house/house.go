// Package house starts the real binary for a test, with a data folder of its own, and makes people who live
// in it. Everything goes over the doors that the world has: the command line and TLS. It leaves what the
// answers mean to its callers.
package house

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The owner that Start makes unless told otherwise.
const (
	OwnerEmail    = "owner@house.test"
	OwnerPassword = "a lamp beside the quiet harbour"
	OwnerName     = "Olive Owner"
)

// patience is how long the binary may take to be ready or to stop. It is no measure of anything: a machine
// under load is slow, and a test that hangs has to end.
const patience = 60 * time.Second

// Options say what kind of house. The zero value is one with an owner, reached over TLS alone.
type Options struct {
	Unclaimed bool     // no owner yet: the wizard waits
	Plain     bool     // also answer http://localhost on a port of its own (Local)
	Email     string   // of the owner
	Password  string   // of the owner
	Name      string   // of the owner
	Args      []string // more words for serve
	Env       []string // more of the environment, "NAME=value"
	Dir       string   // an existing data folder instead of a new one: nobody is made

	// Config is a config.toml that says where to listen, instead of ports picked at run time.
	Config string
	// Binary is another build than this machine's own (see Build), and Emulator the words before it by which it runs
	// here all the same.
	Binary   string
	Emulator []string

	// Launch prepares the binary to run elsewhere than here, in a network of its own; Dial reaches it there.
	Launch func(binary string, args ...string) *exec.Cmd
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
}

// A House is a running binary with its data folder.
type House struct {
	URL   string // https://localhost:PORT
	Local string // http://localhost:PORT, empty unless Plain
	Dir   string // the data folder
	CA    string // the file with the root to trust

	t       testing.TB
	options Options
	log     *log
	process *exec.Cmd
	ended   chan error
	client  *http.Client
}

// Start builds the binary, once in a test run, starts it and waits until it says that it is ready. It is
// stopped when the test ends; if the test failed, what it said is shown.
func Start(t testing.TB, options Options) *House {
	t.Helper()
	h := &House{t: t, options: options, Dir: options.Dir, log: &log{}}
	if h.Dir == "" {
		h.Dir = filepath.Join(t.TempDir(), "data")
		if !options.Unclaimed {
			h.claim()
		}
	}
	h.CA = filepath.Join(h.Dir, "local-ca.pem")
	t.Cleanup(func() {
		if h.process != nil {
			h.Stop()
		}
		if t.Failed() {
			t.Logf("the house said:\n%s", h.log.tail(60))
		}
	})
	h.serve("127.0.0.1:0", "127.0.0.1:0")
	return h
}

// At is a house that somebody else started and will stop: its URL, the file with the root to trust, and the ways to it
// (Launch, Dial).
func At(t testing.TB, url, ca string, options Options) *House {
	return &House{URL: url, CA: ca, t: t, options: options, log: &log{}}
}

// claim makes the owner, as a script would.
func (h *House) claim() {
	h.t.Helper()
	file := filepath.Join(h.t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(or(h.options.Password, OwnerPassword)+"\n"), 0o600); err != nil {
		h.t.Fatal(err)
	}
	h.Run("setup", "--local", "--email", or(h.options.Email, OwnerEmail), "--name", or(h.options.Name, OwnerName),
		"--password-file", file, "--data", h.Dir)
}

// Command prepares a run of the binary, for tests that watch how it ends.
func (h *House) Command(args ...string) *exec.Cmd {
	h.t.Helper()
	launch := exec.Command
	if h.options.Launch != nil {
		launch = h.options.Launch
	}
	binary := h.options.Binary
	if binary == "" {
		binary = Binary(h.t)
	}
	words := append(append(slices.Clone(h.options.Emulator), binary), args...)
	command := launch(words[0], words[1:]...)
	if command.Env == nil {
		command.Env = os.Environ()
	}
	command.Env = append(command.Env, h.options.Env...)
	return command
}

// Run runs a command of the binary to its end and gives what it printed. Any other end than 0 fails the test.
func (h *House) Run(args ...string) string {
	h.t.Helper()
	out, err := h.Command(args...).CombinedOutput()
	if err != nil {
		h.t.Fatalf("latchkey %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (h *House) serve(listen, local string) {
	h.t.Helper()
	if !h.options.Plain {
		local = "off"
	}
	where := []string{"--listen", listen, "--local", local}
	if h.options.Config != "" {
		where = []string{"--config", h.options.Config}
	}
	args := append(append([]string{"serve", "--data", h.Dir}, where...), h.options.Args...)
	h.process = h.Command(args...)
	h.process.Stdout, h.process.Stderr = h.log, h.log
	h.log.begin()
	if err := h.process.Start(); err != nil {
		h.t.Fatalf("starting the binary: %v", err)
	}
	h.ended = make(chan error, 1)
	go func(process *exec.Cmd, ended chan<- error) { ended <- process.Wait() }(h.process, h.ended)
	h.URL = h.await(readyLine)
	if h.options.Plain {
		h.Local = h.await(localLine)
	}
	h.client = nil
}

var (
	readyLine = regexp.MustCompile(`latchkey is ready at (https://localhost:\d+)`)
	localLine = regexp.MustCompile(`(http://localhost:\d+)`)
)

// await gives the first group of a pattern as soon as the binary has said it since its start.
func (h *House) await(pattern *regexp.Regexp) string {
	h.t.Helper()
	limit := time.After(patience)
	for {
		said, more := h.log.since()
		if found := pattern.FindStringSubmatch(said); found != nil {
			return found[1]
		}
		select {
		case <-more:
		case err := <-h.ended:
			h.process = nil
			h.t.Fatalf("the binary ended before it said %q: %v\n%s", pattern, err, h.log.tail(40))
		case <-limit:
			h.t.Fatalf("the binary did not say %q within %v\n%s", pattern, patience, h.log.tail(40))
		}
	}
}

// PID is the process's number.
func (h *House) PID() int { return h.process.Process.Pid }

// Said is everything that the binary printed since the house was made.
func (h *House) Said() string { return h.log.all() }

// Await waits until the binary has printed what matches, and gives the first group.
func (h *House) Await(pattern string) string {
	h.t.Helper()
	return h.await(regexp.MustCompile(pattern))
}

// Kill ends the process the way a power cut does: nothing of it runs any more.
func (h *House) Kill() {
	h.t.Helper()
	if err := h.process.Process.Kill(); err != nil {
		h.t.Fatalf("killing the binary: %v", err)
	}
	<-h.ended
	h.process = nil
}

// Stop asks the process to end, and wants it to end well.
func (h *House) Stop() {
	h.t.Helper()
	process := h.process
	h.process = nil
	if err := process.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		h.t.Errorf("asking the binary to stop: %v", err)
	}
	select {
	case err := <-h.ended:
		if err != nil {
			h.t.Errorf("the binary did not end well: %v", err)
		}
	case <-time.After(patience):
		_ = process.Process.Kill()
		h.t.Errorf("the binary did not stop within %v", patience)
	}
}

// Restart starts the binary again on the same ports, after stopping it if it still runs, so that an open page
// finds it again.
func (h *House) Restart() {
	h.t.Helper()
	if h.process != nil {
		h.Stop()
	}
	h.serve(address(h.URL), address(h.Local))
}

func address(url string) string {
	if url == "" {
		return ""
	}
	return "127.0.0.1" + url[strings.LastIndex(url, ":"):]
}

// TLS trusts the house's own root, and nobody else.
func (h *House) TLS() *tls.Config {
	h.t.Helper()
	root, err := os.ReadFile(h.CA)
	if err != nil {
		h.t.Fatalf("reading the root to trust: %v", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(root) {
		h.t.Fatalf("%s holds no certificate", h.CA)
	}
	return &tls.Config{RootCAs: pool}
}

// Client speaks to the house over TLS that it checks. It keeps no cookies and follows no redirects.
func (h *House) Client() *http.Client {
	h.t.Helper()
	if h.client == nil {
		h.client = &http.Client{
			Transport:     &http.Transport{TLSClientConfig: h.TLS(), DialContext: h.options.Dial, MaxIdleConnsPerHost: 64, ForceAttemptHTTP2: true},
			Timeout:       patience,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return h.client
}

var inviteLink = regexp.MustCompile(`https?://\S+#/finish-signup\?\S+`)

// Invite asks the running house for an invitation, on the command line, and gives its link.
func (h *House) Invite(email string) string {
	h.t.Helper()
	out := h.Run("admin", "invite", "--email", email, "--data", h.Dir)
	link := inviteLink.FindString(out)
	if link == "" {
		h.t.Fatalf("no link in:\n%s", out)
	}
	return link
}

// Get reads a page of the house without any session.
func (h *House) Get(path string) (status int, header http.Header, body []byte) {
	h.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, h.URL+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	answer, err := h.Client().Do(request)
	if err != nil {
		h.t.Fatalf("GET %s: %v", path, err)
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatalf("GET %s: %v", path, err)
	}
	return answer.StatusCode, answer.Header, body
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// log keeps what the binary prints, and wakes whoever waits for more.
type log struct {
	mu    sync.Mutex
	text  bytes.Buffer
	start int
	more  chan struct{}
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.more != nil {
		close(l.more)
		l.more = nil
	}
	return l.text.Write(p)
}

func (l *log) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.start = l.text.Len()
}

// since gives what was printed since the last start, and a channel that closes when there is more.
func (l *log) since() (string, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.more == nil {
		l.more = make(chan struct{})
	}
	return string(l.text.Bytes()[l.start:]), l.more
}

func (l *log) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *log) tail(lines int) string {
	all := strings.Split(strings.TrimRight(l.all(), "\n"), "\n")
	return fmt.Sprint(strings.Join(all[max(0, len(all)-lines):], "\n"))
}

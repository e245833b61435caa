package crash

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"
)

// patience is for a machine under load; a process that hangs has to end.
const patience = 3 * time.Minute

// process is a run of the real binary, of which nothing is lost that it has
// said before it was killed.
type process struct {
	cmd   *exec.Cmd
	begun time.Time
	ended chan struct{}

	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

// start runs words in an environment like ours.
func start(words ...string) (*process, error) {
	p := &process{cmd: exec.Command(words[0], words[1:]...), ended: make(chan struct{}), more: make(chan struct{}, 1)}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	p.begun = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case p.more <- struct{}{}:
	default:
	}
	return p.text.Write(b)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// kill ends it as a power cut would, and waits for that. It reports whether the
// process had not ended by itself.
func (p *process) kill() bool {
	_ = p.cmd.Process.Kill()
	<-p.ended
	return !p.cmd.ProcessState.Exited()
}

// wait waits for its end and gives its exit code.
func (p *process) wait() (int, error) {
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-time.After(patience):
		p.kill()
		return -1, fmt.Errorf("it did not end, and said:\n%s", p.said())
	}
}

// await waits until it has said what matches, and gives the first group.
func (p *process) await(ctx context.Context, pattern *regexp.Regexp) (string, error) {
	limit := time.After(patience)
	for {
		if m := pattern.FindStringSubmatch(p.said()); m != nil {
			return m[1], nil
		}
		select {
		case <-p.more:
		case <-p.ended:
			if m := pattern.FindStringSubmatch(p.said()); m != nil {
				return m[1], nil
			}
			return "", fmt.Errorf("it ended and said:\n%s", p.said())
		case <-ctx.Done():
			return "", ctx.Err()
		case <-limit:
			return "", fmt.Errorf("it never said %q but:\n%s", pattern, p.said())
		}
	}
}

// complete runs words to their end, which has to be a good one, and gives what
// was said and how long it took.
func complete(words ...string) (string, time.Duration, error) {
	p, err := start(words...)
	if err != nil {
		return "", 0, err
	}
	code, err := p.wait()
	if err == nil && code != 0 {
		err = fmt.Errorf("%s ended with %d and said:\n%s", strings.Join(words[1:], " "), code, p.said())
	}
	return p.said(), time.Since(p.begun), err
}

// cut runs words, kills them after a while, and gives what they had said.
func cut(after time.Duration, words ...string) (said string, killed bool, err error) {
	p, err := start(words...)
	if err != nil {
		return "", false, err
	}
	select {
	case <-time.After(after):
		killed = p.kill()
	case <-p.ended:
	}
	if code := p.cmd.ProcessState.ExitCode(); !killed && code != 0 {
		err = fmt.Errorf("%s was not killed but ended with %d:\n%s", strings.Join(words[1:], " "), code, p.said())
	}
	return p.said(), killed, err
}

// serveWords start a house at doors of its own.
func serveWords(binary, dir string) []string {
	return []string{binary, "serve", "--data", dir, "--listen", "127.0.0.1:0", "--local", "127.0.0.1:0"}
}

var (
	readyLine = regexp.MustCompile(`latchkey is ready at (\S+)`)
	localLine = regexp.MustCompile(`(http://localhost:\d+)`)
)

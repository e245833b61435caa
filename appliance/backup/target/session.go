package target

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// Connecting, shaking hands and signing in: a slow NAS that wakes its disks needs some of it.
const signInPatience = 45 * time.Second

// line is how to reach one SFTP server. One session is shared, because servers (and ufw limit) count connections.
type line struct {
	addr     string
	user     string
	auth     []ssh.AuthMethod
	pinned   pin
	patience time.Duration

	mu   sync.Mutex
	open *session
}

// session is one signed-in connection.
type session struct {
	*sftp.Client
	ssh  *ssh.Client
	gone chan struct{} // closed when the connection has ended
}

func (s *session) alive() bool {
	select {
	case <-s.gone:
		return false
	default:
		return true
	}
}

// end cuts the connection; what waits on it fails. It waits for nothing itself.
func (s *session) end() { _ = s.ssh.Close() }

// watch ends the session when ctx ends and what runs on it doesn't: SFTP's operations know no ctx. stop may be
// called more than once.
func (s *session) watch(ctx context.Context) (stop func()) {
	done := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		wait := time.NewTimer(stuck)
		defer wait.Stop()
		select {
		case <-done:
		case <-wait.C:
			s.end()
		}
	})
	return sync.OnceFunc(func() {
		close(done)
		unhook()
	})
}

// session gives the one that is open, or a new one. kept: it was there before.
func (l *line) session(ctx context.Context) (s *session, kept bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open != nil && l.open.alive() {
		return l.open, true, nil
	}
	s, _, err = l.connect(ctx)
	if err != nil {
		return nil, false, err
	}
	l.open = s
	return s, false, nil
}

// with runs fn on the session until it or ctx ends. A kept session may have ended without our knowing; then fn,
// which must bear that, is run once more on a new one.
func (l *line) with(ctx context.Context, fn func(*session) error) error {
	for {
		s, kept, err := l.session(ctx)
		if err != nil {
			return err
		}
		stop := s.watch(ctx)
		err = fn(s)
		stop()
		if kept && lost(err) && ctx.Err() == nil {
			s.end()
			<-s.gone
			continue
		}
		return err
	}
}

func lost(err error) bool {
	return errors.Is(err, sftp.ErrSSHFxConnectionLost) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, os.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open != nil {
		l.open.end()
		l.open = nil
	}
}

// connect signs in, and tells which host key it met.
func (l *line) connect(ctx context.Context) (*session, pin, error) {
	ctx, cancel := context.WithTimeout(ctx, signInPatience)
	defer cancel()
	var seen, first pin
	var err error
	for _, algorithms := range l.pinned.asked() {
		var s *session
		if s, err = l.dial(ctx, algorithms, &seen); err == nil {
			return s, seen, nil
		}
		if first.fingerprint == "" {
			first = seen
		}
		var none *ssh.AlgorithmNegotiationError
		if !errors.Is(err, errOther) && !errors.As(err, &none) {
			return nil, seen, err
		}
	}
	return nil, seen, &complaint{code: CodeHostKey, err: err, values: map[string]string{"is": first.String(), "was": l.pinned.String()}}
}

func (l *line) dial(ctx context.Context, algorithms []string, seen *pin) (*session, error) {
	conn, err := patiently(dialPlainly, l.patience, false)(ctx, "tcp", l.addr)
	if err != nil {
		return nil, err
	}
	cut := context.AfterFunc(ctx, func() { conn.Close() })
	s, err := l.shake(conn, algorithms, seen)
	if !cut() && err == nil { // ctx has ended, and the connection with it
		s.end()
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	return s, nil
}

// handshaking reads what only texts of the library tell.
func handshaking(err error) error {
	var none *ssh.AlgorithmNegotiationError
	switch {
	case errors.Is(err, errOther), errors.Is(err, errStranger), errors.As(err, &none) && strings.Contains(none.Error(), "host key"):
		return err
	case strings.Contains(err.Error(), "unable to authenticate"), strings.Contains(err.Error(), "more than a password"):
		return says(CodeRefused, err)
	case strings.Contains(err.Error(), "too many authentication failures"):
		return says(CodeRefused, err)
	}
	var c *complaint
	if errors.As(err, &c) {
		return err
	}
	if found := classify(err); found.code != CodeBroken {
		return found
	}
	return &complaint{
		code: CodeUnreachable, text: "{place} answers, but not as an SSH server.",
		hint: "Check the port, and that SSH or SFTP is switched on there.", err: err,
	}
}

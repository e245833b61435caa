package listen

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"latchkey/appliance/problem"
)

// openSocket opens the machine's socket. It is made under another name, given
// its mode and then renamed, so that nobody can enter before, and a stale one
// is replaced in one step.
func (s *Sockets) openSocket(ctx context.Context, cfg Config) error {
	if len(s.socket) > 0 || cfg.Socket == "" {
		return nil
	}
	if err := free(ctx, cfg.Socket); err != nil {
		return err
	}
	dir, done, err := shortened(filepath.Dir(cfg.Socket))
	if err != nil {
		return socketProblem(cfg.Socket, err)
	}
	defer done()
	young := filepath.Join(dir, "."+rand.Text()[:8])
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", young)
	if err != nil {
		return socketProblem(cfg.Socket, err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // it would remove the young name
	if err = os.Chmod(young, 0o600); err == nil {
		err = os.Rename(young, filepath.Join(dir, filepath.Base(cfg.Socket)))
	}
	if err != nil {
		l.Close()
		os.Remove(young)
		return socketProblem(cfg.Socket, err)
	}
	s.socket = append(s.socket, &owned{Listener: l, path: cfg.Socket})
	s.bound.Socket = cfg.Socket
	return nil
}

// owned removes the socket's file when it closes.
type owned struct {
	net.Listener
	path string
}

func (o *owned) Close() error {
	err := o.Listener.Close()
	if err == nil { // only the first time: later the file may be a successor's
		os.Remove(o.path)
	}
	return err
}

// free reports nil where a socket may be put at path: nothing is there, or a
// socket that nobody answers.
func free(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return socketProblem(path, err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return socketProblem(path, errors.New("a file is there that is no socket"))
	}
	c, err := DialMachine(ctx, path)
	if err == nil {
		c.Close()
		return problem.New(problem.Unavailable, "listen.running",
			"A Latchkey runs on this data folder already.",
			"Use that one, or stop it first; two must not share a folder.").With("socket", path)
	}
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return socketProblem(path, err)
}

// DialMachine connects to the machine's socket at path, however long the path.
// fs.ErrNotExist or ECONNREFUSED within the error mean that nothing runs there.
func DialMachine(ctx context.Context, path string) (net.Conn, error) {
	dir, done, err := shortened(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer done()
	d := net.Dialer{Timeout: 5 * time.Second}
	return d.DialContext(ctx, "unix", filepath.Join(dir, filepath.Base(path)))
}

// maxPath leaves room in sun_path (108 bytes with its zero) for the names that
// we put into a folder.
const maxPath = 60

// shortened answers another name for dir where its own is too long for a
// socket's address: that of an open descriptor of it, good until done.
func shortened(dir string) (short string, done func(), err error) {
	if len(dir) <= maxPath {
		return dir, func() {}, nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return "", nil, err
	}
	return descriptorPath(f), func() { f.Close() }, nil
}

func socketProblem(path string, err error) error {
	return problem.New(problem.Unavailable, "listen.socket",
		"The socket for commands on this machine can't be opened at "+path+".",
		"Let the data folder belong to the user who runs Latchkey, and let nothing else be at that path.").
		With("socket", path).Because(err)
}

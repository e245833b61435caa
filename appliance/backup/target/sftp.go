package target

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path"
	"strings"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

const (
	// So many packets of 32 KiB are under way at a time: 2 MiB, enough for 100 Mbit/s over 160 ms.
	flights = 64
	// Read at once, in as many packets.
	aheadBytes = 1 << 20
)

// sftpServer keeps backups in a folder of an SSH server.
type sftpServer struct {
	line   *line
	folder string
}

var _ meeting = (*sftpServer)(nil)

func openSFTP(c Config, env Env, strangers bool) (meeting, string, error) {
	addr, err := c.sshServer()
	if err != nil {
		return nil, "", err
	}
	place, port, _ := net.SplitHostPort(addr)
	if port != "22" {
		place = addr
	}
	dir, err := remoteFolder(c.value(FieldFolder))
	if err != nil {
		return nil, place, err
	}
	pinned, err := parsePin(c.Fields[FieldHostKey])
	if err != nil {
		return nil, place, err
	}
	if pinned.fingerprint == "" && !strangers {
		return nil, place, says(CodeUnchecked, nil)
	}
	auth, err := signIn(c)
	if err != nil {
		return nil, place, err
	}
	return &sftpServer{
		line:   &line{addr: addr, user: c.Fields[FieldUser], auth: auth, pinned: pinned, patience: env.patience()},
		folder: dir,
	}, place, nil
}

// remoteFolder gives a path from the top or from the user's home.
func remoteFolder(text string) (string, error) {
	text = strings.TrimPrefix(text, "~/")
	segments, err := folders(FieldFolder, text)
	if err != nil {
		return "", err
	}
	dir := strings.Join(segments, "/")
	switch {
	case strings.HasPrefix(text, "/"):
		return "/" + dir, nil
	case dir == "":
		return ".", nil
	}
	return dir, nil
}

func (l *line) shake(conn net.Conn, algorithms []string, seen *pin) (*session, error) {
	c, channels, requests, err := ssh.NewClientConn(conn, l.addr, &ssh.ClientConfig{
		User: l.user, Auth: l.auth, HostKeyCallback: l.pinned.meets(seen), HostKeyAlgorithms: algorithms,
		ClientVersion: "SSH-2.0-latchkey",
	})
	if err != nil {
		return nil, handshaking(err)
	}
	client := ssh.NewClient(c, channels, requests)
	files, err := sftp.NewClient(client, sftp.UseConcurrentWrites(true), sftp.MaxConcurrentRequestsPerFile(flights))
	if err != nil {
		client.Close()
		return nil, &complaint{
			code: CodePermission, text: "{place} lets us in, but offers no SFTP.",
			hint: "Switch SFTP on there (Synology: Control Panel, File Services, FTP).", err: err,
		}
	}
	s := &session{Client: files, ssh: client, gone: make(chan struct{})}
	go func() {
		_ = files.Wait() // ends with the connection
		close(s.gone)
	}()
	return s, nil
}

// at gives a file's path.
func (s *sftpServer) at(name string) string { return path.Join(s.folder, name) }

// told reads an error of an operation.
func told(err error) error {
	var status *sftp.StatusError
	switch {
	case err == nil, errors.Is(err, ErrNotThere):
		return err
	case errors.Is(err, os.ErrPermission):
		return says(CodePermission, err)
	case errors.Is(err, os.ErrNotExist):
		return &complaint{code: CodeMissing, text: "The folder for the backups is not there on {place}.", hint: "Check this place again; that makes the folder anew.", err: err}
	case lost(err):
		return says(CodeUnreachable, err)
	case errors.As(err, &status) && (status.Code == noSpace || status.Code == quotaExceeded || strings.Contains(strings.ToLower(status.Error()), "no space left")):
		return says(CodeFull, err)
	}
	return err
}

// Later drafts of SFTP have codes for a full disk (draft-ietf-secsh-filexfer-13, 9.1); some servers of version 3
// use them all the same.
const (
	noSpace       = 14
	quotaExceeded = 15
)

func (s *sftpServer) put(ctx context.Context, name string, r *exact, size int64) error {
	session, _, err := s.line.session(ctx)
	if err != nil {
		return err
	}
	defer session.watch(ctx)()
	temporary := passing(name)
	if err := s.write(session, temporary, r, size); err != nil {
		s.tidy(ctx, session, temporary)
		return s.maybeFull(ctx, session, r, err)
	}
	err = ctx.Err()
	if err == nil {
		err = s.name(session, temporary, name)
	}
	if err != nil {
		s.tidy(ctx, session, temporary)
	}
	return told(err)
}

func (s *sftpServer) write(session *session, name string, r io.Reader, size int64) error {
	f, err := session.OpenFile(s.at(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	defer f.Close()
	_ = f.Chmod(0o600) // some refuse it; what lies there is encrypted anyway
	n, err := f.ReadFromWithConcurrency(r, flights)
	if err != nil {
		return err
	}
	if _, able := session.HasExtension("fsync@openssh.com"); able {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if n != size || info.Size() != size {
		return fmt.Errorf("%d bytes of %d have arrived", info.Size(), size)
	}
	return f.Close()
}

// name gives the file its name. SSH_FXP_RENAME fails where the new one exists (draft-ietf-secsh-filexfer-02, 6.5);
// since not every server keeps to that, one looks before.
func (s *sftpServer) name(session *session, from, to string) error {
	if _, err := session.Lstat(s.at(to)); err == nil {
		return says(CodeExists, nil)
	}
	err := session.Rename(s.at(from), s.at(to))
	if _, now := session.Lstat(s.at(from)); err != nil && now == nil {
		if _, there := session.Lstat(s.at(to)); there == nil {
			return says(CodeExists, err)
		}
	}
	return err
}

// tidy removes what was begun. Where the connection is lost, the next Put does it.
func (s *sftpServer) tidy(ctx context.Context, session *session, name string) {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	defer session.watch(ctx)()
	_ = session.Remove(s.at(name))
}

// maybeFull finds out whether a write failed for want of room: version 3 of the protocol says "failure" only.
func (s *sftpServer) maybeFull(ctx context.Context, session *session, r *exact, err error) error {
	var status *sftp.StatusError
	if ctx.Err() != nil || !errors.As(err, &status) {
		return told(err)
	}
	const little = 1 << 20
	if free, failed := freeAt(session, s.folder); failed == nil && free >= 0 && free < little+r.remaining() {
		return says(CodeFull, err)
	}
	return told(err)
}

func (s *sftpServer) get(ctx context.Context, name string) (file, error) {
	var out *remoteFile
	err := s.line.with(ctx, func(session *session) error {
		info, err := session.Lstat(s.at(name))
		if errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			return ErrNotThere.Because(err)
		}
		if err != nil {
			return err
		}
		f, err := session.Open(s.at(name))
		if err != nil {
			return err
		}
		out = &remoteFile{Reader: bufio.NewReaderSize(f, aheadBytes), file: f, left: info.Size(), stop: session.watch(ctx)}
		return nil
	})
	if err != nil {
		return nil, told(err)
	}
	return out, nil
}

// remoteFile is a file that is read over the line.
type remoteFile struct {
	*bufio.Reader
	file *sftp.File
	left int64
	stop func()
}

func (f *remoteFile) Read(b []byte) (int, error) {
	n, err := f.Reader.Read(b)
	f.left -= int64(n)
	if err == io.EOF && f.left > 0 {
		return n, says(CodeBroken, io.ErrUnexpectedEOF)
	}
	if err != nil && err != io.EOF {
		err = told(err)
	}
	return n, err
}

func (f *remoteFile) Close() error {
	defer f.stop()
	if err := f.file.Close(); err != nil && !lost(err) {
		return err
	}
	return nil
}

func (s *sftpServer) list(ctx context.Context, each func(Object) error) error {
	var entries []os.FileInfo
	err := s.line.with(ctx, func(session *session) (err error) {
		entries, err = session.ReadDirContext(ctx, s.folder)
		return err
	})
	if err != nil {
		return told(err)
	}
	for _, info := range entries {
		if !info.Mode().IsRegular() {
			continue
		}
		if err := each(Object{Name: info.Name(), Size: info.Size(), Time: info.ModTime()}); err != nil {
			return err
		}
	}
	return nil
}

func (s *sftpServer) remove(ctx context.Context, name string) error {
	return told(s.line.with(ctx, func(session *session) error {
		info, err := session.Lstat(s.at(name))
		if errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			return ErrNotThere.Because(err)
		}
		if err != nil {
			return err
		}
		return session.Remove(s.at(name))
	}))
}

func (s *sftpServer) free(ctx context.Context) (int64, error) {
	free := int64(-1)
	err := s.line.with(ctx, func(session *session) (err error) {
		free, err = freeAt(session, s.folder)
		return err
	})
	return free, err
}

func freeAt(session *session, dir string) (int64, error) {
	if _, able := session.HasExtension("statvfs@openssh.com"); !able {
		return -1, nil
	}
	v, err := session.StatVFS(dir)
	if err != nil {
		return -1, err
	}
	if v.Frsize == 0 || v.Bavail > 1<<62/v.Frsize {
		return -1, nil // a server that doesn't know
	}
	return int64(v.Bavail * v.Frsize), nil
}

func (s *sftpServer) close() error {
	s.line.close()
	return nil
}

// meet signs in where a host key is pinned, and keeps the connection; else it only tells which one answers.
func (s *sftpServer) meet(ctx context.Context, fields map[string]string, look *Look) error {
	session, seen, err := s.line.connect(ctx)
	if errors.Is(err, errStranger) {
		fields[FieldHostKey], look.HostKey, look.Compare = seen.String(), seen.String(), true
		look.Text = "Latchkey meets " + s.line.addr + " for the first time, and has told it no password yet."
		look.Hint = "Compare the fingerprint with the one that the server itself shows; then check once more: " + seen.String()
		return nil
	}
	if err != nil {
		return err
	}
	s.line.mu.Lock()
	s.line.pinned, s.line.open = seen, session
	s.line.mu.Unlock()
	fields[FieldHostKey], look.HostKey = seen.String(), seen.String()
	look.Text = "Backups go to " + s.line.addr + " through an encrypted connection."
	return nil
}

// prepare makes the folder.
func (s *sftpServer) prepare(ctx context.Context, _ map[string]string, _ *Look) error {
	return told(s.line.with(ctx, func(session *session) error { return session.MkdirAll(s.folder) }))
}

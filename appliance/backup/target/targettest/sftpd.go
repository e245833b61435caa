package targettest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"latchkey/appliance/backup/target"
)

// SSHD is an SSH server in this process that serves files only.
type SSHD struct {
	Addr   string
	Config *ssh.ServerConfig
	listen net.Listener
}

// HostKey makes a key for a server or a person.
func HostKey(t *testing.T) (ssh.Signer, ed25519.PrivateKey) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer, private
}

// ServeSSH starts one. change sets it up otherwise and gives it its host keys; nil: a password and a fresh key.
func ServeSSH(t *testing.T, dir string, change func(*ssh.ServerConfig)) *SSHD {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &SSHD{Addr: l.Addr().String(), listen: l, Config: &ssh.ServerConfig{
		PasswordCallback: func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if c.User() == "backup" && bytes.Equal(password, []byte(Canary)) {
				return &ssh.Permissions{}, nil
			}
			return nil, errors.New("wrong: " + string(password))
		},
	}}
	if change != nil {
		change(d.Config)
	} else {
		signer, _ := HostKey(t)
		d.Config.AddHostKey(signer)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go d.serve(conn, dir)
		}
	}()
	t.Cleanup(func() { l.Close() })
	return d
}

func (d *SSHD) serve(conn net.Conn, dir string) {
	defer conn.Close()
	server, channels, requests, err := ssh.NewServerConn(conn, d.Config)
	if err != nil {
		return
	}
	defer server.Close()
	go ssh.DiscardRequests(requests)
	for asked := range channels {
		if asked.ChannelType() != "session" {
			_ = asked.Reject(ssh.UnknownChannelType, "files only")
			continue
		}
		channel, requests, err := asked.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range requests {
				_ = r.Reply(r.Type == "subsystem" && bytes.HasSuffix(r.Payload, []byte("sftp")), nil)
			}
		}()
		go func() {
			defer channel.Close()
			files, err := sftp.NewServer(channel, sftp.WithServerWorkingDirectory(dir))
			if err != nil {
				return
			}
			if err := files.Serve(); err != nil && err != io.EOF {
				return
			}
		}()
	}
}

// SFTP is a place behind an SSH server in this process.
func SFTP(t *testing.T) Place {
	t.Helper()
	dir := t.TempDir()
	d := ServeSSH(t, dir, nil)
	host, port, _ := net.SplitHostPort(d.Addr)
	return Place{
		Env: Env(t), Dir: dir, Addr: d.Addr,
		Config: target.Config{ID: "s", Kind: target.KindSFTP, Name: "the attic", Fields: map[string]string{
			target.FieldHost: host, target.FieldPort: port, target.FieldUser: "backup", target.FieldPassword: Canary, target.FieldFolder: dir,
		}},
	}
}

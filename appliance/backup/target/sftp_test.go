package target_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/ssh"

	"latchkey/appliance/backup/target"
	"latchkey/appliance/backup/target/targettest"
	"latchkey/appliance/problem"
)

// attic is a place behind an SSH server that is set up by change.
func attic(t *testing.T, change func(*ssh.ServerConfig)) targettest.Place {
	t.Helper()
	p := targettest.SFTP(t)
	p.Addr = targettest.ServeSSH(t, p.Dir, change).Addr
	p.Config = p.At(p.Addr)
	return p
}

func TestHostKeyIsPinned(t *testing.T) {
	first, _ := targettest.HostKey(t)
	var tried atomic.Int32
	serve := func(key ssh.Signer) func(*ssh.ServerConfig) {
		return func(c *ssh.ServerConfig) {
			c.AddHostKey(key)
			right := c.PasswordCallback
			c.PasswordCallback = func(m ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
				tried.Add(1)
				return right(m, password)
			}
		}
	}
	p := attic(t, serve(first))
	_, err := target.Open(t.Context(), p.Config, p.Env)
	targettest.Wants(t, err, target.CodeUnchecked)
	want := "ssh-ed25519 " + ssh.FingerprintSHA256(first.PublicKey())
	for doing, try := range map[string]func(context.Context, target.Config, target.Env) (target.Look, target.Config, error){"checking": target.Check, "meeting": target.Meet} {
		look, c, err := try(t.Context(), p.Config, p.Env)
		if err != nil || !look.Compare || look.HostKey != want || c.Fields[target.FieldHostKey] != want || look.Text == "" || !strings.Contains(look.Hint, want) {
			t.Errorf("%s a stranger: %+v, %v", doing, look, err)
		}
		if n := tried.Load(); n != 0 {
			t.Errorf("%s: the password went to a stranger %d times", doing, n)
		}
	}
	look, c, err := targettest.Check(t.Context(), p.Config, p.Env)
	if err != nil || look.Compare || tried.Load() == 0 {
		t.Fatal(look, err)
	}
	if look.HostKey != want || c.Fields[target.FieldHostKey] != want {
		t.Errorf("it shows %q and pins %q, want %q", look.HostKey, c.Fields[target.FieldHostKey], want)
	}

	second, _ := targettest.HostKey(t)
	impostor := p
	impostor.Config = c
	addr := targettest.ServeSSH(t, p.Dir, serve(second)).Addr
	tried.Store(0)
	other := impostor.At(addr)
	_, _, err = targettest.Check(t.Context(), other, p.Env)
	targettest.Wants(t, err, target.CodeHostKey)
	values := problem.Of(err).Values
	if values["was"] != want || values["is"] != "ssh-ed25519 "+ssh.FingerprintSHA256(second.PublicKey()) {
		t.Errorf("the problem tells %v", values)
	}
	_, err = targettest.Open(t, other, p.Env).List(t.Context())
	targettest.Wants(t, err, target.CodeHostKey)
	if n := tried.Load(); n != 0 {
		t.Errorf("the password went to the other server %d times", n)
	}

	// The person says that it is the right one.
	asked := other
	asked.Fields = map[string]string{target.FieldHostKey: ""}
	for k, v := range other.Fields {
		if k != target.FieldHostKey && k != target.FieldPassword {
			asked.Fields[k] = v
		}
	}
	if _, _, err := targettest.Check(t.Context(), asked.KeepFrom(other), p.Env); err != nil {
		t.Error(err)
	}
}

func TestFingerprintThatAPersonTypes(t *testing.T) {
	key, _ := targettest.HostKey(t)
	p := attic(t, func(c *ssh.ServerConfig) { c.AddHostKey(key) })
	print := ssh.FingerprintSHA256(key.PublicKey())
	for _, typed := range []string{print, "256 " + print + " root@nas (ED25519)", print + "=", "ssh-ed25519 " + print} {
		_, c, err := targettest.Check(t.Context(), p.With(target.FieldHostKey, typed), p.Env)
		if err != nil || c.Fields[target.FieldHostKey] != "ssh-ed25519 "+print {
			t.Errorf("typed as %q: %q, %v", typed, c.Fields[target.FieldHostKey], err)
		}
	}
	_, _, err := targettest.Check(t.Context(), p.With(target.FieldHostKey, "SHA256:abc"), p.Env)
	targettest.Wants(t, err, target.CodeField)
	wrong := "SHA256:" + strings.Repeat("A", 43)
	for _, typed := range []string{wrong, "ssh-rsa " + wrong, "ssh-ed25519 " + wrong} {
		_, _, err = targettest.Check(t.Context(), p.With(target.FieldHostKey, typed), p.Env)
		targettest.Wants(t, err, target.CodeHostKey)
	}
}

func TestWaysToSignIn(t *testing.T) {
	signer, private := targettest.HostKey(t)
	text := func(block *pem.Block, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(block))
	}
	open := text(ssh.MarshalPrivateKey(private, ""))
	locked := text(ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(targettest.Canary)))
	host, _ := targettest.HostKey(t)
	byKey := attic(t, func(c *ssh.ServerConfig) {
		c.AddHostKey(host)
		c.PasswordCallback = nil
		c.PublicKeyCallback = func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if bytes.Equal(key.Marshal(), signer.PublicKey().Marshal()) {
				return &ssh.Permissions{}, nil
			}
			return nil, errors.New("unknown")
		}
	})
	asking := func(questions ...string) targettest.Place {
		return attic(t, func(c *ssh.ServerConfig) {
			c.AddHostKey(host)
			c.PasswordCallback = nil
			c.KeyboardInteractiveCallback = func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
				answers, err := ask("", "", questions, make([]bool, len(questions)))
				if err != nil || len(answers) != 1 || answers[0] != targettest.Canary {
					return nil, errors.New("wrong")
				}
				return &ssh.Permissions{}, nil
			}
		})
	}
	another := func() string {
		_, key := targettest.HostKey(t)
		return text(ssh.MarshalPrivateKey(key, ""))
	}()
	for _, c := range []struct {
		sentence      string
		place         targettest.Place
		key, password string
		want          string // "": it goes
	}{
		{"a private key", byKey, open, "", ""},
		{"a private key from Windows", byKey, "\r\n" + strings.ReplaceAll(open, "\n", "\r\n"), "", ""},
		{"a private key, and a password that it doesn't need", byKey, open, targettest.Canary, ""},
		{"a private key with its passphrase", byKey, locked, targettest.Canary, ""},
		{"a private key without its passphrase", byKey, locked, "", target.CodeField},
		{"a private key with another passphrase", byKey, locked, targettest.Canary + "x", target.CodeField},
		{"another private key", byKey, another, "", target.CodeRefused},
		{"the public half", byKey, string(ssh.MarshalAuthorizedKey(signer.PublicKey())), "", target.CodeField},
		{"PuTTY's form", byKey, "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", "", target.CodeField},
		{"half a key", byKey, open[:100], "", target.CodeField},
		{"nothing", byKey, "", "", target.CodeField},
		{"a password where a key is wanted", byKey, "", targettest.Canary, target.CodeRefused},
		{"a question for the password", asking("Password: "), "", targettest.Canary, ""},
		{"a second question, for a code", asking("Password: ", "Code: "), "", targettest.Canary, target.CodeRefused},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			p := c.place
			p.Config = p.With(target.FieldSSHKey, c.key)
			_, _, err := targettest.Check(t.Context(), p.With(target.FieldPassword, c.password), p.Env)
			if c.want != "" {
				targettest.Wants(t, err, c.want)
				if line := strings.Split(open, "\n")[2]; strings.Contains(err.Error(), line) {
					t.Error("the error tells the key")
				}
				return
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNoSSH(t *testing.T) {
	p := targettest.WebDAV(t, nil)
	s := targettest.SFTP(t)
	_, _, err := targettest.Check(t.Context(), s.At(p.Addr), s.Env)
	targettest.Wants(t, err, target.CodeUnreachable)
}

func TestAFolderOnAServerIsMade(t *testing.T) {
	p := targettest.SFTP(t)
	for _, folder := range []string{p.Dir + "/a/b/c", "relative/one", "~/home", "/" + p.Dir + "//double/"} {
		_, c, err := targettest.Check(t.Context(), p.With(target.FieldFolder, folder), p.Env)
		if err != nil {
			t.Errorf("%s: %v", folder, err)
			continue
		}
		if err := targettest.Open(t, c, p.Env).Put(t.Context(), targettest.Name(0), strings.NewReader("x"), 1); err != nil {
			t.Errorf("%s: %v", folder, err)
		}
	}
	_, _, err := targettest.Check(t.Context(), p.With(target.FieldFolder, p.Dir+"/../../etc"), p.Env)
	targettest.Wants(t, err, target.CodeField)
}

func TestASessionThatEndedIsMadeAnew(t *testing.T) {
	p := targettest.SFTP(t)
	proxy := targettest.Before(t, p.Addr)
	p.Config = p.At(proxy.Addr)
	to := checked(t, p)
	for range 3 {
		if _, err := to.List(t.Context()); err != nil {
			t.Fatal(err)
		}
		proxy.Cut()
	}
}

func TestAFileThatShrinksIsNoWholeOne(t *testing.T) {
	p := targettest.SFTP(t)
	to := checked(t, p)
	body := make([]byte, 3<<20)
	if err := to.Put(t.Context(), targettest.Name(0), bytes.NewReader(body), int64(len(body))); err != nil {
		t.Fatal(err)
	}
	f, err := to.Get(t.Context(), targettest.Name(0))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Truncate(filepath.Join(p.Dir, targettest.Name(0)), 2<<20); err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, f)
	targettest.Wants(t, err, target.CodeBroken)
}

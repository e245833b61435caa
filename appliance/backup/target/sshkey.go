package target

import (
	"errors"
	"net"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// errOther says that another host key came than the pinned one.
var errOther = errors.New("the host key is another than the pinned one")

// errStranger says that no host key is pinned, so that nobody is told a password.
var errStranger = errors.New("no host key is pinned yet")

// keyKinds are the kinds of host keys in the order in which they are asked for.
func keyKinds() []string {
	return []string{ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSA}
}

// algorithms gives the signatures that go with a kind of key; SHA-1 is not among them.
func algorithms(kinds ...string) []string {
	var out []string
	for _, kind := range kinds {
		if kind == ssh.KeyAlgoRSA {
			out = append(out, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
			continue
		}
		out = append(out, kind)
	}
	return out
}

// pin is a host key as it is written down: its fingerprint and, where known, its kind. Empty: none yet.
type pin struct {
	kind        string
	fingerprint string
}

// String gives "ssh-ed25519 SHA256:…", as ssh-keygen -l and consoles show it.
func (p pin) String() string { return strings.TrimSpace(p.kind + " " + p.fingerprint) }

// parsePin reads a fingerprint as Check wrote it, or as a person copies it from somewhere ("256 SHA256:… root@nas
// (ED25519)").
func parsePin(text string) (pin, error) {
	var p pin
	if text == "" {
		return p, nil
	}
	for _, word := range strings.Fields(text) {
		switch {
		case strings.HasPrefix(word, "SHA256:"):
			p.fingerprint = strings.TrimRight(word, "=")
		case slices.Contains(keyKinds(), word):
			p.kind = word
		}
	}
	if len(p.fingerprint) != len("SHA256:")+43 { // 32 bytes in base64 without padding
		return pin{}, wrong(FieldHostKey, "This is no fingerprint of a server.", "It looks like SHA256: and 43 more characters; or leave it empty.")
	}
	return p, nil
}

// meets checks one key, and notes it in seen. It comes before the user's name and password.
func (p pin) meets(seen *pin) ssh.HostKeyCallback {
	return func(_ string, _ net.Addr, key ssh.PublicKey) error {
		*seen = pin{kind: key.Type(), fingerprint: ssh.FingerprintSHA256(key)}
		switch p.fingerprint {
		case "":
			return errStranger
		case seen.fingerprint:
			return nil
		}
		return errOther
	}
}

// asked gives the lists of algorithms to try, one connection each: the pinned kind, or where a person gave the
// fingerprint alone, one kind after the other, because a server has a key of each.
func (p pin) asked() [][]string {
	switch {
	case p.kind != "":
		return [][]string{algorithms(p.kind)}
	case p.fingerprint == "":
		return [][]string{algorithms(keyKinds()...)}
	}
	var out [][]string
	for _, kind := range keyKinds() {
		out = append(out, algorithms(kind))
	}
	return out
}

// signIn gives the ways to sign in that the fields allow.
func signIn(c Config) ([]ssh.AuthMethod, error) {
	password := c.Fields[FieldPassword]
	if text := c.Fields[FieldSSHKey]; text != "" {
		signer, err := privateKey(text, password)
		if err != nil {
			return nil, err
		}
		return []ssh.AuthMethod{ssh.PublicKeys(signer)}, nil
	}
	if password == "" {
		return nil, wrong(FieldPassword, "A password or a private key is missing.", "Fill in one of the two.")
	}
	asked := 0
	return []ssh.AuthMethod{
		ssh.Password(password),
		// Some (Synology) only ask questions; the one that is not echoed is for the password (RFC 4256).
		ssh.KeyboardInteractive(func(_, _ string, questions []string, echos []bool) ([]string, error) {
			if len(questions) == 0 {
				return nil, nil
			}
			if asked++; len(questions) != 1 || echos[0] || asked > 1 {
				return nil, errors.New("the server asks for more than a password")
			}
			return []string{password}, nil
		}),
	}, nil
}

func privateKey(text, passphrase string) (ssh.Signer, error) {
	var signer ssh.Signer
	var err error
	var missing *ssh.PassphraseMissingError
	if passphrase != "" {
		if signer, err = ssh.ParsePrivateKeyWithPassphrase([]byte(text+"\n"), []byte(passphrase)); err == nil {
			return signer, nil
		}
	}
	signer, err = ssh.ParsePrivateKey([]byte(text + "\n"))
	switch {
	case err == nil:
		return signer, nil
	case errors.As(err, &missing) && passphrase == "":
		return nil, wrong(FieldPassword, "The private key is locked by a passphrase.", "Enter the passphrase as the password.")
	case errors.As(err, &missing):
		return nil, wrong(FieldPassword, "This passphrase does not open the private key.", "Enter it again.")
	case strings.HasPrefix(text, "PuTTY-User-Key-File"):
		return nil, wrong(FieldSSHKey, "This is a key in PuTTY's own form.", "In PuTTYgen choose Conversions, Export OpenSSH key, and paste that file.")
	case strings.HasPrefix(text, "ssh-") || strings.HasPrefix(text, "ecdsa-"):
		return nil, wrong(FieldSSHKey, "This is the public half of the key.", "Paste the other file, the one without .pub at its end.")
	}
	return nil, wrong(FieldSSHKey, "This is no private key that Latchkey can read.", "Paste the whole file, from “-----BEGIN” to “-----END … PRIVATE KEY-----”.")
}

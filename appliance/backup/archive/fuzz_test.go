package archive_test

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"latchkey/appliance/backup/archive"
)

// fixedHouse is always the same, so that a seed signed by it stays signed.
func fixedHouse(t testing.TB) house {
	t.Helper()
	identity, err := age.ParseX25519Identity("AGE-SECRET-KEY-1QH4HUZLGSS3VZPHC3HNGPCLDNGEY8E270DZ0XWPF94HPR3AHTM2QUV7SR6")
	must(t, err)
	sign := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	return house{archive.Kit{Recovery: identity, Signer: sign.Public().(ed25519.PublicKey)}, sign}
}

func FuzzParseKit(f *testing.F) {
	h := fixedHouse(f)
	key := h.kit.Recovery.String()
	f.Add([]byte(key + "\n" + signingKey))
	f.Add([]byte("age-secret-key-1 " + groups(key[16:]) + " latchkey-sign- " + groups(signingKey[14:])))
	f.Add([]byte(wide(key + signingKey)))
	f.Add([]byte(strings.ReplaceAll(key, "-", "\u2011") + signingKey + signingKey))
	f.Add([]byte("AGE-SECRET-KEY-1 latchkey-sign-"))
	f.Add([]byte("\xff\xfe\u2028\u00ad"))
	f.Fuzz(func(t *testing.T, text []byte) {
		kit, err := archive.ParseKit(text)
		if err != nil {
			if code(t, err) != "kit.unreadable" {
				t.Errorf("got %v", err)
			}
			return
		}
		if len(kit.Signer) != ed25519.PublicKeySize {
			t.Errorf("a signing key of %d bytes", len(kit.Signer))
		}
		recovery, err := archive.ParseRecoveryKey(text)
		if err != nil || recovery.String() != kit.Recovery.String() {
			t.Errorf("the recovery key alone is read otherwise: %v", err)
		}
	})
}

func FuzzParseName(f *testing.F) {
	f.Add("latchkey-1a2b3c4d-20261121T031500Z.age")
	f.Add("latchkey-00000000-00000101T000000Z.age")
	f.Add("latchkey-1a2b3c4d-20261121T031500.5Z.age")
	f.Add("latchkey--.age")
	f.Fuzz(func(t *testing.T, text string) {
		house8, at, ok := archive.ParseName(text)
		if !ok {
			return
		}
		if archive.Name(house8, at) != text || !filepath.IsLocal(text) || filepath.Base(text) != text || at.Location() != time.UTC {
			t.Errorf("%q is read as %q, %v", text, house8, at)
		}
	})
}

// accepted holds what was taken against the one backup that the house signed:
// whatever else a tar says, its parts are these.
func accepted(t *testing.T, h house, file []byte) {
	t.Helper()
	r, err := archive.Open(bytes.NewReader(file), h.kit, archive.Limits{})
	must(t, err)
	dir := filepath.Join(t.TempDir(), "house")
	must(t, r.Unpack(t.Context(), dir, nil))
	for _, p := range forge().parts {
		got, err := os.ReadFile(filepath.Join(dir, p.name))
		if err != nil || !bytes.Equal(got, p.content) {
			t.Errorf("%s came back otherwise, %v", p.name, err)
		}
	}
}

// tried reads a file; what is refused is refused with a problem.
func tried(t *testing.T, h house, file []byte) {
	t.Helper()
	if err := h.check(t, bytes.NewReader(file)); err != nil {
		code(t, err)
		return
	}
	accepted(t, h, file)
}

// FuzzTar reads whatever a tar may be, well compressed and encrypted.
func FuzzTar(f *testing.F) {
	h, right := fixedHouse(f), forge()
	right.pack(f, h.sign)
	f.Add(right.tar(f))
	bent := forge()
	bent.pack(f, h.sign)
	bent.entries[3].raw = pax(f, 'x', "path=../../evil", "size=99999999999")
	f.Add(bent.tar(f))
	f.Add(bytes.Repeat(pax(f, 'x', "comment=x"), 20))
	f.Add(make([]byte, 1024))
	f.Fuzz(func(t *testing.T, tarball []byte) {
		tried(t, h, right.seal(t, h, tarball))
	})
}

// FuzzPlain reads whatever may be encrypted.
func FuzzPlain(f *testing.F) {
	h, right := fixedHouse(f), forge()
	right.pack(f, h.sign)
	f.Add(rawFrame(right.tar(f), 0))
	f.Add(frame(right.tar(f)))
	f.Add(append(frame(right.tar(f)), "\x50\x2a\x4d\x18\xff\xff\xff\xff"...))
	f.Add([]byte("\x28\xb5\x2f\xfd\xe4\x58\x00\x00\x00\x00\x00\x00\x00\x7f\x03\x00\x00"))
	f.Fuzz(func(t *testing.T, plain []byte) {
		tried(t, h, encrypt(t, h, plain))
	})
}

// FuzzFile reads whatever may lie at a target.
func FuzzFile(f *testing.F) {
	h, right := fixedHouse(f), forge()
	f.Add(right.file(f, h))
	f.Add([]byte("age-encryption.org/v1\n-> X25519 TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc\nEmECAEcKN+n/Vs9SbWiV+Hu0r+E8R77DdWYyd83nw7U\n--- Vn+54jqiiUCE+WZcEVY3f1sqHjlu/z1LCQ/T7Xm7qI0\n"))
	f.Add([]byte("age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 63\nAAAA\n--- AAAA\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		tried(t, h, file)
	})
}

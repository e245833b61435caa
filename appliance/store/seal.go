package store

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"

	"latchkey/appliance/problem"
)

const (
	// sealVersion opens every sealed value, so that another cipher can follow.
	sealVersion = 1
	// sealOverhead is what a sealed value is longer than its text: version,
	// 24 bytes of nonce (random ones never meet at that length), 16 of tag.
	sealOverhead = 1 + chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead
	// nameSize is the length of a keyed name in bytes: 128 bits of HMAC never
	// collide by chance in one house.
	nameSize = 16
)

var errSeal = problem.New(problem.Internal, "store.sealed", "Something that this house keeps is damaged and can't be read.",
	"Its owner finds what is damaged, and how to come back, by `latchkey doctor` or in the page under House.")

// sealer seals values and hashes names under keys derived from one seal key.
// It may be used from many goroutines.
type sealer struct {
	aead  cipher.AEAD
	names []byte
}

// newSealer derives the two keys by HKDF-SHA256 (RFC 5869) with the house id
// as salt, so that neither key gives away the other or the seal key.
func newSealer(k sealKey) (*sealer, error) {
	derive := func(info string) ([]byte, error) {
		return hkdf.Key(sha256.New, k.secret[:], k.house[:], info, chacha20poly1305.KeySize)
	}
	values, err := derive("latchkey seal values 1")
	if err != nil {
		return nil, fmt.Errorf("deriving the sealing key: %w", err)
	}
	names, err := derive("latchkey key names 1")
	if err != nil {
		return nil, fmt.Errorf("deriving the naming key: %w", err)
	}
	aead, err := chacha20poly1305.NewX(values)
	if err != nil {
		return nil, fmt.Errorf("preparing the seal: %w", err)
	}
	return &sealer{aead: aead, names: names}, nil
}

// seal returns text sealed to ad in a new slice.
func (s *sealer) seal(text, ad []byte) []byte {
	out := make([]byte, 1+chacha20poly1305.NonceSizeX, sealOverhead+len(text))
	out[0] = sealVersion
	nonce := out[1:]
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the process first
	return s.aead.Seal(out, nonce, text, ad)
}

// open appends the text of sealed to to. Anything altered, cut, or sealed to
// another place is errSeal.
func (s *sealer) open(to, sealed, ad []byte) ([]byte, error) {
	if len(sealed) < sealOverhead || sealed[0] != sealVersion {
		return nil, errSeal
	}
	nonce, rest := sealed[1:1+chacha20poly1305.NonceSizeX], sealed[1+chacha20poly1305.NonceSizeX:]
	text, err := s.aead.Open(to, nonce, rest, ad)
	if err != nil {
		return nil, errSeal
	}
	return text, nil
}

// name is the keyed hash under which something is looked up: 32 hexadecimal
// digits whatever the length of the parts, of which kind comes first so that
// an e-mail and a setting of the same text differ.
func (s *sealer) name(kind string, parts ...string) string {
	mac := hmac.New(sha256.New, s.names)
	mac.Write(frame(frame(nil, kind), parts...))
	return hex.EncodeToString(mac.Sum(nil)[:nameSize])
}

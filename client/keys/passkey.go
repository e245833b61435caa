package keys

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
)

// PasskeyUnlock is how a passkey opens the vault, as the server keeps it. What
// the authenticator's PRF gives becomes a key (PasskeyKey), which seals the
// private half of a pair of the passkey's own; the public half seals the user
// key. So a new user key can be sealed for the passkey while the authenticator
// is away: see Rewrap.
type PasskeyUnlock struct {
	EncryptedUserKey    string // type 4: the user key for the public half
	EncryptedPublicKey  string // type 2: the SPKI under the user key, so that nobody swaps it before a rotation
	EncryptedPrivateKey string // type 2: the PKCS #8 under the passkey's key
}

// PasskeySalt is what every authenticator's PRF (WebAuthn Level 3, 10.1.4) is
// asked to evaluate; the wire's choice.
func PasskeySalt() [sha256.Size]byte { return sha256.Sum256([]byte("passwordless-login")) }

// PasskeyKey makes a passkey's key of the 32 bytes that its PRF gave, stretched
// as a master key is. Another length is ErrShape.
func PasskeyKey(prf []byte) (Key, error) {
	if len(prf) != len(MasterKey{}) {
		return Key{}, ErrShape
	}
	m := MasterKey(prf)
	defer clear(m[:])
	return m.Stretch(), nil
}

// NewPasskeyUnlock lets a passkey's key open userKey.
func NewPasskeyUnlock(userKey, passkey *Key) (PasskeyUnlock, error) {
	private, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return PasskeyUnlock{}, fmt.Errorf("making a passkey's pair: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return PasskeyUnlock{}, fmt.Errorf("encoding a passkey's private key: %w", err)
	}
	defer clear(pkcs8)
	spki, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return PasskeyUnlock{}, fmt.Errorf("encoding a passkey's public key: %w", err)
	}
	return sealUnlock(userKey, spki, passkey.Seal(pkcs8))
}

func sealUnlock(userKey *Key, spki []byte, private string) (PasskeyUnlock, error) {
	sealed, err := SealFor(userKey[:], base64.StdEncoding.EncodeToString(spki))
	return PasskeyUnlock{sealed, userKey.Seal(spki), private}, err
}

// Open opens the user key by the passkey's key. Errors are ErrNoMAC, ErrShape
// and ErrMAC.
func (u PasskeyUnlock) Open(passkey *Key) (Key, error) {
	private, err := OpenPrivate(u.EncryptedPrivateKey, passkey)
	if err != nil {
		return Key{}, err
	}
	raw, err := OpenFor(u.EncryptedUserKey, private)
	if err != nil {
		return Key{}, err
	}
	defer clear(raw)
	return KeyFrom(raw)
}

// Rewrap seals a new user key for the passkey, whose own key is not needed: the
// public half comes from under the old user key. Its private half stays.
func (u PasskeyUnlock) Rewrap(old, next *Key) (PasskeyUnlock, error) {
	spki, err := old.Open(u.EncryptedPublicKey)
	if err != nil {
		return PasskeyUnlock{}, fmt.Errorf("opening a passkey's public key: %w", err)
	}
	return sealUnlock(next, spki, u.EncryptedPrivateKey)
}

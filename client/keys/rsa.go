package keys

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
)

// rsaBits is the wire's size of an account's pair.
const rsaBits = 2048

// Pair is an account's RSA-2048 pair as the server keeps it.
type Pair struct {
	PublicKey         string // base64 of the DER SubjectPublicKeyInfo
	WrappedPrivateKey string // EncString of the PKCS #8, under the user key
}

// NewPair makes a pair and seals its private half under userKey.
func NewPair(userKey *Key) (Pair, error) {
	private, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return Pair{}, fmt.Errorf("making an RSA pair: %w", err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return Pair{}, fmt.Errorf("encoding the public key: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Pair{}, fmt.Errorf("encoding the private key: %w", err)
	}
	defer clear(pkcs8)
	return Pair{
		PublicKey:         base64.StdEncoding.EncodeToString(spki),
		WrappedPrivateKey: userKey.Seal(pkcs8),
	}, nil
}

// OpenPrivate opens the private half of a pair. Errors are those of Key.Open.
func OpenPrivate(wrapped string, userKey *Key) (*rsa.PrivateKey, error) {
	pkcs8, err := userKey.Open(wrapped)
	if err != nil {
		return nil, fmt.Errorf("opening the private key: %w", err)
	}
	defer clear(pkcs8)
	key, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil, fmt.Errorf("reading the private key: %w: %w", ErrShape, err)
	}
	private, isRSA := key.(*rsa.PrivateKey)
	if !isRSA {
		return nil, ErrShape
	}
	return private, nil
}

// SealFor seals plain for the holder of a public key, given as in Pair: a
// type-4 EncString, RSA-OAEP with SHA-1. The wire chose SHA-1; OAEP does not
// need it to resist collisions.
func SealFor(plain []byte, publicKey string) (string, error) {
	spki := decode(publicKey)
	key, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return "", fmt.Errorf("reading the public key: %w", err)
	}
	public, isRSA := key.(*rsa.PublicKey)
	if !isRSA {
		return "", ErrShape
	}
	data, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, public, plain, nil)
	if err != nil {
		return "", fmt.Errorf("sealing for a public key: %w", err)
	}
	return "4." + base64.StdEncoding.EncodeToString(data), nil
}

// OpenFor opens a type-4 EncString. Errors are ErrShape and ErrMAC.
func OpenFor(text string, private *rsa.PrivateKey) ([]byte, error) {
	rest, isFour := strings.CutPrefix(text, "4.")
	data := decode(rest)
	if !isFour || len(data) != private.Size() {
		return nil, ErrShape
	}
	plain, err := rsa.DecryptOAEP(sha1.New(), nil, private, data, nil)
	if err != nil {
		return nil, ErrMAC
	}
	return plain, nil
}

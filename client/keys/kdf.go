package keys

import (
	"crypto/hkdf"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// KDFType is the wire's number of a key derivation function.
type KDFType int

// The functions that the wire knows.
const (
	PBKDF2   KDFType = 0 // PBKDF2 with HMAC-SHA256
	Argon2id KDFType = 1 // Argon2id, version 0x13
)

// The least that is obeyed and stored (OWASP's figures of 2023).
const (
	MinPBKDF2Iterations = 600_000
	MinArgonIterations  = 2
	MinArgonMemory      = 19 // MiB
	MinArgonParallelism = 1
)

// The most that official clients can set; more would be a way to stall one.
const (
	MaxPBKDF2Iterations = 2_000_000
	MaxArgonIterations  = 10
	MaxArgonMemory      = 1024 // MiB
	MaxArgonParallelism = 16
)

// KDF holds the settings of a derivation. Memory is in MiB; memory and
// parallelism are zero for PBKDF2.
type KDF struct {
	Type        KDFType
	Iterations  int
	Memory      int
	Parallelism int
}

// HouseKDF is what new accounts get: the settings that phones can bear.
func HouseKDF() KDF {
	return KDF{Type: Argon2id, Iterations: 6, Memory: 32, Parallelism: 4}
}

// String is the settings in one line, for a person.
func (k KDF) String() string {
	switch k.Type {
	case PBKDF2:
		return fmt.Sprintf("PBKDF2, %d rounds", k.Iterations)
	case Argon2id:
		return fmt.Sprintf("Argon2id, %d passes, %d MiB, %d lanes", k.Iterations, k.Memory, k.Parallelism)
	}
	return fmt.Sprintf("method %d", int(k.Type))
}

// Check says what is outside of the floors and ceilings, or nil.
func (k KDF) Check() error {
	switch k.Type {
	case PBKDF2:
		return within("iterations", k.Iterations, MinPBKDF2Iterations, MaxPBKDF2Iterations)
	case Argon2id:
		if err := within("iterations", k.Iterations, MinArgonIterations, MaxArgonIterations); err != nil {
			return err
		}
		if err := within("memory", k.Memory, MinArgonMemory, MaxArgonMemory); err != nil {
			return err
		}
		return within("parallelism", k.Parallelism, MinArgonParallelism, MaxArgonParallelism)
	}
	return fmt.Errorf("unknown key derivation function %d", int(k.Type))
}

func within(name string, n, low, high int) error {
	if n < low || n > high {
		return fmt.Errorf("%s %d is not between %d and %d", name, n, low, high)
	}
	return nil
}

// IsLower reports whether now is weaker than k or can't be compared with it:
// another function, or any number lower.
func (k KDF) IsLower(now KDF) bool {
	return k.Type != now.Type || now.Iterations < k.Iterations ||
		now.Memory < k.Memory || now.Parallelism < k.Parallelism
}

// MasterKey is what a master password derives to. It never leaves the client.
type MasterKey [32]byte

// DeriveMaster derives the master key of password. The salt is the account's
// (today always its NormalEmail). Settings that Check refuses are an error;
// nothing is derived from them.
func DeriveMaster(password, salt string, kdf KDF) (MasterKey, error) {
	if err := kdf.Check(); err != nil {
		return MasterKey{}, fmt.Errorf("deriving the master key: %w", err)
	}
	if kdf.Type == PBKDF2 {
		key, err := pbkdf2.Key(sha256.New, password, []byte(salt), kdf.Iterations, len(MasterKey{}))
		if err != nil {
			return MasterKey{}, fmt.Errorf("deriving the master key: %w", err)
		}
		return MasterKey(key), nil
	}
	// Argon2 wants a salt of 8 bytes at least, so the wire hashes it first.
	hashed := sha256.Sum256([]byte(salt))
	return MasterKey(argon2.IDKey([]byte(password), hashed[:],
		uint32(kdf.Iterations), uint32(kdf.Memory)*1024, uint8(kdf.Parallelism), uint32(len(MasterKey{})))), nil
}

// ServerHash is what the server gets in place of the password
// (masterPasswordHash): one round of PBKDF2 over the master key, in base64.
func (m *MasterKey) ServerHash(password string) string { return m.hash(password, 1) }

// LocalHash is ServerHash with two rounds: a client may keep it to check a
// password without the server. It is never sent.
func (m *MasterKey) LocalHash(password string) string { return m.hash(password, 2) }

func (m *MasterKey) hash(password string, rounds int) string {
	// The rounds of the master key lie before this; these only separate uses.
	key, err := pbkdf2.Key(sha256.New, string(m[:]), []byte(password), rounds, 32)
	if err != nil {
		panic("keys: one or two rounds of PBKDF2 refused: " + err.Error())
	}
	return base64.StdEncoding.EncodeToString(key)
}

// Stretch makes the key that wraps the user key: HKDF-Expand (RFC 5869, 2.3)
// of the master key with SHA-256, without the Extract step, as the wire wants
// it. That is sound because the master key is uniform already.
func (m *MasterKey) Stretch() Key {
	var k Key
	copy(k[:32], expand(m[:], "enc"))
	copy(k[32:], expand(m[:], "mac"))
	return k
}

func expand(prk []byte, info string) []byte {
	key, err := hkdf.Expand(sha256.New, prk, info, 32)
	if err != nil {
		panic("keys: HKDF of 32 bytes refused: " + err.Error())
	}
	return key
}

// Unlock opens an account's user key with its master password. A wrong
// password is ErrMAC.
func Unlock(password, salt string, kdf KDF, wrapped string) (Key, error) {
	master, err := DeriveMaster(password, salt, kdf)
	if err != nil {
		return Key{}, err
	}
	stretched := master.Stretch()
	raw, err := stretched.Open(wrapped)
	if err != nil {
		return Key{}, fmt.Errorf("opening the user key: %w", err)
	}
	return KeyFrom(raw)
}

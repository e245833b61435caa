package account

import (
	"fmt"

	"latchkey/appliance/problem"
)

// KDFType is the number that the Bitwarden wire gives a key derivation.
type KDFType int

// The key derivations that clients know.
const (
	PBKDF2   KDFType = 0 // PBKDF2-HMAC-SHA256, RFC 8018
	Argon2id KDFType = 1 // RFC 9106, version 0x13
)

// KDF says how a client turns the master password into the master key. The
// server never does it.
type KDF struct {
	Type        KDFType `json:"type"`
	Iterations  int     `json:"iterations"`
	Memory      int     `json:"memory,omitempty"`      // MiB; Argon2id only
	Parallelism int     `json:"parallelism,omitempty"` // lanes; Argon2id only
}

// DefaultKDF is what new accounts of this house use, and what prelogin says of
// names that it does not know: bearable on a phone, six passes over 32 MiB.
func DefaultKDF() KDF { return KDF{Type: Argon2id, Iterations: 6, Memory: 32, Parallelism: 4} }

// The floors are OWASP's for password storage; the ceilings are what clients
// offer, so that nobody locks themselves out with a setting no phone can bear.
const (
	minPBKDF2Iterations = 600_000
	maxPBKDF2Iterations = 2_000_000
	minArgon2Iterations = 2
	maxArgon2Iterations = 10
	minArgon2Memory     = 19 // MiB
	maxArgon2Memory     = 1024
	maxArgon2Lanes      = 16
)

// Check refuses settings under the floor, above what clients offer, or of an
// unknown derivation, as a problem.Problem.
func (k KDF) Check() error {
	refuse := func(format string, args ...any) error {
		return problem.New(problem.Refused, "kdf.refused", fmt.Sprintf(format, args...),
			"Choose stronger key settings in your app, or keep the ones it proposes.")
	}
	switch k.Type {
	case PBKDF2:
		if k.Iterations < minPBKDF2Iterations || k.Iterations > maxPBKDF2Iterations {
			return refuse("PBKDF2 needs between %d and %d iterations, not %d.", minPBKDF2Iterations, maxPBKDF2Iterations, k.Iterations)
		}
	case Argon2id:
		if k.Iterations < minArgon2Iterations || k.Iterations > maxArgon2Iterations {
			return refuse("Argon2id needs between %d and %d passes, not %d.", minArgon2Iterations, maxArgon2Iterations, k.Iterations)
		}
		if k.Memory < minArgon2Memory || k.Memory > maxArgon2Memory {
			return refuse("Argon2id needs between %d and %d MiB, not %d.", minArgon2Memory, maxArgon2Memory, k.Memory)
		}
		if k.Parallelism < 1 || k.Parallelism > maxArgon2Lanes {
			return refuse("Argon2id needs between 1 and %d lanes, not %d.", maxArgon2Lanes, k.Parallelism)
		}
	default:
		return refuse("This house does not know key derivation %d.", int(k.Type))
	}
	return nil
}

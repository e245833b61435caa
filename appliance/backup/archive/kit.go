package archive

import (
	"crypto/ed25519"
	"errors"

	"filippo.io/age"
)

// Kit is what opens a backup and knows its house: the recovery key and the
// public half of the house's signing key.
type Kit struct {
	Recovery *age.X25519Identity
	Signer   ed25519.PublicKey
}

// ParseKit finds both keys in a kit's text.
func ParseKit(text []byte) (Kit, error) { return Kit{}, errors.ErrUnsupported }

// ParseRecoveryKey reads a recovery key alone.
func ParseRecoveryKey(text []byte) (*age.X25519Identity, error) { return nil, errors.ErrUnsupported }

package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"latchkey/appliance/problem"
)

// ErrVerification: a userVerificationToken that is not, or no longer, good.
var ErrVerification = problem.New(problem.Refused, "verification.ended", "Your proof has expired.", "Prove again that it is you.")

// verificationLife is how long a userVerificationToken is good: as long as
// somebody may take to find the phone and scan a code.
const verificationLife = 10 * time.Minute

// verificationLen is an expiry in Unix seconds and an HMAC-SHA256.
const verificationLen = 8 + sha256.Size

// VerificationToken stands for the session's last proof (the wire's
// userVerificationToken): good for 10 minutes from that proof, for its person
// and this purpose, and until the stamp changes. It is kept nowhere, and one
// that comes with an answer to another lives no longer than that.
func (d *Directory) VerificationToken(ctx context.Context, s Session, purpose string) (string, error) {
	a, err := d.Account(ctx, s.Owner)
	if err != nil {
		return "", err
	}
	raw := binary.BigEndian.AppendUint64(nil, uint64(s.Proved.Add(verificationLife).Unix()))
	return base64.RawURLEncoding.EncodeToString(append(raw, d.verification(a, purpose, raw)...)), nil
}

// CheckVerificationToken answers nil while token stands for a proof of id for
// purpose, else ErrVerification.
func (d *Directory) CheckVerificationToken(ctx context.Context, id UserID, purpose, token string) error {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != verificationLen {
		return ErrVerification
	}
	a, err := d.Account(ctx, id)
	if err != nil {
		return err
	}
	until := time.Unix(int64(binary.BigEndian.Uint64(raw)), 0)
	left := until.Sub(d.now())
	if !hmac.Equal(raw[8:], d.verification(a, purpose, raw[:8])) || left <= 0 || left > verificationLife {
		return ErrVerification
	}
	return nil
}

// verification signs under a key of its own, so that no other token can be one.
// Each part but the last has a length that the parts before it fix.
func (d *Directory) verification(a Account, purpose string, until []byte) []byte {
	key := hmac.New(sha256.New, d.tokens.key)
	key.Write([]byte("latchkey user verification"))
	mac := hmac.New(sha256.New, key.Sum(nil))
	mac.Write(until)
	for _, part := range []string{string(a.ID), a.Stamp, purpose} {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		mac.Write([]byte(part))
	}
	return mac.Sum(nil)
}

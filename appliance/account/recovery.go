package account

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"slices"
	"strings"
	"time"
)

// recoveryBytes: 160 random bits, 32 characters in base32, as long as those of
// Bitwarden's servers and short enough to be typed from paper.
const recoveryBytes = 20

func newRecovery() string {
	return strings.ToLower(base32.StdEncoding.EncodeToString(random(recoveryBytes)))
}

// sameRecovery compares in constant time. What people add to read it better,
// blanks and hyphens, does not matter, nor do capitals.
func sameRecovery(kept, given string) bool {
	given = strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(given))
	return kept != "" && subtle.ConstantTimeCompare([]byte(kept), []byte(given)) == 1
}

// RecoveryCode gives the code that turns second factors off, and makes it where
// there is none yet.
func (d *Directory) RecoveryCode(ctx context.Context, id UserID) (string, error) {
	a, err := d.Account(ctx, id)
	if err != nil || a.RecoveryTold {
		return a.Recovery, err
	}
	a, err = d.change(ctx, id, func(_ Writer, a *Account) error {
		a.tellRecovery()
		return nil
	})
	return a.Recovery, err
}

// tellRecovery makes the code where there is none, and gives it unless its
// person has been told already.
func (a *Account) tellRecovery() (fresh string) {
	if a.Recovery == "" {
		a.Recovery, a.RecoveryTold = newRecovery(), false
	}
	if a.RecoveryTold {
		return ""
	}
	a.RecoveryTold = true
	return a.Recovery
}

// recovered turns the second factors off; the code is used up, and a new one is
// told at the next occasion.
func (d *Directory) recovered(w Writer, a *Account) error {
	a.TOTP, a.Keys = nil, nil
	a.Recovery, a.RecoveryTold = newRecovery(), false
	a.forgetAPIKey() // it needs no second factor, and may be in the hands of whoever made this needed
	if err := endSessions(w, a.ID, ofAPIKey); err != nil {
		return err
	}
	return d.secondChanged(w, a)
}

// secondChanged follows every change of second factors: nothing goes on that
// rested on how it was.
func (d *Directory) secondChanged(w SessionWriter, a *Account) error {
	a.Remembered = nil
	return d.endKeysWithoutSecond(w, a)
}

// A device is remembered for rememberDays from its code on, not from its last
// use. maxRemembered bounds the row.
const (
	rememberDays   = 30
	rememberSecret = 32
	maxRemembered  = 50
)

func rememberHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// remembers reports whether the token behind hash is good for device. Hashes of
// random tokens leave nothing to learn from timing.
func (a Account) remembers(hash []byte, device string, now time.Time) bool {
	return slices.ContainsFunc(a.Remembered, func(r Remembered) bool {
		return subtle.ConstantTimeCompare(r.Hash, hash) == 1 && r.Device == device && now.Before(r.Expires)
	})
}

// rememberDevice makes a new token for device, in place of an older one. Those
// that have expired go when there are too many: the clock may be wrong now.
func (a *Account) rememberDevice(device string, now time.Time) (token string) {
	token = base64.RawURLEncoding.EncodeToString(random(rememberSecret))
	a.Remembered = slices.DeleteFunc(slices.Clone(a.Remembered), func(r Remembered) bool { return r.Device == device })
	if n := len(a.Remembered) - maxRemembered + 1; n > 0 {
		a.Remembered = a.Remembered[n:]
	}
	a.Remembered = append(a.Remembered, Remembered{rememberHash(token), device, now.AddDate(0, 0, rememberDays)})
	return token
}

// forgetDevice ends what was remembered for one device, and says whether there
// was anything.
func (a *Account) forgetDevice(device string) bool {
	n := len(a.Remembered)
	a.Remembered = slices.DeleteFunc(slices.Clone(a.Remembered), func(r Remembered) bool { return r.Device == device })
	return len(a.Remembered) < n
}

// ForgetRemembered makes every device give a second factor again.
func (d *Directory) ForgetRemembered(ctx context.Context, id UserID) error {
	_, err := d.change(ctx, id, func(_ Writer, a *Account) error {
		a.Remembered = nil
		return nil
	})
	return err
}

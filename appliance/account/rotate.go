package account

import (
	"context"
	"errors"

	"latchkey/appliance/problem"
)

// Rotation is a new user key: everything that its person's client wrapped under
// it anew, but for the items.
type Rotation struct {
	Unlock            // how the password leads to the new key
	PrivateKey string // EncString: the pair's private half under the new key
	PublicKey  string // must be the present one: others encrypt to it
	UserKeyID  string // of the new key (RFC 9679); empty while unknown
	// Passkeys are the new ways of passkeys by their id; only UserKey and
	// PublicKey count, since their private key lies under what the
	// authenticator derives. A passkey without one unlocks no longer.
	Passkeys map[string]PasskeyUnlock
}

// Problems of a rotation. Nothing was changed.
var (
	ErrRotation = problem.New(problem.Refused, "rotation.incomplete", "The new key came without a part of what it must open.", "Nothing was changed. Sync, then try again.")
	ErrKeyPair  = problem.New(problem.Refused, "rotation.pair", "The public key can't change with the key of your items.", "Nothing was changed. Update your app and try again.")
)

// Rotate replaces the user key. The current password has been proved by the
// caller. items runs in the same transaction and replaces all that lay under
// the old key, so that either everything changes or nothing. Everybody else's
// sessions of this account end, keep's goes on; lost names the passkeys that
// unlock no longer.
func (d *Directory) Rotate(ctx context.Context, id UserID, keep SessionID, r Rotation, items func(Writer) error) (lost []string, err error) {
	if r.MasterPasswordHash == "" || !IsEncString(r.UserKey) || !IsEncString(r.PrivateKey) {
		return nil, ErrRotation
	}
	if err := errors.Join(r.KDF.Check(), checkKeyID(r.UserKeyID)); err != nil {
		return nil, problem.Of(err)
	}
	v, err := d.hasher.Make(ctx, r.MasterPasswordHash)
	if err != nil {
		return nil, err
	}
	_, err = d.change(ctx, id, func(w Writer, a *Account) error {
		switch {
		case r.Salt != "" && r.Salt != a.Salt:
			return errSalt
		case r.PublicKey != a.PublicKey:
			return ErrKeyPair
		}
		if lost, err = a.RewrapPasskeys(a.rewrapped(r.Passkeys)); err != nil {
			return err
		}
		a.KDF, a.Verifier, a.UserKey, a.PrivateKey, a.UserKeyID = r.KDF, v, r.UserKey, r.PrivateKey, r.UserKeyID
		a.AccountKeys = nil // made of the old key
		if err := items(w); err != nil {
			return err
		}
		return restamp(w, a, keep)
	})
	return lost, err
}

// rewrapped completes the new ways with the private keys, which stay.
func (a Account) rewrapped(anew map[string]PasskeyUnlock) map[string]PasskeyUnlock {
	whole := make(map[string]PasskeyUnlock, len(anew))
	for _, p := range a.Passkeys {
		if u, ok := anew[p.ID]; ok && u.UserKey != "" {
			u.PrivateKey = p.PrivateKey
			whole[p.ID] = u
		}
	}
	return whole
}

func checkKeyID(id string) error {
	if id != "" && !keyIDShape.MatchString(id) {
		return errKeyID
	}
	return nil
}

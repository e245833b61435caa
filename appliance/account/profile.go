package account

import (
	"context"
	"encoding/json"
	"regexp"

	"latchkey/appliance/problem"
)

// VerifyPassword answers nil when hash is the master password hash of id, else
// ErrWrongPassword. For known see Password.
func (d *Directory) VerifyPassword(ctx context.Context, id UserID, hash string, known bool) error {
	a, err := d.Account(ctx, id)
	if err != nil {
		return err
	}
	ok, err := d.hasher.check(ctx, a.Verifier, hash, known)
	if err != nil {
		return err
	}
	if !ok {
		return ErrWrongPassword
	}
	return nil
}

// Profile is what a person may freely change about themselves; nil leaves a
// field as it is.
type Profile struct {
	Name, Hint, Culture, AvatarColor *string
}

// SetProfile changes the profile.
func (d *Directory) SetProfile(ctx context.Context, id UserID, p Profile) (Account, error) {
	set := func(into *string, v *string) error {
		if v == nil {
			return nil
		}
		*into = *v
		return checkLengths(*v)
	}
	return d.change(ctx, id, func(_ Writer, a *Account) error {
		return firstError(set(&a.Name, p.Name), set(&a.Hint, p.Hint), set(&a.Culture, p.Culture), set(&a.AvatarColor, p.AvatarColor))
	})
}

// SetDomains keeps the person's equivalent domains, as JSON that clients made.
func (d *Directory) SetDomains(ctx context.Context, id UserID, equivalent json.RawMessage, excluded []int) (Account, error) {
	return d.change(ctx, id, func(_ Writer, a *Account) error {
		a.EquivDomains, a.ExcludedDomains = equivalent, excluded
		return nil
	})
}

var (
	errSalt  = problem.New(problem.Refused, "password.salt", "The salt can't change with the password.", "Nothing was changed. Update your app and try again.")
	errKeyID = problem.New(problem.Refused, "key.id", "The key's identifier is not 32 hexadecimal digits.", "Update your app and try again.")
)

var keyIDShape = regexp.MustCompile(`^[0-9a-f]{32}$`)

// SetUserKeyID remembers the identifier of the user key (RFC 9679). It is told
// once and may be told again; another one for the same key is refused.
func (d *Directory) SetUserKeyID(ctx context.Context, id UserID, keyID string) error {
	if !keyIDShape.MatchString(keyID) {
		return errKeyID
	}
	a, err := d.Account(ctx, id)
	if err != nil || a.UserKeyID == keyID {
		return err
	}
	_, err = d.change(ctx, id, func(_ Writer, a *Account) error {
		if a.UserKeyID != "" && a.UserKeyID != keyID {
			return problem.New(problem.Refused, "key.id.other", "This account's key has another identifier.", "Sign out of this app and in again.")
		}
		a.UserKeyID = keyID
		return nil
	})
	return err
}

// KeyPair is the account's RSA pair as clients send it.
type KeyPair struct {
	PublicKey   string
	PrivateKey  string // EncString
	AccountKeys json.RawMessage
}

// SetKeyPair gives the account its pair, once: replacing it would make what
// others encrypted to it unreadable.
func (d *Directory) SetKeyPair(ctx context.Context, id UserID, k KeyPair) (Account, error) {
	if k.PublicKey == "" || !IsEncString(k.PrivateKey) {
		return Account{}, problem.New(problem.Refused, "keys.incomplete", "The key pair is not complete.", "Update your app and try again.")
	}
	return d.change(ctx, id, func(_ Writer, a *Account) error {
		if a.PrivateKey != "" {
			return problem.New(problem.Refused, "keys.present", "This account already has its key pair.", "Sign out of this app and in again.")
		}
		a.PublicKey, a.PrivateKey, a.AccountKeys = k.PublicKey, k.PrivateKey, k.AccountKeys
		return nil
	})
}

// Unlock is a new way from the master password to the user key: another
// password, or another key derivation for the same one.
type Unlock struct {
	KDF                KDF
	Salt               string
	MasterPasswordHash string
	UserKey            string // EncString: the same user key, wrapped anew
	Hint               *string
}

// ChangePassword replaces the way to the user key. The current password has
// been proved by the caller (VerifyPassword). Everybody else's sessions of this
// account end, keep's goes on; a change that lacks a part changes nothing.
func (d *Directory) ChangePassword(ctx context.Context, id UserID, keep SessionID, u Unlock) (Account, error) {
	if u.MasterPasswordHash == "" || !IsEncString(u.UserKey) {
		return Account{}, problem.New(problem.Refused, "password.incomplete", "The new password came without its key.", "Nothing was changed. Update your app and try again.")
	}
	if err := u.KDF.Check(); err != nil {
		return Account{}, err
	}
	v, err := d.hasher.Make(ctx, u.MasterPasswordHash)
	if err != nil {
		return Account{}, err
	}
	return d.change(ctx, id, func(w Writer, a *Account) error {
		if u.Salt != "" && u.Salt != a.Salt {
			return errSalt
		}
		a.KDF, a.Verifier, a.UserKey = u.KDF, v, u.UserKey
		if u.Hint != nil {
			a.Hint = *u.Hint
		}
		if err := checkLengths(a.Hint); err != nil {
			return err
		}
		return restamp(w, a, keep)
	})
}

// SignOutEverywhere ends every session of the account but keep (which may be
// empty) and changes the stamp.
func (d *Directory) SignOutEverywhere(ctx context.Context, id UserID, keep SessionID) error {
	_, err := d.change(ctx, id, func(w Writer, a *Account) error { return restamp(w, a, keep) })
	return err
}

// restamp gives a a new stamp; of its sessions only keep survives, no device is
// remembered, and its API key ends: whoever changes the locks means all of them.
func restamp(w Writer, a *Account, keep SessionID) error {
	a.Stamp, a.Remembered = newID(), nil
	a.forgetAPIKey()
	all, err := w.Sessions(a.ID)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.ID == keep {
			s.Stamp = a.Stamp
			err = w.PutSession(s)
		} else {
			err = w.RemoveSession(a.ID, s.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

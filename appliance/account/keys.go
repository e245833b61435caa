package account

import (
	"bytes"
	"context"
	"slices"
	"time"

	"latchkey/appliance/passkey"
)

// AddKey adds a security key as a second factor, with the lowest free number.
// For recovery see EnableTOTP.
func (d *Directory) AddKey(ctx context.Context, id UserID, name string, c passkey.Credential) (a Account, recovery string, err error) {
	a, err = d.change(ctx, id, func(w Writer, a *Account) error {
		if err := a.takesCredential(c, name, len(a.Keys)); err != nil {
			return err
		}
		a.Keys = append(slices.Clone(a.Keys), SecurityKey{ID: a.freeNumber(), Name: name, Credential: c, Created: d.now()})
		recovery = a.tellRecovery()
		return d.secondChanged(w, a)
	})
	if err != nil {
		return Account{}, "", err
	}
	return a, recovery, nil
}

// takesCredential says why c can't be added to the have that there are.
func (a *Account) takesCredential(c passkey.Credential, name string, have int) error {
	switch {
	case len(c.ID) == 0 || a.key(c.ID) >= 0 || a.passkey(c.ID) >= 0:
		return ErrKeyTwice
	case have >= maxKeys:
		return ErrKeysMany
	}
	return checkLengths(name)
}

// freeNumber is the lowest that no key has: the wire's clients count up to five
// or ten and no further.
func (a *Account) freeNumber() int {
	n := 1
	for slices.ContainsFunc(a.Keys, func(k SecurityKey) bool { return k.ID == n }) {
		n++
	}
	return n
}

// RenameKey gives a security key another name.
func (d *Directory) RenameKey(ctx context.Context, id UserID, number int, name string) error {
	_, err := d.change(ctx, id, func(_ Writer, a *Account) error {
		a.Keys = slices.Clone(a.Keys)
		i := slices.IndexFunc(a.Keys, func(k SecurityKey) bool { return k.ID == number })
		if i < 0 {
			return ErrKeyGone
		}
		a.Keys[i].Name = name
		return checkLengths(name)
	})
	return err
}

// UsedPasskey keeps the moved counter of a passkey (or key) that proved its
// person without a sign-in.
func (d *Directory) UsedPasskey(ctx context.Context, id UserID, used passkey.Credential) error {
	return d.keep.Write(ctx, func(w Writer) error {
		a, err := w.Account(id)
		if err != nil {
			return err
		}
		if err := a.moveCounter(used, d.now()); err != nil {
			return err
		}
		return w.PutAccount(a)
	})
}

// moveCounter keeps what a ceremony changed in a credential. Two answers of one
// counter can't both be of one key (WebAuthn, 6.1.1), unless it doesn't count.
func (a *Account) moveCounter(used passkey.Credential, now time.Time) error {
	kept, last := a.credential(used.ID)
	switch {
	case kept == nil || !bytes.Equal(kept.PublicKey, used.PublicKey):
		return ErrKeyGone
	case used.Counter <= kept.Counter && (used.Counter > 0 || kept.Counter > 0):
		return passkey.ErrCloned
	}
	kept.Counter, kept.BackedUp, *last = used.Counter, used.BackedUp, now
	return nil
}

// credential finds a key's or passkey's credential and when it was used, for
// changing: in lists of a's own.
func (a *Account) credential(id []byte) (*passkey.Credential, *time.Time) {
	if i := a.key(id); i >= 0 {
		a.Keys = slices.Clone(a.Keys)
		return &a.Keys[i].Credential, &a.Keys[i].LastUsed
	}
	if i := a.passkey(id); i >= 0 {
		a.Passkeys = slices.Clone(a.Passkeys)
		return &a.Passkeys[i].Credential, &a.Passkeys[i].LastUsed
	}
	return nil, nil
}

package account

import (
	"context"
	"slices"
	"time"

	"latchkey/appliance/passkey"
)

// AddPasskey adds p, of which Name, Credential, PRF and the EncStrings count.
// Without these it signs in and does not unlock.
func (d *Directory) AddPasskey(ctx context.Context, id UserID, p Passkey) (Passkey, error) {
	p.ID, p.Created, p.LastUsed = newID(), d.now(), time.Time{}
	if err := (PasskeyUnlock{p.UserKey, p.PublicKey, p.PrivateKey}).check(p.PRF); err != nil {
		return Passkey{}, err
	}
	_, err := d.change(ctx, id, func(_ Writer, a *Account) error {
		if err := a.takesCredential(p.Credential, p.Name, len(a.Passkeys)); err != nil {
			return err
		}
		a.Passkeys = append(slices.Clone(a.Passkeys), p)
		return nil
	})
	if err != nil {
		return Passkey{}, err
	}
	return p, nil
}

// check refuses what is neither whole nor empty.
func (u PasskeyUnlock) check(prf bool) error {
	if u == (PasskeyUnlock{}) {
		return nil
	}
	if !prf || !isEncString(u.UserKey, '4') || !isEncString(u.PublicKey, '2') || !isEncString(u.PrivateKey, '2') {
		return ErrUnlock
	}
	return nil
}

func isEncString(s string, kind byte) bool { return IsEncString(s) && s[0] == kind }

// SetPasskeyUnlock makes a passkey unlock, too, or anew. used is what the
// ceremony gave that derived the secret.
func (d *Directory) SetPasskeyUnlock(ctx context.Context, id UserID, used passkey.Credential, u PasskeyUnlock) error {
	if err := u.check(true); err != nil || u == (PasskeyUnlock{}) {
		return ErrUnlock
	}
	_, err := d.change(ctx, id, func(_ Writer, a *Account) error {
		if a.passkey(used.ID) < 0 {
			return ErrKeyGone
		}
		if err := a.moveCounter(used, d.now()); err != nil {
			return err
		}
		p := &a.Passkeys[a.passkey(used.ID)]
		p.PRF = true
		p.setUnlock(u)
		return nil
	})
	return err
}

// RemovePasskey removes a passkey with its way to the user key.
func (d *Directory) RemovePasskey(ctx context.Context, id UserID, which string) error {
	_, err := d.change(ctx, id, func(_ Writer, a *Account) error {
		n := len(a.Passkeys)
		a.Passkeys = slices.DeleteFunc(slices.Clone(a.Passkeys), func(p Passkey) bool { return p.ID == which })
		if len(a.Passkeys) == n {
			return ErrKeyGone
		}
		return nil
	})
	return err
}

// RenamePasskey gives a passkey another name.
func (d *Directory) RenamePasskey(ctx context.Context, id UserID, which, name string) error {
	_, err := d.change(ctx, id, func(_ Writer, a *Account) error {
		a.Passkeys = slices.Clone(a.Passkeys)
		i := slices.IndexFunc(a.Passkeys, func(p Passkey) bool { return p.ID == which })
		if i < 0 {
			return ErrKeyGone
		}
		a.Passkeys[i].Name = name
		return checkLengths(name)
	})
	return err
}

// RewrapPasskeys follows a change of the user key: each passkey gets the way to
// the new one that the client made, by its id. One that got none unlocks no
// longer; lost names those, so that their person can be told.
func (a *Account) RewrapPasskeys(anew map[string]PasskeyUnlock) (lost []string, err error) {
	a.Passkeys = slices.Clone(a.Passkeys)
	for i := range a.Passkeys {
		p := &a.Passkeys[i]
		if !p.Unlocks() {
			continue
		}
		u := anew[p.ID]
		if err := u.check(p.PRF); err != nil {
			return nil, err
		}
		if p.setUnlock(u); !p.Unlocks() {
			lost = append(lost, p.Name)
		}
	}
	return lost, nil
}

// PasskeyHolders names the people who have a key or passkey of the relying
// party id, the oldest account first: it stops working when the house changes
// its name.
func (d *Directory) PasskeyHolders(ctx context.Context, rpid string) ([]string, error) {
	all, err := d.People(ctx)
	names := []string{}
	for _, a := range all {
		of := slices.Concat(a.KeyCredentials(), a.PasskeyCredentials())
		if !slices.ContainsFunc(of, func(c passkey.Credential) bool { return c.RPID == rpid }) {
			continue
		}
		if a.Name == "" {
			a.Name = a.Email
		}
		names = append(names, a.Name)
	}
	return names, err
}

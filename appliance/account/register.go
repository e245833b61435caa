package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"latchkey/appliance/problem"
)

// Registration is what a client sends to make an account, already brought from
// its dialect into one shape.
type Registration struct {
	Email              string
	Name               string
	Hint               string
	KDF                KDF
	Salt               string
	MasterPasswordHash string
	UserKey            string // EncString
	UserKeyID          string
	PublicKey          string
	PrivateKey         string // EncString
	AccountKeys        json.RawMessage
	Token              string // of an invitation; empty for the owner
}

// RegisterOwner makes the first account. The caller has proved to be at home
// with the wizard's session; a second owner is refused.
func (d *Directory) RegisterOwner(ctx context.Context, r Registration) (Account, error) {
	r.Email = NormalEmail(r.Email)
	if err := r.check(); err != nil {
		return Account{}, err
	}
	return d.register(ctx, r, func(w Writer, a *Account) error {
		all, err := w.Accounts()
		if err != nil {
			return err
		}
		if len(all) > 0 {
			return problem.New(problem.Refused, "setup.done", "This house already has an owner.", "Sign in, or ask the owner for an invitation.")
		}
		a.Role = Owner
		return nil
	})
}

// RegisterInvited makes the account of a person who was invited, and uses the
// invitation up in the same write.
func (d *Directory) RegisterInvited(ctx context.Context, r Registration) (Account, error) {
	r.Email = NormalEmail(r.Email)
	if err := r.check(); err != nil { // what is not whole says so first
		return Account{}, err
	}
	// Looked at here too, so that a stranger's guess costs no hash.
	if err := d.CheckInvitation(ctx, r.Email, r.Token); err != nil {
		return Account{}, err
	}
	return d.register(ctx, r, func(w Writer, a *Account) error {
		inv, err := d.liveInvitation(w, a.Email, r.Token)
		if err != nil {
			return err
		}
		a.Role = inv.Role
		if a.Name == "" {
			a.Name = inv.Name
		}
		return w.RemoveInvitation(inv.ID)
	})
}

// register makes the account of a registration that has been checked.
func (d *Directory) register(ctx context.Context, r Registration, admit func(Writer, *Account) error) (Account, error) {
	v, err := d.hasher.Make(ctx, r.MasterPasswordHash)
	if err != nil {
		return Account{}, err
	}
	now := d.now()
	a := Account{
		ID: UserID(newID()), Email: r.Email, Name: r.Name, Hint: r.Hint,
		KDF: r.KDF, Salt: r.Salt, Verifier: v,
		UserKey: r.UserKey, UserKeyID: r.UserKeyID,
		PublicKey: r.PublicKey, PrivateKey: r.PrivateKey, AccountKeys: r.AccountKeys,
		Stamp: newID(), Created: now, Seen: now,
	}
	err = d.keep.Write(ctx, func(w Writer) error {
		if err := admit(w, &a); err != nil {
			return err
		}
		if err := w.PutAccount(a); errors.Is(err, ErrTaken) {
			return ErrMailTaken
		} else if err != nil {
			return fmt.Errorf("keeping the account: %w", err)
		}
		_, err := w.Touch(a.ID)
		return err
	})
	return a, err
}

func (r Registration) check() error {
	if err := CheckEmail(r.Email); err != nil {
		return err
	}
	if err := r.KDF.Check(); err != nil {
		return err
	}
	missing := func(what string) error {
		return problem.New(problem.Refused, "register.incomplete", "The new account came without "+what+".", "Update your app and try again.")
	}
	switch {
	case r.Salt != r.Email:
		return problem.New(problem.Refused, "register.salt", "The new account's salt is not its e-mail.", "Update your app and try again.")
	case r.MasterPasswordHash == "":
		return missing("a proof of its master password")
	case !IsEncString(r.UserKey):
		return missing("an encrypted user key")
	case r.PublicKey == "" || !IsEncString(r.PrivateKey):
		return missing("its key pair")
	}
	return checkLengths(r.Name, r.Hint)
}

// Names and hints are shown in lists; nobody needs more.
const maxName = 200

func checkLengths(texts ...string) error {
	for _, t := range texts {
		if len(t) > maxName {
			return problem.New(problem.Refused, "name.long", fmt.Sprintf("A name or hint has %d characters or more.", maxName), "Shorten it.")
		}
	}
	return nil
}

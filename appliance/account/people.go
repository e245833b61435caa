package account

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"latchkey/appliance/problem"
)

// What an owner, or a command on the machine, does with people.

// Problems of looking after people.
var (
	ErrNoPerson = problem.New(problem.NotFound, "person.gone", "There is no such person here.", "Load the list again.")
	ErrNotOwner = problem.New(problem.Refused, "owner.only", "Only an owner of this house can do this.", "Ask the owner.")
)

// check refuses what is no role.
func (r Role) check() error {
	if r != Owner && r != Member {
		return problem.New(problem.Refused, "role.unknown", "There is no such role.", "Choose owner or member.")
	}
	return nil
}

// manage is change for somebody else's account: who is not there is a problem.
func (d *Directory) manage(ctx context.Context, id UserID, fn func(Writer, *Account) error) error {
	_, err := d.change(ctx, id, fn)
	if errors.Is(err, ErrNotFound) {
		return ErrNoPerson
	}
	return err
}

// wantOtherOwner answers ErrLastOwner unless somebody besides id is an owner
// who may act.
func wantOtherOwner(r Reader, id UserID) error {
	all, err := r.Accounts()
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.ID != id && a.Role == Owner && !a.Disabled {
			return nil
		}
	}
	return ErrLastOwner
}

// dethrone follows the end of an owner's rights: not the last one's, and the
// invitations that they made end, lest one be for themselves.
func dethrone(w Writer, a Account) error {
	if a.Role != Owner {
		return nil
	}
	if !a.Disabled {
		if err := wantOtherOwner(w, a.ID); err != nil {
			return err
		}
	}
	all, err := w.Invitations()
	if err != nil {
		return err
	}
	for _, i := range all {
		if i.By != a.ID {
			continue
		}
		if err := w.RemoveInvitation(i.ID); err != nil {
			return fmt.Errorf("ending an invitation: %w", err)
		}
	}
	return nil
}

// SetRole makes a person an owner or a member. The last owner stays one.
func (d *Directory) SetRole(ctx context.Context, id UserID, role Role) error {
	if err := role.check(); err != nil {
		return err
	}
	return d.manage(ctx, id, func(w Writer, a *Account) error {
		if role != Owner {
			if err := dethrone(w, *a); err != nil {
				return err
			}
		}
		a.Role = role
		return nil
	})
}

// SetDisabled shuts a person out, with all their sessions, or lets them in
// again. The last owner can't be shut out.
func (d *Directory) SetDisabled(ctx context.Context, id UserID, disabled bool) error {
	return d.manage(ctx, id, func(w Writer, a *Account) error {
		if !disabled {
			a.Disabled = false
			return nil
		}
		if err := dethrone(w, *a); err != nil {
			return err
		}
		a.Disabled = true
		return restamp(w, a, "")
	})
}

// SetSecondRequired demands a second factor of one person, or no longer. Who
// has none keeps nothing but the way to add one; their API key ends.
func (d *Directory) SetSecondRequired(ctx context.Context, id UserID, required bool) error {
	return d.manage(ctx, id, func(w Writer, a *Account) error {
		a.SecondRequired = required
		return d.endKeysWithoutSecond(w, a)
	})
}

// RequireSecondForAll follows the setting that demands a second factor of
// everybody (Config.SecondForAll says so by now): the API keys of those who
// have none end.
func (d *Directory) RequireSecondForAll(ctx context.Context) error {
	return d.keep.Write(ctx, func(w Writer) error {
		all, err := w.Accounts()
		if err != nil {
			return err
		}
		for _, a := range all {
			if a.APIKey == "" || !d.SecondMissing(a) {
				continue
			}
			if err := d.endKeysWithoutSecond(w, &a); err != nil {
				return err
			}
			if err := w.PutAccount(a); err != nil {
				return err
			}
		}
		return nil
	})
}

// ResetSecond turns a person's second factors off, for who has lost them and
// the recovery code. Passkeys stay: they are no second factors, and each is a
// way in of its own that its person may remove.
func (d *Directory) ResetSecond(ctx context.Context, id UserID) error {
	return d.manage(ctx, id, func(w Writer, a *Account) error {
		return d.recovered(w, a)
	})
}

// Remove removes a person with everything that they kept. The last owner stays.
func (d *Directory) Remove(ctx context.Context, id UserID) error {
	return d.keep.Write(ctx, func(w Writer) error {
		a, err := w.Account(id)
		if errors.Is(err, ErrNotFound) {
			return ErrNoPerson
		}
		if err != nil {
			return err
		}
		if err := dethrone(w, a); err != nil {
			return err
		}
		return w.RemoveAccount(id)
	})
}

// Delete is Remove by the person: the only owner may leave an empty house, but
// not while others still live here.
func (d *Directory) Delete(ctx context.Context, id UserID) error {
	return d.keep.Write(ctx, func(w Writer) error {
		all, err := w.Accounts()
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(a Account) bool { return a.ID == id })
		if i < 0 {
			return ErrNoPerson
		}
		if len(all) > 1 {
			if err := dethrone(w, all[i]); err != nil {
				return err
			}
		}
		return w.RemoveAccount(id)
	})
}

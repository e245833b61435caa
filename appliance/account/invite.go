package account

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"latchkey/appliance/problem"
)

// invitationSecret is the length of an invitation's random part, in bytes.
const invitationSecret = 32

// Invite makes an invitation for email and returns it with its token
// (base64url), which is kept nowhere. An earlier one for the same e-mail ends.
// by is an owner, or empty for a command on the machine; role may be empty for
// Member.
func (d *Directory) Invite(ctx context.Context, by UserID, email, name string, role Role) (Invitation, string, error) {
	email = NormalEmail(email)
	if role == "" {
		role = Member
	}
	if err := errors.Join(CheckEmail(email), checkLengths(name), role.check()); err != nil {
		return Invitation{}, "", problem.Of(err)
	}
	token := base64.RawURLEncoding.EncodeToString(random(invitationSecret))
	now := d.now()
	inv := Invitation{
		ID: invitationID(token), Email: email, Name: name, Role: role, By: by,
		Created: now, Expires: now.AddDate(0, 0, int(d.invitationDays())),
	}
	err := d.keep.Write(ctx, func(w Writer) error {
		if err := mayInvite(w, by); err != nil {
			return err
		}
		if _, err := w.AccountByEmail(email); err == nil {
			return ErrMailTaken
		} else if !errors.Is(err, ErrNotFound) {
			return err
		}
		all, err := w.Invitations()
		if err != nil {
			return err
		}
		for _, old := range all {
			if old.Email == email {
				if err := w.RemoveInvitation(old.ID); err != nil {
					return err
				}
			}
		}
		return w.PutInvitation(inv)
	})
	if err != nil {
		return Invitation{}, "", err
	}
	return inv, token, nil
}

// mayInvite wants by to be an owner now: one who was demoted a moment ago could
// still invite an owner to their own other address.
func mayInvite(r Reader, by UserID) error {
	if by == "" {
		return nil
	}
	a, err := r.Account(by)
	if errors.Is(err, ErrNotFound) || err == nil && (a.Role != Owner || a.Disabled) {
		return ErrNotOwner
	}
	return err
}

// Invitations lists those that can still be used.
func (d *Directory) Invitations(ctx context.Context) ([]Invitation, error) {
	var live []Invitation
	err := d.keep.View(ctx, func(r Reader) error {
		all, err := r.Invitations()
		for _, i := range all {
			if d.now().Before(i.Expires) {
				live = append(live, i)
			}
		}
		return err
	})
	return live, err
}

// Uninvite ends an invitation.
func (d *Directory) Uninvite(ctx context.Context, id InvitationID) error {
	return d.keep.Write(ctx, func(w Writer) error {
		if _, err := w.Invitation(id); errors.Is(err, ErrNotFound) {
			return problem.New(problem.NotFound, "invitation.gone", "There is no such invitation any more.", "Load the list again.")
		} else if err != nil {
			return err
		}
		return w.RemoveInvitation(id)
	})
}

// CheckInvitation answers nil while token invites email, else ErrInvitation.
func (d *Directory) CheckInvitation(ctx context.Context, email, token string) error {
	return d.keep.View(ctx, func(r Reader) error {
		_, err := d.liveInvitation(r, NormalEmail(email), token)
		return err
	})
}

func (d *Directory) liveInvitation(r Reader, email, token string) (Invitation, error) {
	inv, err := r.Invitation(invitationID(token))
	if errors.Is(err, ErrNotFound) {
		return Invitation{}, ErrInvitation
	}
	if err != nil {
		return Invitation{}, fmt.Errorf("finding an invitation: %w", err)
	}
	if inv.Email != email || !d.now().Before(inv.Expires) {
		return Invitation{}, ErrInvitation
	}
	return inv, nil
}

// invitationID hashes the token as it stands in the link; 256 random bits need
// no slow hash, and looking a hash up leaks nothing of the token by its timing.
func invitationID(token string) InvitationID {
	sum := sha256.Sum256([]byte(token))
	return InvitationID(hex.EncodeToString(sum[:]))
}

package account

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// SweepSessions removes the sessions and invitations that have expired at the
// time now, which should be one that has come for certain.
func (d *Directory) SweepSessions(ctx context.Context, now time.Time) error {
	var dead []Session
	var late []InvitationID
	err := d.keep.View(ctx, func(r Reader) error {
		people, err := r.Accounts()
		if err != nil {
			return err
		}
		for _, a := range people {
			all, err := r.Sessions(a.ID)
			if err != nil {
				return err
			}
			for _, s := range all {
				if now.After(s.Expires) {
					dead = append(dead, s)
				}
			}
		}
		invitations, err := r.Invitations()
		for _, i := range invitations {
			if now.After(i.Expires) {
				late = append(late, i.ID)
			}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("finding expired sessions: %w", err)
	}
	return errors.Join(d.removeSessions(ctx, dead), d.removeInvitations(ctx, late))
}

func (d *Directory) removeSessions(ctx context.Context, dead []Session) error {
	if len(dead) == 0 {
		return nil
	}
	return d.keep.WriteSessions(ctx, func(w SessionWriter) error {
		for _, s := range dead {
			if err := w.RemoveSession(s.Owner, s.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *Directory) removeInvitations(ctx context.Context, late []InvitationID) error {
	if len(late) == 0 {
		return nil
	}
	return d.keep.Write(ctx, func(w Writer) error {
		for _, id := range late {
			if err := w.RemoveInvitation(id); err != nil {
				return err
			}
		}
		return nil
	})
}

package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"latchkey/appliance/totp"
)

// skewed is what clocks differ by without having been wrong.
const skewed = time.Hour

// Shorten lets nothing live longer than if it had been made now, which has to be
// the right time: sessions, remembered devices and invitations that a clock made
// which ran years ahead. A one-time code that was used at such a time no longer
// stands before those of today. Where there are none it writes nothing.
func (d *Directory) Shorten(ctx context.Context, now time.Time) error {
	var late []UserID
	var invitations bool
	err := d.keep.View(ctx, func(r Reader) error {
		people, err := r.Accounts()
		if err != nil {
			return err
		}
		for _, a := range people {
			sessions, err := r.Sessions(a.ID)
			if err != nil {
				return err
			}
			if a.ahead(now) || slices.ContainsFunc(sessions, func(s Session) bool { return s.ahead(now) }) {
				late = append(late, a.ID)
			}
		}
		all, err := r.Invitations()
		invitations = slices.ContainsFunc(all, func(i Invitation) bool { return i.ahead(now) })
		return err
	})
	if err != nil || len(late) == 0 && !invitations {
		return err
	}
	err = d.keep.Write(ctx, func(w Writer) error {
		for _, id := range late {
			if err := d.shorten(w, id, now); err != nil {
				return err
			}
		}
		return d.shortenInvitations(w, now)
	})
	if err != nil {
		return fmt.Errorf("shortening what a clock ahead has made: %w", err)
	}
	return nil
}

func (s Session) ahead(now time.Time) bool    { return s.Seen.After(now.Add(skewed)) }
func (i Invitation) ahead(now time.Time) bool { return i.Created.After(now.Add(skewed)) }

// ahead goes by the end, since that is all there is.
func (m Remembered) ahead(now time.Time) bool {
	return m.Expires.After(now.AddDate(0, 0, rememberDays).Add(skewed))
}

func (a Account) ahead(now time.Time) bool {
	return a.TOTP.ahead(now) || slices.ContainsFunc(a.Remembered, func(m Remembered) bool { return m.ahead(now) })
}

func (t *TOTP) ahead(now time.Time) bool { return t != nil && t.Step > totp.Step(now.Add(skewed)) }

func (d *Directory) shorten(w Writer, id UserID, now time.Time) error {
	a, err := w.Account(id)
	if errors.Is(err, ErrNotFound) {
		return nil // removed meanwhile
	}
	if err != nil {
		return err
	}
	a.Remembered = slices.Clone(a.Remembered)
	for i := range a.Remembered {
		if m := &a.Remembered[i]; m.ahead(now) {
			m.Expires = now.AddDate(0, 0, rememberDays)
		}
	}
	if a.TOTP.ahead(now) {
		t := *a.TOTP
		t.Step, t.LastUsed = totp.Step(now), now
		a.TOTP = &t
	}
	if err := w.PutAccount(a); err != nil {
		return err
	}
	sessions, err := w.Sessions(id)
	for _, s := range sessions {
		if !s.ahead(now) {
			continue
		}
		s.Seen, s.Expires = now, earlier(s.Expires, d.expiry(now))
		s.Created, s.Proved = earlier(s.Created, now), earlier(s.Proved, now.Add(-skewed)) // a proof of then is none now
		if err := w.PutSession(s); err != nil {
			return err
		}
	}
	return err
}

func (d *Directory) shortenInvitations(w Writer, now time.Time) error {
	all, err := w.Invitations()
	for _, i := range all {
		if !i.ahead(now) {
			continue
		}
		i.Created, i.Expires = now, earlier(i.Expires, now.AddDate(0, 0, int(d.invitationDays())))
		if err := w.PutInvitation(i); err != nil {
			return err
		}
	}
	return err
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// Renew moves a person's revision on, so that every client asks for a new sync.
func (d *Directory) Renew(ctx context.Context, id UserID) error {
	return d.keep.Write(ctx, func(w Writer) error {
		_, err := w.Touch(id)
		return err
	})
}

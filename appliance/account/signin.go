package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/appliance/problem"
)

// Credentials are what a sign-in by password brings.
type Credentials struct {
	Email              string
	MasterPasswordHash string
	Client             string // client_id
	Device             Device // Identifier, Name, Type and PushToken as the client says
}

// Grant is what a sign-in or refresh gives.
type Grant struct {
	Account      Account
	Device       Device
	AccessToken  string
	RefreshToken string
	ExpiresIn    time.Duration // of the access token
}

// maxSessionsPerDevice bounds what one device can pile up: several windows or
// shells at once are usual, hundreds are leftovers.
const maxSessionsPerDevice = 16

// SignIn proves a master password hash and starts a session. It answers
// ErrSignIn for a wrong password and an unknown name alike, after the same
// work.
func (d *Directory) SignIn(ctx context.Context, c Credentials) (Grant, error) {
	if c.Device.Identifier == "" || len(c.Device.Identifier) > maxName {
		return Grant{}, problem.New(problem.Refused, "device.missing", "The app did not say which device it is.", "Update your app and try again.")
	}
	a, err := d.byEmail(ctx, NormalEmail(c.Email))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Grant{}, err
	}
	ok, err := d.hasher.Check(ctx, a.Verifier, c.MasterPasswordHash)
	if err != nil {
		return Grant{}, err
	}
	if !ok {
		return Grant{}, ErrSignIn
	}
	return d.start(ctx, a.ID, a.Verifier, c)
}

// start makes the device known and the session. It reads the account again and
// wants the same verifier: the password may have changed while it was checked.
func (d *Directory) start(ctx context.Context, id UserID, proven Verifier, c Credentials) (Grant, error) {
	var g Grant
	now := d.now()
	err := d.keep.Write(ctx, func(w Writer) error {
		a, err := w.Account(id)
		if err != nil || string(a.Verifier.Hash) != string(proven.Hash) {
			return ErrSignIn
		}
		a.Seen = now
		if err := w.PutAccount(a); err != nil {
			return err
		}
		dev, err := upsertDevice(w, a.ID, c.Device, now)
		if err != nil {
			return err
		}
		s := Session{
			ID: SessionID(newID()), Owner: a.ID, Device: dev.ID, Client: c.Client, Stamp: a.Stamp,
			Created: now, Seen: now, Expires: d.expiry(now),
		}
		if g.RefreshToken, s.Hash, err = newRefresh(a.ID, s.ID); err != nil {
			return err
		}
		if err := dropOldest(w, s); err != nil {
			return err
		}
		if err := w.PutSession(s); err != nil {
			return err
		}
		g.Account, g.Device, g.ExpiresIn = a, dev, accessLife
		g.AccessToken, err = d.tokens.access(a, dev, s)
		return err
	})
	return g, err
}

func upsertDevice(w Writer, owner UserID, said Device, now time.Time) (Device, error) {
	dev, err := w.DeviceByIdentifier(owner, said.Identifier)
	if errors.Is(err, ErrNotFound) {
		dev = Device{ID: DeviceID(newID()), Owner: owner, Identifier: said.Identifier, Created: now}
	} else if err != nil {
		return Device{}, err
	}
	dev.Name, dev.Type, dev.Seen = clip(said.Name), said.Type, now
	if said.PushToken != "" {
		dev.PushToken = said.PushToken
	}
	return dev, w.PutDevice(dev)
}

// dropOldest makes room for s among the sessions of its device.
func dropOldest(w SessionWriter, s Session) error {
	all, err := w.Sessions(s.Owner)
	if err != nil {
		return err
	}
	var same []Session
	for _, other := range all {
		if other.Device == s.Device {
			same = append(same, other)
		}
	}
	for len(same) >= maxSessionsPerDevice {
		if err := w.RemoveSession(s.Owner, same[0].ID); err != nil {
			return err
		}
		same = same[1:]
	}
	return nil
}

// Refresh gives a new access token for a refresh token, which stays good:
// clients refresh from several places at once. Anything wrong with it is
// ErrSession.
func (d *Directory) Refresh(ctx context.Context, refreshToken string) (Grant, error) {
	owner, id, secret, ok := readRefresh(refreshToken)
	if !ok {
		return Grant{}, ErrSession
	}
	var g Grant
	var s Session
	err := d.keep.View(ctx, func(r Reader) (err error) {
		if s, err = r.Session(owner, id); err != nil {
			return err
		}
		if g.Account, err = r.Account(owner); err != nil {
			return err
		}
		g.Device, err = r.Device(owner, s.Device)
		return err
	})
	if errors.Is(err, ErrNotFound) || err == nil && (!s.matches(secret) || s.Stamp != g.Account.Stamp || d.now().After(s.Expires)) {
		return Grant{}, ErrSession
	}
	if err != nil {
		return Grant{}, err
	}
	if err := d.slide(ctx, s); err != nil {
		return Grant{}, err
	}
	g.RefreshToken, g.ExpiresIn = refreshToken, accessLife
	g.AccessToken, err = d.tokens.access(g.Account, g.Device, s)
	return g, err
}

// slideEvery spares the disk: a session's end moves on once an hour at most.
const slideEvery = time.Hour

func (d *Directory) slide(ctx context.Context, s Session) error {
	now := d.now()
	if now.Sub(s.Seen) < slideEvery && now.After(s.Created) {
		return nil
	}
	return d.keep.Write(ctx, func(w Writer) error {
		fresh, err := w.Session(s.Owner, s.ID)
		if errors.Is(err, ErrNotFound) {
			return ErrSession // ended meanwhile: it must not come back
		}
		if err != nil {
			return err
		}
		fresh.Seen, fresh.Expires = now, d.expiry(now)
		if err := w.PutSession(fresh); err != nil {
			return err
		}
		return seen(w, fresh, now)
	})
}

// seen notes on the session's device and account that they were used.
func seen(w Writer, s Session, now time.Time) error {
	dev, err := w.Device(s.Owner, s.Device)
	if err != nil {
		return err
	}
	a, err := w.Account(s.Owner)
	if err != nil {
		return err
	}
	dev.Seen, a.Seen = now, now
	if err := w.PutDevice(dev); err != nil {
		return err
	}
	return w.PutAccount(a)
}

func (d *Directory) expiry(now time.Time) time.Time { return now.AddDate(0, 0, int(d.sessionDays())) }

// Session finds the live session behind an access token, or answers ErrSession.
func (d *Directory) Session(ctx context.Context, accessToken string) (Session, error) {
	now := d.now()
	s, era, ok := d.recent.get(accessToken, now)
	if ok {
		return s, nil
	}
	owner, id, until, err := d.tokens.read(accessToken)
	if err != nil {
		return Session{}, ErrSession.Because(err)
	}
	err = d.keep.View(ctx, func(r Reader) (err error) { s, err = r.Session(owner, id); return err })
	if errors.Is(err, ErrNotFound) || err == nil && now.After(s.Expires) {
		return Session{}, ErrSession
	}
	if err != nil {
		return Session{}, err
	}
	d.recent.put(era, accessToken, proven{s, until})
	return s, nil
}

// End ends one session; that it has already ended is no error.
func (d *Directory) End(ctx context.Context, s Session) error {
	return d.keep.WriteSessions(ctx, func(w SessionWriter) error { return w.RemoveSession(s.Owner, s.ID) })
}

// SweepSessions removes the sessions and invitations that have expired.
func (d *Directory) SweepSessions(ctx context.Context) error {
	now := d.now()
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

func clip(s string) string {
	if r := []rune(s); len(r) > maxName {
		return string(r[:maxName])
	}
	return s
}

package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/appliance/problem"
)

// Refresh gives a new access token for a refresh token, which stays good:
// clients refresh from several places at once. Anything wrong with it is
// ErrSession.
func (d *Directory) Refresh(ctx context.Context, refreshToken string) (Grant, error) {
	owner, id, secret, ok := readRefresh(refreshToken)
	if !ok {
		return Grant{}, ErrSession
	}
	var g Grant
	var a Account
	var dev Device
	var s Session
	err := d.keep.View(ctx, func(r Reader) (err error) {
		if s, a, err = d.live(r, owner, id); err != nil {
			return err
		}
		dev, err = r.Device(owner, s.Device)
		return err
	})
	if errors.Is(err, ErrNotFound) || err == nil && (s.NoRefresh || !s.matches(secret)) {
		return Grant{}, ErrSession
	}
	if err != nil {
		return Grant{}, err
	}
	// A disk that takes nothing more must not keep people from reading: the
	// session then ends when it would have ended anyway.
	if err := d.slide(ctx, s); errors.Is(err, ErrSession) || ctx.Err() != nil {
		return Grant{}, err
	}
	g.RefreshToken = refreshToken
	return g, d.grant(&g, a, dev, s)
}

// live finds a session that may act, with its person, or answers ErrSession.
func (d *Directory) live(r Reader, owner UserID, id SessionID) (Session, Account, error) {
	s, err := r.Session(owner, id)
	if errors.Is(err, ErrNotFound) {
		return Session{}, Account{}, ErrSession
	}
	if err != nil {
		return Session{}, Account{}, err
	}
	a, err := r.Account(owner)
	if errors.Is(err, ErrNotFound) || err == nil && (a.Disabled || s.Stamp != a.Stamp || d.now().After(s.Expires)) {
		return Session{}, Account{}, ErrSession
	}
	return s, a, err
}

// slideEvery spares the disk: a session's end moves on once an hour at most.
const slideEvery = time.Hour

func (d *Directory) slide(ctx context.Context, s Session) error {
	now := d.now()
	if age := now.Sub(s.Seen); age >= 0 && age < slideEvery && now.After(s.Created) {
		return nil
	}
	return d.keep.Write(ctx, func(w Writer) error {
		fresh, _, err := d.live(w, s.Owner, s.ID)
		if err != nil {
			return err // ErrSession: ended meanwhile, and must not come back
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

// Session finds the live session behind an access token, or answers ErrSession:
// also when its person was disabled or has another stamp by now.
func (d *Directory) Session(ctx context.Context, accessToken string) (Session, error) {
	s, era, ok := d.recent.get(accessToken, d.now())
	if ok {
		return s, nil
	}
	return d.readSession(ctx, accessToken, era)
}

// readSession is Session for a token that nobody has shown since the last write.
func (d *Directory) readSession(ctx context.Context, accessToken string, era uint64) (Session, error) {
	owner, id, until, err := d.tokens.read(accessToken)
	if err != nil {
		return Session{}, ErrSession.Because(err)
	}
	var s Session
	var a Account
	err = d.keep.View(ctx, func(r Reader) (err error) { s, a, err = d.live(r, owner, id); return err })
	if err != nil {
		return Session{}, err
	}
	s.standing = standingOf(a)
	d.recent.put(era, accessToken, proven{s, until})
	return s, nil
}

// standing is what Limited needs to know of a session's person.
type standing struct{ hasSecond, wantsSecond bool }

func standingOf(a Account) standing { return standing{a.HasSecond(), a.SecondRequired} }

// Limited reports whether the person must have a second factor and has none:
// such a session is good for enrolling and nothing else. s is what Session, a
// sign-in or a refresh gave; it costs no reading.
func (d *Directory) Limited(s Session) bool {
	return !s.standing.hasSecond && (s.standing.wantsSecond || d.secondForAll())
}

// Prove notes that the session's person has just proved to be there, and gives
// the session as it is now.
func (d *Directory) Prove(ctx context.Context, s Session) (Session, error) {
	err := d.keep.WriteSessions(ctx, func(w SessionWriter) error {
		fresh, err := w.Session(s.Owner, s.ID)
		if errors.Is(err, ErrNotFound) {
			return ErrSession
		}
		if err != nil {
			return err
		}
		fresh.Proved, fresh.standing = d.now(), s.standing
		s = fresh
		return w.PutSession(fresh)
	})
	return s, err
}

// Sessions lists a person's live sessions, the oldest first.
func (d *Directory) Sessions(ctx context.Context, id UserID) ([]Session, error) {
	var live []Session
	err := d.keep.View(ctx, func(r Reader) error {
		all, err := r.Sessions(id)
		for _, s := range all {
			if !d.now().After(s.Expires) {
				live = append(live, s)
			}
		}
		return err
	})
	return live, err
}

// End ends one session; that it has already ended is no error.
func (d *Directory) End(ctx context.Context, s Session) error {
	return d.removeSessions(ctx, []Session{s})
}

// EndSession ends a session of owner's by its id.
func (d *Directory) EndSession(ctx context.Context, owner UserID, id SessionID) error {
	err := d.keep.WriteSessions(ctx, func(w SessionWriter) error {
		if _, err := w.Session(owner, id); err != nil {
			return err
		}
		return w.RemoveSession(owner, id)
	})
	if errors.Is(err, ErrNotFound) {
		return problem.New(problem.NotFound, "session.gone", "There is no such session any more.", "Load the list again.")
	}
	return err
}

// EndOthers ends every session of s's person but s, and changes the stamp:
// remembered devices end with it.
func (d *Directory) EndOthers(ctx context.Context, s Session) error {
	return d.SignOutEverywhere(ctx, s.Owner, s.ID)
}

// endSessions removes those of a person's sessions that which names.
func endSessions(w SessionWriter, owner UserID, which func(Session) bool) error {
	all, err := w.Sessions(owner)
	if err != nil {
		return err
	}
	for _, s := range all {
		if !which(s) {
			continue
		}
		if err := w.RemoveSession(owner, s.ID); err != nil {
			return fmt.Errorf("ending a session: %w", err)
		}
	}
	return nil
}

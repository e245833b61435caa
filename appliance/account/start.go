package account

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"latchkey/appliance/passkey"
)

// Grant is what a sign-in or refresh gives.
type Grant struct {
	Account       Account
	Device        Device
	Session       Session
	AccessToken   string
	RefreshToken  string        // empty for an API key
	ExpiresIn     time.Duration // of the access token
	RememberToken string        // for Provider Remember next time; empty unless it was asked for
	Missing       bool          // the account must have a second factor and has none (see Limited)
}

// Start makes the session of a person who has proved all that is wanted, in one
// write with everything that the proofs use up. It looks at the account once
// more: what changed meanwhile (password, stamp, factors, disabled, the token
// of a remembered device) ends the sign-in, and of two with the same code one
// is refused.
func (d *Directory) Start(ctx context.Context, p Proven, dev Device, client string) (Grant, error) {
	if err := dev.Check(); err != nil {
		return Grant{}, err
	}
	var g Grant
	now := d.now()
	err := d.keep.Write(ctx, func(w Writer) error {
		a, err := d.settleProof(w, p)
		if err != nil {
			return err
		}
		if p.remember {
			g.RememberToken = a.rememberDevice(dev.Identifier, now)
		}
		return d.open(w, &g, a, dev, Session{Client: client, Method: p.Method, Proved: now, Expires: d.expiry(now)})
	})
	if err != nil {
		return Grant{}, err
	}
	return g, nil
}

// Recover turns the second factors off for who has proved the password and the
// recovery code, without signing in.
func (d *Directory) Recover(ctx context.Context, p Proven) error {
	if !p.recovered {
		return ErrRecovery
	}
	return d.keep.Write(ctx, func(w Writer) error {
		a, err := d.settleProof(w, p)
		if err != nil {
			return err
		}
		return w.PutAccount(a)
	})
}

// settleProof wants p to hold still, and gives the account with what p uses up
// marked as used. The caller keeps it.
func (d *Directory) settleProof(w Writer, p Proven) (Account, error) {
	a, err := w.Account(p.Account.ID)
	if errors.Is(err, ErrNotFound) {
		return a, ErrSignIn
	}
	if err != nil {
		return a, err
	}
	now := d.now()
	if err := p.still(a, now); err != nil {
		return a, err
	}
	switch p.Method {
	case ByTOTP:
		a.TOTP.Step, a.TOTP.LastUsed = p.step, now
	case ByKey, ByPasskey:
		err = a.moveCounter(p.used, now)
	case ByRecovery:
		if err = d.recovered(w, &a); err == nil {
			_, err = w.Touch(a.ID) // the profile says whether a second factor is on
		}
	}
	return a, err
}

// still says why what was proved holds no longer, or nil.
func (p Proven) still(a Account, now time.Time) error {
	was := p.Account
	switch {
	case !p.proved, a.Stamp != was.Stamp, !bytes.Equal(a.Verifier.Hash, was.Verifier.Hash):
		return ErrSignIn
	case a.Disabled:
		return ErrDisabled
	case !p.complete:
		return p.Wanted()
	case p.Method == ByPasskey:
		if a.passkey(p.used.ID) < 0 {
			return passkey.ErrUnknown
		}
		return nil
	case !sameFactors(a, was):
		return ErrChanged
	case p.Method == ByTOTP && a.TOTP.Step >= p.step:
		return ErrCodeWrong // used up meanwhile
	case p.Method == ByRemember && !a.remembers(p.token, p.device, now):
		return &SecondWanted{Providers: a.Providers(), Account: a}
	case p.recovered && a.Recovery != was.Recovery:
		return ErrRecovery
	}
	return nil
}

// sameFactors reports whether both have the same second factors on.
func sameFactors(a, b Account) bool {
	if (a.TOTP == nil) != (b.TOTP == nil) {
		return false
	}
	if a.TOTP != nil && (a.TOTP.Secret != b.TOTP.Secret || !a.TOTP.Since.Equal(b.TOTP.Since)) {
		return false
	}
	return slices.EqualFunc(a.Keys, b.Keys, func(x, y SecurityKey) bool {
		return bytes.Equal(x.Credential.ID, y.Credential.ID)
	})
}

// open makes the device known and keeps the session s of a on it, and a itself.
func (d *Directory) open(w Writer, g *Grant, a Account, said Device, s Session) error {
	now := d.now()
	a.Seen = now
	if err := w.PutAccount(a); err != nil {
		return err
	}
	dev, err := upsertDevice(w, a.ID, said, now)
	if err != nil {
		return err
	}
	s.ID, s.Owner, s.Device = SessionID(newID()), a.ID, dev.ID
	s.Client, s.Stamp, s.Created, s.Seen = clip(s.Client), a.Stamp, now, now
	if !s.NoRefresh {
		if g.RefreshToken, s.Hash, err = newRefresh(a.ID, s.ID); err != nil {
			return err
		}
	}
	if err := dropOldest(w, s); err != nil {
		return err
	}
	if err := w.PutSession(s); err != nil {
		return err
	}
	return d.grant(g, a, dev, s)
}

// grant fills g for a session, all but its refresh token.
func (d *Directory) grant(g *Grant, a Account, dev Device, s Session) (err error) {
	s.standing = standingOf(a)
	g.Account, g.Device, g.Session, g.ExpiresIn, g.Missing = a, dev, s, accessLife, d.Limited(s)
	g.AccessToken, err = d.tokens.access(a, dev, s)
	return err
}

func upsertDevice(w Writer, owner UserID, said Device, now time.Time) (Device, error) {
	dev, err := w.DeviceByIdentifier(owner, said.Identifier)
	if errors.Is(err, ErrNotFound) {
		dev = Device{ID: DeviceID(newID()), Owner: owner, Identifier: said.Identifier, Created: now}
	} else if err != nil {
		return Device{}, err
	}
	if !dev.Named {
		dev.Name = clip(said.Name)
	}
	dev.Type, dev.Seen = said.Type, now
	if said.PushToken != "" {
		dev.PushToken = clip(said.PushToken)
	}
	return dev, w.PutDevice(dev)
}

// maxSessionsPerDevice bounds what one device can pile up: several windows or
// shells at once are usual, hundreds are leftovers.
const maxSessionsPerDevice = 16

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

func clip(s string) string {
	if r := []rune(s); len(r) > maxName {
		return string(r[:maxName])
	}
	return s
}

package account

import (
	"context"
	"errors"

	"latchkey/appliance/passkey"
	"latchkey/appliance/problem"
	"latchkey/appliance/totp"
)

// A sign-in goes in steps, so that the door can ask its guard before each:
// Password or CheckPasskey, then CheckSecond or CheckKey where a second factor is
// on, then Start. Nothing is kept before all have passed.

// Problems of signing in.
var (
	// ErrCodeClock is ErrCodeWrong in a house that does not know the time: the
	// code may well be right.
	ErrCodeClock = problem.New(problem.Refused, "second.clock", "Two-step token is invalid, or this house's clock is wrong: it waits for the right time.",
		"Codes need the right time. Wait until the machine has it from the internet, or use a security key or the recovery code.")
	ErrCodeWrong = problem.New(problem.Refused, "second.wrong", "Two-step token is invalid. Try again.", "Wait for the next code; each counts once.")
	ErrRecovery  = problem.New(problem.Refused, "recovery.wrong", "The recovery code is wrong.", "Compare each character with what you wrote down.")
	// ErrDisabled is told only to who has proved to be the person.
	ErrDisabled = problem.New(problem.Refused, "account.disabled", "An owner of this house has disabled your account.", "Ask the owner.")
	// ErrChanged: a second factor was changed while somebody signed in.
	ErrChanged = problem.New(problem.Refused, "signin.changed", "Your account was changed while you signed in.", "Sign in again.")
	// ErrDevice: no identifier of the device, or one that is too long.
	ErrDevice = problem.New(problem.Refused, "device.missing", "The app did not say which device it is.", "Update your app and try again.")
)

// Check refuses what can't be a device that signs in.
func (dev Device) Check() error {
	if dev.Identifier == "" || len(dev.Identifier) > maxName {
		return ErrDevice
	}
	return nil
}

// Password proves a master password hash. It answers ErrSignIn for a wrong
// password and an unknown name alike, after the same work. known: a device of
// this account asks; it has a hash slot that strangers can't take.
func (d *Directory) Password(ctx context.Context, email, hash string, known bool) (Proven, error) {
	a, err := d.ByEmail(ctx, NormalEmail(email))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Proven{}, err
	}
	// Nobody's verifier is the zero one, which costs the same and fits nothing.
	ok, err := d.hasher.check(ctx, a.Verifier, hash, known)
	if err != nil {
		return Proven{}, err
	}
	if !ok {
		return Proven{}, ErrSignIn
	}
	if a.Disabled {
		return Proven{}, ErrDisabled
	}
	return Proven{Account: a, Method: ByPassword, proved: true, complete: !a.HasSecond()}, nil
}

// Second is a second factor as a sign-in brings it; without a Token there is none.
type Second struct {
	Provider Provider
	Token    string // the code, the remembered device's token, or the recovery code
	Remember bool   // the device wants to be remembered
}

// CheckSecond judges a code, a remembered device's token or a recovery code;
// for a security key there is CheckKey. It answers ErrCodeWrong, ErrCodeClock or ErrRecovery, or for a token
// that is no longer good *SecondWanted, as if none had been sent. Where nothing
// is wanted it changes nothing. device is the identifier of who asks.
func (d *Directory) CheckSecond(p Proven, s Second, device string) (Proven, error) {
	if p.complete {
		return p, nil
	}
	if s.Token == "" {
		return p, p.Wanted()
	}
	a, ok := p.Account, false
	switch s.Provider {
	case Authenticator:
		if a.TOTP != nil {
			p.step, ok = totp.Check(a.TOTP.Secret, s.Token, d.now(), a.TOTP.Step)
		}
		p.Method, p.remember = ByTOTP, s.Remember
	case Remember:
		p.token, p.device = rememberHash(s.Token), device
		if !a.remembers(p.token, device, d.now()) {
			return p, p.Wanted()
		}
		p.Method, ok = ByRemember, true
	case Recovery:
		if !sameRecovery(a.Recovery, s.Token) {
			return Proven{}, ErrRecovery
		}
		p.Method, p.recovered, ok = ByRecovery, true, true
	}
	if !ok {
		return Proven{}, d.codeWrong()
	}
	p.complete = true
	return p, nil
}

func (d *Directory) codeWrong() error {
	if d.timeless() {
		return ErrCodeClock
	}
	return ErrCodeWrong
}

// CheckKey takes a security key as the second factor. used is what the ceremony
// gave, its counter moved.
func (d *Directory) CheckKey(p Proven, used passkey.Credential, remember bool) (Proven, error) {
	if p.complete {
		return p, nil
	}
	if p.Account.key(used.ID) < 0 {
		return Proven{}, ErrCodeWrong
	}
	p.Method, p.used, p.remember, p.complete = ByKey, used, remember, true
	return p, nil
}

// CheckPasskey takes a passkey in place of a password; no second factor is
// wanted then. used is what the ceremony gave, its counter moved.
func (d *Directory) CheckPasskey(ctx context.Context, id UserID, used passkey.Credential) (Proven, error) {
	a, err := d.Account(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return Proven{}, passkey.ErrUnknown
	case err != nil:
		return Proven{}, err
	case a.passkey(used.ID) < 0:
		return Proven{}, passkey.ErrUnknown
	case a.Disabled:
		return Proven{}, ErrDisabled
	}
	return Proven{Account: a, Method: ByPasskey, used: used, proved: true, complete: true}, nil
}

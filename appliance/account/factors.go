package account

import (
	"context"
	"slices"

	"latchkey/appliance/problem"
	"latchkey/appliance/totp"
)

// Problems of second factors and passkeys.
var (
	ErrSecret     = problem.New(problem.Refused, "totp.secret", "This is not a secret for an authenticator app.", "Load the page again and use the new one.")
	ErrSecondLast = problem.New(problem.Refused, "second.last", "This house wants a second factor of you, and this is your only one.", "Add another one first.")
	ErrKeyGone    = problem.New(problem.NotFound, "key.gone", "There is no such key any more.", "Load the list again.")
	ErrKeyTwice   = problem.New(problem.Refused, "key.twice", "This key has been added already.", "Use another key.")
	ErrKeysMany   = problem.New(problem.Refused, "key.many", "There are as many keys as an account can have.", "Remove one first.")
	ErrUnlock     = problem.New(problem.Refused, "passkey.unlock", "The passkey's keys for unlocking are not complete.", "Load the page again and try once more.")
)

// maxKeys bounds the security keys, and the passkeys, of one person.
const maxKeys = 10

// EnableTOTP turns an authenticator app on, or another in its place, once it
// has shown that it knows secret. The recovery code comes along if its person
// has not been told yet; it is empty otherwise.
func (d *Directory) EnableTOTP(ctx context.Context, id UserID, secret, code string) (a Account, recovery string, err error) {
	secret, ok := totp.Normal(secret)
	if !ok {
		return Account{}, "", ErrSecret
	}
	a, err = d.change(ctx, id, func(w Writer, a *Account) error {
		var last int64
		if a.TOTP != nil && a.TOTP.Secret == secret {
			last = a.TOTP.Step
		}
		now := d.now()
		step, ok := totp.Check(secret, code, now, last)
		if !ok {
			return d.codeWrong()
		}
		a.TOTP = &TOTP{Secret: secret, Since: now, Step: step}
		recovery = a.tellRecovery()
		return d.secondChanged(w, a)
	})
	if err != nil {
		return Account{}, "", err
	}
	return a, recovery, nil
}

// DisableTOTP turns the authenticator app off; that there is none is no error.
func (d *Directory) DisableTOTP(ctx context.Context, id UserID) (Account, error) {
	return d.dropSecond(ctx, id, func(a *Account) error {
		a.TOTP = nil
		return nil
	})
}

// RemoveKeys removes all security keys.
func (d *Directory) RemoveKeys(ctx context.Context, id UserID) (Account, error) {
	return d.dropSecond(ctx, id, func(a *Account) error {
		a.Keys = nil
		return nil
	})
}

// RemoveKey removes one security key by the wire's number.
func (d *Directory) RemoveKey(ctx context.Context, id UserID, number int) (Account, error) {
	return d.dropSecond(ctx, id, func(a *Account) error {
		n := len(a.Keys)
		a.Keys = slices.DeleteFunc(slices.Clone(a.Keys), func(k SecurityKey) bool { return k.ID == number })
		if len(a.Keys) == n {
			return ErrKeyGone
		}
		return nil
	})
}

// dropSecond takes second factors away, but not the last one of a person who
// must have one.
func (d *Directory) dropSecond(ctx context.Context, id UserID, fn func(*Account) error) (Account, error) {
	return d.change(ctx, id, func(w Writer, a *Account) error {
		had := a.HasSecond()
		if err := fn(a); err != nil {
			return err
		}
		if had && d.SecondMissing(*a) {
			return ErrSecondLast
		}
		return d.secondChanged(w, a)
	})
}

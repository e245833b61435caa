package account

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"latchkey/appliance/problem"
)

// Problems of API keys and of who lacks a second factor.
var (
	ErrAPIKey        = problem.New(problem.Refused, "apikey.wrong", "The client ID or the client secret is wrong.", "Copy both again from Settings, Security.")
	ErrSecondMissing = problem.New(problem.Refused, "second.missing", "Your account needs a second factor first.", "Sign in on this house's own page and add one.")
)

// apiKeySecret is the length of an API key's random bytes.
const apiKeySecret = 32

// apiKeyPrefix stands before the account's id in a client_id.
const apiKeyPrefix = "user."

// MakeAPIKey gives the account with its API key, and makes one where there is
// none.
func (d *Directory) MakeAPIKey(ctx context.Context, id UserID) (Account, error) {
	a, err := d.Account(ctx, id)
	if err != nil || a.APIKey != "" {
		return a, err
	}
	return d.RotateAPIKey(ctx, id)
}

// RotateAPIKey makes a new API key; the old one ends, and what it signed in.
func (d *Directory) RotateAPIKey(ctx context.Context, id UserID) (Account, error) {
	return d.change(ctx, id, func(w Writer, a *Account) error {
		if d.SecondMissing(*a) {
			return ErrSecondMissing
		}
		a.APIKey, a.APIKeyMade = base64.RawURLEncoding.EncodeToString(random(apiKeySecret)), d.now()
		return endSessions(w, id, ofAPIKey)
	})
}

func (a *Account) forgetAPIKey() { a.APIKey, a.APIKeyMade = "", time.Time{} }

func ofAPIKey(s Session) bool { return s.NoRefresh }

// SecondWanted reports whether a must have a second factor.
func (d *Directory) SecondWanted(a Account) bool { return a.SecondRequired || d.secondForAll() }

// SecondMissing reports whether a must have a second factor and has none.
func (d *Directory) SecondMissing(a Account) bool { return d.SecondWanted(a) && !a.HasSecond() }

// endKeysWithoutSecond ends the API key of a person who must have a second
// factor and has none: it was a way around it.
func (d *Directory) endKeysWithoutSecond(w SessionWriter, a *Account) error {
	if !d.SecondMissing(*a) {
		return nil
	}
	a.forgetAPIKey()
	return endSessions(w, a.ID, ofAPIKey)
}

// APIKeySignIn starts a session by client_id and client_secret (RFC 6749, 4.4).
// It has no refresh token and counts as no proof. Anything wrong with the two
// is ErrAPIKey.
func (d *Directory) APIKeySignIn(ctx context.Context, clientID, secret string, dev Device, client string) (Grant, error) {
	if err := dev.Check(); err != nil {
		return Grant{}, err
	}
	id, ok := strings.CutPrefix(clientID, apiKeyPrefix)
	if !ok {
		return Grant{}, ErrAPIKey
	}
	var g Grant
	err := d.apiKeyHolder(ctx, UserID(id), secret)
	if err != nil {
		return Grant{}, err
	}
	err = d.keep.Write(ctx, func(w Writer) error {
		a, err := w.Account(UserID(id))
		if err = d.judgeAPIKey(a, secret, err); err != nil {
			return err
		}
		return d.open(w, &g, a, dev, Session{Client: client, Method: ByAPIKey, NoRefresh: true, Expires: d.now().Add(accessLife)})
	})
	if err != nil {
		return Grant{}, err
	}
	return g, nil
}

// apiKeyHolder looks before the write, so that a stranger's guess costs none.
func (d *Directory) apiKeyHolder(ctx context.Context, id UserID, secret string) error {
	a, err := d.Account(ctx, id)
	return d.judgeAPIKey(a, secret, err)
}

func (d *Directory) judgeAPIKey(a Account, secret string, err error) error {
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	kept, given := sha256.Sum256([]byte(a.APIKey)), sha256.Sum256([]byte(secret))
	same := subtle.ConstantTimeCompare(kept[:], given[:]) == 1
	switch {
	case !same || a.APIKey == "":
		return ErrAPIKey
	case a.Disabled:
		return ErrDisabled
	case d.SecondMissing(a):
		return ErrSecondMissing
	}
	return nil
}

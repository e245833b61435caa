package api

import (
	"cmp"
	"errors"
	"strconv"
	"strings"

	"latchkey/appliance/account"
	"latchkey/appliance/guard"
	"latchkey/appliance/journal"
	"latchkey/appliance/passkey"
	"latchkey/appliance/problem"
)

const tokenPath = "/identity/connect/token"

// token is the OAuth 2 token endpoint (RFC 6749) as Bitwarden clients use it.
// One request may try a password and a second factor, so that each is an
// attempt of its own here.
func token(c *call) (any, error) {
	form, err := c.form()
	if err != nil {
		return nil, err
	}
	switch form["granttype"] {
	case "password":
		return c.passwordGrant(form)
	case "webauthn":
		return c.passkeyGrant(form)
	case "client_credentials":
		return c.apiKeyGrant(form)
	case "refresh_token":
		return c.refreshGrant(form)
	}
	return nil, &grantError{
		problem.New(problem.Refused, "grant.unsupported", "This way of signing in is not offered here.", "Sign in with your master password."),
		"unsupported_grant_type", "unsupported_grant_type",
	}
}

func (c *call) refreshGrant(form map[string]string) (any, error) {
	g, err := c.People.Refresh(c.ctx(), form["refreshtoken"])
	if errors.Is(err, account.ErrSession) {
		c.record(journal.Event{Kind: journal.Refused, Outcome: account.ErrSession.Code, Method: "refresh"})
		// 400 and nothing else, or clients do not sign out cleanly.
		ended := *account.ErrSession
		ended.Kind = problem.Refused
		return nil, &grantError{&ended, "invalid_grant", "invalid_grant"}
	}
	if err != nil {
		return nil, err
	}
	c.session, c.device = g.Session, g.Device
	c.tellEntered()
	c.record(journal.Event{Kind: journal.Token, Method: "refresh"})
	return grantShape(g), nil
}

// said is the device that a sign-in claims to come from.
func (c *call) said(form map[string]string) error {
	kind, err := strconv.Atoi(form["devicetype"])
	if err != nil {
		kind = unknownDevice
	}
	c.device = account.Device{
		Identifier: form["deviceidentifier"], Name: form["devicename"], Type: kind, PushToken: form["devicepushtoken"],
	}
	return c.device.Check()
}

func (c *call) passwordGrant(form map[string]string) (any, error) {
	if err := c.said(form); err != nil {
		return nil, err
	}
	email := account.NormalEmail(form["username"])
	proven, err := c.password(email, form["password"])
	if err != nil {
		return nil, err
	}
	proven, err = c.second(proven, form)
	var wanted *account.SecondWanted
	if errors.As(err, &wanted) {
		c.record(journal.Event{Kind: journal.Refused, Outcome: "second.wanted", Method: string(guard.Password), Owner: string(wanted.Account.ID)})
		return nil, c.wantSecond(wanted)
	}
	if err != nil {
		return nil, asGrantError(err)
	}
	return c.start(email, proven, form["clientid"])
}

func (c *call) password(email, hash string) (proven account.Proven, err error) {
	err = c.attempt(guard.Password, email, func() error {
		proven, err = c.People.Password(c.ctx(), email, hash, c.known)
		return err
	})
	if errors.Is(err, account.ErrSignIn) {
		return proven, &grantError{account.ErrSignIn, "invalid_grant", "invalid_username_or_password"}
	}
	return proven, asGrantError(err)
}

// start begins the session of whoever has proved everything.
func (c *call) start(email string, p account.Proven, client string) (any, error) {
	g, err := c.People.Start(c.ctx(), p, c.device, client)
	if err != nil {
		return nil, asGrantError(err)
	}
	return c.entered(email, g, p), nil
}

// entered notes a complete sign-in: guard knows the device from now on.
func (c *call) entered(email string, g account.Grant, p account.Proven) any {
	if try, counts := c.try(guard.None, email); counts {
		c.Guard.Complete(try)
	}
	c.session = g.Session
	c.tellEntered()
	c.record(journal.Event{Kind: journal.SignIn, Method: string(g.Session.Method)})
	return signInShape(g, p)
}

func (c *call) vouch() {
	if c.Vouch != nil {
		c.Vouch(c.r)
	}
}

func (c *call) tellEntered() {
	c.vouch()
	if c.Entered != nil {
		c.Entered(c.r, c.device.Identifier, journal.DeviceKind(c.device.Type))
	}
}

// passkeyGrant signs in by a passkey alone.
func (c *call) passkeyGrant(form map[string]string) (any, error) {
	if err := c.said(form); err != nil {
		return nil, err
	}
	party, err := c.Party(c.r)
	if err != nil {
		return nil, asGrantError(err)
	}
	var proven account.Proven
	err = c.attempt(guard.Passkey, c.emailOf(passkey.Claimed([]byte(form["deviceresponse"]))), func() error {
		who, used, err := c.Ceremonies.FinishUse(party, passkey.SignIn, form["token"], []byte(form["deviceresponse"]), c.passkeysOf)
		if err != nil {
			return err
		}
		proven, err = c.People.CheckPasskey(c.ctx(), account.UserID(who.ID), used)
		return err
	})
	if err != nil {
		return nil, asGrantError(err)
	}
	return c.start(proven.Account.Email, proven, form["clientid"])
}

// emailOf is under which name guard counts what is tried for the account of
// that ID, "" where there is none. An ID is 122 random bits: that somebody who
// brings one can tell whether it is an account's tells them nothing new.
func (c *call) emailOf(id string) string {
	a, err := c.People.Account(c.ctx(), account.UserID(lower(id)))
	if err != nil {
		return ""
	}
	return a.Email
}

// apiKeyGrant signs bw in by the account's API key; it still wants the master
// password to unlock.
func (c *call) apiKeyGrant(form map[string]string) (any, error) {
	if err := c.said(form); err != nil {
		return nil, err
	}
	var g account.Grant
	name := form["clientid"]
	if id, ok := strings.CutPrefix(name, "user."); ok {
		name = cmp.Or(c.emailOf(id), name)
	}
	err := c.attempt(guard.APIKey, name, func() (err error) {
		g, err = c.People.APIKeySignIn(c.ctx(), form["clientid"], form["clientsecret"], c.device, "cli")
		return err
	})
	switch {
	case errors.Is(err, account.ErrAPIKey):
		return nil, &grantError{account.ErrAPIKey, "invalid_client", "invalid_client"}
	case err != nil:
		return nil, asGrantError(err)
	}
	c.session = g.Session
	c.record(journal.Event{Kind: journal.SignIn, Method: string(g.Session.Method)})
	return signInShape(g, account.Proven{}), nil
}

// asGrantError gives a refusal the token endpoint's form; other troubles stay
// what they are.
func asGrantError(err error) error {
	var done *grantError
	if err == nil || errors.As(err, &done) {
		return err
	}
	p := problem.Of(err)
	if p.Kind != problem.Refused {
		return err
	}
	return &grantError{p, "invalid_grant", p.Code}
}

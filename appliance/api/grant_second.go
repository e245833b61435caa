package api

import (
	"encoding/json"
	"strconv"
	"strings"

	"latchkey/appliance/account"
	"latchkey/appliance/guard"
	"latchkey/appliance/journal"
	"latchkey/appliance/passkey"
	"latchkey/appliance/problem"
)

// second judges the second factor that the form brings, where one is wanted.
func (c *call) second(p account.Proven, form map[string]string) (account.Proven, error) {
	if p.Wanted() == nil || form["twofactortoken"] == "" {
		return p, p.Wanted()
	}
	kind, err := strconv.Atoi(form["twofactorprovider"])
	if err != nil {
		return p, p.Wanted()
	}
	remember := form["twofactorremember"] == "1" || strings.EqualFold(form["twofactorremember"], "true")
	s := account.Second{Provider: account.Provider(kind), Token: form["twofactortoken"], Remember: remember}
	email := p.Account.Email
	switch s.Provider {
	case account.Remember: // 32 random bytes: nobody guesses them
		return c.People.CheckSecond(p, s, c.device.Identifier)
	case account.WebAuthn:
		err = c.attempt(guard.Code, email, func() error {
			p, err = c.keyUsed(p, s)
			return err
		})
	default:
		attempt := guard.Code
		if s.Provider == account.Recovery {
			attempt = guard.Recovery
		}
		err = c.attempt(attempt, email, func() error {
			p, err = c.People.CheckSecond(p, s, c.device.Identifier)
			return err
		})
	}
	return p, err
}

// keyUsed judges what a security key has signed.
func (c *call) keyUsed(p account.Proven, s account.Second) (account.Proven, error) {
	party, err := c.Party(c.r)
	if err != nil {
		return p, err
	}
	_, used, err := c.Ceremonies.FinishUse(party, passkey.UseKey, "", []byte(s.Token), func(id string, _ []byte) (passkey.Person, []passkey.Credential, error) {
		if id != string(p.Account.ID) {
			return passkey.Person{}, nil, passkey.ErrRefused
		}
		return personOf(p.Account), p.Account.KeyCredentials(), nil
	})
	if err != nil {
		return p, err
	}
	return c.People.CheckKey(p, used, s.Remember)
}

// recoverByCode is the older way to switch the second factors off: without
// signing in.
func recoverByCode(c *call) (any, error) {
	var body struct{ Email, MasterPasswordHash, RecoveryCode string }
	if err := c.json(&body); err != nil {
		return nil, err
	}
	email := account.NormalEmail(body.Email)
	c.device.Identifier = c.r.Header.Get("Device-Identifier")
	proven, err := c.password(email, body.MasterPasswordHash)
	if err != nil {
		return nil, err
	}
	err = c.attempt(guard.Recovery, email, func() error {
		proven, err = c.People.CheckSecond(proven, account.Second{Provider: account.Recovery, Token: body.RecoveryCode}, c.device.Identifier)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := c.People.Recover(c.ctx(), proven); err != nil {
		return nil, err
	}
	c.record(journal.Event{Kind: journal.Second, Owner: string(proven.Account.ID), Method: "recovery", Detail: "off"})
	return empty{}, nil
}

// secondError is the wire's question for a second factor, an error in form.
type secondError struct {
	*grantError
	providers []string
	options   map[string]any // by provider
}

func (e *secondError) shape(why shown) any {
	return map[string]any{
		"error": e.code, "error_description": e.description,
		"TwoFactorProviders": e.providers, "TwoFactorProviders2": e.options,
		"SsoEmail2faSessionToken": nil, "Email": nil,
		"MasterPasswordPolicy": map[string]string{"Object": "masterPasswordPolicy"},
		"problem":              why,
	}
}

// wantSecond asks for the second factor. A security key is asked with options
// of its own; one that works under another name only is left out.
func (c *call) wantSecond(wanted *account.SecondWanted) error {
	e := &secondError{
		grantError: &grantError{problem.Of(wanted), "invalid_grant", "Two factor required."},
		providers:  []string{}, options: map[string]any{},
	}
	var elsewhere *problem.Problem
	for _, kind := range wanted.Providers {
		number := strconv.Itoa(int(kind))
		var options any
		if kind == account.WebAuthn {
			raw, err := c.keyOptions(wanted.Account)
			if err != nil {
				elsewhere = problem.Of(err)
				continue
			}
			options = raw
		}
		e.providers = append(e.providers, number)
		e.options[number] = options
	}
	if len(e.providers) == 0 && elsewhere != nil {
		e.Problem = elsewhere // there is a key, and it works under another name only
	}
	return e
}

// keyOptions asks the security keys of a. The wire wants the bare options.
func (c *call) keyOptions(a account.Account) (json.RawMessage, error) {
	party, err := c.Party(c.r)
	if err != nil {
		return nil, err
	}
	options, _, err := c.Ceremonies.BeginUse(party, personOf(a), a.KeyCredentials(), passkey.UseKey)
	return options, err
}

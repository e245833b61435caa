package api

import (
	"cmp"
	"encoding/json"
	"errors"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/guard"
	"latchkey/appliance/passkey"
	"latchkey/appliance/problem"
)

// evidence is what a body may bring to prove who sends it: one of them.
type evidence struct {
	MasterPasswordHash    string
	OldHash               string `json:"oldMasterKeyAuthenticationHash"` // what a rotation calls it
	Passkey               *assertion
	UserVerificationToken string // from a proof some minutes ago, for factors only
}

// assertion is a passkey's answer to a challenge (WebAuthn 5.2.2), as JSON.
type assertion struct {
	Token          string
	DeviceResponse json.RawMessage
}

// prove wants the proof that the row names. The wizard and the machine have
// none to show.
func (c *call) prove() error {
	want := c.row.proof
	if c.row.sterner != nil {
		want = max(want, c.row.sterner(c))
	}
	if want == noProof || c.session.Owner == "" || want == freshProof && c.isFresh() {
		return nil
	}
	var shown evidence
	if len(c.body) > 0 {
		if err := c.json(&shown); err != nil {
			return err
		}
	}
	switch hash := cmp.Or(shown.MasterPasswordHash, shown.OldHash); {
	case hash != "":
		return c.provePassword(hash)
	case want < passwordProof && shown.Passkey != nil:
		return c.provePasskey(*shown.Passkey)
	case want == factorProof && shown.UserVerificationToken != "":
		return c.People.CheckVerificationToken(c.ctx(), c.session.Owner, verifyFactors, shown.UserVerificationToken)
	case want == freshProof:
		return problem.New(problem.Refused, "proof.stale", "This wants a fresh proof that it is you.", "Type your master password, or use a passkey.")
	}
	return problem.New(problem.Refused, "proof.missing", "This wants your master password once more.", "Type it, then try again.")
}

// verifyFactors is the purpose of a userVerificationToken.
const verifyFactors = "second"

// freshFor is how long a proof lasts where a row wants a fresh one: enough to
// do one thing, too little for whoever finds the browser open.
const freshFor = 5 * time.Minute

// isFresh reports whether the session's last proof still counts. One from the
// future, where the clock has gone back, does not.
func (c *call) isFresh() bool {
	age := c.Now().Sub(c.session.Proved)
	return age >= 0 && age < freshFor
}

func (c *call) provePassword(hash string) error {
	me, err := c.me()
	if err != nil {
		return err
	}
	err = c.attempt(guard.Password, me.Email, func() error {
		return c.People.VerifyPassword(c.ctx(), me.ID, hash, c.known)
	})
	if err != nil {
		return err
	}
	return c.proved()
}

func (c *call) provePasskey(shown assertion) error {
	me, party, err := c.withParty()
	if err != nil {
		return err
	}
	err = c.attempt(guard.Passkey, me.Email, func() error {
		who, used, err := c.Ceremonies.FinishUse(party, passkey.Prove, shown.Token, shown.DeviceResponse, c.passkeysOf)
		if err != nil {
			return err
		}
		if who.ID != string(me.ID) {
			return passkey.ErrRefused
		}
		return c.People.UsedPasskey(c.ctx(), me.ID, used)
	})
	if err != nil {
		return err
	}
	return c.proved()
}

// withParty loads the caller's account and who the house is to its keys.
func (c *call) withParty() (account.Account, passkey.Party, error) {
	me, err := c.me()
	if err != nil {
		return me, passkey.Party{}, err
	}
	party, err := c.Party(c.r)
	return me, party, err
}

// passkeysOf finds the passkeys of the person that an authenticator names.
func (c *call) passkeysOf(userID string, _ []byte) (passkey.Person, []passkey.Credential, error) {
	a, err := c.People.Account(c.ctx(), account.UserID(userID))
	if errors.Is(err, account.ErrNotFound) {
		return passkey.Person{}, nil, passkey.ErrRefused
	}
	return personOf(a), a.PasskeyCredentials(), err
}

func personOf(a account.Account) passkey.Person {
	return passkey.Person{ID: string(a.ID), Name: a.Email, Display: a.Name}
}

// proved notes the proof on the session, so that acts soon after need no other.
func (c *call) proved() error {
	s, err := c.People.Prove(c.ctx(), c.session)
	if err == nil {
		c.session = s
	}
	return err
}

// proofOptions asks one of the caller's passkeys to prove them.
func proofOptions(c *call) (any, error) {
	me, party, err := c.withParty()
	if err != nil {
		return nil, err
	}
	options, token, err := c.Ceremonies.BeginUse(party, personOf(me), me.PasskeyCredentials(), passkey.Prove)
	return map[string]any{"options": options, "token": token}, err
}

// proveNow is for the page, which proves first and then does several things.
func proveNow(c *call) (any, error) {
	token, err := c.People.VerificationToken(c.ctx(), c.session, verifyFactors)
	return map[string]any{"until": date(c.session.Proved.Add(freshFor)), "userVerificationToken": token}, err
}

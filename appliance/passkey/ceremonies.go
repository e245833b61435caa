package passkey

import (
	"encoding/json"
	"time"
)

// Ceremonies makes challenges and judges their answers. Its methods may be
// called from many goroutines.
type Ceremonies struct {
	now func() time.Time
}

// New makes ceremonies over a clock; nil is time.Now.
func New(now func() time.Time) *Ceremonies {
	if now == nil {
		now = time.Now
	}
	return &Ceremonies{now: now}
}

// BeginAdd gives the options for navigator.credentials.create (WebAuthn's JSON
// form, to be read by PublicKeyCredential.parseCreationOptionsFromJSON) and the
// token that names the challenge. What the person has here already is excluded.
func (c *Ceremonies) BeginAdd(p Party, who Person, have []Credential, why Purpose) (options json.RawMessage, token string, err error) {
	return nil, "", ErrNone
}

// FinishAdd judges the answer (PublicKeyCredential's JSON, with extensions or
// clientExtensionResults) and gives the credential to keep. The challenge is
// used up whatever comes of it.
func (c *Ceremonies) FinishAdd(p Party, who Person, why Purpose, token string, response []byte) (Credential, Made, error) {
	return Credential{}, Made{}, ErrChallenge
}

// BeginUse gives the options for navigator.credentials.get and the token that
// names the challenge. have are the person's credentials; those of another name
// are left out, and if none remains the answer is ErrNone or ErrElsewhere. For
// SignIn nobody is named yet: the zero Person and no credentials.
func (c *Ceremonies) BeginUse(p Party, who Person, have []Credential, why Purpose) (options json.RawMessage, token string, err error) {
	return nil, "", ErrNone
}

// Find gives the person of an account id and the credentials of theirs that
// answer for the purpose. credential is the id that was used.
type Find func(userID string, credential []byte) (Person, []Credential, error)

// FinishUse judges the answer and gives the person and the credential with its
// counter moved: keep it. An empty token means that the challenge in the answer
// names itself (the token grant of Bitwarden's clients has no room for one).
// find is asked for the person whom the challenge was made for, or for SignIn
// the one whom the key names; its errors are passed on.
func (c *Ceremonies) FinishUse(p Party, why Purpose, token string, response []byte, find Find) (Person, Credential, error) {
	return Person{}, Credential{}, ErrChallenge
}

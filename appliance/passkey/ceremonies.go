package passkey

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Ceremonies makes challenges and judges their answers. Its methods may be
// called from many goroutines.
type Ceremonies struct {
	challenges *challenges
}

// New makes ceremonies; nil is time.Now. Hand over a clock that reads
// monotonically, so that a corrected wall clock neither prolongs nor ends a
// question.
func New(now func() time.Time) *Ceremonies {
	if now == nil {
		now = time.Now
	}
	return &Ceremonies{challenges: newChallenges(now)}
}

// Find gives the person of an account id and the credentials of theirs that may
// answer. credential is the id that was used. For SignIn userID comes from the
// key and can be anything.
type Find func(userID string, credential []byte) (Person, []Credential, error)

// BeginAdd gives the options for navigator.credentials.create (WebAuthn's JSON
// form, to be read by PublicKeyCredential.parseCreationOptionsFromJSON) and the
// token that names the question. What the person has here already is excluded.
// AddPasskey asks for the PRF extension; its salt is the page's affair.
func (c *Ceremonies) BeginAdd(p Party, who Person, have []Credential, why Purpose) (options json.RawMessage, token string, err error) {
	rule, err := ruled(p, why, adds)
	if err != nil {
		return nil, "", err
	}
	here, _ := split(have, p.ID)
	token, err = c.challenges.make(why, p.ID, who.ID)
	if err != nil {
		return nil, "", err
	}
	options, err = json.Marshal(creation(p, who, here, rule, token))
	return options, token, err
}

// FinishAdd judges the answer (PublicKeyCredential's JSON; Bitwarden's spelling
// of it too) and gives the credential to keep. That its ID is nobody else's yet
// is for the keeper to see. A question that was answered is closed. An empty
// token means that the challenge in the answer names itself, as in FinishUse.
func (c *Ceremonies) FinishAdd(p Party, who Person, why Purpose, token string, response []byte) (Credential, Made, error) {
	rule, err := ruled(p, why, adds)
	if err != nil {
		return Credential{}, Made{}, err
	}
	answer, err := parseMade(response)
	if err != nil {
		return Credential{}, Made{}, ErrRefused.Because(err)
	}
	if token == "" {
		token = answer.parsed.Response.CollectedClientData.Challenge
	}
	open, err := c.challenges.open(why, p.ID, token)
	if err != nil || open.person != who.ID {
		return Credential{}, Made{}, ErrChallenge.Because(err)
	}
	said, flags := answer.parsed.Response.CollectedClientData, answer.parsed.Response.AttestationObject.AuthData.Flags
	if rule.misplaced(p, said) {
		return Credential{}, Made{}, ErrOrigin.Because(givenOn(said))
	}
	judge, err := judgeFor(p, why)
	if err != nil {
		return Credential{}, Made{}, err
	}
	created, err := judge.CreateCredential(person{Person: who}, session(p, who.ID, token, rule), answer.parsed)
	if err != nil {
		return Credential{}, Made{}, rule.explain(flags, err)
	}
	if err := c.challenges.close(open); err != nil {
		return Credential{}, Made{}, err
	}
	return kept(p, created, answer.transports), Made{PRF: answer.prf, Verified: created.Flags.UserVerified}, nil
}

// BeginUse gives the options for navigator.credentials.get and the token that
// names the question. have are the person's credentials; those of another name
// are left out, and if none remains the answer is ErrNone or ErrElsewhere. For
// SignIn nobody is named yet: the zero Person and no credentials.
func (c *Ceremonies) BeginUse(p Party, who Person, have []Credential, why Purpose) (options json.RawMessage, token string, err error) {
	rule, err := ruled(p, why, uses)
	if err != nil {
		return nil, "", err
	}
	here, elsewhere := split(have, p.ID)
	switch {
	case why == SignIn:
		who, here = Person{}, nil
	case len(here) == 0 && elsewhere != "":
		return nil, "", ErrElsewhere.With("rpId", elsewhere)
	case len(here) == 0:
		return nil, "", ErrNone
	}
	token, err = c.challenges.make(why, p.ID, who.ID)
	if err != nil {
		return nil, "", err
	}
	options, err = json.Marshal(request(p, here, rule, token))
	return options, token, err
}

// FinishUse judges the answer and gives the person and the credential with its
// counter moved: keep it. An empty token means that the challenge in the answer
// names the question (the token grant of Bitwarden's clients has no room for
// one). find is asked for the person whom the question was put to, or for
// SignIn the one whom the key names; its errors are passed on.
func (c *Ceremonies) FinishUse(p Party, why Purpose, token string, response []byte, find Find) (Person, Credential, error) {
	rule, err := ruled(p, why, uses)
	if err != nil {
		return Person{}, Credential{}, err
	}
	answer, err := parseUsed(response)
	if err != nil {
		return Person{}, Credential{}, ErrRefused.Because(err)
	}
	if token == "" {
		token = answer.Response.CollectedClientData.Challenge
	}
	open, err := c.challenges.open(why, p.ID, token)
	if err != nil {
		return Person{}, Credential{}, ErrChallenge.Because(err)
	}
	if said := answer.Response.CollectedClientData; rule.misplaced(p, said) {
		return Person{}, Credential{}, ErrOrigin.Because(givenOn(said))
	}
	userID := open.person
	if why == SignIn {
		userID = string(answer.Response.UserHandle)
	}
	who, have, err := find(userID, answer.RawID)
	if err != nil {
		return Person{}, Credential{}, err
	}
	old, err := pick(have, answer.RawID, p.ID)
	if err != nil {
		return Person{}, Credential{}, err
	}
	used, err := judgeUse(p, why, who, old, session(p, open.person, token, rule), answer)
	if err != nil {
		return Person{}, Credential{}, rule.explain(answer.Response.AuthenticatorData.Flags, err)
	}
	open.person = who.ID // for SignIn it is known only now
	if err := c.challenges.close(open); err != nil {
		return Person{}, Credential{}, err
	}
	if used.Authenticator.CloneWarning {
		return Person{}, Credential{}, ErrCloned
	}
	old.Counter, old.BackedUp = used.Authenticator.SignCount, used.Flags.BackupState
	return who, old, nil
}

// pick finds the credential that was used among those of the person.
func pick(have []Credential, id []byte, rpID string) (Credential, error) {
	for _, one := range have {
		if string(one.ID) != string(id) {
			continue
		}
		if one.RPID != rpID {
			return Credential{}, ErrElsewhere.With("rpId", one.RPID)
		}
		return one, nil
	}
	return Credential{}, ErrUnknown
}

func judgeUse(p Party, why Purpose, who Person, old Credential, s webauthn.SessionData, answer *protocol.ParsedCredentialAssertionData) (*webauthn.Credential, error) {
	judge, err := judgeFor(p, why)
	if err != nil {
		return nil, err
	}
	user := person{Person: who, have: []webauthn.Credential{theirs(old)}}
	if why != SignIn {
		return judge.ValidateLogin(user, s, answer)
	}
	if len(answer.Response.UserHandle) == 0 {
		return nil, errors.New("the answer names nobody")
	}
	_, used, err := judge.ValidatePasskeyLogin(func(_, _ []byte) (webauthn.User, error) { return user, nil }, s, answer)
	return used, err
}

// session is what go-webauthn would have kept since the beginning; the
// challenge itself proves that we made it.
func session(p Party, userID, challenge string, r rule) webauthn.SessionData {
	return webauthn.SessionData{
		Challenge: challenge, RelyingPartyID: p.ID, UserID: []byte(userID),
		UserVerification: r.verification, CredParams: algorithms(),
	}
}

// split keeps the credentials of one name and tells the name of another.
func split(have []Credential, rpID string) (here []Credential, elsewhere string) {
	for _, one := range have {
		if one.RPID == rpID {
			here = append(here, one)
		} else {
			elsewhere = one.RPID
		}
	}
	return here, elsewhere
}

// kept turns what was made into what is kept. The counter starts at what the
// authenticator says.
func kept(p Party, c *webauthn.Credential, transports []string) Credential {
	return Credential{
		ID: c.ID, PublicKey: c.PublicKey, AAGUID: c.Authenticator.AAGUID,
		Counter: c.Authenticator.SignCount, Transports: transports, RPID: p.ID,
		Verified: c.Flags.UserVerified, BackupEligible: c.Flags.BackupEligible,
		BackedUp: c.Flags.BackupState, Attestation: string(protocol.AttestationFormatNone),
	}
}

// theirs is kept's other way round.
func theirs(c Credential) webauthn.Credential {
	return webauthn.Credential{
		ID: c.ID, PublicKey: c.PublicKey,
		Flags:         webauthn.CredentialFlags{UserVerified: c.Verified, BackupEligible: c.BackupEligible, BackupState: c.BackedUp},
		Authenticator: webauthn.Authenticator{AAGUID: c.AAGUID, SignCount: c.Counter},
	}
}

// person is a Person as go-webauthn wants to see one.
type person struct {
	Person
	have []webauthn.Credential
}

var _ webauthn.User = person{}

func (p person) WebAuthnID() []byte                         { return []byte(p.ID) }
func (p person) WebAuthnName() string                       { return p.Name }
func (p person) WebAuthnDisplayName() string                { return p.Display }
func (p person) WebAuthnCredentials() []webauthn.Credential { return p.have }

// judgeFor is one of the two ways in which go-webauthn judges: UseKey may run in
// a frame whose top is one of the listed origins; nothing else may run in a
// frame of another origin.
func judgeFor(p Party, why Purpose) (*webauthn.WebAuthn, error) {
	config := &webauthn.Config{
		RPID: p.ID, RPDisplayName: p.Name, RPOrigins: p.Origins,
		RPTopOriginVerificationMode: protocol.TopOriginExplicitVerificationMode,
		AttestationPreference:       protocol.PreferNoAttestation,
	}
	if why == UseKey {
		config.RPAllowCrossOrigin = true
		config.RPTopOrigins = p.tops()
	}
	judge, err := webauthn.New(config)
	if err != nil {
		return nil, fmt.Errorf("setting up the relying party %q: %w", p.ID, err)
	}
	return judge, nil
}

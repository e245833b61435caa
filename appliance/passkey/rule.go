package passkey

import (
	"fmt"
	"net"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// rule is what a purpose demands.
type rule struct {
	adds         bool
	verification protocol.UserVerificationRequirement
	discoverable bool // kept in the authenticator, so that it can sign in without a name
	framed       bool // may run in a frame of an official client
}

// Whether a ceremony adds a credential or uses one.
const (
	adds = true
	uses = false
)

// rules: a second factor stands beside the master password, so it needs no PIN
// of its own ("discouraged" keeps security keys from asking for one); what
// stands alone must verify its user.
func rules() map[Purpose]rule {
	return map[Purpose]rule{
		AddKey:     {adds: adds, verification: protocol.VerificationDiscouraged},
		UseKey:     {adds: uses, verification: protocol.VerificationDiscouraged, framed: true},
		AddPasskey: {adds: adds, verification: protocol.VerificationRequired, discoverable: true},
		SignIn:     {adds: uses, verification: protocol.VerificationRequired},
		Prove:      {adds: uses, verification: protocol.VerificationRequired},
	}
}

// ruled gives the rule of a purpose, once the party can have ceremonies at all.
func ruled(p Party, why Purpose, adding bool) (rule, error) {
	r, ok := rules()[why]
	if !ok || r.adds != adding {
		panic(fmt.Sprintf("passkey: no ceremony of this kind for the purpose %q", why))
	}
	if net.ParseIP(p.ID) != nil {
		return rule{}, ErrName
	}
	if err := protocol.ValidateRPID(p.ID); err != nil {
		return rule{}, ErrName.Because(err)
	}
	return r, nil
}

// tops are the origins whose frames may ask for a second factor.
func (p Party) tops() []string {
	if p.TopOrigins == nil {
		return Official()
	}
	return p.TopOrigins
}

// algorithms are those that authenticators really have: ES256 nearly all, RS256
// Windows Hello, EdDSA some keys (https://www.iana.org/assignments/cose/).
func algorithms() []protocol.CredentialParameter {
	var out []protocol.CredentialParameter
	for _, a := range []webauthncose.COSEAlgorithmIdentifier{webauthncose.AlgES256, webauthncose.AlgEdDSA, webauthncose.AlgRS256} {
		out = append(out, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: a})
	}
	return out
}

// misplaced reports that an answer was given on a page that is not ours, or in
// a frame that may not ask. go-webauthn lets a framed answer without a top
// origin pass; every browser in which an official client frames us names it
// (they are Chromium's), so one without it is refused.
func (r rule) misplaced(p Party, said protocol.CollectedClientData) bool {
	if !protocol.IsOriginInHaystack(said.Origin, p.Origins) {
		return true
	}
	if !said.CrossOrigin {
		return said.TopOrigin != ""
	}
	return !r.framed || !slices.Contains(p.tops(), said.TopOrigin)
}

// givenOn says for the log where an answer was given.
func givenOn(said protocol.CollectedClientData) error {
	return fmt.Errorf("given on %.200q, in a frame of another: %t, under %.200q", said.Origin, said.CrossOrigin, said.TopOrigin)
}

// explain turns a refusal of go-webauthn's into the problem that a person can
// do something about.
func (r rule) explain(flags protocol.AuthenticatorFlags, err error) error {
	if r.verification == protocol.VerificationRequired && flags.HasUserPresent() && !flags.HasUserVerified() {
		return ErrUnverified.Because(err)
	}
	return ErrRefused.Because(err)
}

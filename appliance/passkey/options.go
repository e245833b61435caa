package passkey

import (
	"encoding/base64"
	"encoding/json"

	"github.com/go-webauthn/webauthn/protocol"
)

// creationOptions is PublicKeyCredentialCreationOptionsJSON
// (https://www.w3.org/TR/webauthn-3/#dictdef-publickeycredentialcreationoptionsjson).
type creationOptions struct {
	RP         entity                         `json:"rp"`
	User       userEntity                     `json:"user"`
	Challenge  string                         `json:"challenge"`
	Params     []protocol.CredentialParameter `json:"pubKeyCredParams"`
	Timeout    int64                          `json:"timeout"` // milliseconds
	Exclude    []descriptor                   `json:"excludeCredentials"`
	Selection  selection                      `json:"authenticatorSelection"`
	Attest     string                         `json:"attestation"`
	Extensions json.RawMessage                `json:"extensions,omitempty"`
}

type entity struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type userEntity struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Display string `json:"displayName"`
}

type selection struct {
	Resident     string `json:"residentKey"`
	Require      bool   `json:"requireResidentKey"` // for browsers of WebAuthn Level 1
	Verification string `json:"userVerification"`
}

type descriptor struct {
	Type       string   `json:"type"`
	ID         string   `json:"id"`
	Transports []string `json:"transports,omitempty"`
}

// requestOptions is PublicKeyCredentialRequestOptionsJSON, without extensions:
// what the page wants evaluated it adds itself, and our connector pages hand
// on none.
type requestOptions struct {
	Challenge    string       `json:"challenge"`
	Timeout      int64        `json:"timeout"`
	RPID         string       `json:"rpId"`
	Allow        []descriptor `json:"allowCredentials"`
	Verification string       `json:"userVerification"`
}

func creation(p Party, who Person, here []Credential, r rule, challenge string) creationOptions {
	out := creationOptions{
		RP:        entity{ID: p.ID, Name: p.Name},
		User:      userEntity{ID: encode([]byte(who.ID)), Name: who.Name, Display: who.Display},
		Challenge: challenge, Params: algorithms(), Timeout: Lifetime.Milliseconds(),
		Exclude:   descriptors(here),
		Selection: selection{Resident: string(protocol.ResidentKeyRequirementDiscouraged), Verification: string(r.verification)},
		Attest:    string(protocol.PreferNoAttestation),
	}
	if r.discoverable {
		out.Selection.Resident, out.Selection.Require = string(protocol.ResidentKeyRequirementRequired), true
		out.Extensions = json.RawMessage(`{"prf":{}}`)
	}
	return out
}

func request(p Party, here []Credential, r rule, challenge string) requestOptions {
	return requestOptions{
		Challenge: challenge, Timeout: Lifetime.Milliseconds(), RPID: p.ID,
		Allow: descriptors(here), Verification: string(r.verification),
	}
}

func descriptors(of []Credential) []descriptor {
	out := make([]descriptor, 0, len(of)) // a list even where it is empty
	for _, c := range of {
		out = append(out, descriptor{Type: string(protocol.PublicKeyCredentialType), ID: encode(c.ID), Transports: c.Transports})
	}
	return out
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

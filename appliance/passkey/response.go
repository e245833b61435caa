package passkey

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
)

// Bounds on what a browser sends. WebAuthn says 1023 bytes for an id; the rest
// is generous against what authenticators make.
const (
	maxResponse = 64 << 10
	maxID       = 1023
	maxKey      = 4 << 10
)

// response is PublicKeyCredential's JSON. Names are read in any case, because
// Bitwarden's clients write clientDataJson; either name of the extensions'
// results will do.
type response struct {
	ID         text     `json:"id"`
	RawID      text     `json:"rawId"`
	Type       string   `json:"type"`
	Results    *results `json:"clientExtensionResults"`
	Extensions *results `json:"extensions"`
	Response   struct {
		ClientData  text     `json:"clientDataJSON"`
		Attestation text     `json:"attestationObject"`
		AuthData    text     `json:"authenticatorData"`
		Signature   text     `json:"signature"`
		UserHandle  text     `json:"userHandle"`
		Transports  []string `json:"transports"`
	} `json:"response"`
}

// results is what we read of the extensions.
type results struct {
	PRF *struct {
		Enabled bool            `json:"enabled"`
		Results json.RawMessage `json:"results"`
	} `json:"prf"`
}

// text is bytes in base64 of either alphabet, padded or not.
type text []byte

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(raw []byte) error {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	s = strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(s), "=")
	out, err := base64.RawURLEncoding.DecodeString(s)
	*t = out
	return err
}

// made is a parsed answer to create.
type made struct {
	parsed     *protocol.ParsedCredentialCreationData
	transports []string
	prf        bool
}

func parse(raw []byte) (response, error) {
	var r response
	if len(raw) > maxResponse {
		return r, errors.New("the answer is too long")
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, fmt.Errorf("reading the answer: %w", err)
	}
	if r.Type != string(protocol.PublicKeyCredentialType) {
		return r, errors.New("the answer is of another type than public-key")
	}
	if len(r.RawID) == 0 {
		r.RawID = r.ID
	}
	if len(r.RawID) == 0 || len(r.RawID) > maxID {
		return r, errors.New("the answer names no credential, or one too long")
	}
	if len(r.ID) > 0 && string(r.ID) != string(r.RawID) {
		return r, errors.New("the answer names two credentials")
	}
	for _, e := range []*results{r.Results, r.Extensions} {
		if e != nil && e.PRF != nil && len(e.PRF.Results) > 0 && string(e.PRF.Results) != "null" && string(e.PRF.Results) != "{}" {
			// A page that does this is broken: the secret opens a vault. It is not read, and not accepted either.
			return r, errors.New("the answer holds the PRF's secret, which must stay in the browser")
		}
	}
	return r, nil
}

// envelope is the answer again as go-webauthn reads it, with nothing in it that
// we did not look at.
func (r response) envelope(inner map[string]any) []byte {
	out, err := json.Marshal(map[string]any{
		"id": encode(r.RawID), "rawId": encode(r.RawID), "type": r.Type, "response": inner,
	})
	if err != nil {
		panic("passkey: " + err.Error()) // strings only
	}
	return out
}

func parseMade(raw []byte) (made, error) {
	r, err := parse(raw)
	if err != nil {
		return made{}, err
	}
	plain, err := withoutStatement(r.Response.Attestation)
	if err != nil {
		return made{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(r.envelope(map[string]any{
		"clientDataJSON": encode(r.Response.ClientData), "attestationObject": encode(plain),
	}))
	if err != nil {
		return made{}, fmt.Errorf("parsing the new credential: %w", err)
	}
	if n := len(parsed.Response.AttestationObject.AuthData.AttData.CredentialPublicKey); n == 0 || n > maxKey {
		return made{}, fmt.Errorf("the new public key has %d bytes", n)
	}
	prf := false
	for _, e := range []*results{r.Results, r.Extensions} {
		prf = prf || e != nil && e.PRF != nil && e.PRF.Enabled
	}
	return made{parsed: parsed, transports: known(r.Response.Transports), prf: prf}, nil
}

// withoutStatement makes an attestation object one of format none: we ask for
// no statement about the maker and believe none, so none is ever parsed (TPM,
// X.509, SafetyNet ...). What the key says of itself stands in authData.
func withoutStatement(object []byte) ([]byte, error) {
	var got struct {
		AuthData []byte `cbor:"authData"`
	}
	if err := webauthncbor.Unmarshal(object, &got); err != nil {
		return nil, fmt.Errorf("reading the attestation object: %w", err)
	}
	out, err := webauthncbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": got.AuthData})
	if err != nil {
		return nil, fmt.Errorf("writing the attestation object: %w", err)
	}
	return out, nil
}

func parseUsed(raw []byte) (*protocol.ParsedCredentialAssertionData, error) {
	r, err := parse(raw)
	if err != nil {
		return nil, err
	}
	inner := map[string]any{
		"clientDataJSON": encode(r.Response.ClientData), "authenticatorData": encode(r.Response.AuthData),
		"signature": encode(r.Response.Signature),
	}
	if len(r.Response.UserHandle) > 0 {
		inner["userHandle"] = encode(r.Response.UserHandle)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(r.envelope(inner))
	if err != nil {
		return nil, fmt.Errorf("parsing the answer: %w", err)
	}
	return parsed, nil
}

// known keeps the transports that WebAuthn knows
// (https://www.w3.org/TR/webauthn-3/#enum-transport), each once.
func known(said []string) []string {
	var out []string
	for _, t := range []string{"usb", "nfc", "ble", "smart-card", "hybrid", "internal"} {
		if slices.Contains(said, t) {
			out = append(out, t)
		}
	}
	return out
}

// Claimed gives the account that an answer to SignIn says it is of, before
// anything is believed; "" where it says none.
func Claimed(response []byte) string {
	r, err := parse(response)
	if err != nil {
		return ""
	}
	return string(r.Response.UserHandle)
}

package api

import (
	"encoding/json"
	"strconv"

	"latchkey/appliance/account"
	"latchkey/appliance/passkey"
	"latchkey/appliance/problem"
	"latchkey/appliance/totp"
)

// The kinds of second factor by the wire's numbers.
const (
	providerTOTP     = 0
	providerRemember = 5
	providerWebAuthn = 7
	providerRecovery = 8
)

// keyShape is a security key or a passkey as our page shows it.
type keyShape struct {
	ID       any     `json:"id"` // a small number for keys, a UUID for passkeys
	Name     string  `json:"name"`
	Created  string  `json:"created"`
	LastUsed *string `json:"lastUsed"`
	RPID     string  `json:"rpId"`
	Here     bool    `json:"here"` // works under the name by which the page is open
	PRF      *bool   `json:"prf,omitempty"`
	Unlock   *bool   `json:"unlock,omitempty"`
}

// second is all that our page shows of somebody's factors.
func second(c *call) (any, error) {
	me, err := c.me()
	if err != nil {
		return nil, err
	}
	party, partyErr := c.Party(c.r)
	answer := map[string]any{
		"totp": totpShape(me), "remembered": len(me.Remembered), "recovery": map[string]any{"made": me.Recovery != ""},
		"required": c.People.SecondWanted(me), "missing": c.People.SecondMissing(me), "apiKey": me.APIKey != "",
		"relyingParty": partyShape(party, partyErr),
	}
	keys, passkeys := []keyShape{}, []keyShape{}
	for _, k := range me.Keys {
		keys = append(keys, keyShape{ID: k.ID, Name: k.Name, Created: date(k.Created), LastUsed: dateOrNull(k.LastUsed), RPID: k.Credential.RPID, Here: k.Credential.RPID == party.ID})
	}
	for _, p := range me.Passkeys {
		unlock := p.UserKey != ""
		passkeys = append(passkeys, keyShape{
			ID: p.ID, Name: p.Name, Created: date(p.Created), LastUsed: dateOrNull(p.LastUsed), RPID: p.Credential.RPID,
			Here: p.Credential.RPID == party.ID, PRF: &p.PRF, Unlock: &unlock,
		})
	}
	answer["keys"], answer["passkeys"] = keys, passkeys
	return answer, nil
}

func totpShape(a account.Account) map[string]any {
	if a.TOTP == nil {
		return map[string]any{"enabled": false, "since": nil, "lastUsed": nil}
	}
	return map[string]any{"enabled": true, "since": date(a.TOTP.Since), "lastUsed": dateOrNull(a.TOTP.LastUsed)}
}

func partyShape(p passkey.Party, err error) map[string]any {
	if err == nil {
		return map[string]any{"id": p.ID}
	}
	why := problem.Of(err)
	return map[string]any{"id": "", "problem": shown{why.Code, why.Text, why.Hint, why.Values}}
}

// listFactors is the wire's list of what is switched on.
func listFactors(c *call) (any, error) {
	me, err := c.me()
	if err != nil {
		return nil, err
	}
	on := []any{}
	for _, kind := range me.Providers() {
		on = append(on, map[string]any{"enabled": true, "type": kind, "object": "twoFactorProvider"})
	}
	return listOf(on), nil
}

// factorAnswer adds what every answer about a factor has: in the newer shape
// nested under name, and a token by which the next step needs no other proof.
func (c *call) factorAnswer(object, name string, body map[string]any) (any, error) {
	token, err := c.People.VerificationToken(c.ctx(), c.session, verifyFactors)
	answer := map[string]any{"userVerificationToken": token, "object": object, name: body}
	for key, v := range body {
		answer[key] = v
	}
	return answer, err
}

// getAuthenticator shows the app's secret: the one in use, or a new one that
// counts once a code of it comes back.
func getAuthenticator(c *call) (any, error) {
	me, err := c.me()
	if err != nil {
		return nil, err
	}
	secret, on := totp.New(), false
	if me.TOTP != nil {
		secret, on = me.TOTP.Secret, true
	}
	return c.authenticatorShape(me, secret, on, "")
}

func (c *call) authenticatorShape(me account.Account, secret string, on bool, recovery string) (any, error) {
	uri := totp.URI("Latchkey", me.Email, secret)
	qr, err := c.QR(uri)
	if err != nil {
		return nil, err
	}
	body := map[string]any{"enabled": on, "key": secret, "uri": uri, "qr": qr}
	if recovery != "" {
		body["recoveryCode"] = recovery
	}
	return c.factorAnswer("twoFactorAuthenticator", "authenticator", body)
}

func putAuthenticator(c *call) (any, error) {
	var body struct{ Key, Token string }
	if err := c.json(&body); err != nil {
		return nil, err
	}
	me, recovery, err := c.People.EnableTOTP(c.ctx(), c.session.Owner, body.Key, body.Token)
	if err != nil {
		return nil, err
	}
	return c.authenticatorShape(me, body.Key, true, recovery)
}

func removeAuthenticator(c *call) (any, error) {
	me, err := c.People.DisableTOTP(c.ctx(), c.session.Owner)
	if err != nil {
		return nil, err
	}
	return c.factorAnswer("twoFactorAuthenticator", "authenticator", map[string]any{"enabled": me.TOTP != nil, "key": nil})
}

func getSecurityKeys(c *call) (any, error) {
	me, err := c.me()
	if err != nil {
		return nil, err
	}
	return c.securityKeysShape(me, "")
}

func (c *call) securityKeysShape(me account.Account, recovery string) (any, error) {
	keys := []any{}
	for _, k := range me.Keys {
		keys = append(keys, map[string]any{"id": k.ID, "name": k.Name, "migrated": false})
	}
	body := map[string]any{"enabled": len(keys) > 0, "keys": keys}
	if recovery != "" {
		body["recoveryCode"] = recovery
	}
	return c.factorAnswer("twoFactorWebAuthn", "webAuthn", body)
}

// keyChallenge asks a new key to make itself known. The wire has no place for
// the token of the challenge: it is found by its text, as at sign-in.
func keyChallenge(c *call) (any, error) {
	me, party, err := c.withParty()
	if err != nil {
		return nil, err
	}
	options, _, err := c.Ceremonies.BeginAdd(party, personOf(me), me.KeyCredentials(), passkey.AddKey)
	if err != nil {
		return nil, err
	}
	var flat map[string]any
	if err := json.Unmarshal(options, &flat); err != nil {
		return nil, err
	}
	if inner, ok := flat["publicKey"].(map[string]any); ok {
		flat = inner
	}
	flat["options"], flat["status"], flat["errorMessage"], flat["object"] = json.RawMessage(options), "ok", "", "webAuthnChallenge"
	return flat, nil
}

// keyBody is a new key's answer. The wire sends the id as a number or a text.
type keyBody struct {
	ID             json.RawMessage
	Name           string
	DeviceResponse json.RawMessage
}

// response is the key's JSON, which some clients send as a text.
func (b keyBody) response() []byte { return unquoted(b.DeviceResponse) }

func (b keyBody) number() int {
	n, _ := strconv.Atoi(string(unquoted(b.ID))) // 0 is nobody's
	return n
}

// unquoted takes JSON out of the text that holds it, if one does.
func unquoted(raw json.RawMessage) []byte {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return []byte(text)
	}
	return raw
}

func putSecurityKey(c *call) (any, error) {
	var body keyBody
	if err := c.json(&body); err != nil {
		return nil, err
	}
	me, party, err := c.withParty()
	if err != nil {
		return nil, err
	}
	made, _, err := c.Ceremonies.FinishAdd(party, personOf(me), passkey.AddKey, "", body.response())
	if err != nil {
		return nil, err
	}
	me, recovery, err := c.People.AddKey(c.ctx(), me.ID, body.Name, made)
	if err != nil {
		return nil, err
	}
	return c.securityKeysShape(me, recovery)
}

func removeSecurityKey(c *call) (any, error) {
	var body keyBody
	if err := c.json(&body); err != nil {
		return nil, err
	}
	me, err := c.People.RemoveKey(c.ctx(), c.session.Owner, body.number())
	if err != nil {
		return nil, err
	}
	return c.securityKeysShape(me, "")
}

func disableFactor(c *call) (any, error) {
	var body struct{ Type int }
	if err := c.json(&body); err != nil {
		return nil, err
	}
	var err error
	switch body.Type {
	case providerTOTP:
		_, err = c.People.DisableTOTP(c.ctx(), c.session.Owner)
	case providerWebAuthn:
		_, err = c.People.RemoveKeys(c.ctx(), c.session.Owner)
	default:
		err = problem.New(problem.Refused, "second.kind", "There is no such second step here.", "Load the page again.")
	}
	return map[string]any{"enabled": false, "type": body.Type, "object": "twoFactorProvider"}, err
}

func getRecovery(c *call) (any, error) {
	code, err := c.People.RecoveryCode(c.ctx(), c.session.Owner)
	return map[string]any{"code": code, "object": "twoFactorRecover"}, err
}

func renameKey(c *call) (any, error) {
	name, err := c.newName()
	if err != nil {
		return nil, err
	}
	n, _ := strconv.Atoi(c.r.PathValue("id")) // 0 is nobody's
	return empty{}, c.People.RenameKey(c.ctx(), c.session.Owner, n, name)
}

func (c *call) newName() (string, error) {
	var body struct{ Name string }
	err := c.json(&body)
	return body.Name, err
}

func forgetRemembered(c *call) (any, error) {
	return empty{}, c.People.ForgetRemembered(c.ctx(), c.session.Owner)
}

// apiKeyShape shows the key by which bw signs in without a password; its
// client_id is "user." and the account's id.
func apiKeyShape(a account.Account) any {
	return map[string]any{"apiKey": a.APIKey, "revisionDate": date(a.APIKeyMade), "object": "apiKey"}
}

func getAPIKey(c *call) (any, error) {
	a, err := c.People.MakeAPIKey(c.ctx(), c.session.Owner)
	return apiKeyShape(a), err
}

func rotateAPIKey(c *call) (any, error) {
	a, err := c.People.RotateAPIKey(c.ctx(), c.session.Owner)
	return apiKeyShape(a), err
}

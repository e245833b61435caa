package api

import (
	"latchkey/appliance/account"
	"latchkey/appliance/passkey"
)

// passkeyBody is a passkey's answer with what unlocks the vault by it.
type passkeyBody struct {
	assertion
	Name        string
	SupportsPRF bool
	unlockBody
}

// unlockBody is the rotatable key set of a passkey: the secret that the PRF
// extension gives wraps a private key, whose public key wraps the user key.
type unlockBody struct {
	EncryptedUserKey    string
	EncryptedPublicKey  string
	EncryptedPrivateKey string
}

func (b unlockBody) unlock() account.PasskeyUnlock {
	return account.PasskeyUnlock{UserKey: b.EncryptedUserKey, PublicKey: b.EncryptedPublicKey, PrivateKey: b.EncryptedPrivateKey}
}

// What a client may know of a passkey's PRF, by the wire's numbers.
const (
	prfEnabled = iota // unlocks the vault
	prfSupported
	prfUnsupported
)

func listPasskeys(c *call) (any, error) {
	me, err := c.me()
	if err != nil {
		return nil, err
	}
	all := []any{}
	for _, p := range me.Passkeys {
		status := prfUnsupported
		switch {
		case p.UserKey != "":
			status = prfEnabled
		case p.PRF:
			status = prfSupported
		}
		all = append(all, map[string]any{
			"id": p.ID, "name": p.Name, "prfStatus": status, "object": "webauthnCredential",
			"encryptedUserKey": orNull(p.UserKey), "encryptedPublicKey": orNull(p.PublicKey),
		})
	}
	return listOf(all), nil
}

func passkeyCreation(c *call) (any, error) {
	me, party, err := c.withParty()
	if err != nil {
		return nil, err
	}
	options, token, err := c.Ceremonies.BeginAdd(party, personOf(me), me.PasskeyCredentials(), passkey.AddPasskey)
	return map[string]any{"options": options, "token": token, "object": "webauthnCredentialCreateOptions"}, err
}

func addPasskey(c *call) (any, error) {
	var body passkeyBody
	if err := c.json(&body); err != nil {
		return nil, err
	}
	me, party, err := c.withParty()
	if err != nil {
		return nil, err
	}
	made, told, err := c.Ceremonies.FinishAdd(party, personOf(me), passkey.AddPasskey, body.Token, unquoted(body.DeviceResponse))
	if err != nil {
		return nil, err
	}
	p, err := c.People.AddPasskey(c.ctx(), me.ID, account.Passkey{
		Name: body.Name, Credential: made, PRF: told.PRF || body.SupportsPRF,
		UserKey: body.EncryptedUserKey, PublicKey: body.EncryptedPublicKey, PrivateKey: body.EncryptedPrivateKey,
	})
	return map[string]any{"id": p.ID, "name": p.Name, "object": "webauthnCredential"}, err
}

// passkeyAssertion asks one of the caller's passkeys for the secret by which it
// will unlock.
func passkeyAssertion(c *call) (any, error) {
	answer, err := proofOptions(c)
	if m, ok := answer.(map[string]any); ok {
		m["object"] = "webAuthnLoginAssertionOptions"
	}
	return answer, err
}

// unlockPasskey gives a passkey that is there already its unlock.
func unlockPasskey(c *call) (any, error) {
	var body passkeyBody
	if err := c.json(&body); err != nil {
		return nil, err
	}
	party, err := c.Party(c.r)
	if err != nil {
		return nil, err
	}
	who, used, err := c.Ceremonies.FinishUse(party, passkey.Prove, body.Token, unquoted(body.DeviceResponse), c.passkeysOf)
	if err != nil {
		return nil, err
	}
	if who.ID != string(c.session.Owner) {
		return nil, passkey.ErrRefused
	}
	return empty{}, c.People.SetPasskeyUnlock(c.ctx(), c.session.Owner, used, body.unlock())
}

func renamePasskey(c *call) (any, error) {
	name, err := c.newName()
	if err != nil {
		return nil, err
	}
	return empty{}, c.People.RenamePasskey(c.ctx(), c.session.Owner, c.r.PathValue("id"), name)
}

func removePasskey(c *call) (any, error) {
	return empty{}, c.People.RemovePasskey(c.ctx(), c.session.Owner, c.r.PathValue("id"))
}

// signInOptions asks any passkey of this house who it is. It tells nothing of
// who lives here: no credential is named.
func signInOptions(c *call) (any, error) {
	party, err := c.Party(c.r)
	if err != nil {
		return nil, err
	}
	options, token, err := c.Ceremonies.BeginUse(party, passkey.Person{}, nil, passkey.SignIn)
	return map[string]any{"options": options, "token": token, "object": "webAuthnLoginAssertionOptions"}, err
}

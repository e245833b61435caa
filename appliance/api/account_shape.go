package api

import (
	"encoding/json"

	"latchkey/appliance/account"
)

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// profileShape is the wire's profile; phones want every name of it.
func profileShape(a account.Account) map[string]any {
	culture := a.Culture
	if culture == "" {
		culture = "en-US"
	}
	return map[string]any{
		"id": a.ID, "name": orNull(a.Name), "email": a.Email, "emailVerified": true,
		"premium": true, "premiumFromOrganization": false,
		"masterPasswordHint": orNull(a.Hint), "culture": culture, "twoFactorEnabled": a.HasSecond(),
		"key": a.UserKey, "privateKey": orNull(a.PrivateKey), "accountKeys": accountKeys(a),
		"securityStamp": a.Stamp, "forcePasswordReset": false, "usesKeyConnector": false,
		"avatarColor": orNull(a.AvatarColor), "creationDate": date(a.Created), "verifyDevices": false,
		"providers": []any{}, "providerOrganizations": []any{}, "organizations": []any{},
		"role":   a.Role, // ours: the page shows an owner more
		"object": "profile",
	}
}

func decryptionShape(a account.Account) map[string]any {
	u := map[string]any{
		"kdf": kdfShape(a.KDF), "salt": a.Salt,
		"masterKeyEncryptedUserKey": a.UserKey, "masterKeyWrappedUserKey": a.UserKey,
	}
	d := map[string]any{"masterPasswordUnlock": u}
	if options := prfOptions(a); len(options) > 0 {
		d["webAuthnPrfOptions"] = options
	}
	if a.UserKeyID != "" {
		u["containedKeyId"], d["userKeyId"] = a.UserKeyID, a.UserKeyID
	}
	return d
}

// prfOptions are the passkeys that unlock, each with the name under which it
// works, so that a page that is locked can ask for one without a request.
func prfOptions(a account.Account) []any {
	var options []any
	for _, p := range a.Passkeys {
		if p.Unlocks() {
			options = append(options, map[string]any{
				"encryptedPrivateKey": p.PrivateKey, "encryptedUserKey": p.UserKey,
				"credentialId": credentialID(p.Credential), "transports": transports(p.Credential), "rpId": p.Credential.RPID,
			})
		}
	}
	return options
}

func keysShape(a account.Account) map[string]any {
	return map[string]any{
		"key": a.UserKey, "privateKey": orNull(a.PrivateKey), "publicKey": orNull(a.PublicKey),
		"accountKeys": accountKeys(a), "object": "keys",
	}
}

// domainsShape has no global groups: which sites count as one is the person's
// own choice here.
func domainsShape(a account.Account) map[string]any {
	equivalent := a.EquivDomains
	if len(equivalent) == 0 {
		equivalent = json.RawMessage(`[]`)
	}
	return map[string]any{"equivalentDomains": equivalent, "globalEquivalentDomains": []any{}, "object": "domains"}
}

func deviceShape(d account.Device) map[string]any {
	return map[string]any{
		"id": d.ID, "name": d.Name, "identifier": d.Identifier, "type": d.Type,
		"creationDate": date(d.Created), "revisionDate": date(d.Seen), "lastActivityDate": date(d.Seen),
		"isTrusted": false, "devicePendingAuthRequest": nil,
		"encryptedUserKey": nil, "encryptedPublicKey": nil, "object": "device",
	}
}

// accountKeys is the account's key set in the newer shape; what a client once
// sent beside the pair goes back as it came. nil while there is no pair.
func accountKeys(a account.Account) map[string]any {
	if a.PrivateKey == "" {
		return nil
	}
	keys := map[string]any{"signatureKeyPair": nil, "securityState": nil}
	var sent struct {
		SignatureKeyPair, SecurityState json.RawMessage
		PublicKeyEncryptionKeyPair      struct{ SignedPublicKey *string }
	}
	if len(a.AccountKeys) > 0 && json.Unmarshal(a.AccountKeys, &sent) == nil && len(sent.SignatureKeyPair) > 0 {
		keys["signatureKeyPair"], keys["securityState"] = sent.SignatureKeyPair, sent.SecurityState
	}
	keys["publicKeyEncryptionKeyPair"] = map[string]any{
		"wrappedPrivateKey": a.PrivateKey, "publicKey": a.PublicKey,
		"signedPublicKey": sent.PublicKeyEncryptionKeyPair.SignedPublicKey,
		"Object":          "publicKeyEncryptionKeyPair", "object": "publicKeyEncryptionKeyPair",
	}
	keys["object"] = "privateKeys"
	return keys
}

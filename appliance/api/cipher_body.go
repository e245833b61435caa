package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/problem"
)

// An item is called a cipher on the wire. Its body is what the client says of
// it, less the names that the server owns. shapeBody brings known names into
// camelCase, gives phones the lists and objects that they can't do without, and
// refuses what is not encrypted; unknown names stay as they came.

// serverOwned are never part of a body: the answer carries ours.
var serverOwned = known(`id object organizationId organizationUseTotp folderId favorite edit viewPassword
	permissions revisionDate creationDate deletedDate archivedDate collectionIds attachments attachments2
	lastKnownRevisionDate`)

var (
	bodyNames = known(`type name notes reprompt key data fields passwordHistory login card identity secureNote
		sshKey bankAccount driversLicense passport encryptedFor encryptedByKeyId`)
	fieldNames   = known(`type name value linkedId`)
	historyNames = known(`password lastUsedDate`)
	uriNames     = known(`uri match uriChecksum`)
	passkeyNames = known(`credentialId keyType keyAlgorithm keyCurve keyValue rpId userHandle userName counter
		rpName userDisplayName discoverable creationDate`)
)

// kinds are the item types with the name of the object that each fills, the
// names in it, and which of those are not ciphertext. Types 6 to 8 are newer
// than this table knows inside: they are taken and given back.
var kinds = map[int]struct {
	object string
	names  names
	clear  names
}{
	1: {
		"login", known(`uri uris username password passwordRevisionDate totp autofillOnPageLoad fido2Credentials`),
		known(`uris passwordRevisionDate autofillOnPageLoad fido2Credentials`),
	},
	2: {"secureNote", known(`type`), known(`type`)},
	3: {"card", known(`cardholderName brand number expMonth expYear code`), nil},
	4: {"identity", known(`title firstName middleName lastName address1 address2 address3 city state postalCode
		country company email phone ssn username passportNumber licenseNumber`), nil},
	5: {"sshKey", known(`privateKey publicKey keyFingerprint`), nil},
	6: {"bankAccount", nil, nil},
	7: {"driversLicense", nil, nil},
	8: {"passport", nil, nil},
}

// ownObjects in the order of their types, for the answer's nulls.
var ownObjects = []string{"login", "secureNote", "card", "identity", "sshKey"}

// maxBody bounds what one item may hold, attachments apart.
const maxBody = 512 << 10

// shapeBody makes a body out of a request's object.
func shapeBody(in object) ([]byte, error) {
	var body object
	for _, m := range in.rename(bodyNames) {
		if _, owned := serverOwned[lower(m.name)]; !owned {
			body.set(m.name, m.value)
		}
	}
	for _, shape := range []func(*object) error{shapeKind, shapeTexts, shapeFields, shapeHistory, shapeDefaults} {
		if err := shape(&body); err != nil {
			return nil, err
		}
	}
	out := body.members()
	if len(out) > maxBody {
		return nil, problem.New(problem.TooLarge, "item.large", "This item is larger than the house keeps.", "Shorten its notes.")
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, append(append([]byte{'{'}, out...), '}')); err != nil {
		return nil, badBody(err)
	}
	return compact.Bytes()[1 : compact.Len()-1], nil
}

func shapeKind(body *object) error {
	kind, err := strconv.Atoi(string(body.get("type")))
	k, ok := kinds[kind]
	if err != nil || !ok {
		return problem.New(problem.Refused, "item.type", "This kind of item is not known here.", "Update Latchkey, or keep it as a note.")
	}
	raw := body.get(k.object)
	if raw == nil {
		raw = json.RawMessage(`{}`)
	}
	own, err := readObject(raw)
	if err != nil {
		return badBody(err)
	}
	own = own.rename(k.names)
	if k.object == "secureNote" && own.get("type") == nil {
		own.set("type", json.RawMessage(`0`))
	}
	if k.object == "login" {
		if err := shapeLogin(&own); err != nil {
			return err
		}
	}
	for _, camel := range k.names {
		if _, clear := k.clear[lower(camel)]; clear {
			continue
		}
		if err := wantCiphertext(k.object+"."+camel, own.get(camel)); err != nil {
			return err
		}
	}
	body.set(k.object, own.bytes())
	for _, other := range ownObjects {
		if other != k.object {
			body.set(other, json.RawMessage(`null`))
		}
	}
	return nil
}

func shapeLogin(login *object) error {
	uris, err := eachObject(login.get("uris"), func(u object) (object, error) {
		u = u.rename(uriNames)
		return u, firstOf(
			wantCiphertext("login.uris.uriChecksum", u.get("uriChecksum")),
			wantCiphertext("login.uris.uri", u.get("uri")),
			wantNumber("login.uris.match", u.get("match")))
	})
	if err != nil {
		return err
	}
	login.set("uris", uris)
	if err := wantDate("login.passwordRevisionDate", login.get("passwordRevisionDate")); err != nil {
		return err
	}
	if login.get("uri") == nil { // older clients read only this one
		var list []struct{ URI json.RawMessage }
		if err := json.Unmarshal(uris, &list); err == nil && len(list) > 0 && list[0].URI != nil {
			login.set("uri", list[0].URI)
		}
	}
	if keys := login.get("fido2Credentials"); keys != nil {
		keys, err := eachObject(keys, shapePasskey)
		if err != nil {
			return err
		}
		login.set("fido2Credentials", keys)
	}
	return nil
}

// shapePasskey wants all of a passkey encrypted but its date.
func shapePasskey(key object) (object, error) {
	key = key.rename(passkeyNames)
	for _, camel := range passkeyNames {
		if camel == "creationDate" {
			continue
		}
		if err := wantCiphertext("login.fido2Credentials."+camel, key.get(camel)); err != nil {
			return nil, err
		}
	}
	return key, nil
}

func shapeTexts(body *object) error {
	if name := string(body.get("name")); name == "" || name == `""` {
		return problem.New(problem.Refused, "item.name", "The item has no name.", "Give it one.")
	}
	for _, name := range []string{"name", "notes", "key"} {
		if err := wantCiphertext(name, body.get(name)); err != nil {
			return err
		}
	}
	return nil
}

func shapeFields(body *object) error {
	fields, err := eachObject(body.get("fields"), func(f object) (object, error) {
		f = f.rename(fieldNames)
		if _, err := strconv.Atoi(string(f.get("type"))); err != nil {
			return nil, badBody(fmt.Errorf("a field's type: %w", err))
		}
		return f, firstOf(
			wantCiphertext("fields.name", f.get("name")),
			wantCiphertext("fields.value", f.get("value")),
			wantNumber("fields.linkedId", f.get("linkedId")))
	})
	body.set("fields", fields)
	return err
}

func shapeHistory(body *object) error {
	history, err := eachObject(body.get("passwordHistory"), func(h object) (object, error) {
		h = h.rename(historyNames)
		if h.get("password") == nil || h.get("lastUsedDate") == nil {
			return nil, badBody(fmt.Errorf("an old password lacks its text or date"))
		}
		return h, firstOf(
			wantCiphertext("passwordHistory.password", h.get("password")),
			wantDate("passwordHistory.lastUsedDate", h.get("lastUsedDate")))
	})
	body.set("passwordHistory", history)
	return err
}

func shapeDefaults(body *object) error {
	if reprompt := body.get("reprompt"); reprompt == nil {
		body.set("reprompt", json.RawMessage(`0`))
	} else if _, err := strconv.Atoi(string(reprompt)); err != nil {
		return badBody(fmt.Errorf("reprompt: %w", err))
	}
	for _, name := range []string{"notes", "key", "data"} {
		if body.get(name) == nil {
			body.set(name, json.RawMessage(`null`))
		}
	}
	return nil
}

// eachObject takes a list of objects through fn; null and absent become an
// empty list, since phones want lists.
func eachObject(raw json.RawMessage, fn func(object) (object, error)) (json.RawMessage, error) {
	if raw == nil {
		return json.RawMessage(`[]`), nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, badBody(err)
	}
	out := []byte{'['}
	for i, one := range list {
		o, err := readObject(one)
		if err != nil {
			return nil, badBody(err)
		}
		if o, err = fn(o); err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, o.bytes()...)
	}
	return append(out, ']'), nil
}

// wantNumber lets null and a whole number pass: phones that read strictly drop
// the whole sync over one item.
func wantNumber(what string, raw json.RawMessage) error {
	if raw == nil {
		return nil
	}
	if _, err := strconv.Atoi(string(raw)); err != nil {
		return badBody(fmt.Errorf("%s is no whole number", what))
	}
	return nil
}

// wantDate lets null and a date pass, for the same reason. Some clients leave
// the zone away and mean UTC.
func wantDate(what string, raw json.RawMessage) error {
	if raw == nil {
		return nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return badBody(fmt.Errorf("%s: %w", what, err))
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if _, err := time.Parse(form, s); err == nil {
			return nil
		}
	}
	return badBody(fmt.Errorf("%s is no date", what))
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// wantCiphertext lets null, an empty text and an EncString pass. Everything
// else would be readable here, which this server promises it never is.
func wantCiphertext(what string, raw json.RawMessage) error {
	if raw == nil {
		return nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return badBody(fmt.Errorf("%s: %w", what, err))
	}
	if s == "" || account.IsEncString(s) {
		return nil
	}
	return problem.New(problem.Refused, "item.clear", "A part of this item ("+what+") is not encrypted, or only in a way that is no longer safe.",
		"Nothing was kept. Update your app and try again.").With("field", what)
}

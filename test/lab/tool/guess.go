package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	mathrand "math/rand/v2"
)

// guess is one try: the request as it goes over the wire.
type guess struct{ kind, request string }

// The paths that a stranger may try.
const (
	tokenPath   = "/identity/connect/token"
	preloginURL = "/identity/accounts/prelogin/password"
	recoverPath = "/api/two-factor/recover"
	invitedPath = "/identity/accounts/register/verification-email-clicked"
)

// guess makes up a try. Most are at the account's password; the rest are at whatever else a stranger may prove
// something by, and at a name that nobody has.
func (a *assault) guess() guess {
	switch n := mathrand.IntN(100); {
	case n < 76:
		return a.form("password", passwordGrant(a.account))
	case n < 82:
		return a.form("unknown", passwordGrant("nobody-"+word()+"@house.test"))
	case n < 86:
		g := passwordGrant(a.account)
		g.Set("grant_type", "client_credentials")
		g.Set("client_id", "user.00000000-0000-4000-8000-000000000000")
		g.Set("client_secret", secret())
		return a.form("apikey", g)
	case n < 90:
		return a.json("recovery", recoverPath, map[string]string{"email": a.account, "masterPasswordHash": secret(), "recoveryCode": word()})
	case n < 94:
		return a.json("invitation", invitedPath, map[string]string{"email": a.account, "emailVerificationToken": secret()})
	default:
		return a.json("prelogin", preloginURL, map[string]string{"email": a.account})
	}
}

// passwordGrant asks for tokens by a password, from a device that nobody knows.
func passwordGrant(email string) url.Values {
	return url.Values{
		"grant_type": {"password"}, "scope": {"api offline_access"}, "client_id": {"web"},
		"deviceType": {"9"}, "deviceIdentifier": {device()}, "deviceName": {"chrome"},
		"username": {email}, "password": {secret()},
	}
}

func (a *assault) form(kind string, values url.Values) guess {
	return a.post(kind, tokenPath, "application/x-www-form-urlencoded", values.Encode())
}

func (a *assault) json(kind, path string, body map[string]string) guess {
	raw, err := json.Marshal(body)
	if err != nil {
		panic("tool: " + err.Error()) // strings only
	}
	return a.post(kind, path, "application/json", string(raw))
}

// post writes a request. It claims to be forwarded for somebody new each time, and to be a browser that has been
// here before.
func (a *assault) post(kind, path, mime, body string) guess {
	var b strings.Builder
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n", path, a.host, mime, len(body))
	fmt.Fprintf(&b, "X-Forwarded-For: 203.0.113.%d\r\nForwarded: for=203.0.113.%d\r\n", mathrand.IntN(256), mathrand.IntN(256))
	fmt.Fprintf(&b, "Latchkey-Device: %s\r\n\r\n%s", strings.TrimRight(base64.URLEncoding.EncodeToString(bytes32()), "="), body)
	return guess{kind, b.String()}
}

func bytes32() []byte {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	return b
}

// secret is what a master password's hash looks like.
func secret() string { return base64.StdEncoding.EncodeToString(bytes32()) }

func word() string { return fmt.Sprintf("%x", bytes32()[:8]) }

func device() string {
	b := bytes32()
	return fmt.Sprintf("%x-%x-4%03x-8%03x-%x", b[0:4], b[4:6], mathrand.IntN(1<<12), mathrand.IntN(1<<12), b[6:12])
}

package house

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"latchkey/appliance/passkey/passkeytest"
)

// proof is what a dangerous act asks for in its body.
func (p *Person) proof(more map[string]any) map[string]any {
	body := map[string]any{"masterPasswordHash": p.Master.ServerHash(p.Password)}
	for name, value := range more {
		body[name] = value
	}
	return body
}

// Prove marks the session as freshly proved, as the page does before an owner's act.
func (p *Person) Prove() {
	p.t.Helper()
	p.Must(http.MethodPost, "/latchkey/proof", p.proof(nil), nil)
}

// codeStep is how long a code of an authenticator app lasts (RFC 6238).
const codeStep = 30 * time.Second

// An App is an authenticator app. The house takes the code of each step once, a step early or late at most; the
// app knows which it has given away.
type App struct {
	Secret   string // in base32
	Recovery string // the recovery code that came with it
	next     int64  // the first step whose code was not given away
}

// AddApp turns an authenticator app on.
func (p *Person) AddApp() *App {
	p.t.Helper()
	var offered struct{ Key string }
	p.Must(http.MethodPost, "/api/two-factor/get-authenticator", p.proof(nil), &offered)
	app := &App{Secret: offered.Key}
	var on struct {
		Enabled      bool
		RecoveryCode string
	}
	p.Must(http.MethodPut, "/api/two-factor/authenticator", p.proof(map[string]any{"key": app.Secret, "token": app.Code()}), &on)
	if !on.Enabled {
		p.t.Fatal("the authenticator app is not on")
	}
	app.Recovery = on.RecoveryCode
	return app
}

// oldest is the first step whose code the house takes for a moment yet.
func oldest() int64 { return time.Now().Add(2*time.Second).Unix()/int64(codeStep/time.Second) - 1 }

// Code gives a code that was not used yet. Where the next one is not good yet, it waits for it.
func (a *App) Code() string {
	step := max(a.next, oldest())
	early := time.Unix((step-1)*int64(codeStep/time.Second), 0) // from then on the house takes it
	if wait := time.Until(early); wait > 0 {
		time.Sleep(wait + time.Second/10)
	}
	a.next = step + 1
	return code(a.Secret, step)
}

// Wrong is a code that none of the steps around now has.
func (a *App) Wrong() string {
	now := time.Now().Unix() / int64(codeStep/time.Second)
	taken := map[string]bool{}
	for step := now - 3; step <= now+3; step++ {
		taken[code(a.Secret, step)] = true
	}
	for n := 0; ; n++ {
		if text := fmt.Sprintf("%06d", n); !taken[text] {
			return text
		}
	}
}

// code is RFC 6238's, of six digits by HMAC-SHA-1.
func code(secret string, step int64) string {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(strings.TrimRight(secret, "=")))
	if err != nil {
		panic("house: reading a secret: " + err.Error())
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, step)
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:at+4])&(1<<31-1)%1_000_000)
}

// AddKey registers a security key, in software, as the page at the house's own address does.
func (p *Person) AddKey(name string) *passkeytest.Authenticator {
	p.t.Helper()
	var options json.RawMessage
	p.Must(http.MethodPost, "/api/two-factor/get-webauthn-challenge", p.proof(nil), &options)
	key := &passkeytest.Authenticator{Counts: true}
	made, err := key.Create(passkeytest.Page{Origin: p.h.URL, Bitwarden: true}, options)
	if err != nil {
		p.t.Fatalf("making a security key: %v", err)
	}
	var on struct{ Enabled bool }
	p.Must(http.MethodPut, "/api/two-factor/webauthn", p.proof(map[string]any{"id": 1, "name": name, "deviceResponse": json.RawMessage(made)}), &on)
	if !on.Enabled {
		p.t.Fatal("no security key is on")
	}
	return key
}

// APIKey gives the account's client_id and client_secret, making them at first use.
func (p *Person) APIKey() (id, secret string) {
	p.t.Helper()
	var profile struct{ ID string }
	p.Must(http.MethodGet, "/api/accounts/profile", nil, &profile)
	var key struct{ APIKey string }
	p.Must(http.MethodPost, "/api/accounts/api-key", p.proof(nil), &key)
	return "user." + profile.ID, key.APIKey
}

// Grant asks for tokens with a form, on top of what every client sends, and changes nothing in p.
func (p *Person) Grant(more map[string]string) Answer {
	p.t.Helper()
	return p.h.Form(p.Email, p.Master.ServerHash(p.Password), p.Device, more)
}

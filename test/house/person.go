package house

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/client/keys"
)

// A Person is an account with its keys, signed in from one device, as a client of the wire would be.
type Person struct {
	Email    string
	Password string
	KDF      keys.KDF
	Key      keys.Key // the user key
	Master   keys.MasterKey
	Access   string // the tokens of the session
	Refresh  string
	Device   string

	h *House
	t testing.TB
}

// An Answer is what a route said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Into reads the body as JSON.
func (a Answer) Into(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(a.Body, into); err != nil {
		t.Fatalf("reading an answer: %v\n%.400s", err, a.Body)
	}
}

// Join accepts an invitation: it makes the keys, registers and signs in. A zero KDF is the house's.
func (h *House) Join(link, password string, kdf keys.KDF) *Person {
	h.t.Helper()
	_, query, _ := strings.Cut(link, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		h.t.Fatalf("reading the link %q: %v", link, err)
	}
	if kdf == (keys.KDF{}) {
		kdf = keys.HouseKDF()
	}
	email := values.Get("email")
	body, _, err := keys.Register(email, password, kdf)
	if err != nil {
		h.t.Fatal(err)
	}
	body.Name, body.Token = strings.Split(email, "@")[0], values.Get("token")
	answer := h.Post("/identity/accounts/register/finish", body)
	if answer.Status != http.StatusOK {
		h.t.Fatalf("registering %s: %d %s", email, answer.Status, answer.Body)
	}
	return h.SignIn(email, password)
}

// New makes a person by invitation, with a password of their own.
func (h *House) New(email string) *Person {
	h.t.Helper()
	return h.Join(h.Invite(email), "the green gate of "+email, keys.KDF{})
}

// Owner signs the owner in.
func (h *House) Owner() *Person {
	h.t.Helper()
	return h.SignIn(or(h.options.Email, OwnerEmail), or(h.options.Password, OwnerPassword))
}

// SignIn asks how to derive, derives, gets tokens and opens the user key.
func (h *House) SignIn(email, password string) *Person {
	h.t.Helper()
	p := &Person{Email: keys.NormalEmail(email), Password: password, h: h, t: h.t, Device: uuid(email)}
	var prelogin struct {
		KDF         keys.KDFType `json:"kdf"`
		Iterations  int          `json:"kdfIterations"`
		Memory      int          `json:"kdfMemory"`
		Parallelism int          `json:"kdfParallelism"`
	}
	h.Post("/identity/accounts/prelogin/password", map[string]string{"email": p.Email}).Into(h.t, &prelogin)
	p.KDF = keys.KDF{Type: prelogin.KDF, Iterations: prelogin.Iterations, Memory: prelogin.Memory, Parallelism: prelogin.Parallelism}
	master, err := keys.DeriveMaster(password, p.Email, p.KDF)
	if err != nil {
		h.t.Fatalf("deriving for %s: %v", email, err)
	}
	p.Master = master
	answer := p.Token()
	if answer.Status != http.StatusOK {
		h.t.Fatalf("signing %s in: %d %s", email, answer.Status, answer.Body)
	}
	var token struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Key     string `json:"Key"`
	}
	answer.Into(h.t, &token)
	p.Access, p.Refresh = token.Access, token.Refresh
	stretched := master.Stretch()
	raw, err := stretched.Open(token.Key)
	if err != nil {
		h.t.Fatalf("opening the user key of %s: %v", email, err)
	}
	if p.Key, err = keys.KeyFrom(raw); err != nil {
		h.t.Fatal(err)
	}
	return p
}

// Token asks for tokens by the password grant and changes nothing in p.
func (p *Person) Token() Answer {
	p.t.Helper()
	return p.h.token(p.Email, p.Master.ServerHash(p.Password), p.Device)
}

// TryToken asks for tokens with any hash.
func (h *House) TryToken(email, hash string) Answer {
	h.t.Helper()
	return h.token(email, hash, uuid(email))
}

func (h *House) token(email, hash, device string) Answer {
	h.t.Helper()
	return h.Form(email, hash, device, nil)
}

// Form asks for tokens by a hash from a device; more is put into the form beside or instead of what every client
// sends.
func (h *House) Form(email, hash, device string, more map[string]string) Answer {
	h.t.Helper()
	return h.send(h.Client(), http.MethodPost, "/identity/connect/token", "application/x-www-form-urlencoded",
		strings.NewReader(passwordGrant(email, hash, device, more)), http.Header{})
}

func passwordGrant(email, hash, device string, more map[string]string) string {
	form := url.Values{
		"grant_type": {"password"}, "scope": {"api offline_access"}, "client_id": {"cli"},
		"deviceType": {"25"}, "deviceIdentifier": {device}, "deviceName": {"linux"},
		"username": {email}, "password": {hash},
	}
	for name, value := range more {
		form.Set(name, value)
	}
	return form.Encode()
}

// PasswordGrant is the form that asks for tokens by a hash, for callers with a way of their own to the house.
func (p *Person) PasswordGrant(hash string) io.Reader {
	return strings.NewReader(passwordGrant(p.Email, hash, p.Device, nil))
}

// Do calls a route as this person; a nil body sends none.
func (p *Person) Do(method, path string, body any) Answer {
	p.t.Helper()
	return p.h.json(method, path, body, http.Header{"Authorization": {"Bearer " + p.Access}})
}

// Must is Do for a call that has to succeed, and reads the answer into a value unless that is nil.
func (p *Person) Must(method, path string, body, into any) {
	p.t.Helper()
	answer := p.Do(method, path, body)
	if answer.Status < 200 || answer.Status > 299 {
		p.t.Fatalf("%s %s: %d %s", method, path, answer.Status, answer.Body)
	}
	if into != nil {
		answer.Into(p.t, into)
	}
}

// Login makes the body of a new login, sealed under an item key of its own as the page does.
func (p *Person) Login(name, username, password string) map[string]any {
	item := keys.NewKey()
	return map[string]any{
		"type": 1, "organizationId": nil, "folderId": nil, "favorite": false, "reprompt": 0,
		"key": p.Key.Seal(item[:]), "name": item.SealText(name), "notes": nil,
		"login": map[string]any{
			"username": item.SealText(username), "password": item.SealText(password), "uris": []any{}, "totp": nil,
		},
	}
}

// Post sends JSON without any session.
func (h *House) Post(path string, body any) Answer {
	h.t.Helper()
	return h.json(http.MethodPost, path, body, http.Header{})
}

func (h *House) json(method, path string, body any, header http.Header) Answer {
	h.t.Helper()
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			h.t.Fatal(err)
		}
		reader = bytes.NewReader(raw)
	}
	return h.send(h.Client(), method, path, "application/json", reader, header)
}

func (h *House) send(client *http.Client, method, path, kind string, body io.Reader, header http.Header) Answer {
	h.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, h.URL+path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	request.Header = header
	if body != nil {
		request.Header.Set("Content-Type", kind)
	}
	request.Header.Set("Device-Type", "25")
	request.Header.Set("Bitwarden-Client-Name", "cli")
	request.Header.Set("Bitwarden-Client-Version", "2026.9.0")
	answer, err := client.Do(request)
	if err != nil {
		h.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatalf("%s %s: %v", method, path, err)
	}
	return Answer{Status: answer.StatusCode, Header: answer.Header, Body: raw}
}

// uuid makes a device's identifier that stays the same for the same name.
func uuid(name string) string {
	key := keys.Key{}
	copy(key[:], name)
	id := key.ID()
	return fmt.Sprintf("%s-%s-4%s-8%s-%s", id[0:8], id[8:12], id[13:16], id[17:20], id[20:32])
}

// QuickKDF is the least that is allowed, for tests that make many people.
func QuickKDF() keys.KDF {
	return keys.KDF{Type: keys.Argon2id, Iterations: keys.MinArgonIterations, Memory: keys.MinArgonMemory, Parallelism: keys.MinArgonParallelism}
}

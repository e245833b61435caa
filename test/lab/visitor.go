package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"latchkey/test/house"
)

// A Visitor is one device of somebody's, somewhere in the lab, that speaks to the house as any client does: each call
// over a connection of its own, by the house's name, through the router.
type Visitor struct {
	Base    string // where the house is, without a slash at the end
	Email   string
	Hash    string // the right master password hash
	Device  string // the identifier that it tells
	Kind    int    // what it says to be, by the wire's number
	Access  string // the tokens of the last sign-in that went well
	Refresh string
	Header  http.Header // sent with every call

	client *http.Client
}

// Visitor makes a device of a person's. It comes from an address of the crowd's, or from what the namespace has
// where that is the zero Addr, and trusts the roots in some files.
func (l *Lab) Visitor(ns string, from netip.Addr, base string, p *house.Person, device string, roots ...string) *Visitor {
	l.t.Helper()
	client := l.ClientFrom(ns, from, roots...)
	client.Timeout = 30 * time.Second
	return &Visitor{
		Base: base, Email: p.Email, Hash: p.Master.ServerHash(p.Password), Device: device, Kind: 9, Header: http.Header{}, client: client,
	}
}

// Heard is what the house answered, and how long it took from before the connection to the last byte.
type Heard struct {
	Status int
	Code   string // of the problem, empty where there is none
	Wait   string // Retry-After
	Body   []byte
	Took   time.Duration
}

// String is for a test's complaint.
func (h Heard) String() string {
	return fmt.Sprintf("%d %s (retry after %q) in %v", h.Status, h.Code, h.Wait, h.Took.Round(time.Millisecond))
}

// SignIn asks for tokens by the right password, and keeps them.
func (v *Visitor) SignIn() (Heard, error) {
	heard, err := v.Guess(v.Hash)
	if err != nil || heard.Status != http.StatusOK {
		return heard, err
	}
	return heard, v.keep(heard)
}

// Guess asks for tokens by any hash.
func (v *Visitor) Guess(hash string) (Heard, error) {
	return v.form(url.Values{
		"grant_type": {"password"}, "scope": {"api offline_access"}, "client_id": {"web"}, "deviceType": {strconv.Itoa(v.Kind)},
		"deviceIdentifier": {v.Device}, "deviceName": {"chrome"}, "username": {v.Email}, "password": {hash},
	})
}

// Renew asks for tokens by the refresh token.
func (v *Visitor) Renew() (Heard, error) {
	heard, err := v.form(url.Values{"grant_type": {"refresh_token"}, "client_id": {"web"}, "refresh_token": {v.Refresh}})
	if err != nil || heard.Status != http.StatusOK {
		return heard, err
	}
	return heard, v.keep(heard)
}

func (v *Visitor) keep(heard Heard) error {
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := json.Unmarshal(heard.Body, &tokens); err != nil {
		return fmt.Errorf("reading tokens: %w", err)
	}
	v.Access, v.Refresh = tokens.Access, tokens.Refresh
	return nil
}

func (v *Visitor) form(values url.Values) (Heard, error) {
	return v.call(http.MethodPost, "/identity/connect/token", "application/x-www-form-urlencoded", strings.NewReader(values.Encode()))
}

// Do calls a route with the access token, and sends a body as JSON unless that is nil.
func (v *Visitor) Do(method, path string, body any) (Heard, error) {
	if body == nil {
		return v.call(method, path, "", nil)
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return Heard{}, err
	}
	return v.call(method, path, "application/json", bytes.NewReader(raw))
}

func (v *Visitor) call(method, path, kind string, body io.Reader) (Heard, error) {
	request, err := http.NewRequest(method, v.Base+path, body)
	if err != nil {
		return Heard{}, err
	}
	request.Header = v.Header.Clone()
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	if v.Access != "" && path != "/identity/connect/token" {
		request.Header.Set("Authorization", "Bearer "+v.Access)
	}
	begun := time.Now()
	answer, err := v.client.Do(request)
	if err != nil {
		return Heard{Took: time.Since(begun)}, err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	heard := Heard{Status: answer.StatusCode, Wait: answer.Header.Get("Retry-After"), Body: raw, Took: time.Since(begun)}
	var failure struct{ Problem struct{ Code string } }
	if json.Unmarshal(raw, &failure) == nil {
		heard.Code = failure.Problem.Code
	}
	return heard, err
}

// Package client speaks to a house as the page and the Bitwarden apps do: it
// derives keys, makes accounts and signs in. It knows the wire and no server
// code; what is kept on this side is left to the commands that use it.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"latchkey/client/keys"
)

// Client calls one house. It is safe for concurrent use, but for signing in.
type Client struct {
	http  *http.Client
	base  string
	token string // access token, once signed in
}

// New makes a client for the house at base (https://host[:port], or any host
// where h has a way of its own), over h, which it gives a cookie jar of its own.
func New(base string, h *http.Client) *Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic("client: " + err.Error()) // it never fails without options
	}
	own := *h
	own.Jar = jar
	return &Client{http: &own, base: strings.TrimSuffix(base, "/")}
}

// Refusal is an answer of the house that is not a success.
type Refusal struct {
	Status int
	Code   string // of the problem, "signin.wrong" for example
	Text   string // what happened
	Hint   string // what to do
}

// Error joins the two sentences.
func (r *Refusal) Error() string { return strings.TrimSpace(r.Text + " " + r.Hint) }

// Do sends in as JSON (nil: no body) and reads the answer into out (nil: none
// wanted). What is no success comes back as a *Refusal.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	body, err := encoded(in)
	if err != nil {
		return err
	}
	return c.send(ctx, method, path, "application/json", body, out)
}

// encoded is in as a body of JSON; nil has none.
func encoded(in any) (io.Reader, error) {
	if in == nil {
		return nil, nil
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("encoding a request: %w", err)
	}
	return bytes.NewReader(raw), nil
}

// Get copies the answer of a route to w as it comes; what is no success comes
// back as a *Refusal. An answer that breaks off is an error.
func (c *Client) Get(ctx context.Context, path string, w io.Writer) error {
	return c.copied(ctx, http.MethodGet, path, nil, w)
}

// Post is Get for a route that wants in, as JSON (nil: no body).
func (c *Client) Post(ctx context.Context, path string, in any, w io.Writer) error {
	return c.copied(ctx, http.MethodPost, path, in, w)
}

func (c *Client) copied(ctx context.Context, method, path string, in any, w io.Writer) error {
	body, err := encoded(in)
	if err != nil {
		return err
	}
	answer, err := c.ask(ctx, method, path, "application/json", body)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if _, err := io.Copy(w, answer.Body); err != nil {
		return fmt.Errorf("copying the answer: %w", err)
	}
	return nil
}

func (c *Client) send(ctx context.Context, method, path, kind string, body io.Reader, out any) error {
	answer, err := c.ask(ctx, method, path, kind, body)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if out == nil || len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return nil
}

// ask gives a success, whose body is to be closed, or an error.
func (c *Client) ask(ctx context.Context, method, path, kind string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("making a request: %w", err)
	}
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", kind)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("calling the house: %w", err)
	}
	if answer.StatusCode/100 == 2 {
		return answer, nil
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	return nil, refusal(answer.StatusCode, raw)
}

// answerLimit is more than the largest vault.
const answerLimit = 256 << 20

func refusal(status int, raw []byte) error {
	var body struct {
		Message string
		Problem struct{ Code, Text, Hint string }
	}
	if err := json.Unmarshal(raw, &body); err != nil || body.Problem.Text == "" {
		return &Refusal{Status: status, Text: fmt.Sprintf("The house answered %d.", status), Hint: body.Message}
	}
	return &Refusal{Status: status, Code: body.Problem.Code, Text: body.Problem.Text, Hint: body.Problem.Hint}
}

// Register makes an account. token is an invitation's; for the owner it is
// empty and the wizard's session must have been claimed before. The account's
// user key comes back.
func (c *Client) Register(ctx context.Context, email, name, password, token string) (keys.Key, error) {
	body, userKey, err := keys.Register(email, password, keys.HouseKDF())
	if err != nil {
		return keys.Key{}, fmt.Errorf("making the account's keys: %w", err)
	}
	body.Name, body.Token = name, token
	return userKey, c.Do(ctx, http.MethodPost, "/identity/accounts/register/finish", body, nil)
}

// Device is what this client calls itself at sign-in.
type Device struct {
	Identifier string // a UUID that stays
	Name       string
	Type       int // Bitwarden's number: 25 is a Linux command line
}

// SignIn proves the password and keeps the access token for what follows. It
// returns the master password hash, which some requests want again.
func (c *Client) SignIn(ctx context.Context, email, password string, d Device) (masterPasswordHash string, err error) {
	kdf, err := c.prelogin(ctx, email)
	if err != nil {
		return "", err
	}
	master, err := keys.DeriveMaster(password, email, kdf)
	if err != nil {
		return "", fmt.Errorf("deriving the master key: %w", err)
	}
	hash := master.ServerHash(password)
	form := url.Values{
		"grant_type": {"password"}, "scope": {"api offline_access"}, "client_id": {"cli"},
		"username": {keys.NormalEmail(email)}, "password": {hash},
		"deviceType": {fmt.Sprint(d.Type)}, "deviceIdentifier": {d.Identifier}, "deviceName": {d.Name},
	}
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	err = c.send(ctx, http.MethodPost, "/identity/connect/token", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), &grant)
	c.token = grant.AccessToken
	return hash, err
}

func (c *Client) prelogin(ctx context.Context, email string) (keys.KDF, error) {
	var answer struct{ KDFSettings keys.KDFSettings }
	err := c.Do(ctx, http.MethodPost, "/identity/accounts/prelogin/password", map[string]string{"email": email}, &answer)
	s := answer.KDFSettings
	kdf := keys.KDF{Type: s.Type, Iterations: s.Iterations}
	if s.Memory != nil {
		kdf.Memory = *s.Memory
	}
	if s.Parallelism != nil {
		kdf.Parallelism = *s.Parallelism
	}
	return kdf, err
}

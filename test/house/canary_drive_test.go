package house_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/api"
	"latchkey/appliance/passkey/passkeytest"
	"latchkey/test/house"
)

// household is who lives in the house.
type household struct{ owner, second *house.Person }

const secondName = "Sam Second"

// live does what people do, and what goes wrong when they do.
func live(t *testing.T, h *house.House, e *ear, mail func(string) string) household {
	t.Helper()
	owner := h.Owner()
	e.Secret(house.OwnerPassword, "the owner's master password")
	e.Secret(house.OwnerEmail, "the owner's e-mail")
	e.Secret(string(owner.Key[:]), "the owner's user key")
	h.TryToken(house.OwnerEmail, e.Mint("a wrong hash"))
	for _, algorithm := range []string{"none", e.Mint("an algorithm")} { // in a token of one's own
		stranger := *owner
		stranger.Access = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"`+algorithm+`","typ":"JWT"}`)) + "." +
			base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"`+e.Mint("a subject")+`","exp":"`+e.Mint("an end")+`"}`)) + ".AAAA"
		stranger.Do(http.MethodGet, "/api/sync", nil)
	}
	h.TryToken(mail("nobody"), e.Mint("a hash for nobody"))

	// An invitation, by command, and a person by it; another one that is wrong.
	email := mail("second")
	link := e.Secret(h.Invite(email), "an invitation's link")
	_, query, _ := strings.Cut(link, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	e.Secret(values.Get("token"), "an invitation's token")
	second := h.Join(link, e.Mint("a master password"), house.QuickKDF())
	called(second, secondName) // not as their e-mail begins
	h.Post("/identity/accounts/register/verification-email-clicked", map[string]string{"email": email, "emailVerificationToken": values.Get("token")})
	owner.Prove()
	owner.Must(http.MethodPost, "/latchkey/invitations", map[string]string{"email": mail("third"), "name": e.Mint("a name")}, nil)

	// Items, also as nobody should send them: in clear.
	var made struct{ ID string }
	owner.Must(http.MethodPost, "/api/ciphers", owner.Login(e.Mint("an item's name"), e.Mint("an item's user"), e.Mint("an item's password")), &made)
	clear := owner.Login("x", "y", "z")
	clear["name"], clear["notes"] = e.Mint("a name in clear"), e.Mint("notes in clear")
	clear["lastKnownRevisionDate"] = e.Mint("a date")
	owner.Do(http.MethodPost, "/api/ciphers", clear)
	owner.Do(http.MethodPut, "/api/ciphers/"+made.ID, clear)
	second.Do(http.MethodGet, "/api/ciphers/"+made.ID, nil)
	owner.Must(http.MethodGet, "/api/sync", nil, nil)

	factors(t, h, e, second)
	proofs(t, e, owner)
	return household{owner, second}
}

// factors turns every kind of second factor on, and uses each, rightly and wrongly.
func factors(t *testing.T, h *house.House, e *ear, p *house.Person) {
	t.Helper()
	app := p.AddApp()
	e.Secret(app.Secret, "the secret of an authenticator app")
	e.Secret(app.Recovery, "a recovery code")
	again := func(more map[string]string) house.Answer { return p.Grant(more) }
	again(nil)
	again(map[string]string{"twoFactorProvider": "0", "twoFactorToken": app.Wrong()})
	var signed struct{ TwoFactorToken string }
	good := again(map[string]string{"twoFactorProvider": "0", "twoFactorToken": app.Code(), "twoFactorRemember": "1"})
	if good.Status != http.StatusOK {
		t.Fatalf("signing in with a code: %d %s", good.Status, good.Body)
	}
	good.Into(t, &signed)
	again(map[string]string{"twoFactorProvider": "5", "twoFactorToken": e.Secret(signed.TwoFactorToken, "a remember token")})
	again(map[string]string{"twoFactorProvider": "8", "twoFactorToken": e.Mint("a wrong recovery code")})

	key := p.AddKey("a key of steel")
	wanted := again(nil)
	var asked struct {
		TwoFactorProviders2 map[string]json.RawMessage
	}
	wanted.Into(t, &asked)
	response, err := key.Get(passkeytest.Page{Origin: h.URL, Bitwarden: true}, asked.TwoFactorProviders2["7"])
	if err != nil {
		t.Fatalf("using a security key: %v", err)
	}
	e.Secret(string(response), "a security key's answer")
	if got := again(map[string]string{"twoFactorProvider": "7", "twoFactorToken": string(response)}); got.Status != http.StatusOK {
		t.Fatalf("signing in with a security key: %d %s", got.Status, got.Body)
	}
	again(map[string]string{"twoFactorProvider": "7", "twoFactorToken": string(response)})
	again(map[string]string{"twoFactorProvider": "7", "twoFactorToken": `{"id":"` + e.Mint("a key's id") + `","response":{"clientDataJSON":"` + e.Mint("client data") + `"`})

	id, secret := p.APIKey()
	e.Secret(secret, "an API key")
	grant := func(secret string) {
		form := map[string]string{"grant_type": "client_credentials", "client_id": id, "client_secret": secret, "scope": "api", "username": "", "password": ""}
		h.Form("", "", p.Device, form)
	}
	grant(secret)
	grant(e.Mint("a wrong API key"))
	passkeys(t, h, e, p)
	p.Must(http.MethodPost, "/api/two-factor/recover", map[string]string{
		"email": p.Email, "masterPasswordHash": p.Master.ServerHash(p.Password), "recoveryCode": app.Recovery,
	}, nil)
}

// passkeys makes one, signs in with it, and with one that nobody knows.
func passkeys(t *testing.T, h *house.House, e *ear, p *house.Person) {
	t.Helper()
	hash := p.Master.ServerHash(p.Password)
	page := passkeytest.Page{Origin: h.URL}
	key := &passkeytest.Authenticator{Verifies: true, Counts: true, PRF: true}
	var offered struct {
		Options json.RawMessage
		Token   string
	}
	p.Must(http.MethodPost, "/api/webauthn/attestation-options", map[string]string{"masterPasswordHash": hash}, &offered)
	made, err := key.Create(page, offered.Options)
	if err != nil {
		t.Fatalf("making a passkey: %v", err)
	}
	p.Must(http.MethodPost, "/api/webauthn", map[string]any{
		"deviceResponse": json.RawMessage(made), "token": offered.Token, "name": e.Mint("a passkey's name"), "supportsPrf": true,
		"encryptedUserKey": nil, "encryptedPublicKey": nil, "encryptedPrivateKey": nil,
	}, nil)
	for _, stranger := range []bool{false, true} {
		h.Get("/identity/accounts/webauthn/assertion-options")
		status, _, body := h.Get("/identity/accounts/webauthn/assertion-options")
		if err := json.Unmarshal(body, &offered); err != nil || status != http.StatusOK {
			t.Fatalf("asking for a challenge: %d %v", status, err)
		}
		response, err := key.Get(page, offered.Options)
		if err != nil {
			t.Fatalf("using a passkey: %v", err)
		}
		if stranger {
			response = bytes.Replace(response, []byte(`"userHandle":"`), []byte(`"userHandle":"`+e.Mint("a user handle")), 1)
		}
		e.Secret(string(response), "a passkey's answer")
		h.Form("", "", p.Device, map[string]string{"grant_type": "webauthn", "token": offered.Token, "deviceResponse": string(response), "username": "", "password": ""})
	}
}

// proofs proves a person in every way, rightly and wrongly, and changes a password to the same.
func proofs(t *testing.T, e *ear, p *house.Person) {
	t.Helper()
	for _, body := range []map[string]any{
		{"masterPasswordHash": p.Master.ServerHash(p.Password)},
		{"masterPasswordHash": e.Mint("a wrong proof")},
		{"passkey": map[string]any{"token": e.Mint("a token"), "deviceResponse": map[string]string{"id": e.Mint("an id")}}},
		{"userVerificationToken": e.Mint("a verification token")},
	} {
		p.Do(http.MethodPost, "/latchkey/proof", body)
		p.Do(http.MethodPost, "/api/accounts/verify-password", body)
		p.Do(http.MethodPost, "/api/two-factor/get-recover", body)
	}
}

// fields are the names under which bodies bring what they bring.
var fields = strings.Fields(`access addresses apiKey attachments bucket card ciphers client_id client_secret code collectionIds containedKeyId credentials
 deviceIdentifier deviceName devicePushToken deviceResponse deviceType domain email emailVerificationToken encryptedPrivateKey encryptedPublicKey
 encryptedUserKey endpoint fields folderId folderRelationships folders grant_type house.name hint id ids identity kdf key keys kind kit lastKnownRevisionDate
 link login masterKeyAuthenticationHash masterPasswordHash masterPasswordHint message mode name newMasterPasswordHash notes oldMasterKeyAuthenticationHash
 passkey password prefix privateKey provider publicKey reach.credentials recoveryCode recoveryKey refresh_token revisionDate role scope second.everyone secret secretKey since target token
 twoFactorProvider twoFactorToken type until uris url user userVerificationToken username value wait why`)

// bodies are the ways to say it wrongly.
func bodies(e *ear, pattern string) map[string]string {
	mint := func(shape string) string { return e.Mint(shape + " to " + pattern) }
	object := func(shape string, wrap func(string) any) string {
		all := map[string]any{mint("a name in " + shape): 1}
		for _, f := range fields {
			all[f] = wrap(mint("the field " + f + " of " + shape))
		}
		raw, err := json.Marshal(all)
		if err != nil {
			panic(err)
		}
		return string(raw)
	}
	form := url.Values{}
	for _, f := range fields {
		form.Set(f, mint("the form's "+f))
	}
	return map[string]string{
		"broken JSON": `{"masterPasswordHash":"` + mint("broken JSON") + `",` + mint("a word in broken JSON"),
		"a bare word": mint("a bare word"),
		"texts":       object("texts", func(s string) any { return s }),
		"lists":       object("lists", func(s string) any { return []string{s} }),
		"objects":     object("objects", func(s string) any { return map[string]any{s: s, "id": s, "name": s} }),
		"a form":      form.Encode(),
		"half a form": "grant_type=password&username=%zz" + mint("half a form") + "&password=" + mint("half a form's password"),
		"no body":     "",
	}
}

var wild = regexp.MustCompile(`\{[^}]*\}`)

// callAll calls every route that there is, with secrets wherever a request has room for them. It gives the owner
// with a session that has survived it.
func callAll(t *testing.T, h *house.House, e *ear, owner *house.Person) *house.Person {
	t.Helper()
	patterns := (&api.API{}).Patterns()
	patterns = append(patterns, "GET /nowhere/{x}", "PUT /api/sync", "SEARCH /api/sync", "GET /{x}", "GET /a/{x}/boot.js")
	for _, pattern := range patterns {
		for shape, body := range bodies(e, pattern) {
			owner = stillIn(h, owner)
			call(t, h, e, pattern, body, "Bearer "+owner.Access)
			if shape == "texts" || shape == "broken JSON" {
				call(t, h, e, pattern, body, "Bearer "+e.Mint("a token to "+pattern))
			}
		}
	}
	owner = stillIn(h, owner)
	called(owner, house.OwnerName)
	return owner
}

// called gives somebody the name under which the log shows them to an owner.
func called(p *house.Person, name string) {
	p.Must(http.MethodPut, "/api/accounts/profile", map[string]string{"name": name}, nil)
}

// stillIn signs the owner in again where the call before has signed them out.
func stillIn(h *house.House, p *house.Person) *house.Person {
	if p.Do(http.MethodGet, "/api/accounts/revision-date", nil).Status == http.StatusOK {
		return p
	}
	return h.Owner()
}

func call(t *testing.T, h *house.House, e *ear, pattern, body, authorization string) {
	t.Helper()
	method, path, _ := strings.Cut(pattern, " ")
	path = wild.ReplaceAllStringFunc(path, func(string) string { return e.Mint("the path of " + pattern) })
	query := url.Values{}
	for _, name := range []string{"token", "email", "since", "until", "address", "after", "limit", "format", e.Mint("a name in the query of " + pattern)} {
		query.Set(name, e.Mint("the query's "+name+" of "+pattern))
	}
	r, err := http.NewRequestWithContext(context.Background(), method, h.URL+path+"?"+query.Encode(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"Latchkey-Device", "Device-Type", "Bitwarden-Client-Name", "User-Agent", "Referer", "Origin", "X-Forwarded-For", "Forwarded", "If-None-Match",
		"X-Request-Email", "X-Device-Identifier", "Auth-Email", "Range", "Content-Type", "Cookie",
	} {
		r.Header.Set(name, e.Mint("the header "+name+" of "+pattern))
	}
	r.Header.Set("Cookie", "__Host-latchkey-setup="+e.Mint("a cookie of "+pattern))
	r.Header.Set("Authorization", authorization)
	answer, err := h.Client().Do(r)
	if err != nil {
		t.Fatalf("%s: %v", pattern, err)
	}
	_ = answer.Body.Close()
}

// misbehave says things that no client says, on every door.
func misbehave(t *testing.T, h *house.House, e *ear) {
	t.Helper()
	at := address(h.URL)
	secret := func(what string) string { return e.Mint(what + " of a broken request") }
	broken := []string{
		"GET /" + secret("the path") + " HTTP/1.1\r\nHost: " + secret("the host") + ".example\r\n\r\n",
		secret("the method") + " /api/sync HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET /api/sync HTTP/9." + secret("the version") + "\r\n\r\n",
		"GET /api/sync HTTP/1.1\r\nHost: localhost\r\n" + secret("a header without a value") + "\r\n\r\n",
		"GET /api/sync HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + secret("a length") + "\r\n\r\n",
		"GET /api/sync HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: " + secret("an encoding") + "\r\n\r\n",
		"GET /api/sync HTTP/1.1\r\nHost: localhost\r\nExpect: " + secret("an expectation") + "\r\n\r\n",
		"GET /%zz" + secret("a bad escape") + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET /api/sync?a;" + secret("a semicolon") + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET /api/sync HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat(secret("a long header"), 4000) + "\r\n\r\n",
		"POST /identity/connect/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\ngrant_type=password&password=" + secret("a body that breaks off"),
		"POST /identity/connect/token HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + secret("a bad chunk") + "\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + secret("frames"),
		secret("no HTTP at all") + "\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nX: " + secret("options") + "\r\n\r\n",
	}
	doors := map[string]func() (net.Conn, error){
		"TLS":       func() (net.Conn, error) { return tls.Dial("tcp", at, h.TLS()) },
		"TLS door":  func() (net.Conn, error) { return net.Dial("tcp", at) }, // without TLS
		"localhost": func() (net.Conn, error) { return net.Dial("tcp", address(h.Local)) },
		"socket":    func() (net.Conn, error) { return net.Dial("unix", filepath.Join(h.Dir, "latchkey.sock")) },
		"HTTP/2": func() (net.Conn, error) {
			c := h.TLS()
			c.NextProtos = []string{"h2"}
			return tls.Dial("tcp", at, c)
		},
		"another name": func() (net.Conn, error) {
			return tls.Dial("tcp", at, &tls.Config{ServerName: secret("a server's name") + ".example", InsecureSkipVerify: true}) //nolint:gosec // its name is wrong
		},
	}
	for name, door := range doors {
		for _, text := range broken {
			conn, err := door()
			if err != nil && name == "another name" {
				continue // as it should be
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			_, _ = io.WriteString(conn, text)
			if half, ok := conn.(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite()
			}
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}
	}
	_, err := tls.Dial("tcp", at, &tls.Config{NextProtos: []string{secret("a protocol")}, InsecureSkipVerify: true}) //nolint:gosec // it is to fail
	if err == nil {
		t.Error("the house speaks a protocol that nobody knows")
	}
	for _, args := range [][]string{{"disable", secret("a command's word") + "@house.test"}, {"log", "--address", secret("an address")}, {"unlock", "--lift", secret("a network")}} {
		_ = h.Command(append([]string{"admin"}, append(args, "--data", h.Dir)...)...).Run()
	}
}

func address(url string) string { return "127.0.0.1" + url[strings.LastIndex(url, ":"):] }

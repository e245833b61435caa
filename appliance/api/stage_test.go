package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/guard"
	"latchkey/appliance/health"
	"latchkey/appliance/journal"
	"latchkey/appliance/passkey"
	"latchkey/appliance/settings"
	"latchkey/appliance/setup"
	"latchkey/appliance/store"
	"latchkey/appliance/vault"
	"latchkey/client/keys"
)

// stage is a whole door over a real file, with a clock that moves when told.
type stage struct {
	*API
	t     testing.TB
	dir   string
	store *store.Store
	path  path

	keeper  keeper
	arrival arrival
	again   int // how often a restored house was to be taken up

	mu  sync.Mutex
	now time.Time
}

// spot is where a caller on stage stands.
type spot struct {
	Peer netip.Addr
	Origin
}

// The origins of the callers on stage.
var (
	far    = spot{Peer: netip.MustParseAddr("203.0.113.9")}
	home   = spot{Peer: netip.MustParseAddr("192.168.1.20"), Origin: Origin{Home: true}}
	onSite = spot{Origin: Origin{Machine: true}}
)

// houseParty is who the house on stage is to a key.
var houseParty = passkey.Party{ID: "pi.local", Name: "Latchkey", Origins: []string{"https://pi.local:8443"}}

// tokenKey signs this stage's access tokens; a test that forges one knows it
// is not enough to know another.
var tokenKey = bytes.Repeat([]byte{7}, 32)

func newStage(t testing.TB) *stage {
	t.Helper()
	s := &stage{t: t, dir: filepath.Join(t.TempDir(), "house"), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), path: path{trusted: "https://lan.vault.example.org"}}
	quiet := slog.New(slog.DiscardHandler)
	if err := store.Create(s.dir, nil); err != nil {
		t.Fatal(err)
	}
	file, err := store.Open(context.Background(), store.Config{Dir: s.dir, Now: s.clock, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	s.store = file
	t.Cleanup(s.closeAndCheck)
	table, err := settings.Open(context.Background(), kept{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	number := func(name string) func() int64 { return func() int64 { return table.Number(name) } }
	people := account.New(account.Config{
		Keep: file.Accounts(), Hasher: account.NewHasher(), TokenKey: tokenKey, Issuer: "latchkey", Now: s.clock,
		SessionDays: number(settings.SessionDays), InvitationDays: number(settings.InvitationDays),
		SecondForAll: func() bool { return table.Bool(settings.SecondEveryone) },
	})
	board := health.NewBoard(s.clock, quiet)
	kits := setup.NewKits(kept{file}, file.Identity(), s.clock)
	s.API = New(Config{
		People: people, Vault: vault.New(file.Vault(), s.clock), Settings: table, Kits: kits, Board: board, Log: quiet,
		Setup:   setup.New(setup.Config{Owners: people, Settings: table, Kits: kits, Board: board, Now: s.clock}),
		Reach:   &s.path,
		Backups: &s.keeper, Restore: s.builder(), Restored: &s.arrival, House: file.Identity(),
		Ceremonies: passkey.New(s.clock), Now: s.clock,
		Party:   func(*http.Request) (passkey.Party, error) { return houseParty, nil },
		Guard:   newGuard(t, s.clock),
		Journal: journal.New(journal.Config{Keep: file.Journal(), Now: s.clock, Days: number(settings.JournalDays), Key: tokenKey, Log: quiet, Naming: func() string { return table.Text(settings.JournalNames) }}),
		Version: "test",
		Origin:  originOf,
		Links: func(f string) []Link {
			return []Link{{Kind: "host", URL: "https://pi.local:8443/#/" + f, QR: []string{"1"}}}
		},
		Base: func() string { return "https://pi.local:8443" },
		QR:   func(string) ([]string, error) { return []string{"1"}, nil },
		Trust: func() Trust {
			return Trust{Fingerprint: "AB:CD", CAFingerprint: "EF:01", CAPEM: []byte("pem"), CADER: []byte("der")}
		},
		Doctor: func(context.Context) []health.Finding { return []health.Finding{} },
		Status: func() Status { return Status{Version: "test"} },
	})
	return s
}

// closeAndCheck wants the file whole after whatever the test did to it.
func (s *stage) closeAndCheck() {
	if err := s.store.Close(); err != nil {
		s.t.Errorf("closing the file: %v", err)
	}
	key, err := os.ReadFile(filepath.Join(s.dir, "seal.key"))
	if err != nil {
		s.t.Error(err)
		return
	}
	if r := store.Check(filepath.Join(s.dir, "latchkey.db"), key); !r.Clean() {
		s.t.Errorf("the file is not whole: %+v", r.Findings)
	}
}

func (s *stage) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *stage) wait(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// kept is the store's values as settings and setup want them.
type kept struct{ *store.Store }

func (k kept) Value(ctx context.Context, name string) ([]byte, bool, error) {
	b, err := k.Store.Value(ctx, name)
	if errors.Is(err, store.ErrNoValue) {
		return nil, false, nil
	}
	return b, err == nil, err
}

type originKey struct{}

// originOf reads where the test said that the request comes from.
func originOf(r *http.Request) Origin {
	o, _ := r.Context().Value(originKey{}).(Origin)
	return o
}

// who is somebody with a request: where they are and what they show.
type who struct {
	origin spot
	token  string // access token
	cookie string // the wizard's session
	header http.Header
}

// answer is what came back.
type answer struct {
	t testing.TB
	*httptest.ResponseRecorder
	call string
}

// do sends body: nil, the raw text, or what becomes JSON.
func (s *stage) do(w who, method, path string, body any) *answer {
	s.t.Helper()
	var in io.Reader = http.NoBody
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	case io.Reader:
		in = b
	default:
		raw, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	r := httptest.NewRequest(method, path, in)
	r = r.WithContext(context.WithValue(r.Context(), originKey{}, w.origin.Origin))
	r.RemoteAddr = "" // as over the socket
	if w.origin.Peer.IsValid() {
		r.RemoteAddr = netip.AddrPortFrom(w.origin.Peer, 50_000).String()
	}
	for name, all := range w.header {
		r.Header[name] = all
	}
	if w.token != "" {
		r.Header.Set("Authorization", "Bearer "+w.token)
	}
	if w.cookie != "" {
		r.AddCookie(&http.Cookie{Name: wizardCookie, Value: w.cookie})
	}
	a := &answer{s.t, httptest.NewRecorder(), method + " " + path}
	s.ServeHTTP(a, r)
	return a
}

func (s *stage) form(w who, path string, form url.Values) *answer {
	s.t.Helper()
	return s.do(w, "POST", path, form.Encode())
}

// want stops the test at another status.
func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.Code != status {
		a.t.Fatalf("%s: answered %d, want %d: %.300s", a.call, a.Code, status, a.Body)
	}
	return a
}

// refused wants a problem with this code.
func (a *answer) refused(status int, code string) *answer {
	a.t.Helper()
	var got struct{ Problem shown }
	a.want(status).into(&got)
	if got.Problem.Code != code {
		a.t.Fatalf("%s: problem %q, want %q: %.300s", a.call, got.Problem.Code, code, a.Body)
	}
	return a
}

func (a *answer) into(v any) {
	a.t.Helper()
	if err := json.Unmarshal(a.Body.Bytes(), v); err != nil {
		a.t.Fatalf("%s: reading the answer: %v: %.300s", a.call, err, a.Body)
	}
}

// tree is a JSON object as maps and lists.
type tree = map[string]any

func (a *answer) tree() tree {
	a.t.Helper()
	var v tree
	a.into(&v)
	return v
}

// role is somebody's part: an e-mail and a password with the keys made of
// them, once for all tests, since deriving them is meant to be slow.
type role struct {
	email, password string
	key             keys.Key
	body            keys.Registration
}

func cast(email string) func() role {
	return sync.OnceValue(func() role {
		password := "the green gate of " + email
		body, key, err := keys.Register(email, password, keys.HouseKDF())
		if err != nil {
			panic("casting " + email + ": " + err.Error())
		}
		return role{email, password, key, body}
	})
}

// The cast. Alice owns the house, Bob is invited to it.
var (
	alice = cast("alice@example.test")
	bob   = cast("bob@example.test")
)

// someone is a role that is signed in.
type someone struct {
	who
	role
	id      string
	refresh string
}

// seal makes an EncString as this person's client would.
func (r role) seal(text string) string { return r.key.SealText(text) }

// wizard claims a fresh link at home.
func (s *stage) wizard() who {
	s.t.Helper()
	token, err := s.Setup.NewLink(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	a := s.do(who{origin: home}, "POST", "/latchkey/setup/claim", tree{"token": token}).want(200)
	return who{origin: home, cookie: a.Result().Cookies()[0].Value}
}

// owner makes the house Alice's and signs her in.
func (s *stage) owner() *someone {
	s.t.Helper()
	s.do(s.wizard(), "POST", "/identity/accounts/register/finish", alice().body).want(200)
	return s.signIn(alice(), "alice's browser")
}

// invite gives the token in the link that r is sent.
func (s *stage) invite(by who, r role) string {
	s.t.Helper()
	var got struct{ Link string }
	s.do(by, "POST", "/latchkey/invitations", tree{"email": r.email, "name": "Bob"}).want(200).into(&got)
	_, query, _ := strings.Cut(got.Link, "?")
	values, err := url.ParseQuery(query)
	if err != nil || values.Get("token") == "" {
		s.t.Fatalf("the link %q: %v", got.Link, err)
	}
	return values.Get("token")
}

// joins makes r's account by an invitation and signs them in.
func (s *stage) joins(by who, r role) *someone {
	s.t.Helper()
	body := r.body
	body.Token = s.invite(by, r)
	s.do(who{origin: home}, "POST", "/identity/accounts/register/finish", body).want(200)
	return s.signIn(r, r.email+"'s browser")
}

func passwordForm(r role, device string) url.Values {
	return url.Values{
		"grant_type": {"password"}, "scope": {"api offline_access"}, "client_id": {"web"},
		"username": {r.email}, "password": {r.body.MasterPasswordHash},
		"deviceType": {"9"}, "deviceIdentifier": {device}, "deviceName": {"Chrome"},
	}
}

func (s *stage) signIn(r role, device string) *someone {
	s.t.Helper()
	var g grant
	s.form(who{origin: far}, "/identity/connect/token", passwordForm(r, device)).want(200).into(&g)
	p := &someone{who: who{origin: far, token: g.AccessToken}, role: r, refresh: g.RefreshToken}
	p.id, _ = s.do(p.who, "GET", "/api/accounts/profile", nil).want(200).tree()["id"].(string)
	return p
}

func (s *stage) refresh(p *someone) *answer {
	s.t.Helper()
	return s.form(who{origin: far}, "/identity/connect/token", url.Values{
		"grant_type": {"refresh_token"}, "client_id": {"web"}, "refresh_token": {p.refresh},
	})
}

// login is an item as clients send it.
func (r role) login() tree {
	return tree{
		"type": 1, "name": r.seal("bank"), "notes": nil, "favorite": false, "folderId": nil, "organizationId": nil,
		"login": tree{"username": r.seal("alice"), "password": r.seal("secret"), "uris": []any{tree{"uri": r.seal("https://bank.example"), "match": nil}}},
	}
}

// add keeps an item and gives its id.
func (s *stage) add(p *someone, item tree) string {
	s.t.Helper()
	id, _ := s.do(p.who, "POST", "/api/ciphers", item).want(200).tree()["id"].(string)
	return id
}

// folder makes a folder and gives its id.
func (s *stage) folder(p *someone) string {
	s.t.Helper()
	id, _ := s.do(p.who, "POST", "/api/folders", tree{"name": p.seal("Travel")}).want(200).tree()["id"].(string)
	return id
}

// sync is everything of a person.
func (s *stage) sync(p *someone) tree {
	s.t.Helper()
	return s.do(p.who, "GET", "/api/sync?excludeDomains=true", nil).want(200).tree()
}

func (s *stage) cipher(p *someone, id string) tree {
	s.t.Helper()
	return s.do(p.who, "GET", "/api/ciphers/"+id, nil).want(200).tree()
}

// newPassword is a change of r's password, in the older names, to what it was:
// the wire does not show that it is the same one.
func newPassword(r role) tree {
	return tree{
		"masterPasswordHash": r.body.MasterPasswordHash, "newMasterPasswordHash": r.body.MasterPasswordHash,
		"key": r.body.UserSymmetricKey, "masterPasswordHint": nil,
	}
}

// newGuard makes a guard that remembers nothing beyond its own life.
func newGuard(t testing.TB, now func() time.Time) *guard.Guard {
	t.Helper()
	g, err := guard.New(t.Context(), guard.Config{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

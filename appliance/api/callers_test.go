package api

import (
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"latchkey/appliance/account"
	"latchkey/appliance/settings"
)

// callersTable holds, for every route and every kind of caller, the answer that
// must come. A route that has no line there fails the test; to add one, run
//
//	go test ./appliance/api -run TestWhoMayCallWhat -update
//
// and read what it wrote: that line is the decision.
const callersTable = "testdata/callers.txt"

var update = flag.Bool("update", false, "write testdata/callers.txt anew")

// The answers. Whoever is let in meets the handler's own rule, which sees an
// empty request.
const (
	letIn       = "+"
	unproven    = "401"   // the session is not, or no longer, one
	nothingHere = "404"   // nobody learns that there is something
	ownersOnly  = "owner" // 400: a member where only an owner may
	enrolFirst  = "enrol" // 400: a second factor must be added first
	proofStale  = "stale" // 400: the proof is too old
	proofWanted = "proof" // 400: the request itself must prove who sends it
)

// subject is one kind of caller.
type subject struct {
	name string
	who
	fixed bool // stands where it stands; all others are tried far and at home
}

// TestWhoMayCallWhat walks the table of routes with every kind of caller.
func TestWhoMayCallWhat(t *testing.T) {
	s := newStage(t)
	got := map[string][]string{}
	all := s.subjects()
	for _, row := range s.routes() {
		for i := range all {
			got[row.pattern] = append(got[row.pattern], s.cell(all[i], row))
			if endsSessions(row) && got[row.pattern][i] == letIn { // whoever comes next is still signed in
				s = newStage(t)
				all = s.subjects()
			}
		}
	}
	if *update {
		writeCallers(t, all, got)
	}
	want := readCallers(t, all)
	for _, row := range s.routes() {
		line, ok := want[row.pattern]
		if !ok {
			t.Errorf("%s has no line in %s", row.pattern, callersTable)
			continue
		}
		for i, c := range all {
			if line[i] != got[row.pattern][i] {
				t.Errorf("%s by %s: answered %s, the table wants %s", row.pattern, c.name, got[row.pattern][i], line[i])
			}
		}
		delete(want, row.pattern)
	}
	for pattern := range want {
		t.Errorf("%s has a line in %s and is no route", pattern, callersTable)
	}
}

// endsSessions names the rows that end a session, their caller's or another's,
// without asking for anything that the empty request lacks.
func endsSessions(row route) bool {
	return row.pattern == "DELETE /latchkey/session" || row.pattern == "POST /latchkey/sessions/others"
}

// cell is what a caller hears, far and at home where that differs.
func (s *stage) cell(c subject, row route) string {
	s.Guard = newGuard(s.t, s.clock) // nobody is slowed down by the one before
	if c.fixed {
		return s.hears(c.who, row)
	}
	away, near := c.who, c.who
	away.origin, near.origin = far, home
	if endsSessions(row) {
		return s.hears(away, row) // a second time they would be another caller
	}
	a, b := s.hears(away, row), s.hears(near, row)
	if a == b {
		return a
	}
	return a + "/" + b
}

const absent = "00000000-0000-4000-8000-000000000000"

func (s *stage) hears(w who, row route) string {
	s.t.Helper()
	method, path, _ := strings.Cut(row.pattern, " ")
	got := s.do(w, method, strings.ReplaceAll(path, "{id}", absent), nil)
	var body struct{ Problem shown }
	if strings.HasPrefix(got.Header().Get("Content-Type"), "application/json") && got.Code >= 400 {
		got.into(&body)
	}
	switch {
	case got.Code == http.StatusUnauthorized:
		return unproven
	case got.Code == http.StatusNotFound && body.Problem.Code == "not.found":
		return nothingHere
	case got.Code == http.StatusForbidden, got.Code >= 500 && row.pattern != "POST /latchkey/reach/move", got.Code == http.StatusTooManyRequests:
		s.t.Errorf("%s: answered %d: %.200s", row.pattern, got.Code, got.Body)
	}
	if word, ok := map[string]string{
		"owner.only": ownersOnly, "second.missing": enrolFirst, "proof.stale": proofStale, "proof.missing": proofWanted,
	}[body.Problem.Code]; ok {
		return word
	}
	return letIn
}

// subjects is every kind of caller of a house that Alice owns: her sessions
// with a fresh proof and a stale one, Bob's in every state that a session can
// be in, and those who have none.
func (s *stage) subjects() []subject {
	t := s.t
	t.Helper()
	wiz := s.wizard()
	s.do(wiz, "POST", finish, alice().body).want(200)
	owns := s.signIn(alice(), "one")
	stale := s.joins(owns.who, bob())
	left, removed := s.signIn(bob(), "two"), s.signIn(bob(), "three")
	s.do(left.who, "DELETE", "/latchkey/session", nil).want(200)
	s.do(stale.who, "DELETE", "/api/devices/three", nil).want(200)
	elsewhere := s.signIn(bob(), "four")
	s.do(stale.who, "POST", "/api/accounts/password", newPassword(bob())).want(200)
	off := s.joins(owns.who, carol())
	must := s.joins(owns.who, dave())
	invited := s.invite(owns.who, erin())
	who1 := account.UserID(off.id)
	if err := s.People.SetDisabled(t.Context(), who1, true); err != nil {
		t.Fatal(err)
	}
	if err := s.People.SetSecondRequired(t.Context(), account.UserID(must.id), true); err != nil {
		t.Fatal(err)
	}
	s.wait(freshFor + time.Second)
	return []subject{
		{"nobody", who{}, false},
		{"expired", who{token: resigned(t, stale.token, tokenKey, jwt.SigningMethodHS256, s.clock().Add(-time.Second))}, false},
		{"signed out", who{token: left.token}, false},
		{"device removed", who{token: removed.token}, false},
		{"old stamp", who{token: elsewhere.token}, false},
		{"invited", who{token: invited}, false},
		{"disabled", who{token: off.token}, false},
		{"must enrol", who{token: must.token}, false},
		{"member, stale", who{token: stale.token}, false},
		{"member, fresh", who{token: s.signIn(bob(), "six").token}, false},
		{"owner, stale", who{token: owns.token}, false},
		{"owner, fresh", who{token: s.signIn(alice(), "five").token}, false},
		{"owner's API key", who{token: s.keyed(owns)}, false},
		{"wizard", wiz, true},
		{"wizard afar", who{origin: far, cookie: wiz.cookie}, true},
		{"other cookie", who{origin: home, cookie: "x" + wiz.cookie}, true},
		{"machine", who{origin: onSite}, true},
	}
}

// keyed signs p in by their API key.
func (s *stage) keyed(p *someone) string {
	s.t.Helper()
	a, err := s.People.MakeAPIKey(s.t.Context(), account.UserID(p.id))
	if err != nil {
		s.t.Fatal(err)
	}
	var g grant
	s.form(who{origin: far}, tokenPath, url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"user." + p.id}, "client_secret": {a.APIKey}, "deviceIdentifier": {"script"},
	}).want(200).into(&g)
	return g.AccessToken
}

var (
	carol = cast("carol@example.test")
	dave  = cast("dave@example.test")
	erin  = cast("erin@example.test")
)

func writeCallers(t *testing.T, all []subject, got map[string][]string) {
	t.Helper()
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.name
	}
	fmt.Fprintf(w, "# route\t%s\n", strings.Join(names, "\t"))
	for _, pattern := range slices.Sorted(func(yield func(string) bool) {
		for p := range got {
			if !yield(p) {
				return
			}
		}
	}) {
		fmt.Fprintf(w, "%s\t%s\n", pattern, strings.Join(got[pattern], "\t"))
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(callersTable, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func readCallers(t *testing.T, all []subject) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(callersTable)
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Fields(line)
		if len(fields) != 2+len(all) {
			t.Fatalf("%s: %d fields in %q, want %d", callersTable, len(fields), line, 2+len(all))
		}
		lines[fields[0]+" "+fields[1]] = fields[2:]
	}
	return lines
}

// TestForgedTokensAreNoSessions tries what is not signed by the house's key, or
// is no access token at all.
func TestForgedTokensAreNoSessions(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	for name, token := range map[string]string{
		"of another key":       resigned(t, a.token, []byte(strings.Repeat("x", 32)), jwt.SigningMethodHS256, time.Time{}),
		"that nobody signed":   resigned(t, a.token, jwt.UnsafeAllowNoneSignatureType, jwt.SigningMethodNone, time.Time{}),
		"of another algorithm": resigned(t, a.token, tokenKey, jwt.SigningMethodHS512, time.Time{}),
		"for refreshing":       a.refresh,
		"of nonsense":          "no.such.token",
	} {
		t.Run("a token "+name, func(t *testing.T) {
			s.do(who{origin: home, token: token}, "GET", "/api/sync", nil).want(401)
		})
	}
	if err := s.Settings.Set(t.Context(), map[string]any{settings.SecondEveryone: true}); err != nil {
		t.Fatal(err)
	}
	s.do(a.who, "GET", "/api/sync", nil).refused(400, "second.missing")
}

// resigned is a token with the same claims, but for its end where one is
// given, under another signature.
func resigned(t testing.TB, token string, key any, how jwt.SigningMethod, ends time.Time) string {
	t.Helper()
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		t.Fatal(err)
	}
	if !ends.IsZero() {
		claims["exp"] = ends.Unix()
	}
	signed, err := jwt.NewWithClaims(how, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

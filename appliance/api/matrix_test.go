package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// subject is one kind of caller: is says which rows let them in.
type subject struct {
	who
	is       caller
	signedIn bool // their session is fine, so that no answer may end it
}

// turnedAway is the status for a row that does not name this caller.
func (c subject) turnedAway(row caller) int {
	switch {
	case row&(person|owner) == 0:
		return http.StatusNotFound // nobody learns that there is something
	case c.signedIn:
		return http.StatusBadRequest // a member where only an owner may
	}
	return http.StatusUnauthorized
}

// TestEveryRouteAdmitsWhomItsRowNames walks the table of routes with one
// caller of each kind. What must come follows from the row alone, so that a
// new route is tested the day it is written.
func TestEveryRouteAdmitsWhomItsRowNames(t *testing.T) {
	s := newStage(t)
	subjects := s.subjects()
	for _, row := range s.routes() {
		method, path, _ := strings.Cut(row.pattern, " ")
		t.Run(method+" "+strings.ReplaceAll(path, "/", "|"), func(t *testing.T) {
			for name, c := range subjects {
				s.API.Guard = newGuard(t, s.clock) // nobody is slowed down by the row before
				if c.signedIn && endsSession(row) {
					c.token = s.signIn(alice(), "leaving").token
				}
				got := s.do(c.who, method, strings.ReplaceAll(path, "{id}", absent), nil)
				if row.caller&(c.is|anyone) != 0 {
					wantLetIn(t, name, got)
				} else if status := c.turnedAway(row.caller); got.Code != status {
					t.Errorf("%s: answered %d, want %d: %.200s", name, got.Code, status, got.Body)
				}
			}
		})
	}
}

const absent = "00000000-0000-4000-8000-000000000000"

// endsSession names the one row that ends the caller's session without asking
// for a proof that the empty body lacks.
func endsSession(row route) bool { return row.pattern == "DELETE /latchkey/session" }

// subjects is every kind of caller of a house that Alice owns.
func (s *stage) subjects() map[string]subject {
	wiz := s.wizard()
	s.do(wiz, "POST", "/identity/accounts/register/finish", alice().body).want(200)
	owns := s.signIn(alice(), "one")
	member := s.joins(owns.who, bob())
	left := s.signIn(bob(), "two")
	s.do(left.who, "DELETE", "/latchkey/session", nil).want(200)
	elsewhere := s.signIn(bob(), "three")
	s.do(member.who, "POST", "/api/accounts/password", newPassword(bob())).want(200)
	removed := s.signIn(bob(), "four")
	s.do(member.who, "DELETE", "/api/devices/four", nil).want(200)
	return map[string]subject{
		"anonymous from afar":          {who{origin: far}, 0, false},
		"anonymous at home":            {who{origin: home}, atHome, false},
		"the wizard":                   {wiz, atHome | wizard, false},
		"the wizard's cookie afar":     {who{origin: far, cookie: wiz.cookie}, 0, false},
		"another cookie at home":       {who{origin: home, cookie: "x" + wiz.cookie}, atHome, false},
		"a member":                     {member.who, person, true},
		"a member at home":             {who{origin: home, token: member.token}, person | atHome, true},
		"an owner":                     {owns.who, person | owner, true},
		"the machine":                  {who{origin: onSite}, atHome | machine, false},
		"who signed out":               {who{origin: far, token: left.token}, 0, false},
		"whose password was changed":   {who{origin: far, token: elsewhere.token}, 0, false},
		"whose device was removed":     {who{origin: far, token: removed.token}, 0, false},
		"a token that has expired":     {who{origin: far, token: resigned(s.t, member.token, tokenKey, jwt.SigningMethodHS256, s.clock().Add(-time.Second))}, 0, false},
		"a token of another key":       {who{origin: far, token: resigned(s.t, member.token, []byte(strings.Repeat("x", 32)), jwt.SigningMethodHS256, time.Time{})}, 0, false},
		"a token that nobody signed":   {who{origin: far, token: resigned(s.t, member.token, jwt.UnsafeAllowNoneSignatureType, jwt.SigningMethodNone, time.Time{})}, 0, false},
		"a token of another algorithm": {who{origin: far, token: resigned(s.t, member.token, tokenKey, jwt.SigningMethodHS512, time.Time{})}, 0, false},
		"a refresh token":              {who{origin: far, token: member.refresh}, 0, false},
		"nonsense":                     {who{origin: far, token: "no.such.token"}, 0, false},
	}
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

// wantLetIn lets pass what the handler says, but for what ends a session.
func wantLetIn(t *testing.T, name string, got *answer) {
	t.Helper()
	switch {
	case got.Code == http.StatusUnauthorized, got.Code == http.StatusForbidden, got.Code >= 500:
		t.Errorf("%s: answered %d: %.200s", name, got.Code, got.Body)
	case got.Code == http.StatusNotFound && strings.Contains(got.Body.String(), `"not.found"`):
		t.Errorf("%s: is not let in", name)
	}
}

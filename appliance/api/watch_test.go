package api

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/journal"
	"latchkey/appliance/settings"
)

// told is every line of the log, the newest first.
func (s *stage) told() []journal.Event {
	s.t.Helper()
	if err := s.Journal.Flush(context.Background()); err != nil {
		s.t.Fatal(err)
	}
	page, err := s.Journal.Search(context.Background(), journal.Query{Limit: 500})
	if err != nil {
		s.t.Fatal(err)
	}
	return page.Events
}

// logged wants a line of that kind and outcome that concerns the person.
func (s *stage) logged(kind journal.Kind, outcome, owner string) {
	s.t.Helper()
	want := ""
	if owner != "" {
		want = s.Journal.Pseudonym(owner)
	}
	for _, e := range s.told() {
		if e.Kind == kind && e.Outcome == outcome && e.Owner == want {
			return
		}
	}
	s.t.Errorf("the log has no %s, %s of %q", kind, outcome, want)
}

func TestTheLogHearsOfEveryTry(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	s.enrols(a)
	s.logged(journal.SignIn, "ok", a.id)
	s.logged(journal.Second, "ok", a.id)

	s.tries(passwordForm(alice(), "thief's")).refused(400, "second.wanted")
	s.logged(journal.Refused, "second.wanted", a.id)
	s.tries(with(passwordForm(alice(), "thief's"), "twoFactorToken", "000000", "twoFactorProvider", "0")).refused(400, "second.wrong")
	s.logged(journal.Refused, "second.wrong", a.id)
	s.tries(with(passwordForm(alice(), "thief's"), "password", "bm8=")).refused(400, "signin.wrong")
	s.logged(journal.Refused, "signin.wrong", a.id)
	s.tries(with(passwordForm(bob(), "thief's"), "password", "bm8=")).refused(400, "signin.wrong")
	s.logged(journal.Refused, "signin.wrong", "")
	var why struct{ Problem shown }
	s.do(who{origin: home}, "POST", "/latchkey/setup/claim", tree{"token": "guess"}).into(&why)
	s.logged(journal.Refused, why.Problem.Code, "")
	s.tries(with(passwordForm(alice(), "x"), "grant_type", "refresh_token", "refresh_token", strings.Repeat("A", 86))).want(400)
	s.logged(journal.Refused, "session.ended", "")
	s.refresh(a).want(200)
	s.wait(2 * time.Hour)
	s.logged(journal.Token, "ok", a.id)

	s.tries(with(passwordForm(alice(), "x"), "grant_type", "webauthn", "token", "x", "deviceResponse", "{}")).want(400)
	s.logged(journal.Refused, "passkey.refused", "")
}

func TestNamesLeaveTheOwnersPageOnlyWhereTheLogHoldsThem(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	s.told()
	if page := s.do(a.who, "GET", "/latchkey/log", nil).want(200).Body.String(); !strings.Contains(page, `"who":{"id":"`+a.id) {
		t.Errorf("the page does not resolve: %.300s", page)
	}
	for name, answer := range map[string]*answer{
		"a command":     s.do(who{origin: onSite}, "GET", "/latchkey/log", nil),
		"an export":     s.do(a.who, "GET", "/latchkey/log/export?format=jsonl", nil),
		"one for a CSV": s.do(a.who, "GET", "/latchkey/log/export?format=csv", nil),
	} {
		text := answer.want(200).Body.String()
		if strings.Contains(text, a.id) || strings.Contains(text, alice().email) || !strings.Contains(text, s.Journal.Pseudonym(a.id)) {
			t.Errorf("%s gets %.400s", name, text)
		}
	}
	s.do(a.who, "PUT", "/latchkey/settings", tree{settings.JournalNames: "account"}).want(200)
	s.told()
	if text := s.do(a.who, "GET", "/latchkey/log/export?format=jsonl", nil).want(200).Body.String(); !strings.Contains(text, alice().email) {
		t.Errorf("a log that holds accounts exports %.400s", text)
	}
}

func TestAFloodIsRefusedWhereverItKnocks(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	for n := 0; ; n++ {
		if got := s.do(who{origin: far, token: "no.such.token"}, "GET", "/api/sync", nil); got.Code == http.StatusTooManyRequests {
			break
		} else if n > 100_000 {
			t.Fatalf("still %d", got.Code)
		}
	}
	s.do(who{origin: far}, "GET", "/nowhere", nil).want(429)
	s.do(who{origin: far}, "PUT", "/latchkey/settings", nil).want(429)
	s.do(a.who, "GET", "/api/sync", nil).want(200)
	s.refresh(a).want(200)
	s.do(who{origin: home}, "GET", "/api/config", nil).want(200)
}

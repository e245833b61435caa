package api

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// others are the rows that do not belong to just any person who is signed in.
// Who opens one more door to strangers says so here, too.
var others = map[caller][]string{
	anyone: {
		"GET /alive", "GET /api/alive", "GET /api/config", "GET /api/devices/knowndevice", "GET /api/now", "GET /api/version",
		"GET /latchkey/state",
		"POST /api/accounts/password-hint", "POST /api/accounts/prelogin", "POST /events/collect",
		"POST /identity/accounts/prelogin", "POST /identity/accounts/prelogin/password",
		"POST /identity/accounts/register/finish", "POST /identity/accounts/register/send-verification-email",
		"POST /identity/accounts/register/verification-email-clicked", "POST /identity/connect/token",
	},
	atHome: {"GET /local-ca.crt", "GET /local-ca.pem", "POST /latchkey/setup/claim"},
	wizard: {"GET /latchkey/setup", "GET /latchkey/setup/checks", "POST /latchkey/reach/move", "POST /latchkey/setup/reach"},
	wizard | owner: {
		"GET /latchkey/reach", "POST /latchkey/reach", "POST /latchkey/reach/check", "POST /latchkey/reach/door", "POST /latchkey/reach/retry",
	},
	wizard | person: {"GET /latchkey/links"},
	owner: {
		"GET /latchkey/kit", "GET /latchkey/settings", "POST /latchkey/kit", "POST /latchkey/kit/confirm",
		"POST /latchkey/reach/forget", "POST /latchkey/reach/rename", "PUT /latchkey/settings",
	},
	owner | machine: {"DELETE /latchkey/invitations/{id}", "GET /latchkey/doctor", "GET /latchkey/people", "POST /latchkey/invitations"},
	machine:         {"GET /latchkey/status", "POST /latchkey/setup/link"},
}

// proven are the rows for which a session is not enough: a browser left open
// must not give the house away.
var proven = []string{
	"DELETE /api/accounts", "POST /api/accounts/delete", "POST /api/accounts/kdf", "POST /api/accounts/password",
	"POST /api/accounts/security-stamp", "POST /api/accounts/verify-password", "POST /api/ciphers/purge", "POST /latchkey/kit",
	"POST /latchkey/reach", // of an owner; the wizard comes before the first password
	"POST /latchkey/reach/forget", "POST /latchkey/reach/rename",
	"PUT /latchkey/settings", // where a setting wants it
}

// guessed are the rows at which a secret can be guessed.
var guessed = append([]string{
	"POST /identity/accounts/register/finish", "POST /identity/accounts/register/verification-email-clicked",
	"POST /identity/connect/token", "POST /latchkey/setup/claim",
}, proven...)

func TestRowsSayWhatTheyMust(t *testing.T) {
	got := map[caller][]string{}
	var wantProof, counted []string
	for _, row := range (&API{}).routes() {
		if row.caller != person {
			got[row.caller] = append(got[row.caller], row.pattern)
		}
		if row.proof != noProof {
			wantProof = append(wantProof, row.pattern)
		}
		if row.attempt != "" {
			counted = append(counted, row.pattern)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(got)) {
		slices.Sort(got[kind])
		if !slices.Equal(got[kind], others[kind]) {
			t.Errorf("callers %b:\n got %q\nwant %q", kind, got[kind], others[kind])
		}
	}
	if len(got) != len(others) {
		t.Errorf("%d kinds of callers, want %d", len(got), len(others))
	}
	for name, pair := range map[string][2][]string{"the password proved": {wantProof, proven}, "guesses counted": {counted, guessed}} {
		slices.Sort(pair[0])
		slices.Sort(pair[1])
		if !slices.Equal(pair[0], pair[1]) {
			t.Errorf("rows with %s:\n got %q\nwant %q", name, pair[0], pair[1])
		}
	}
}

// TestWhatIsSomebodyElsesIsNotThere tries every row that names a thing by its
// id with the id of Alice's, as Bob.
func TestWhatIsSomebodyElsesIsNotThere(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	b := s.joins(a.who, bob())
	item, folder := s.add(a, a.login()), s.folder(a)
	before := s.all(a)
	ids := map[string]string{"/api/ciphers/": item, "/api/folders/": folder, "/api/devices/": s.device(a)}
	tried := 0
	for _, row := range s.routes() {
		method, path, _ := strings.Cut(row.pattern, " ")
		if row.caller != person || !strings.Contains(path, "{id}") || strings.Contains(path, "/users/") {
			continue
		}
		tried++
		t.Run(method+" "+strings.ReplaceAll(path, "/", "|"), func(t *testing.T) {
			for prefix, id := range ids {
				if !strings.HasPrefix(path, prefix) {
					continue
				}
				got := s.do(b.who, method, strings.ReplaceAll(path, "{id}", id), bodyFor(b, path))
				if got.Code != 404 {
					t.Errorf("answered %d, want 404: %.200s", got.Code, got.Body)
				}
				missing := s.do(b.who, method, strings.ReplaceAll(path, "{id}", absent), bodyFor(b, path))
				if missing.Body.String() != got.Body.String() {
					t.Errorf("the answer tells that there is one:\n%s\n%s", got.Body, missing.Body)
				}
				return
			}
			t.Fatal("no id is known for this row: add one")
		})
	}
	if tried < 20 {
		t.Errorf("only %d rows were tried", tried)
	}
	t.Run("no bulk form reaches it", func(t *testing.T) {
		own := s.add(b, b.login())
		for _, row := range s.routes() {
			method, path, _ := strings.Cut(row.pattern, " ")
			if !bulk(path, method) {
				continue
			}
			s.do(b.who, method, path, tree{"ids": []string{own, item}}).refused(404, "item.gone")
		}
		if got := s.cipher(b, own); got["deletedDate"] != nil || got["archivedDate"] != nil {
			t.Errorf("a refused bulk form did a part of its work: %v", got)
		}
		s.do(b.who, "PUT", "/api/ciphers/move", tree{"ids": []string{own}, "folderId": folder}).refused(404, "folder.gone")
		s.do(b.who, "PUT", "/api/ciphers/"+own+"/partial", tree{"folderId": folder}).refused(404, "folder.gone")
	})
	if after := s.all(a); after != before {
		t.Errorf("Alice's vault changed:\n%s\n%s", before, after)
	}
}

// bulk reports whether a route takes a list of items.
func bulk(path, method string) bool {
	switch path {
	case "/api/ciphers/delete", "/api/ciphers/restore", "/api/ciphers/archive", "/api/ciphers/unarchive", "/api/ciphers/move":
		return true
	}
	return method+path == "DELETE/api/ciphers"
}

func bodyFor(b *someone, path string) any {
	switch {
	case strings.HasPrefix(path, "/api/folders"):
		return tree{"name": b.seal("mine")}
	case strings.HasSuffix(path, "/partial"):
		return tree{"folderId": nil, "favorite": true}
	case strings.HasPrefix(path, "/api/ciphers"):
		return b.login()
	}
	return tree{"pushToken": "x"}
}

// all is everything that Alice would notice, as text.
func (s *stage) all(p *someone) string {
	s.t.Helper()
	return s.do(p.who, "GET", "/api/sync", nil).want(200).Body.String() + s.do(p.who, "GET", "/api/devices", nil).want(200).Body.String()
}

// device is the id of p's first device.
func (s *stage) device(p *someone) string {
	s.t.Helper()
	var got struct{ Data []struct{ ID string } }
	s.do(p.who, "GET", "/api/devices", nil).want(200).into(&got)
	return got.Data[0].ID
}

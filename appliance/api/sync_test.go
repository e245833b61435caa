package api

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// since asks for a sync with what the last one was called.
func (s *stage) since(p *someone, etag string) *answer {
	s.t.Helper()
	w := p.who
	w.header = http.Header{"If-None-Match": {etag}}
	return s.do(w, "GET", "/api/sync?excludeDomains=true", nil)
}

func TestASyncSaysWhetherAnythingChanged(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	b := s.joins(a.who, bob())
	item, folder := s.add(a, a.login()), s.folder(a)
	etag := s.since(a, "").want(200).Header().Get("ETag")
	if etag == "" {
		t.Fatal("no ETag")
	}
	same := func(what string) {
		t.Helper()
		got := s.since(a, etag)
		size := 0
		for name, all := range got.Header() {
			size += len(name) + len(strings.Join(all, "")) + 4
		}
		if got.want(304); got.Body.Len() != 0 || size > 1000 || got.Header().Get("ETag") != etag {
			t.Errorf("%s: %d bytes of headers, body %q", what, size, got.Body)
		}
	}
	same("nothing happened")
	s.add(b, b.login())
	same("somebody else's change")
	s.refresh(a).want(200)
	same("a refreshed token")
	s.do(a.who, "GET", "/api/ciphers/"+item, nil).want(200)
	same("a look at an item")
	s.do(a.who, "PUT", "/api/ciphers/"+item, tree{"type": 1, "name": "clear"}).want(400)
	same("a refused change")
	one := "/api/ciphers/" + item
	for _, c := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/api/ciphers", a.login()},
		{"PUT", one, a.login()},
		{"PUT", one + "/partial", tree{"folderId": folder, "favorite": true}},
		{"PUT", one + "/delete", nil},
		{"PUT", one + "/restore", nil},
		{"PUT", one + "/archive", nil},
		{"PUT", one + "/unarchive", nil},
		{"PUT", "/api/ciphers/move", tree{"ids": []string{item}}},
		{"POST", "/api/ciphers/import", tree{"ciphers": []any{a.login()}}},
		{"POST", "/api/folders", tree{"name": a.seal("x")}},
		{"PUT", "/api/folders/" + folder, tree{"name": a.seal("y")}},
		{"DELETE", "/api/folders/" + folder, nil},
		{"PUT", "/api/accounts/profile", tree{"name": "Al"}},
		{"PUT", "/api/accounts/avatar", tree{"avatarColor": "#000000"}},
		{"PUT", "/api/settings/domains", tree{"equivalentDomains": []any{[]string{"a.example", "b.example"}}}},
		{"POST", "/api/accounts/password", newPassword(alice())},
		{"DELETE", one, nil},
		{"POST", "/api/ciphers/purge", proving(a)},
	} {
		t.Run(c.method+" "+strings.ReplaceAll(c.path, "/", "|"), func(t *testing.T) {
			before := s.do(a.who, "GET", "/api/accounts/revision-date", nil).want(200).Body.String()
			s.do(a.who, c.method, c.path, c.body).want(200)
			got := s.since(a, etag).want(200)
			if now := s.do(a.who, "GET", "/api/accounts/revision-date", nil).want(200).Body.String(); now <= before || len(now) < len(before) {
				t.Errorf("the revision date %s did not move on from %s", now, before)
			}
			if etag = got.Header().Get("ETag"); etag == "" {
				t.Fatal("no ETag")
			}
			same("after it")
		})
	}
	t.Run("with and without domains are two things", func(t *testing.T) {
		w := a.who
		w.header = http.Header{"If-None-Match": {etag}}
		s.do(w, "GET", "/api/sync", nil).want(200)
	})
}

// TestASyncWhileWritingIsOfOneMoment writes pairs, each in one request, while
// another client syncs: it must never see one half.
func TestASyncWhileWritingIsOfOneMoment(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	const rounds = 30
	done := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		defer close(done)
		for i := range rounds {
			mark := fmt.Sprintf("pair %d", i)
			item := a.login()
			item["mark"] = mark
			if got := s.do(a.who, "POST", "/api/ciphers/import", tree{"ciphers": []any{item, item}}); got.Code != 200 {
				t.Errorf("importing: %d", got.Code)
			}
		}
	})
	for range 2 {
		all.Go(func() {
			for running := true; running; {
				select {
				case <-done:
					running = false
				default:
				}
				got := s.do(a.who, "GET", "/api/sync", nil)
				var v struct{ Ciphers []struct{ Mark string } }
				got.into(&v)
				pairs := map[string]int{}
				for _, c := range v.Ciphers {
					pairs[c.Mark]++
				}
				for mark, n := range pairs {
					if n != 2 {
						t.Errorf("%s was seen %d times", mark, n)
					}
				}
			}
		})
	}
	all.Wait()
	if n := len(s.sync(a)["ciphers"].([]any)); n != 2*rounds {
		t.Errorf("%d items at the end, want %d", n, 2*rounds)
	}
}

// TestReadyAnswersAreForgotten wants the memory back once nobody asks, and no
// stale answer after it.
func TestReadyAnswersAreForgotten(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	for range 40 { // more than one of the parts that a large sync is kept in
		item := a.login()
		item["notes"] = a.seal(strings.Repeat("n", 20_000))
		s.add(a, item)
	}
	before := s.all(a)
	if s.syncs.size == 0 {
		t.Fatal("nothing is kept ready: this test looks at nothing")
	}
	for _, c := range s.syncs.ready {
		c.used = c.used.Add(-2 * readyFor)
	}
	s.Rest()
	if len(s.syncs.ready) != 0 || s.syncs.size != 0 {
		t.Errorf("%d are kept, %d bytes", len(s.syncs.ready), s.syncs.size)
	}
	if s.all(a) != before {
		t.Error("the same vault is answered otherwise")
	}
	var got struct{ Ciphers []struct{ Notes string } }
	s.do(a.who, "GET", "/api/sync", nil).want(200).into(&got)
	if len(got.Ciphers) != 40 {
		t.Errorf("%d items", len(got.Ciphers))
	}
	s.wait(time.Second)
}

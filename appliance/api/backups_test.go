package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/backup"
	"latchkey/appliance/journal"
	"latchkey/appliance/problem"
)

// withProof is a body with the owner's password beside what it asks.
func withProof(p *someone, body tree) tree {
	body["masterPasswordHash"] = p.body.MasterPasswordHash
	return body
}

// events are the details of what the journal heard of backups, oldest first.
func (s *stage) events() string {
	s.t.Helper()
	page, err := s.Journal.Search(s.t.Context(), journal.Query{})
	if err != nil {
		s.t.Fatal(err)
	}
	var all []string
	for _, e := range page.Events {
		if e.Kind == journal.Backup {
			all = append([]string{e.Detail + " " + e.Outcome}, all...)
		}
	}
	return strings.Join(all, "; ")
}

func TestBackups(t *testing.T) {
	machine := who{origin: onSite}
	t.Run("where none can be made the door says so", func(t *testing.T) {
		s := newStage(t)
		s.Backups, s.Restore, s.Restored = nil, nil, nil
		s.do(machine, "GET", "/latchkey/backups", nil).refused(503, "backup.none")
		s.do(machine, "GET", "/latchkey/restore", nil).refused(503, "restore.none")
		a := s.owner()
		s.do(a.who, "POST", "/latchkey/restored", nil).refused(404, "restored.none")
	})
	t.Run("the view tells what waits since a restore", func(t *testing.T) {
		s := newStage(t)
		got := s.do(machine, "GET", "/latchkey/backups", nil).want(200).tree()
		if got["kit"] != true || got["restored"] != nil || len(got["targets"].([]any)) != 1 {
			t.Errorf("got %v", got)
		}
		s.arrival.pending = &Pending{Made: s.clock(), Restored: s.clock(), From: "0.5.0"}
		got = s.do(machine, "GET", "/latchkey/backups", nil).want(200).tree()
		if r, _ := got["restored"].(tree); r["from"] != "0.5.0" || r["made"] != "2026-03-01T12:00:00Z" {
			t.Errorf("got %v", got["restored"])
		}
	})
	t.Run("nothing runs is null", func(t *testing.T) {
		s := newStage(t)
		if got := s.do(machine, "GET", "/latchkey/backups/progress", nil).want(200).Body.String(); got != "null" {
			t.Errorf("got %s", got)
		}
		s.keeper.job = &backup.Job{ID: "j1", Phase: backup.Sending, Done: 7, Total: 9}
		if got := s.do(machine, "GET", "/latchkey/backups/progress", nil).want(200).tree(); got["done"] != 7.0 {
			t.Errorf("got %v", got)
		}
	})
	t.Run("an owner begins one and neither waits nor says why", func(t *testing.T) {
		s := newStage(t)
		a := s.owner()
		got := s.do(a.who, "POST", "/latchkey/backups", tree{"wait": true, "why": "install"}).want(200).tree()
		if got["id"] != "j1" || s.keeper.all() != "begin asked" || s.events() != "made ok" {
			t.Errorf("got %v, asked %s, events %s", got, s.keeper.all(), s.events())
		}
		s.do(a.who, "POST", "/latchkey/backups", nil).want(200)
	})
	t.Run("a command waits for it, and an upgrade says why", func(t *testing.T) {
		s := newStage(t)
		got := s.do(machine, "POST", "/latchkey/backups", tree{"wait": true, "why": "install"}).want(200).tree()
		if r, _ := got["record"].(tree); r["name"] != someBackup || got["failed"] == nil {
			t.Errorf("got %v", got)
		}
		s.do(machine, "POST", "/latchkey/backups", tree{"why": "daily"}).refused(400, "backup.why")
		s.do(machine, "POST", "/latchkey/backups", `{"wait":`).refused(400, "body.refused")
		s.do(machine, "POST", "/latchkey/backups", nil).want(200)
		if s.keeper.all() != "create install; begin asked" {
			t.Errorf("asked %s", s.keeper.all())
		}
	})
	t.Run("a proof is of a backup by its name", func(t *testing.T) {
		s := newStage(t)
		a := s.owner()
		for _, name := range []string{"", "../seal.key", "latchkey.db", "latchkey-1a2b3c4d-20260301T031500Z.age/..", strings.ToUpper(someBackup)} {
			s.do(a.who, "POST", "/latchkey/backups/prove", tree{"name": name, "target": "t1"}).refused(404, "backup.unknown")
		}
		s.do(a.who, "POST", "/latchkey/backups/prove", tree{"name": someBackup, "target": "t1", "wait": true}).want(200)
		got := s.do(machine, "POST", "/latchkey/backups/prove", tree{"name": someBackup, "target": "here", "wait": true}).want(200).tree()
		if s.keeper.all() != "begin proof "+someBackup+" t1; prove "+someBackup+" here" || got["proof"].(tree)["depth"] != "digest" {
			t.Errorf("asked %s, got %v", s.keeper.all(), got)
		}
	})
}

func TestTargets(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	fields := tree{"endpoint": "s3.example.org", "bucket": "b", "secretKey": "hunter2hunter2"}
	t.Run("one is tried, and its secret does not come back", func(t *testing.T) {
		got := s.do(a.who, "POST", "/latchkey/backups/targets/check", tree{"id": "t1", "kind": "s3", "fields": fields}).want(200)
		if text := got.Body.String(); strings.Contains(text, "hunter2") || !strings.Contains(text, `"hostKey":"ssh-ed25519 SHA256:x"`) || !strings.Contains(text, "s3.example.org") {
			t.Errorf("answered %s", text)
		}
	})
	t.Run("one is added, saved again, refused and removed", func(t *testing.T) {
		got := s.do(a.who, "PUT", "/latchkey/backups/targets/new", tree{"id": "t9", "kind": "s3", "name": "Shop", "fields": fields}).want(200)
		if got.tree()["id"] != "t2" || s.keeper.saved.Fields["secretKey"] != "hunter2hunter2" || strings.Contains(got.Body.String(), "hunter2") {
			t.Errorf("answered %s, saved %v", got.Body, s.keeper.saved)
		}
		s.do(a.who, "PUT", "/latchkey/backups/targets/t2", tree{"id": "t9", "kind": "s3", "name": "Shop"}).want(200)
		s.do(a.who, "PUT", "/latchkey/backups/targets/t2", tree{"kind": "s3"}).refused(400, "target.field")
		s.do(a.who, "DELETE", "/latchkey/backups/targets/t2", nil).want(200)
		if want := `check s3 "t1"; save ""; save "t2"; save "t2"; remove t2`; s.keeper.all() != want {
			t.Errorf("asked %s, want %s", s.keeper.all(), want)
		}
	})
	t.Run("the recovery key is kept for a password and forgotten, and never told", func(t *testing.T) {
		s.do(a.who, "PUT", "/latchkey/backups/key", tree{"recoveryKey": "AGE-SECRET-KEY-1X"}).want(400)
		got := s.do(a.who, "PUT", "/latchkey/backups/key", withProof(a, tree{"recoveryKey": "AGE-SECRET-KEY-1X"})).want(200)
		if got.Body.Len() != 0 || !strings.HasSuffix(s.keeper.all(), "keep AGE-SECRET-KEY-1X") {
			t.Errorf("answered %s, asked %s", got.Body, s.keeper.all())
		}
		s.do(a.who, "DELETE", "/latchkey/backups/key", nil).want(200)
	})
	t.Run("the journal heard of what went well", func(t *testing.T) {
		if got, want := s.events(), "target saved ok; target saved ok; target removed ok; key kept ok; key forgotten ok"; got != want {
			t.Errorf("events %s, want %s", got, want)
		}
	})
}

func TestDownloads(t *testing.T) {
	t.Run("a fresh backup comes as a file with the house's name", func(t *testing.T) {
		s := newStage(t)
		a := s.owner()
		s.do(a.who, "POST", "/latchkey/backups/download", nil).want(400)
		got := s.do(a.who, "POST", "/latchkey/backups/download", withProof(a, tree{})).want(200)
		name := `attachment; filename=latchkey-` + s.House[:8] + `-20260301T120000Z.age`
		if got.Body.String() != "a backup" || got.Header().Get("Content-Disposition") != name || got.Header().Get("Content-Type") != ageType {
			t.Errorf("%s under %v", got.Body, got.Header())
		}
		if s.events() != "downloaded ok" {
			t.Errorf("events %s", s.events())
		}
	})
	t.Run("so does a copy that lies somewhere, with its size", func(t *testing.T) {
		s := newStage(t)
		s.keeper.copies = map[string]string{"t1/" + someBackup: someFile}
		got := s.do(who{origin: onSite}, "POST", "/latchkey/backups/download", tree{"name": someBackup, "target": "t1"}).want(200)
		if got.Body.String() != someFile || got.Header().Get("Content-Length") != "14" || !strings.Contains(got.Header().Get("Content-Disposition"), someBackup) {
			t.Errorf("%s under %v", got.Body, got.Header())
		}
		s.do(who{origin: onSite}, "POST", "/latchkey/backups/download", tree{"name": someBackup, "target": "here"}).refused(404, "target.notthere")
		s.do(who{origin: onSite}, "POST", "/latchkey/backups/download", tree{"name": "../../etc/passwd"}).refused(404, "backup.unknown")
		if got := s.events(); got != "downloaded ok; downloaded target.notthere" {
			t.Errorf("events %s", got)
		}
	})
	t.Run("what is wrong before the first byte is told in words", func(t *testing.T) {
		s := newStage(t)
		s.keeper.write = func(context.Context, io.Writer) error {
			return problem.New(problem.Refused, "backup.kit", "There is no recovery kit yet.", "Make one.")
		}
		got := s.do(who{origin: onSite}, "POST", "/latchkey/backups/download", nil).refused(400, "backup.kit")
		if got.Header().Get("Content-Disposition") != "" || got.Header().Get("Content-Type") != jsonType {
			t.Errorf("headers %v", got.Header())
		}
	})
	t.Run("what breaks later is no whole file", func(t *testing.T) {
		s := newStage(t)
		s.keeper.write = func(_ context.Context, w io.Writer) error {
			_, err := io.WriteString(w, "half")
			return errors.Join(err, errors.New("the disk is gone"))
		}
		defer func() {
			if got := recover(); got != http.ErrAbortHandler { //nolint:errorlint // net/http compares it so, too
				t.Errorf("ended with %v", got)
			}
			if got := s.events(); got != "downloaded internal" {
				t.Errorf("events %s", got)
			}
		}()
		s.do(who{origin: onSite}, "POST", "/latchkey/backups/download", nil)
	})
}

func TestConfirmRestored(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	s.do(a.who, "POST", "/latchkey/restored", nil).refused(404, "restored.none")
	s.arrival.pending = &Pending{Made: s.clock()}
	s.wait(freshFor + time.Second)
	s.do(a.who, "POST", "/latchkey/restored", nil).refused(400, "proof.stale")
	if s.arrival.pending == nil {
		t.Fatal("confirmed without a proof")
	}
	s.do(a.who, "POST", "/latchkey/restored", withProof(a, tree{})).want(200)
	if s.arrival.pending != nil || s.events() != "restored confirmed ok" {
		t.Errorf("pending %v, events %s", s.arrival.pending, s.events())
	}
}

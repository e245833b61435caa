package api

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"io"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/restore"
	"latchkey/appliance/setup"
)

func (r taking) Receive(ctx context.Context, id string, in io.Reader) (restore.State, error) {
	if err := r.take(ctx, in); err != nil {
		return restore.State{}, err
	}
	return restore.State{ID: id, Phase: restore.Ready}, nil
}

// began begins a restore as a command would.
func (s *stage) began() string {
	s.t.Helper()
	paper := s.paper()
	id, _ := s.do(who{origin: onSite}, "POST", "/latchkey/restore", tree{"kit": paper.RecoveryKey + "\n" + paper.SigningKey}).want(200).tree()["id"].(string)
	return id
}

// backupOf writes a backup of a small house for the kit on paper.
func (s *stage) backupOf(paper setup.Paper) []byte {
	s.t.Helper()
	seed, _, err := kept{s.store}.Value(s.t.Context(), "setup/signing-key")
	if err != nil {
		s.t.Fatal(err)
	}
	to, err := age.ParseX25519Recipient(paper.RecoveryRecipient)
	if err != nil {
		s.t.Fatal(err)
	}
	var file bytes.Buffer
	m := archive.Manifest{House: s.House, HouseName: "Home", Made: s.clock(), Program: "0.5.0", Version: 1, Why: "asked", Counts: map[string]int64{"items": 12}}
	parts := []archive.Part{part(archive.DatabasePart, strings.Repeat("database", 1000)), part(archive.SealKeyPart, "key")}
	if err := archive.Write(s.t.Context(), &file, []age.Recipient{to}, ed25519.NewKeyFromSeed(seed), m, parts, nil); err != nil {
		s.t.Fatal(err)
	}
	return file.Bytes()
}

func part(name, text string) archive.Part {
	return archive.Part{Name: name, Size: int64(len(text)), Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}
}

func (s *stage) paper() setup.Paper {
	s.t.Helper()
	paper, _, err := s.Kits.Draw(s.t.Context(), "Home", "alice@example.test")
	if err != nil {
		s.t.Fatal(err)
	}
	return paper
}

func TestRestore(t *testing.T) {
	start := func(s *stage, w who, paper setup.Paper) string {
		s.t.Helper()
		got := s.do(w, "POST", "/latchkey/restore", tree{"kit": paper.RecoveryKey + "\n" + paper.SigningKey}).want(200)
		if strings.Contains(strings.ToUpper(got.Body.String()), "AGE-SECRET") {
			s.t.Errorf("the answer holds the kit: %s", got.Body)
		}
		st := got.tree()
		id, _ := st["id"].(string)
		if len(id) < 26 || st["phase"] != "waiting" { // 26 base32 characters are 130 bits
			s.t.Fatalf("began as %v", st)
		}
		return "/latchkey/restore/" + id
	}
	t.Run("the wizard restores on new hardware, from the kit to the taking up", func(t *testing.T) {
		s := newStage(t)
		wiz, paper := s.wizard(), s.paper()
		if st := s.do(wiz, "GET", "/latchkey/restore", nil).want(200).tree(); st["phase"] != "empty" || st["id"] != nil {
			t.Errorf("before there is %v", st)
		}
		at := start(s, wiz, paper)
		s.do(wiz, "POST", at+"/apply", nil).refused(400, "restore.unready")
		st := s.do(wiz, "PUT", at+"/file", bytes.NewReader(s.backupOf(paper))).want(200).tree()
		m, _ := st["manifest"].(tree)
		if st["phase"] != "ready" || m["houseName"] != "Home" || m["program"] != "0.5.0" || m["counts"].(tree)["items"] != 12.0 {
			t.Errorf("built %v", st)
		}
		if again := s.do(wiz, "GET", "/latchkey/restore", nil).want(200).tree(); again["id"] != st["id"] {
			t.Errorf("after a reload there is %v", again)
		}
		if got := s.do(wiz, "POST", at+"/apply", nil).want(202); got.Body.Len() != 0 || s.again != 1 {
			t.Errorf("answered %s, taken up %d times", got.Body, s.again)
		}
		if got := s.events(); got != "restore begun ok; restore applied ok" {
			t.Errorf("events %s", got)
		}
	})
	t.Run("once there is an owner the wizard's cookie replaces no house", func(t *testing.T) {
		s := newStage(t)
		wiz, paper := s.wizard(), s.paper()
		at := start(s, wiz, paper)
		s.do(wiz, "POST", "/identity/accounts/register/finish", alice().body).want(200)
		for _, call := range []string{"GET ", "PUT /file", "POST /list", "POST /fetch", "POST /apply", "DELETE "} {
			method, more, _ := strings.Cut(call, " ")
			s.do(wiz, method, at+more, tree{"name": someBackup}).refused(400, "restore.owned")
		}
		s.do(wiz, "POST", "/latchkey/restore", tree{"kit": "x"}).refused(400, "restore.owned")
	})
	t.Run("an owner shows the password to begin and to take up", func(t *testing.T) {
		s := newStage(t)
		a, paper := s.owner(), s.paper()
		kit := tree{"kit": paper.RecoveryKey + paper.SigningKey}
		s.do(a.who, "POST", "/latchkey/restore", kit).refused(400, "proof.missing")
		id, _ := s.do(a.who, "POST", "/latchkey/restore", withProof(a, kit)).want(200).tree()["id"].(string)
		at := "/latchkey/restore/" + id
		s.do(a.who, "PUT", at+"/file", bytes.NewReader(s.backupOf(paper))).want(200)
		s.do(a.who, "POST", at+"/apply", nil).refused(400, "proof.missing")
		s.do(a.who, "POST", at+"/apply", withProof(a, tree{})).want(202)
	})
	t.Run("what is no kit begins nothing", func(t *testing.T) {
		s := newStage(t)
		for _, kit := range []string{"", "my kit", "AGE-SECRET-KEY-1QQQ", strings.Repeat("a", 100_000)} {
			if got := s.do(s.wizard(), "POST", "/latchkey/restore", tree{"kit": kit}).want(400); len(kit) > 3 && strings.Contains(got.Body.String(), kit) {
				t.Errorf("the answer cites %q", kit)
			}
		}
	})
	t.Run("who does not know the id has nothing read", func(t *testing.T) {
		s := newStage(t)
		wiz := s.wizard()
		at := start(s, wiz, s.paper())
		for _, wrong := range []string{at + "X", at[:len(at)-1], "/latchkey/restore/-", "/latchkey/restore/" + strings.ToLower(at[len(at)-26:])} {
			s.do(wiz, "PUT", wrong+"/file", unread{t}).refused(404, "restore.gone")
			s.do(wiz, "GET", wrong, nil).refused(404, "restore.gone")
			s.do(wiz, "POST", wrong+"/apply", nil).refused(404, "restore.gone")
			s.do(wiz, "DELETE", wrong, nil).refused(404, "restore.gone")
		}
		start(s, wiz, s.paper())
		s.do(wiz, "PUT", at+"/file", unread{t}).refused(404, "restore.gone") // another was begun since
	})
	t.Run("one upload at a time", func(t *testing.T) {
		s := newStage(t)
		wiz := s.wizard()
		at := start(s, wiz, s.paper())
		body, in := io.Pipe()
		first := make(chan *answer)
		go func() { first <- s.do(wiz, "PUT", at+"/file", body) }()
		if _, err := in.Write([]byte("a")); err != nil { // it is being read
			t.Fatal(err)
		}
		s.do(wiz, "PUT", at+"/file", unread{t}).refused(503, "restore.busy")
		_ = in.Close()
		(<-first).want(400)
	})
	t.Run("a refused file is told, kept in the state, and another may follow", func(t *testing.T) {
		s := newStage(t)
		wiz, paper, other := s.wizard(), s.paper(), s.paper()
		at := start(s, wiz, paper)
		whole := s.backupOf(paper)
		for name, file := range map[string][]byte{
			"empty": nil, "cut": whole[:len(whole)/2], "a photo": []byte("\xff\xd8\xff\xe0"), "for another kit": s.backupOf(other),
		} {
			var refused struct{ Problem shown }
			s.do(wiz, "PUT", at+"/file", bytes.NewReader(file)).want(400).into(&refused)
			st := s.do(wiz, "GET", at, nil).want(200).tree()
			p, _ := st["problem"].(tree)
			if st["phase"] != "failed" || p["code"] != refused.Problem.Code || p["hint"] == "" {
				t.Errorf("%s: refused with %v, the state is %v", name, refused, st)
			}
		}
		s.do(wiz, "PUT", at+"/file", bytes.NewReader(whole)).want(200)
		s.do(wiz, "DELETE", at, nil).want(200)
		s.do(wiz, "GET", at, nil).refused(404, "restore.gone")
	})
}

// unread is a body that must not be touched.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestRestoreFromAPlace(t *testing.T) {
	s := newStage(t)
	wiz := s.wizard()
	at := "/latchkey/restore/" + s.began()
	t.Run("the wizard is told which places there are", func(t *testing.T) {
		kinds, _ := s.do(wiz, "GET", "/latchkey/restore/kinds", nil).want(200).tree()["kinds"].([]any)
		if len(kinds) < 4 {
			t.Errorf("%d kinds", len(kinds))
		}
	})
	t.Run("a place shows its key and its backups, the newest first, and no secret", func(t *testing.T) {
		fields := tree{"host": "nas.example", "password": "hunter2hunter2"}
		for range 2 { // asking twice compares nothing
			v := s.do(wiz, "POST", at+"/list", tree{"kind": "sftp", "fields": fields}).want(200).tree()
			if all, _ := v["copies"].([]any); v["compare"] != true || v["hostKey"] != "ssh-ed25519 SHA256:x" || len(all) != 0 {
				t.Errorf("a stranger: %v", v)
			}
		}
		fields["hostKey"] = "ssh-ed25519 SHA256:x"
		got := s.do(wiz, "POST", at+"/list", tree{"kind": "sftp", "fields": fields}).want(200)
		v := got.tree()
		all, _ := v["copies"].([]any)
		if len(all) != 2 || all[0].(tree)["name"] != someBackup || all[0].(tree)["made"] != "2026-03-01T03:15:00.000000Z" || all[0].(tree)["bytes"] != 9.0 {
			t.Errorf("found %v", all)
		}
		if v["hostKey"] != "ssh-ed25519 SHA256:x" || v["fields"].(tree)["host"] != "nas.example" || strings.Contains(got.Body.String(), "hunter2") {
			t.Errorf("answered %s", got.Body)
		}
	})
	t.Run("only a backup's name is fetched", func(t *testing.T) {
		s.do(wiz, "POST", at+"/fetch", tree{"kind": "folder", "name": "../../etc/shadow"}).refused(404, "backup.unknown")
		s.do(wiz, "POST", at+"/fetch", `[`).refused(400, "body.refused")
	})
	t.Run("a house without an owner has no targets of its own", func(t *testing.T) {
		s.do(wiz, "POST", at+"/fetch", tree{"target": "t1", "name": someBackup}).refused(404, "not.found")
	})
	t.Run("a command has one fetched from a target of the house", func(t *testing.T) {
		s.keeper.copies = map[string]string{"t1/" + someBackup: "no backup"}
		got := s.do(who{origin: onSite}, "POST", at+"/fetch", tree{"target": "t1", "name": someBackup}).want(200).tree()
		if got["phase"] != "reading" {
			t.Errorf("got %v", got)
		}
		s.do(wiz, "POST", at+"/fetch", tree{"kind": "folder", "name": someBackup}).refused(503, "restore.busy")
		s.fetched()
		if st := s.do(wiz, "GET", at, nil).want(200).tree(); st["phase"] != "failed" || s.keeper.all() != "open "+someBackup+" t1" {
			t.Errorf("it is %v, asked %s", st, s.keeper.all())
		}
	})
	t.Run("and the wizard from a place that it met", func(t *testing.T) {
		s.do(wiz, "POST", at+"/fetch", tree{"kind": "sftp", "fields": tree{"host": "nas.example"}, "name": someBackup}).want(200)
		s.fetched()
		if st := s.do(wiz, "GET", at, nil).want(200).tree(); st["phase"] != "failed" { // it was no backup
			t.Errorf("it is %v", st)
		}
	})
}

// fetched lets the restore in the background work until it has failed, as what
// lies on stage must.
func (s *stage) fetched() {
	s.t.Helper()
	ctx, stop := context.WithCancel(s.t.Context())
	defer stop()
	go func() { _ = s.Restore.(*restore.Restore).Run(ctx) }()
	for s.Restore.Present().Phase != restore.Failed {
		time.Sleep(time.Millisecond)
	}
}

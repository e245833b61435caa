package api

import (
	"strings"
	"testing"

	"latchkey/appliance/account"
	"latchkey/appliance/passkey"
)

// TestWhatIsSomebodyElsesIsNotThere tries every row that names a thing by its
// id with the id of Alice's, as Bob.
func TestWhatIsSomebodyElsesIsNotThere(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	b := s.joins(a.who, bob())
	item, folder := s.add(a, a.login()), s.folder(a)
	session, passkeyID := s.lastSession(a), s.givenKeys(a)
	before := s.all(a)
	ids := map[string]string{
		"/api/ciphers/": item, "/api/folders/": folder, "/api/devices/": s.device(a), "/latchkey/devices/": s.device(a),
		"/latchkey/sessions/": session, "/latchkey/second/keys/": "1", "/latchkey/second/passkeys/": passkeyID, "/api/webauthn/": passkeyID,
	}
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
	case strings.HasPrefix(path, "/api/webauthn"):
		return tree{"masterPasswordHash": b.body.MasterPasswordHash}
	}
	return tree{"pushToken": "x", "name": "mine"}
}

// lastSession is the id of p's newest session.
func (s *stage) lastSession(p *someone) string {
	s.t.Helper()
	all, err := s.People.Sessions(s.t.Context(), account.UserID(p.id))
	if err != nil || len(all) == 0 {
		s.t.Fatalf("%d sessions, %v", len(all), err)
	}
	return string(all[len(all)-1].ID)
}

// givenKeys gives p a security key, numbered 1, and a passkey, whose id it
// returns.
func (s *stage) givenKeys(p *someone) string {
	s.t.Helper()
	credential := passkey.Credential{ID: []byte("credential of " + p.id), PublicKey: []byte{1}, RPID: houseParty.ID}
	if _, _, err := s.People.AddKey(s.t.Context(), account.UserID(p.id), "key", credential); err != nil {
		s.t.Fatal(err)
	}
	credential.ID = []byte("passkey of " + p.id)
	made, err := s.People.AddPasskey(s.t.Context(), account.UserID(p.id), account.Passkey{Name: "passkey", Credential: credential})
	if err != nil {
		s.t.Fatal(err)
	}
	return made.ID
}

// all is everything that Alice would notice, as text.
func (s *stage) all(p *someone) string {
	s.t.Helper()
	return s.do(p.who, "GET", "/api/sync", nil).want(200).Body.String() + s.do(p.who, "GET", "/latchkey/devices", nil).want(200).Body.String() +
		s.do(p.who, "GET", "/latchkey/second", nil).want(200).Body.String()
}

// device is the id of p's first device.
func (s *stage) device(p *someone) string {
	s.t.Helper()
	var got struct{ Data []struct{ ID string } }
	s.do(p.who, "GET", "/api/devices", nil).want(200).into(&got)
	return got.Data[0].ID
}

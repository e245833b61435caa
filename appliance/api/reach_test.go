package api

import (
	"context"
	"slices"
	"strings"
	"testing"

	"latchkey/appliance/account"
	"latchkey/appliance/health"
	"latchkey/appliance/passkey"
	"latchkey/appliance/problem"
	"latchkey/appliance/reach"
)

// path stands for the public path: it remembers what it was asked.
type path struct {
	trusted string
	named   bool
	applied []reach.Choice
	wishes  []reach.DoorWish
	forgot  int
}

func (p *path) Overview() reach.Overview {
	o := reach.Overview{Mode: reach.ModePublic, Lines: []reach.Line{{Code: "door", State: reach.OK, Text: "open"}}}
	if p.named {
		o.Plan = reach.Plan{Name: "vault.example.org"}.Shape()
		o.Proof.URL = "https://vault.example.org/#/reached"
	}
	return o
}

func (p *path) Check(_ context.Context, c reach.Choice) (reach.Plan, []health.Finding, error) {
	return reach.Plan{Name: c.Name}, nil, nil
}

func (p *path) Apply(_ context.Context, c reach.Choice) error {
	if c.Name == "refuse.me" {
		return problem.New(problem.Refused, "reach.name", "No.", "Choose another.")
	}
	p.applied, p.named = append(p.applied, c), true
	return nil
}

func (p *path) Retry(context.Context) error { return nil }

func (p *path) OpenDoor(_ context.Context, w reach.DoorWish) error {
	p.wishes = append(p.wishes, w)
	return nil
}

func (p *path) Forget(context.Context) error { p.forgot++; return nil }

func (p *path) Trusted() string { return p.trusted }

func TestReach(t *testing.T) {
	t.Run("the wizard chooses without a password, which nobody has yet", func(t *testing.T) {
		s := newStage(t)
		wiz := s.wizard()
		got := s.do(wiz, "POST", "/latchkey/reach", tree{"name": "vault.example.org", "provider": "cloudflare", "credentials": tree{"token": "hunter2hunter2"}}).want(200)
		if len(s.path.applied) != 1 || s.path.applied[0].Credentials["token"] != "hunter2hunter2" {
			t.Fatalf("applied %+v", s.path.applied)
		}
		if strings.Contains(got.Body.String(), "hunter2") {
			t.Error("the answer holds the token")
		}
		for _, part := range []string{`"url":"https://vault.example.org"`, `"qr":["1"]`, `"mode":"public"`} {
			if !strings.Contains(got.Body.String(), part) {
				t.Errorf("the answer lacks %s: %s", part, got.Body)
			}
		}
		s.do(wiz, "POST", "/latchkey/reach", tree{"name": "refuse.me"}).refused(400, "reach.name")
	})
	t.Run("once there is an owner the wizard's cookie changes no name", func(t *testing.T) {
		s := newStage(t)
		wiz := s.wizard()
		s.do(wiz, "POST", "/identity/accounts/register/finish", alice().body).want(200)
		s.do(wiz, "POST", "/latchkey/reach", tree{"name": "vault.example.org"}).refused(400, "reach.owned")
		s.do(wiz, "POST", "/latchkey/reach/door", tree{"later": true}).want(200)
		if len(s.path.applied) != 0 || !slices.Equal(s.path.wishes, []reach.DoorWish{{Later: true}}) {
			t.Errorf("applied %+v, doors %+v", s.path.applied, s.path.wishes)
		}
	})
	t.Run("an owner shows the password to change, rename or forget it", func(t *testing.T) {
		s := newStage(t)
		a := s.owner()
		hash := a.body.MasterPasswordHash
		for _, at := range []string{"/latchkey/reach", "/latchkey/reach/rename", "/latchkey/reach/forget"} {
			s.do(a.who, "POST", at, tree{"name": "vault.example.org", "confirm": true}).want(400)
			s.do(a.who, "POST", at, tree{"name": "vault.example.org", "confirm": true, "masterPasswordHash": "bm8="}).want(400)
		}
		if len(s.path.applied) != 0 || s.path.forgot != 0 {
			t.Fatal("changed without a proof")
		}
		for _, at := range []string{"/latchkey/reach", "/latchkey/reach/rename", "/latchkey/reach/forget"} {
			s.do(a.who, "POST", at, tree{"name": "vault.example.org", "confirm": true, "masterPasswordHash": hash}).want(200)
		}
		if len(s.path.applied) != 2 || s.path.forgot != 1 {
			t.Errorf("applied %d, forgot %d", len(s.path.applied), s.path.forgot)
		}
	})
	t.Run("a new name first says whose passkeys end, and changes nothing", func(t *testing.T) {
		s := newStage(t)
		a := s.owner()
		s.path.named = true
		for _, id := range []string{"vault.example.org", "pi.local"} {
			if _, err := s.People.AddPasskey(t.Context(), account.UserID(a.id), account.Passkey{Name: id, Credential: passkey.Credential{ID: []byte(id), RPID: id}}); err != nil {
				t.Fatal(err)
			}
		}
		got := s.do(a.who, "POST", "/latchkey/reach/rename", tree{"name": "other.example.org", "masterPasswordHash": a.body.MasterPasswordHash}).want(200).Body.String()
		if !strings.Contains(got, `"passkeys":1`) || !strings.Contains(got, "alice@example.test") || len(s.path.applied) != 0 {
			t.Errorf("answered %s, applied %d", got, len(s.path.applied))
		}
	})
	t.Run("the move leads to the trusted name, with a token that the old session can't keep", func(t *testing.T) {
		s := newStage(t)
		wiz := s.wizard()
		s.path.trusted = ""
		s.do(wiz, "POST", "/latchkey/reach/move", nil).refused(503, "reach.untrusted")
		s.path.trusted = "https://lan.vault.example.org:8443"
		var moved struct{ URL string }
		s.do(wiz, "POST", "/latchkey/reach/move", nil).want(200).into(&moved)
		_, token, ok := strings.Cut(moved.URL, "https://lan.vault.example.org:8443/#/setup?token=")
		if !ok {
			t.Fatalf("the move leads to %s", moved.URL)
		}
		s.do(wiz, "GET", "/latchkey/setup", nil).want(200) // until the other browser tab takes over
		s.do(who{origin: home}, "POST", "/latchkey/setup/claim", tree{"token": token}).want(200)
		s.do(wiz, "GET", "/latchkey/setup", nil).want(404)
	})
}

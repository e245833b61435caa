package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// dialects is one registration as each kind of client sends it.
func dialects(r role, token string) map[string]tree {
	b := r.body
	android := tree{
		"email": "  " + strings.ToUpper(r.email) + " ", "emailVerificationToken": token, "masterPasswordHash": b.MasterPasswordHash, "masterPasswordHint": nil,
		"userSymmetricKey":   b.UserSymmetricKey,
		"userAsymmetricKeys": tree{"publicKey": b.AsymmetricKeys.PublicKey, "encryptedPrivateKey": b.AsymmetricKeys.EncryptedPrivateKey},
		"kdf":                b.KDF, "kdfIterations": b.KDFIterations, "kdfMemory": b.KDFMemory, "kdfParallelism": b.KDFParallelism,
	}
	web := tree{"masterPasswordAuthentication": b.Authentication, "masterPasswordUnlock": b.Unlock}
	for name, v := range android {
		web[name] = v
	}
	sdk := tree{
		"email": r.email, "emailVerificationToken": token, "masterPasswordAuthentication": b.Authentication, "masterPasswordUnlock": b.Unlock,
		"accountKeys": tree{
			"userKeyEncryptedAccountPrivateKey": b.AsymmetricKeys.EncryptedPrivateKey, "accountPublicKey": b.AsymmetricKeys.PublicKey,
			"publicKeyEncryptionKeyPair": tree{"wrappedPrivateKey": b.AsymmetricKeys.EncryptedPrivateKey, "publicKey": b.AsymmetricKeys.PublicKey, "signedPublicKey": nil},
			"signatureKeyPair":           nil, "securityState": nil,
		},
	}
	return map[string]tree{"Android": android, "the web": web, "the SDK": sdk}
}

const finish = "/identity/accounts/register/finish"

func TestAccountsAreMadeInEveryDialect(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	for name, body := range dialects(bob(), "") {
		t.Run(name, func(t *testing.T) {
			body["emailVerificationToken"] = s.invite(a.who, bob())
			if got := s.do(who{origin: far}, "POST", finish, body).want(200).tree(); got["object"] != "registerFinish" {
				t.Errorf("answered %v", got)
			}
			b := s.signIn(bob(), "phone")
			keys := s.do(b.who, "GET", "/api/accounts/keys", nil).want(200).tree()
			if keys["privateKey"] != bob().body.AsymmetricKeys.EncryptedPrivateKey || keys["key"] != bob().body.UserSymmetricKey {
				t.Errorf("the keys came back as %v", keys)
			}
			if s.do(b.who, "GET", "/api/accounts/profile", nil).tree()["name"] != "Bob" {
				t.Error("the name in the invitation was lost")
			}
			s.do(b.who, "DELETE", "/api/accounts", proving(b)).want(200)
		})
	}
}

func TestAccountsThatAreNotWhole(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	token := s.invite(a.who, bob())
	weak := func(b tree) { b["kdfIterations"], b["kdfMemory"] = 1, 8 }
	for name, c := range map[string]struct {
		dialect string
		change  func(tree)
		code    string
	}{
		"halves with other derivations": {"the SDK", func(b tree) {
			u := bob().body.Unlock
			u.KDF.Iterations++
			b["masterPasswordUnlock"] = u
		}, "password.mixed"},
		"halves with other salts": {"the web", func(b tree) {
			u := bob().body.Unlock
			u.Salt = "x"
			b["masterPasswordUnlock"] = u
		}, "password.mixed"},
		"both salts of somebody else": {"the SDK", func(b tree) {
			u, auth := bob().body.Unlock, bob().body.Authentication
			u.Salt, auth.Salt = alice().email, alice().email
			b["masterPasswordUnlock"], b["masterPasswordAuthentication"] = u, auth
		}, "register.salt"},
		"one half only":            {"the SDK", func(b tree) { delete(b, "masterPasswordUnlock") }, "password.incomplete"},
		"the other half only":      {"the web", func(b tree) { b["masterPasswordAuthentication"] = nil }, "password.incomplete"},
		"a weak derivation":        {"Android", weak, "kdf.refused"},
		"an unknown derivation":    {"Android", func(b tree) { b["kdf"] = 7 }, "kdf.refused"},
		"no derivation":            {"Android", func(b tree) { delete(b, "kdf"); delete(b, "kdfIterations") }, "kdf.refused"},
		"no proof":                 {"Android", func(b tree) { delete(b, "masterPasswordHash") }, "register.incomplete"},
		"no user key":              {"Android", func(b tree) { delete(b, "userSymmetricKey") }, "register.incomplete"},
		"a user key in clear":      {"Android", func(b tree) { b["userSymmetricKey"] = "c2VjcmV0" }, "register.incomplete"},
		"no key pair":              {"Android", func(b tree) { delete(b, "userAsymmetricKeys") }, "register.incomplete"},
		"a private key in clear":   {"Android", func(b tree) { b["userAsymmetricKeys"] = tree{"publicKey": "AA==", "encryptedPrivateKey": "AA=="} }, "register.incomplete"},
		"no e-mail":                {"Android", func(b tree) { b["email"] = "" }, "email.refused"},
		"a name of a whole page":   {"Android", func(b tree) { b["name"] = strings.Repeat("n", 5000) }, "name.long"},
		"the e-mail of the owner":  {"Android", func(b tree) { b["email"] = alice().email }, "invitation.ended"},
		"a token that nobody made": {"Android", func(b tree) { b["emailVerificationToken"] = token + "x" }, "invitation.ended"},
		"no token":                 {"Android", func(b tree) { delete(b, "emailVerificationToken") }, "invitation.ended"},
	} {
		t.Run(name, func(t *testing.T) {
			s.wait(time.Minute) // so that nobody is slowed down by the case before
			body := dialects(bob(), token)[c.dialect]
			c.change(body)
			s.do(who{origin: home}, "POST", finish, body).refused(400, c.code)
		})
	}
	if n := len(s.do(a.who, "GET", "/latchkey/people", nil).want(200).tree()["people"].([]any)); n != 1 {
		t.Errorf("%d people live here", n)
	}
	s.do(who{}, "POST", finish, dialects(bob(), token)["Android"]).want(200) // the invitation was not used up by any of them
}

func TestAnInvitation(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	check := func(email, token string) *answer {
		return s.do(who{origin: far}, "POST", "/identity/accounts/register/verification-email-clicked", tree{"email": email, "emailVerificationToken": token})
	}
	t.Run("is for one e-mail, in any case", func(t *testing.T) {
		token := s.invite(a.who, bob())
		check(strings.ToUpper(bob().email), token).want(200)
		check("eve@example.test", token).refused(400, "invitation.ended")
		check(bob().email, "").refused(400, "invitation.ended")
	})
	t.Run("ends with the next one for the same e-mail", func(t *testing.T) {
		old := s.invite(a.who, bob())
		s.invite(a.who, bob())
		check(bob().email, old).refused(400, "invitation.ended")
	})
	t.Run("ends when the owner takes it back", func(t *testing.T) {
		token := s.invite(a.who, bob())
		var list struct{ Invitations []struct{ ID, Email string } }
		s.do(a.who, "GET", "/latchkey/people", nil).want(200).into(&list)
		if len(list.Invitations) != 1 || list.Invitations[0].Email != bob().email {
			t.Fatalf("listed: %+v", list)
		}
		id := list.Invitations[0].ID
		s.do(a.who, "DELETE", "/latchkey/invitations/"+id, nil).want(200)
		check(bob().email, token).refused(400, "invitation.ended")
		s.do(a.who, "DELETE", "/latchkey/invitations/"+id, nil).refused(404, "invitation.gone")
	})
	t.Run("lasts seven days", func(t *testing.T) {
		token := s.invite(a.who, bob())
		s.wait(7*24*time.Hour - time.Second)
		check(bob().email, token).want(200)
		s.wait(time.Second)
		check(bob().email, token).refused(400, "invitation.ended")
		s.do(who{}, "POST", finish, dialects(bob(), token)["Android"]).refused(400, "invitation.ended")
		*a = *s.signIn(alice(), "after a week")
	})
	t.Run("is not there in any readable form in the folder", func(t *testing.T) {
		token := s.invite(a.who, bob())
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil || len(raw) != 32 {
			t.Fatalf("the token is %d bytes, %v", len(raw), err)
		}
		s.wantNowhere(t, token, string(raw), hex.EncodeToString(raw), base64.StdEncoding.EncodeToString(raw), bob().email)
	})
	t.Run("used by several at once makes one account", func(t *testing.T) {
		token := s.invite(a.who, bob())
		answers := make([]*answer, 4)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() { answers[i] = s.do(who{origin: home}, "POST", finish, dialects(bob(), token)["the web"]) })
		}
		all.Wait()
		made := 0
		for _, got := range answers {
			if got.Code == 200 {
				made++
			} else {
				got.refused(400, "invitation.ended")
			}
		}
		if made != 1 {
			t.Errorf("%d accounts were made", made)
		}
		check(bob().email, token).refused(400, "invitation.ended")
	})
	t.Run("for somebody who lives here is refused", func(t *testing.T) {
		s.do(a.who, "POST", "/latchkey/invitations", tree{"email": " " + strings.ToUpper(alice().email)}).refused(400, "email.taken")
		s.do(a.who, "POST", "/latchkey/invitations", tree{"email": "nobody"}).refused(400, "email.refused")
	})
	t.Run("is never handed out to who asks for a mail", func(t *testing.T) {
		got := s.do(who{}, "POST", "/identity/accounts/register/send-verification-email", tree{"email": "eve@example.test", "name": "Eve"}).want(204)
		if got.Body.Len() != 0 {
			t.Errorf("answered %s", got.Body)
		}
	})
}

// wantNowhere looks for texts in every file of the house.
func (s *stage) wantNowhere(t *testing.T, texts ...string) {
	t.Helper()
	files := 0
	err := fs.WalkDir(os.DirFS(s.dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		raw, err := os.ReadFile(filepath.Join(s.dir, name))
		for _, text := range texts {
			if bytes.Contains(raw, []byte(text)) {
				t.Errorf("%s holds %q", name, text)
			}
		}
		return err
	})
	if err != nil || files < 2 {
		t.Errorf("looked at %d files: %v", files, err)
	}
}

func TestBeforeThereIsAnOwner(t *testing.T) {
	s := newStage(t)
	body := alice().body
	for name, w := range map[string]who{"from afar": {origin: far}, "at home": {origin: home}, "with a wrong cookie": {origin: home, cookie: "x"}} {
		t.Run("nobody registers "+name, func(t *testing.T) { s.do(w, "POST", finish, body).refused(400, "invitation.ended") })
	}
	wiz := s.wizard()
	t.Run("the wizard does not register from afar", func(t *testing.T) {
		s.do(who{origin: far, cookie: wiz.cookie}, "POST", finish, body).refused(400, "invitation.ended")
	})
	t.Run("nor for another site", func(t *testing.T) {
		other := wiz
		other.header = http.Header{"Sec-Fetch-Site": {"cross-site"}}
		s.do(other, "POST", finish, body).refused(400, "invitation.ended")
	})
	t.Run("two at once make one owner", func(t *testing.T) {
		answers := make([]*answer, 3)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() { answers[i] = s.do(wiz, "POST", finish, body) })
		}
		all.Wait()
		made := 0
		for _, got := range answers {
			if got.Code == 200 {
				made++
			}
		}
		if made != 1 {
			t.Errorf("%d owners were made", made)
		}
	})
	t.Run("the wizard makes no second one", func(t *testing.T) {
		s.do(wiz, "POST", finish, bob().body).refused(400, "invitation.ended")
		a := s.signIn(alice(), "one")
		if role := s.do(a.who, "GET", "/api/accounts/profile", nil).tree()["role"]; role != "owner" {
			t.Errorf("Alice is %v", role)
		}
	})
}

func TestTheSetUpLink(t *testing.T) {
	s := newStage(t)
	link, err := s.Setup.NewLink(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	claim := func(w who, token string) *answer {
		return s.do(w, "POST", "/latchkey/setup/claim", tree{"token": token})
	}
	t.Run("is nothing from afar", func(t *testing.T) { claim(who{origin: far}, link).refused(404, "not.found") })
	t.Run("is nothing when wrong", func(t *testing.T) { claim(who{origin: home}, link+"x").refused(404, "setup.link") })
	var wiz who
	t.Run("gives a cookie that scripts and other sites do not get", func(t *testing.T) {
		got := claim(who{origin: home}, link).want(200)
		all := got.Result().Cookies()
		if len(all) != 1 || !all[0].HttpOnly || all[0].SameSite != http.SameSiteStrictMode || all[0].Path != "/" || all[0].Domain != "" {
			t.Fatalf("cookies %v", all)
		}
		wiz = who{origin: home, cookie: all[0].Value}
		if strings.Contains(got.Body.String(), wiz.cookie) {
			t.Error("the answer shows the cookie to scripts")
		}
	})
	t.Run("is spent", func(t *testing.T) { claim(who{origin: home}, link).refused(404, "setup.link") })
	t.Run("opens the wizard's routes to the page and to no other site", func(t *testing.T) {
		s.do(wiz, "GET", "/latchkey/setup", nil).want(200)
		other := wiz
		other.header = http.Header{"Sec-Fetch-Site": {"cross-site"}}
		s.do(other, "POST", "/latchkey/setup/reach", tree{"mode": "home"}).refused(404, "not.found")
		other.header = http.Header{"Origin": {"https://evil.example"}}
		s.do(other, "POST", "/latchkey/setup/reach", tree{"mode": "home"}).refused(404, "not.found")
		if step := s.do(wiz, "GET", "/latchkey/setup", nil).tree()["step"]; step != "where" {
			t.Errorf("another site brought the wizard to %v", step)
		}
		if got := s.do(wiz, "POST", "/latchkey/setup/reach", tree{"mode": "home"}).want(200).tree(); got["step"] != "owner" {
			t.Errorf("the wizard is at %v", got["step"])
		}
		s.do(wiz, "POST", "/latchkey/setup/reach", tree{"mode": "moon"}).refused(400, "reach.unknown")
	})
	t.Run("ends the wizard of the link before", func(t *testing.T) {
		s.wizard()
		s.do(wiz, "GET", "/latchkey/setup", nil).refused(404, "not.found")
	})
	t.Run("is told to the machine alone", func(t *testing.T) {
		got := s.do(who{origin: onSite}, "POST", "/latchkey/setup/link", nil).want(200).tree()
		wantNames(t, got, "token! links! fingerprint! minutes!")
	})
	t.Run("guessed too often makes one wait", func(t *testing.T) {
		w := who{origin: spot{Peer: home.Peer.Next(), Origin: Origin{Home: true}}}
		tried := 0
		for tried < 300 && claim(w, "guess").Code != http.StatusTooManyRequests {
			tried++
		}
		if tried == 300 {
			t.Error("three hundred guesses in a row")
		}
	})
	t.Run("is not made any more once there is an owner", func(t *testing.T) {
		s.do(s.wizard(), "POST", finish, alice().body).want(200)
		s.do(who{origin: onSite}, "POST", "/latchkey/setup/link", nil).refused(400, "setup.done")
	})
}

func TestTheRecoveryKit(t *testing.T) {
	s := newStage(t)
	wiz := s.wizard()
	s.do(wiz, "POST", "/latchkey/setup/reach", tree{"mode": "home"}).want(200)
	s.do(wiz, "POST", finish, alice().body).want(200)
	a := s.signIn(alice(), "one")
	kit := func() *answer { return s.do(a.who, "GET", "/latchkey/kit", nil).want(200) }
	if got := kit().tree(); got["made"] != nil {
		t.Errorf("a new house has a kit: %v", got)
	}
	if got := s.do(a.who, "GET", "/latchkey/health", nil).want(200).Body.String(); !strings.Contains(got, "kit.missing") {
		t.Errorf("the missing kit is no condition: %s", got)
	}
	s.do(a.who, "POST", "/latchkey/kit", tree{"masterPasswordHash": "bm8="}).refused(400, "password.wrong")
	var drawn struct {
		Kit struct{ ID, RecoveryKey string }
		Ask struct{ Positions []int }
	}
	s.do(a.who, "POST", "/latchkey/kit", proving(a)).want(200).into(&drawn)
	if got := kit().tree(); got["made"] != nil {
		t.Error("it counts before it was read")
	}
	s.do(a.who, "POST", "/latchkey/kit/confirm", tree{"id": drawn.Kit.ID, "answer": "000000"}).refused(400, "kit.mismatch")
	s.do(a.who, "POST", "/latchkey/kit/confirm", tree{"id": "x", "answer": "000000"}).refused(404, "kit.gone")
	var six strings.Builder
	for _, at := range drawn.Ask.Positions {
		six.WriteByte(strings.TrimPrefix(drawn.Kit.RecoveryKey, "AGE-SECRET-KEY-1")[at])
	}
	s.do(a.who, "POST", "/latchkey/kit/confirm", tree{"id": drawn.Kit.ID, "answer": six.String()}).want(200)
	if got := kit().tree(); !wireDate.MatchString(got["made"].(string)) {
		t.Errorf("made %v", got["made"])
	}
	if got := s.do(a.who, "GET", "/latchkey/health", nil).want(200).Body.String(); strings.Contains(got, "kit.missing") {
		t.Error("the kit is still missed")
	}
	s.wantNowhere(t, drawn.Kit.RecoveryKey)
}

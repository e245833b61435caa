package api

import (
	"encoding/base32"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/passkey/passkeytest"
	"latchkey/appliance/settings"
	"latchkey/appliance/totp"
)

// here is where the page of the house on stage stands.
var here = passkeytest.Page{Origin: houseParty.Origins[0]}

// code is what an app with that secret shows now.
func (s *stage) code(secret string) string {
	s.t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		s.t.Fatal(err)
	}
	return totp.At(key, totp.Step(s.clock()))
}

// enrols gives p an authenticator app and returns its secret and the recovery
// code.
func (s *stage) enrols(p *someone) (secret, recovery string) {
	s.t.Helper()
	var asked struct{ Key, UserVerificationToken string }
	s.do(p.who, "POST", "/api/two-factor/get-authenticator", proving(p)).want(200).into(&asked)
	var made struct {
		Enabled      bool
		RecoveryCode string
	}
	s.do(p.who, "PUT", "/api/two-factor/authenticator", tree{
		"key": asked.Key, "token": s.code(asked.Key), "userVerificationToken": asked.UserVerificationToken,
	}).want(200).into(&made)
	if !made.Enabled || made.RecoveryCode == "" {
		s.t.Fatalf("enabled %v, recovery code %q", made.Enabled, made.RecoveryCode)
	}
	return asked.Key, made.RecoveryCode
}

// with is a sign-in with more fields.
func with(form url.Values, pairs ...string) url.Values {
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

func (s *stage) tries(form url.Values) *answer {
	s.t.Helper()
	return s.form(who{origin: far}, tokenPath, form)
}

func TestTheSecondFactorAtSignIn(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	secret, recovery := s.enrols(a)
	form := func(device string, pairs ...string) url.Values { return with(passwordForm(alice(), device), pairs...) }

	t.Run("the password alone is asked for it", func(t *testing.T) {
		got := s.tries(form("new")).want(400).tree()
		if got["error"] != "invalid_grant" || got["error_description"] != "Two factor required." {
			t.Errorf("answered %v", got)
		}
		if p, _ := json.Marshal(got["TwoFactorProviders"]); string(p) != `["0"]` {
			t.Errorf("providers %s", p)
		}
	})
	t.Run("a wrong password hears nothing of it", func(t *testing.T) {
		s.tries(form("new", "password", "bm8=", "twoFactorToken", s.code(secret), "twoFactorProvider", "0")).refused(400, "signin.wrong")
	})
	t.Run("a wrong code keeps nothing", func(t *testing.T) {
		s.tries(form("new", "twoFactorToken", "000000", "twoFactorProvider", "0")).refused(400, "second.wrong")
		s.do(a.who, "GET", "/api/devices/identifier/new", nil).want(404)
	})
	var remembered string
	t.Run("the code opens, once", func(t *testing.T) {
		s.wait(totp.Period)
		fields := []string{"twoFactorToken", s.code(secret), "twoFactorProvider", "0", "twoFactorRemember", "1"}
		var g struct{ TwoFactorToken string }
		s.tries(form("new", fields...)).want(200).into(&g)
		if remembered = g.TwoFactorToken; remembered == "" {
			t.Error("the device was not remembered")
		}
		s.tries(form("other", fields...)).refused(400, "second.wrong")
	})
	t.Run("a remembered device needs none for thirty days, another one does", func(t *testing.T) {
		fields := []string{"twoFactorToken", remembered, "twoFactorProvider", "5"}
		s.tries(form("new", fields...)).want(200)
		s.tries(form("other", fields...)).refused(400, "second.wanted")
		s.wait(31 * 24 * time.Hour)
		s.tries(form("new", fields...)).refused(400, "second.wanted")
	})
	t.Run("codes can't be guessed at length", func(t *testing.T) {
		tried := 0
		for ; tried < 100; tried++ {
			if got := s.tries(form("guesser", "twoFactorToken", "123456", "twoFactorProvider", "0")); got.Code == http.StatusTooManyRequests {
				break
			}
		}
		if tried > 10 {
			t.Errorf("%d codes were tried in a row", tried)
		}
	})
	t.Run("the recovery code switches it off, once", func(t *testing.T) {
		s.wait(24 * time.Hour)
		s.tries(form("new", "twoFactorToken", recovery, "twoFactorProvider", "8")).want(200)
		s.tries(form("new")).want(200)
		p := s.signIn(alice(), "again")
		if again, _ := s.enrols(p); again == secret {
			t.Error("the old secret came back")
		}
		s.wait(24 * time.Hour)
		s.tries(form("new", "twoFactorToken", recovery, "twoFactorProvider", "8")).refused(400, "recovery.wrong")
	})
}

func TestASecurityKeyAsSecondFactor(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	key := &passkeytest.Authenticator{Counts: true}
	options := s.do(a.who, "POST", "/api/two-factor/get-webauthn-challenge", proving(a)).want(200)
	response, err := key.Create(here, options.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	added := s.do(a.who, "PUT", "/api/two-factor/webauthn", tree{
		"id": 1, "name": "blue", "deviceResponse": json.RawMessage(response), "masterPasswordHash": a.body.MasterPasswordHash,
	}).want(200).tree()
	if added["recoveryCode"] == nil {
		t.Error("no recovery code came with the first factor")
	}
	asked := func(t *testing.T) json.RawMessage {
		t.Helper()
		var got struct {
			TwoFactorProviders2 map[string]json.RawMessage
		}
		s.tries(passwordForm(alice(), "phone")).want(400).into(&got)
		raw := got.TwoFactorProviders2["7"]
		if strings.Contains(string(raw), "extensions") || !strings.Contains(string(raw), "allowCredentials") {
			t.Errorf("asked with %s", raw)
		}
		return raw
	}
	sign := func(t *testing.T, k *passkeytest.Authenticator, at passkeytest.Page) string {
		t.Helper()
		response, err := k.Get(at, asked(t))
		if err != nil {
			t.Fatal(err)
		}
		return string(response)
	}
	form := func(token string) url.Values {
		return with(passwordForm(alice(), "phone"), "twoFactorProvider", "7", "twoFactorToken", token)
	}
	t.Run("its signature opens, once", func(t *testing.T) {
		token := sign(t, key, here)
		s.tries(form(token)).want(200)
		s.tries(form(token)).refused(400, "passkey.challenge")
	})
	t.Run("one given to another site does not", func(t *testing.T) {
		s.tries(form(sign(t, key, passkeytest.Page{Origin: "https://evil.example", RPID: "pi.local"}))).refused(400, "passkey.origin")
	})
	t.Run("a copy of it is noticed", func(t *testing.T) {
		copied := key.Clone()
		s.tries(form(sign(t, key, here))).want(200)
		s.tries(form(sign(t, copied, here))).refused(400, "passkey.cloned")
	})
	t.Run("once removed it is nobody's", func(t *testing.T) {
		token := sign(t, key, here)
		s.do(a.who, "DELETE", "/api/two-factor/webauthn", tree{"id": "1", "masterPasswordHash": a.body.MasterPasswordHash}).want(200)
		s.tries(form(token)).want(200) // the password alone is enough again
	})
}

func TestAPasskeySignsInAlone(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	key := &passkeytest.Authenticator{Verifies: true, PRF: true, Counts: true}
	var begun struct {
		Options json.RawMessage
		Token   string
	}
	s.do(a.who, "POST", "/api/webauthn/attestation-options", proving(a)).want(200).into(&begun)
	made, err := key.Create(here, begun.Options)
	if err != nil {
		t.Fatal(err)
	}
	wrapped := "4." + strings.Repeat("A", 342) + "=="
	unlock := tree{
		"name": "phone", "supportsPrf": true, "token": begun.Token, "deviceResponse": json.RawMessage(made),
		"encryptedUserKey": wrapped, "encryptedPublicKey": a.seal("public"), "encryptedPrivateKey": a.seal("private"),
	}
	s.do(a.who, "POST", "/api/webauthn", unlock).want(200)
	enter := func(at passkeytest.Page, k *passkeytest.Authenticator) *answer {
		t.Helper()
		s.do(who{origin: far}, "GET", "/identity/accounts/webauthn/assertion-options", nil).want(200).into(&begun)
		response, err := k.Get(at, begun.Options)
		if err != nil {
			t.Fatal(err)
		}
		return s.tries(url.Values{
			"grant_type": {"webauthn"}, "client_id": {"web"}, "token": {begun.Token}, "deviceResponse": {string(response)},
			"deviceType": {"9"}, "deviceIdentifier": {"passkey's"}, "deviceName": {"Chrome"},
		})
	}
	t.Run("and brings what unlocks", func(t *testing.T) {
		var g struct {
			UserDecryptionOptions struct {
				WebAuthnPrfOption struct{ EncryptedPrivateKey, EncryptedUserKey, CredentialId string } //nolint:revive,staticcheck // the wire's names
			}
		}
		enter(here, key).want(200).into(&g)
		if got := g.UserDecryptionOptions.WebAuthnPrfOption; got.EncryptedUserKey != wrapped || got.CredentialId != key.IDs()[0] {
			t.Errorf("brought %+v", got)
		}
		if sync := s.do(a.who, "GET", "/api/sync", nil).want(200).Body.String(); !strings.Contains(sync, `"webAuthnPrfOptions":[{`) {
			t.Error("a locked page does not learn of it")
		}
	})
	t.Run("but not framed, from elsewhere, or without looking who it is", func(t *testing.T) {
		enter(passkeytest.Page{Origin: here.Origin, Framed: true, Top: "https://evil.example"}, key).refused(400, "passkey.origin")
		enter(passkeytest.Page{Origin: "https://evil.example", RPID: houseParty.ID}, key).refused(400, "passkey.origin")
		key.Verifies = false
		enter(here, key).refused(400, "passkey.unverified")
		key.Verifies = true
	})
	t.Run("it proves its person in a session", func(t *testing.T) {
		s.wait(freshFor + time.Second)
		s.do(a.who, "POST", "/latchkey/invitations", tree{"email": "x@example.test"}).refused(400, "proof.stale")
		s.do(a.who, "POST", "/latchkey/proof/options", nil).want(200).into(&begun)
		response, err := key.Get(here, begun.Options)
		if err != nil {
			t.Fatal(err)
		}
		proof := tree{"passkey": tree{"token": begun.Token, "deviceResponse": json.RawMessage(response)}}
		b := s.joinsBy(a, bob())
		s.do(b.who, "POST", "/latchkey/proof", proof).refused(400, "passkey.challenge")
		s.do(a.who, "POST", "/latchkey/proof/options", nil).want(200).into(&begun)
		response, err = key.Get(here, begun.Options)
		if err != nil {
			t.Fatal(err)
		}
		proof = tree{"passkey": tree{"token": begun.Token, "deviceResponse": json.RawMessage(response)}}
		s.do(a.who, "POST", "/latchkey/proof", proof).want(200)
		s.do(a.who, "POST", "/latchkey/invitations", tree{"email": "x@example.test"}).want(200)
	})
	t.Run("a removed one is nobody's", func(t *testing.T) {
		all, err := s.People.Account(t.Context(), account.UserID(a.id))
		if err != nil {
			t.Fatal(err)
		}
		s.do(a.who, "POST", "/api/webauthn/"+all.Passkeys[0].ID+"/delete", proving(a)).want(200)
		if got := enter(here, key); got.Code != 400 {
			t.Errorf("answered %d: %s", got.Code, got.Body)
		}
	})
}

// joinsBy makes r's account though a's proof is stale.
func (s *stage) joinsBy(a *someone, r role) *someone {
	s.t.Helper()
	s.do(a.who, "POST", "/latchkey/proof", proving(a)).want(200)
	p := s.joins(a.who, r)
	s.wait(freshFor + time.Second)
	return p
}

func TestAnAPIKeySignsInWithoutASecondFactor(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	s.enrols(a)
	var key struct{ APIKey string }
	s.do(a.who, "POST", "/api/accounts/api-key", proving(a)).want(200).into(&key)
	form := func(secret string) url.Values {
		return url.Values{
			"grant_type": {"client_credentials"}, "scope": {"api"}, "client_id": {"user." + a.id}, "client_secret": {secret},
			"deviceType": {"25"}, "deviceIdentifier": {"shell"}, "deviceName": {"linux"},
		}
	}
	got := s.tries(form(key.APIKey)).want(200).tree()
	if got["refresh_token"] != nil || got["Key"] == nil {
		t.Errorf("answered %v", slices.Collect(func(yield func(string) bool) {
			for k := range got {
				if !yield(k) {
					return
				}
			}
		}))
	}
	if wrong := s.tries(form("no")).want(400).tree(); wrong["error"] != "invalid_client" {
		t.Errorf("a wrong secret: %v", wrong)
	}
	s.do(a.who, "POST", "/api/accounts/rotate-api-key", proving(a)).want(200)
	s.tries(form(key.APIKey)).refused(400, "apikey.wrong")
}

func TestASecondFactorForEveryone(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	b := s.joins(a.who, bob())
	var key struct{ APIKey string }
	s.do(b.who, "POST", "/api/accounts/api-key", proving(b)).want(200).into(&key)
	s.enrols(a)
	s.do(a.who, "PUT", "/latchkey/settings", tree{settings.SecondEveryone: true}).want(200)

	got := s.do(b.who, "GET", "/api/sync", nil).refused(400, "second.missing").Body.String()
	if !strings.Contains(got, s.Base()) {
		t.Errorf("the refusal does not name our page: %s", got)
	}
	s.tries(url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"user." + b.id}, "client_secret": {key.APIKey}, "deviceIdentifier": {"shell"},
	}).refused(400, "apikey.wrong")
	var g struct{ LatchkeySecond string }
	s.tries(passwordForm(bob(), "new")).want(200).into(&g)
	if g.LatchkeySecond != "missing" {
		t.Errorf("the page is told %q", g.LatchkeySecond)
	}
	s.enrols(b)
	s.do(b.who, "GET", "/api/sync", nil).want(200)
	s.do(a.who, "GET", "/api/sync", nil).want(200)
}

// TestKnownAdvisories plays what went wrong in servers of this wire: CVE
// 2026-27801 (a second factor guessed at protected actions), 2026-27898 (a
// partial update of another's item, see TestWhatIsSomebodyElsesIsNotThere),
// 2026-43911 (refresh tokens that survive a new stamp), 2026-43913 (somebody
// unconfirmed acts, see the table of callers).
func TestKnownAdvisories(t *testing.T) {
	t.Run("a proof can't be guessed with a stolen session", func(t *testing.T) {
		s := newStage(t)
		a := s.owner()
		tried := 0
		for ; tried < 100; tried++ {
			if s.do(a.who, "POST", "/latchkey/proof", tree{"masterPasswordHash": "bm8="}).Code == http.StatusTooManyRequests {
				break
			}
		}
		if tried > 20 {
			t.Errorf("%d guesses", tried)
		}
		s.do(a.who, "POST", "/latchkey/proof", tree{"userVerificationToken": strings.Repeat("A", 60)}).want(400)
		s.do(a.who, "GET", "/api/sync", nil).want(200)
	})
	t.Run("a code at a protected action proves nothing", func(t *testing.T) {
		s := newStage(t)
		a := s.owner()
		secret, _ := s.enrols(a)
		s.do(a.who, "POST", "/api/two-factor/get-recover", tree{"otp": s.code(secret), "secret": s.code(secret)}).refused(400, "proof.missing")
	})
	t.Run("a new stamp ends refresh tokens, remembered devices and proofs", func(t *testing.T) {
		s := newStage(t)
		a := s.owner()
		secret, _ := s.enrols(a)
		s.wait(totp.Period)
		var g struct{ TwoFactorToken string }
		s.tries(with(passwordForm(alice(), "phone"), "twoFactorToken", s.code(secret), "twoFactorProvider", "0", "twoFactorRemember", "1")).want(200).into(&g)
		var asked struct{ UserVerificationToken string }
		s.do(a.who, "POST", "/latchkey/proof", proving(a)).want(200).into(&asked)
		s.do(a.who, "POST", "/api/accounts/security-stamp", proving(a)).want(200)
		if got := s.refresh(a).want(400).tree(); got["error"] != "invalid_grant" {
			t.Errorf("the refresh token: %v", got)
		}
		s.tries(with(passwordForm(alice(), "phone"), "twoFactorToken", g.TwoFactorToken, "twoFactorProvider", "5")).refused(400, "second.wanted")
		if err := s.People.CheckVerificationToken(t.Context(), account.UserID(a.id), verifyFactors, asked.UserVerificationToken); err == nil {
			t.Error("the verification token lives on")
		}
	})
}

// TestAFloodFromASharedAddressKeepsNoKnownDeviceOut lets a neighbour behind the
// same address ask without end.
func TestAFloodFromASharedAddressKeepsNoKnownDeviceOut(t *testing.T) {
	s := newStage(t)
	s.owner()
	ask := func(device string) *answer {
		return s.do(who{origin: far, header: http.Header{"Device-Identifier": {device}}}, "POST", "/identity/accounts/prelogin", tree{"email": alice().email})
	}
	for n := 0; ask("stranger's").Code != http.StatusTooManyRequests; n++ {
		if n > 100_000 {
			t.Fatal("a flood is never refused")
		}
	}
	ask("alice's browser").want(200)
	s.tries(passwordForm(alice(), "alice's browser")).want(200)
	s.tries(passwordForm(alice(), "stranger's")).want(429)
}

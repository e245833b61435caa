package clients_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/client/keys"
	"latchkey/test/clients"
	"latchkey/test/house"
)

// fresh is an installation that knows the house's address and nothing else.
func fresh(t *testing.T, h *house.House) *clients.Bw {
	t.Helper()
	bw := clients.NewBw(t, h.CA)
	bw.Run("config", "server", h.URL)
	return bw
}

// refused wants a call to end with 1 and to say something.
func refused(t *testing.T, got clients.Result, says string) {
	t.Helper()
	if got.Code != 1 || !strings.Contains(got.Err, says) {
		t.Errorf("ended with %d: %q %q; want %q", got.Code, got.Out, got.Err, says)
	}
}

// member makes a person quickly: these tests are about what comes after the password.
func member(t *testing.T, h *house.House, email string) *house.Person {
	t.Helper()
	return h.Join(h.Invite(email), "nine herons by the weir", house.QuickKDF())
}

// TestCodes is T06.
func TestCodes(t *testing.T) {
	t.Parallel()
	h := house.Start(t, house.Options{})
	anna := member(t, h, "anna@second.test")
	app := anna.AddApp()
	bw := fresh(t, h)
	login := []string{"login", anna.Email, anna.Password, "--raw"}

	t.Run("T06 without a code bw asks for one", func(t *testing.T) {
		refused(t, bw.Try(append(login, "--method", "0")...), "Code is required.")
	})
	t.Run("T06 a wrong code is refused in the client's own words", func(t *testing.T) {
		refused(t, bw.Try(append(login, "--method", "0", "--code", app.Wrong())...), "Two-step token is invalid. Try again.")
		if got := bw.Status(); got != "unauthenticated" {
			t.Errorf("status %q", got)
		}
	})
	used := app.Code()
	t.Run("T06 the right code signs in", func(t *testing.T) {
		bw.Session = bw.Run(append(login, "--method", "0", "--code", used)...)
		if got := bw.Status(); got != "unlocked" {
			t.Errorf("status %q", got)
		}
	})
	t.Run("T06 and counts once", func(t *testing.T) {
		refused(t, fresh(t, h).Try(append(login, "--method", "0", "--code", used)...), "Two-step token is invalid. Try again.")
	})
	t.Run("T06 a code without a method signs in, too", func(t *testing.T) {
		other := fresh(t, h)
		other.Session = other.Run(append(login, "--code", app.Code())...)
		if got := other.Status(); got != "unlocked" {
			t.Errorf("status %q", got)
		}
	})
}

// TestRemembered is T09's second half, by the harness: bw never asks to be remembered.
func TestRemembered(t *testing.T) {
	t.Parallel()
	h := house.Start(t, house.Options{})
	bea := member(t, h, "bea@second.test")
	app := bea.AddApp()
	wanted := func(t *testing.T, got house.Answer) {
		t.Helper()
		var question struct {
			Error              string `json:"error"`
			Description        string `json:"error_description"`
			TwoFactorProviders []string
		}
		got.Into(t, &question)
		if got.Status != http.StatusBadRequest || question.Error != "invalid_grant" || question.Description != "Two factor required." ||
			len(question.TwoFactorProviders) != 1 || question.TwoFactorProviders[0] != "0" {
			t.Errorf("got %d %s", got.Status, got.Body)
		}
	}
	wanted(t, bea.Grant(nil))
	var granted struct{ TwoFactorToken string }
	answer := bea.Grant(map[string]string{"twoFactorProvider": "0", "twoFactorToken": app.Code(), "twoFactorRemember": "1"})
	answer.Into(t, &granted)
	if answer.Status != http.StatusOK || granted.TwoFactorToken == "" {
		t.Fatalf("got %d and %q", answer.Status, granted.TwoFactorToken)
	}
	remembered := map[string]string{"twoFactorProvider": "5", "twoFactorToken": granted.TwoFactorToken}

	t.Run("T09 the remembered device needs no code", func(t *testing.T) {
		if got := bea.Grant(remembered); got.Status != http.StatusOK {
			t.Errorf("got %d %s", got.Status, got.Body)
		}
	})
	t.Run("T09 another device with its token does", func(t *testing.T) {
		wanted(t, bea.Grant(map[string]string{
			"twoFactorProvider": "5", "twoFactorToken": granted.TwoFactorToken, "deviceIdentifier": "another",
		}))
	})
	t.Run("T09 a made-up token is as none", func(t *testing.T) {
		wanted(t, bea.Grant(map[string]string{"twoFactorProvider": "5", "twoFactorToken": granted.TwoFactorToken + "x"}))
	})
	t.Run("T09 it counts no longer once the person forgets their devices", func(t *testing.T) {
		bea.Prove()
		bea.Must(http.MethodDelete, "/latchkey/second/remembered", nil, nil)
		wanted(t, bea.Grant(remembered))
	})
}

// TestSecurityKeyAlone is T08: bw knows no security keys, and says so.
func TestSecurityKeyAlone(t *testing.T) {
	t.Parallel()
	h := house.Start(t, house.Options{})
	carl := member(t, h, "carl@second.test")
	carl.AddKey("the blue one")
	bw := fresh(t, h)
	t.Run("T08 an account with security keys only opens to no bw, which says why", func(t *testing.T) {
		refused(t, bw.Try("login", carl.Email, carl.Password, "--raw"), "No providers available for this client.")
	})
	t.Run("T08 but to its API key", func(t *testing.T) {
		id, secret := carl.APIKey()
		bw.Set("BW_CLIENTID="+id, "BW_CLIENTSECRET="+secret)
		bw.Run("login", "--apikey")
		bw.Session = bw.Run("unlock", carl.Password, "--raw")
	})
}

// TestAPIKey is T10.
func TestAPIKey(t *testing.T) {
	t.Parallel()
	h := house.Start(t, house.Options{})
	dora := h.Join(h.Invite("dora@second.test"), "nine herons by the weir", keys.KDF{})
	id, secret := dora.APIKey()
	bw := fresh(t, h)

	t.Run("T10 a wrong secret is refused in words", func(t *testing.T) {
		bw.Set("BW_CLIENTID="+id, "BW_CLIENTSECRET="+secret[:len(secret)-1]+"x")
		refused(t, bw.Try("login", "--apikey"), "client_id or client_secret is incorrect. Try again.")
	})
	t.Run("T10 the API key signs in, and the master password unlocks", func(t *testing.T) {
		bw.Set("BW_CLIENTSECRET=" + secret)
		bw.Run("login", "--apikey")
		if got := bw.Status(); got != "locked" {
			t.Errorf("status %q", got)
		}
		bw.Session = bw.Run("unlock", dora.Password, "--raw")
		bw.Run("sync", "--force") // there is no refresh token: it signs in by the key again
	})
	t.Run("T10 a new key ends the old one", func(t *testing.T) {
		dora.Must(http.MethodPost, "/api/accounts/rotate-api-key", map[string]any{"masterPasswordHash": dora.Master.ServerHash(dora.Password)}, nil)
		other := fresh(t, h)
		other.Set("BW_CLIENTID="+id, "BW_CLIENTSECRET="+secret)
		refused(t, other.Try("login", "--apikey"), "client_id or client_secret is incorrect. Try again.")
	})
}

// TestEnforced is about somebody who must have a second factor and has none: other clients are told where to add one.
func TestEnforced(t *testing.T) {
	t.Parallel()
	h := house.Start(t, house.Options{})
	owner := h.Owner()
	emil := member(t, h, "emil@second.test")
	id, secret := emil.APIKey()
	old := fresh(t, h)
	old.Set("BW_CLIENTID="+id, "BW_CLIENTSECRET="+secret)
	old.Run("login", "--apikey")
	old.Session = old.Run("unlock", emil.Password, "--raw")

	owner.Prove()
	owner.Must(http.MethodPut, "/latchkey/people/"+strings.TrimPrefix(id, "user."), map[string]any{"secondRequired": true}, nil)

	t.Run("bw is told at its next sync, with the page's address", func(t *testing.T) {
		refused(t, fresh(t, h).Try("login", emil.Email, emil.Password, "--raw"), h.URL)
	})
	t.Run("the API key from before has ended", func(t *testing.T) {
		if got := old.Try("sync", "--force"); got.Code != 1 {
			t.Errorf("a sync ended with %d: %s", got.Code, got.Out)
		}
		other := fresh(t, h)
		other.Set("BW_CLIENTID="+id, "BW_CLIENTSECRET="+secret)
		if got := other.Try("login", "--apikey"); got.Code != 1 {
			t.Errorf("signing in by it ended with %d: %s", got.Code, got.Out)
		}
	})
	t.Run("with a factor added, it signs in", func(t *testing.T) {
		page := h.SignIn(emil.Email, emil.Password)
		app := page.AddApp()
		bw := fresh(t, h)
		bw.Session = bw.Run("login", emil.Email, emil.Password, "--raw", "--method", "0", "--code", app.Code())
		bw.Run("sync", "--force")
	})
}

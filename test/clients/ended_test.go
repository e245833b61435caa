package clients_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/test/clients"
	"latchkey/test/house"
)

const rateLimit = "Rate limit exceeded. Try again later."

// TestSessionsEnd is T27 to T29: how bw lives on, or does not, when something of its session ends.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	h := house.Start(t, house.Options{})
	front := record(t, h)
	owner := h.Owner()
	bw := clients.NewBw(t, front.root)
	bw.Run("config", "server", front.url)
	bw.Session = bw.Run("login", house.OwnerEmail, house.OwnerPassword, "--raw")
	made := bw.Create("item", github(""))
	id := text(t, made, "id")

	t.Run("T27 an access token that has ended is renewed without a word", func(t *testing.T) {
		front.spoil(1)
		bw.Run("get", "item", id) // offline: it asks nothing
		made["name"] = "GitHub, renamed"
		bw.Edit("item", id, made)
		if n := front.spoiled(); n != 1 {
			t.Errorf("%d requests came with an ended token", n)
		}
		var all struct{ RevisionDate string }
		owner.Must(http.MethodGet, "/api/ciphers/"+id, nil, &all)
		if all.RevisionDate == made["revisionDate"] {
			t.Error("the item was not saved")
		}
	})
	t.Run("T29 what is not there is a refusal, and no end of the session", func(t *testing.T) {
		owner.Must(http.MethodDelete, "/api/ciphers/"+id, nil, nil)
		if got := bw.TryEdit("item", id, made); got.Code != 1 {
			t.Errorf("ended with %d: %s", got.Code, got.Out)
		}
		if got := bw.Status(); got != "unlocked" {
			t.Errorf("status %q", got)
		}
	})
	t.Run("T28 a session that was ended signs bw out", func(t *testing.T) {
		owner.Prove()
		owner.Must(http.MethodPost, "/latchkey/sessions/others", nil, nil)
		if got := bw.Try("sync", "--force"); got.Code != 1 {
			t.Errorf("ended with %d: %s", got.Code, got.Out)
		}
		if got := bw.Status(); got != "unauthenticated" {
			t.Errorf("status %q", got)
		}
	})
}

// TestStamp is T31: a bw that serves notices the new stamp and signs out.
func TestStamp(t *testing.T) {
	t.Parallel()
	h := house.Start(t, house.Options{})
	bw := clients.NewBw(t, h.CA)
	bw.Login(h, house.OwnerEmail, house.OwnerPassword)
	owner := h.Owner()
	at := bw.Serve()
	sync := func() (string, error) {
		answer, err := http.Post(at+"/sync?force=true", "application/json", nil)
		if err != nil {
			return "", err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		return string(body), err
	}
	t.Run("T31 a new stamp ends what is signed in", func(t *testing.T) {
		if got, err := sync(); err != nil || !strings.Contains(got, `"success":true`) {
			t.Fatalf("before it: %s (%v)", got, err)
		}
		owner.Must(http.MethodPost, "/api/accounts/security-stamp", map[string]any{"masterPasswordHash": owner.Master.ServerHash(owner.Password)}, nil)
		got, err := sync()
		if err == nil && strings.Contains(got, `"success":true`) {
			t.Errorf("after it: %s", got)
		}
		deadline := time.Now().Add(10 * time.Second)
		for {
			if got := bw.Status(); got == "unauthenticated" {
				break
			} else if time.Now().After(deadline) {
				t.Fatalf("status %q", got)
			}
		}
	})
}

// TestBanned is T30, and what a ban leaves alone. Whoever calls from this computer is never banned, so that bw comes
// by a proxy that is declared and says that it calls for somebody far away.
func TestBanned(t *testing.T) {
	t.Parallel()
	h := house.Start(t, house.Options{})
	owner := h.Owner()
	front := record(t, h)
	front.callFor("203.0.113.7")
	owner.Must(http.MethodPut, "/latchkey/settings", map[string]any{
		"reach.proxies": []string{"127.0.0.1"}, "masterPasswordHash": owner.Master.ServerHash(owner.Password),
	}, nil)
	fay := member(t, h, "fay@banned.test")
	bw := clients.NewBw(t, front.root)
	bw.Run("config", "server", front.url)
	bw.Session = bw.Run("login", fay.Email, fay.Password, "--raw")

	// A stranger behind the same address guesses until the house has had enough.
	guesses := 0
	for ; ; guesses++ {
		answer, err := front.client.PostForm(front.url+"/identity/connect/token", url.Values{
			"grant_type": {"password"}, "client_id": {"web"}, "deviceType": {"9"}, "deviceIdentifier": {fmt.Sprint("stranger ", guesses)},
			"username": {fay.Email}, "password": {"bm90IGl0"},
		})
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusTooManyRequests {
			break
		}
		if guesses > 500 {
			t.Fatal("500 guesses, and no end")
		}
	}
	t.Logf("%d guesses were looked at", guesses)

	t.Run("T30 a new bw there is told in its own words to try later", func(t *testing.T) {
		other := clients.NewBw(t, front.root)
		other.Run("config", "server", front.url)
		refused(t, other.Try("login", fay.Email, fay.Password, "--raw"), rateLimit)
	})
	t.Run("who is signed in there goes on", func(t *testing.T) {
		bw.Run("sync", "--force")
		bw.Create("folder", clients.Object{"name": "Under a ban"})
		if got := bw.Status(); got != "unlocked" {
			t.Errorf("status %q", got)
		}
	})
	t.Run("T30 once it is let in by hand, the new bw signs in", func(t *testing.T) {
		h.Run("admin", "unlock", "--address", "203.0.113.7", "--data", h.Dir)
		other := clients.NewBw(t, front.root)
		other.Run("config", "server", front.url)
		other.Session = other.Run("login", fay.Email, fay.Password, "--raw")
	})
}

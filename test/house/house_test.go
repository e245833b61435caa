package house_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/test/house"
)

// TestHouse holds the thinnest whole thread: what was acknowledged survives a power cut, and people do not
// see each other's items.
func TestHouse(t *testing.T) {
	h := house.Start(t, house.Options{})
	owner := h.Owner()

	var made struct {
		ID           string `json:"id"`
		RevisionDate string `json:"revisionDate"`
	}
	owner.Must(http.MethodPost, "/api/ciphers", owner.Login("Harbour", "olive", "s3cret"), &made)

	t.Run("a login that was acknowledged is there after kill -9, under the same session", func(t *testing.T) {
		h.Kill()
		h.Restart()
		var again struct {
			RevisionDate string `json:"revisionDate"`
		}
		owner.Must(http.MethodGet, "/api/ciphers/"+made.ID, nil, &again)
		if again.RevisionDate != made.RevisionDate {
			t.Errorf("revision %s, was %s", again.RevisionDate, made.RevisionDate)
		}
	})

	t.Run("a second person, by invitation, gets a 404 for it and an empty vault", func(t *testing.T) {
		second := h.New("second@house.test")
		if got := second.Do(http.MethodGet, "/api/ciphers/"+made.ID, nil); got.Status != http.StatusNotFound {
			t.Errorf("got %d", got.Status)
		}
		var sync struct {
			Ciphers []struct{} `json:"ciphers"`
		}
		second.Must(http.MethodGet, "/api/sync?excludeDomains=true", nil, &sync)
		if len(sync.Ciphers) != 0 {
			t.Errorf("the second person has %d items", len(sync.Ciphers))
		}
	})

	t.Run("an invitation is spent once", func(t *testing.T) {
		link := h.Invite("third@house.test")
		h.Join(link, "a third long password here", house.QuickKDF())
		_, query, _ := strings.Cut(link, "token=")
		answer := h.Post("/identity/accounts/register/verification-email-clicked",
			map[string]string{"email": "third@house.test", "emailVerificationToken": query})
		if answer.Status != http.StatusBadRequest {
			t.Errorf("the spent token gets %d", answer.Status)
		}
	})

	t.Run("it stops when asked, and a second serve on the same data waits for nobody", func(t *testing.T) {
		out, err := h.Command("serve", "--data", h.Dir, "--listen", "127.0.0.1:0", "--local", "off").CombinedOutput()
		if err == nil {
			t.Fatal("two processes serve one file")
		}
		if lines := strings.Count(strings.TrimSpace(string(out)), "\n") + 1; lines > 3 {
			t.Errorf("the refusal takes %d lines:\n%s", lines, out)
		}
	})
}

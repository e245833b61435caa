package lab_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/test/house"
	"latchkey/test/lab"
)

// mostInputs is what the wizard may ask a person to type.
const mostInputs = 6

// TestTheWizard sets a house up in Chromium at home, once for each provider, and then opens it in Chromium far
// away, signs in and reads an item.
func TestTheWizard(t *testing.T) {
	owner := map[string]any{"email": house.OwnerEmail, "password": house.OwnerPassword}
	for _, test := range []struct {
		name   string
		choice func(l *lab.Lab) lab.Choice
		guess  bool // the page finds the provider by the zone's name servers
	}{
		{"with a name of one's own, by RFC 2136", (*lab.Lab).Home, false},
		{"with a name at Cloudflare", func(l *lab.Lab) lab.Choice { return l.Cloud(l.Plan["CLOUDFLARE_TOKEN"]) }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := lab.Up(t)
			h := l.House(lab.Options{})
			choice := test.choice(l)
			// This person compared the fingerprint, and let the browser go on: it trusts the house's own root, too.
			typed := l.Browse(t, lab.Desk, map[string]any{
				"role": "setUp", "link": h.AwaitLink(), "owner": owner, "moved": "lan." + choice.Name,
				"choice": map[string]any{"name": choice.Name, "provider": choice.Provider, "credentials": choice.Credentials, "guessed": test.guess},
			}, []string{l.Root(), h.CA}, func(said lab.Said) map[string]any {
				l.Browse(t, lab.Roam, map[string]any{"role": "visit", "proof": said.URL}, []string{l.Root()}, nil)
				return map[string]any{"url": "https://" + choice.Name}
			})
			t.Logf("measured: typed %s", strings.Join(typed, ", "))
			if len(typed) == 0 || len(typed) > mostInputs {
				t.Errorf("typed %d inputs: %v", len(typed), typed)
			}

			me := h.Owner()
			item := map[string]any{"type": 1, "name": "Lighthouse", "username": "keeper", "password": "a beam over the bay"}
			me.Must(http.MethodPost, "/api/ciphers", me.Login("Lighthouse", "keeper", "a beam over the bay"), nil)
			l.Browse(t, lab.Roam, map[string]any{
				"role": "visit", "url": "https://" + choice.Name, "owner": owner, "item": item,
			}, []string{l.Root()}, nil)
		})
	}
}

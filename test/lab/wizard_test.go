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
		from   string
	}{
		{"with a name of one's own, by RFC 2136, on the machine itself", (*lab.Lab).Home, false, lab.Home},
		{"with a name of one's own, by RFC 2136, from another computer", (*lab.Lab).Home, false, lab.Desk},
		{"with a name at Cloudflare, from another computer", func(l *lab.Lab) lab.Choice {
			return l.Cloud(l.Plan["CLOUDFLARE_TOKEN"])
		}, true, lab.Desk},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := lab.Up(t)
			h := l.House(lab.Options{})
			choice := test.choice(l)
			// On the machine itself nothing is unproven, and the wizard stays where it is. From elsewhere the person
			// compared the fingerprint and let the browser go on: it trusts the house's own root, too.
			link, moved := h.Await(`(http://localhost:\d+/\S*#/setup\?token=\S+)`), ""
			if test.from == lab.Desk {
				link, moved = h.AwaitLink(), "lan."+choice.Name
			}
			typed := l.Browse(t, test.from, map[string]any{
				"role": "setUp", "link": link, "owner": owner, "moved": moved,
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

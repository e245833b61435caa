package story_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/test/canary"
	"latchkey/test/house"
	"latchkey/test/story"
)

// TestFactors is the story of second factors and passkeys: the real page and the real house, and keys in software
// that the DevTools put into the browser.
func TestFactors(t *testing.T) {
	t.Parallel()
	chromium := Chromium(t)
	h := house.Start(t, house.Options{})
	h.Owner() // another device, to be signed out
	wire := story.Tap(t, func() string { return address(h.URL) })
	other := otherName(t, h)
	page := run(t, "factors.mjs", map[string]any{
		"url": h.URL, "local": h.URL, "other": "https://" + other + h.URL[strings.LastIndex(h.URL, ":"):],
		"chromium": chromium, "home": trusting(t, h), "root": os.Getuid() == 0,
		"map":   fmt.Sprintf("MAP %s %s, MAP %s:* %s", host(h.URL), wire.Address, other, wire.Address),
		"shots": filepath.Join(house.Root(), "test", "out", "shots"),
		"email": house.OwnerEmail, "password": house.OwnerPassword,
	})
	var typed []string
	var sent strings.Builder
	for {
		said, ok := page.next(t)
		if !ok {
			break
		}
		typed = append(typed, said.Typed...)
		sent.WriteString(said.Sent)
		switch {
		case said.Step != "":
			t.Run(said.Step, func(t *testing.T) {
				if said.Trouble != "" {
					t.Error(said.Trouble)
				}
			})
		case said.Ask != "":
			page.answer(t, factorsAsked(t, h, said))
		}
	}
	if len(typed) < 3 {
		t.Fatalf("the story ended after typing %d secrets; it is not whole", len(typed))
	}
	t.Run("no password, and nothing that a passkey gave, was sent or said", func(t *testing.T) {
		if sent.Len() < 10_000 {
			t.Errorf("only %d bytes of requests were seen", sent.Len())
		}
		for name, raw := range map[string]string{"the requests": sent.String(), "what the binary said": h.Said()} {
			if found := canary.Find([]byte(raw), typed); len(found) > 0 {
				t.Errorf("%s: found %q", name, found)
			}
		}
		found, looked, err := canary.FindInFolder(h.Dir, typed)
		nothing(t, found, looked, err)
	})
}

// otherName is a second name of the house, under which keys of the first don't work: one that its certificate has.
func otherName(t *testing.T, h *house.House) string {
	t.Helper()
	config := h.TLS()
	config.ServerName = "localhost"
	conn, err := tls.Dial("tcp", address(h.URL), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	names := conn.ConnectionState().PeerCertificates[0].DNSNames
	for _, name := range names {
		if strings.HasSuffix(name, ".local") {
			return name
		}
	}
	t.Fatalf("the house has no second name: %v", names)
	return ""
}

// factorsAsked does what the page's side asks for.
func factorsAsked(t *testing.T, h *house.House, said line) map[string]any {
	t.Helper()
	switch said.Ask {
	case "invite":
		return map[string]any{"link": h.Invite(said.Email)}
	case "require": // a second factor of this person, from now on
		owner := h.Owner() // without a second factor at that time
		var all struct {
			People []struct{ ID, Email string }
		}
		owner.Must(http.MethodGet, "/latchkey/people", nil, &all)
		owner.Prove()
		for _, one := range all.People {
			if one.Email == said.Email {
				owner.Must(http.MethodPut, "/latchkey/people/"+one.ID, map[string]any{"secondRequired": true}, nil)
			}
		}
	default:
		t.Fatalf("the page's side asks for %q", said.Ask)
	}
	return map[string]any{}
}

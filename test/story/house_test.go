package story_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/test/house"
)

// TestOwnersDay is the owner's page on a day on which strangers came: the real page and the real house, and a proxy
// on the loopback that says from where everybody calls, so that there is somebody to shut out.
func TestOwnersDay(t *testing.T) {
	t.Parallel()
	chromium := Chromium(t)
	h := house.Start(t, house.Options{})
	owner := h.Owner()
	member := h.New("barnaby.thistlewick@meadowmail.test")
	for _, name := range []string{"Rowing club", "Library", "Allotment"} {
		member.Must(http.MethodPost, "/api/ciphers", member.Login(name, "oarsman", "Rw!"+name), nil)
	}
	owner.Must(http.MethodPut, "/latchkey/settings", map[string]any{
		"reach.proxies": []string{"127.0.0.0/8", "::1"}, "masterPasswordHash": owner.Master.ServerHash(owner.Password),
	}, nil)
	siege(t, h, owner, member.Email)

	page := run(t, "house.mjs", map[string]any{
		"url": h.URL, "local": h.URL, "chromium": chromium, "home": trusting(t, h), "root": os.Getuid() == 0,
		"map":   "MAP " + host(h.URL) + " " + address(h.URL),
		"shots": filepath.Join(house.Root(), "test", "out", "shots"),
		"email": house.OwnerEmail, "password": house.OwnerPassword,
		"member": map[string]string{"email": member.Email, "password": member.Password},
		"shut":   stranger(1),
	})
	steps := 0
	for {
		said, ok := page.next(t)
		if !ok {
			break
		}
		switch {
		case said.Step != "":
			steps++
			t.Run(said.Step, func(t *testing.T) {
				if said.Trouble != "" {
					t.Error(said.Trouble)
				}
			})
		case said.Ask == "member": // what the member's own device hears
			page.answer(t, map[string]any{"status": member.Token().Status})
		case said.Ask != "":
			t.Fatalf("the page's side asks for %q", said.Ask)
		}
	}
	if steps < 20 {
		t.Fatalf("the story ended after %d steps; it is not whole", steps)
	}
}

// stranger is the n-th address from which somebody guesses.
func stranger(n int) string { return fmt.Sprintf("203.0.113.%d", n) }

// siege guesses passwords: of many names from one address, until it is shut out, and of one from many.
func siege(t *testing.T, h *house.House, owner *house.Person, email string) {
	t.Helper()
	for i := range 40 {
		guess(t, h, fmt.Sprintf("nobody-%d@meadowmail.test", i), stranger(1))
	}
	for i := range 40 {
		guess(t, h, email, stranger(20+i))
	}
	var shut struct {
		Bans   []struct{ Prefix string }
		Sieges []struct{ Account string }
	}
	owner.Must(http.MethodGet, "/latchkey/bans", nil, &shut)
	if len(shut.Bans) == 0 || len(shut.Sieges) == 0 {
		t.Fatalf("nobody is shut out, or nobody besieged: %+v", shut)
	}
}

// guess tries a wrong password as somebody from that address would.
func guess(t *testing.T, h *house.House, email, from string) {
	t.Helper()
	form := url.Values{
		"grant_type": {"password"}, "scope": {"api offline_access"}, "client_id": {"web"}, "deviceType": {"9"},
		"deviceIdentifier": {"00000000-0000-4000-8000-0000000000aa"}, "deviceName": {"chrome"},
		"username": {email}, "password": {"bm90IHRoZSByaWdodCBvbmUgYXQgYWxsISEhISEhISE="},
	}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, h.URL+"/identity/connect/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Device-Type", "9")
	request.Header.Set("X-Forwarded-For", from)
	answer, err := h.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusBadRequest && answer.StatusCode != http.StatusTooManyRequests {
		t.Fatalf("a wrong password from %s is answered by %d", from, answer.StatusCode)
	}
}

package story_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/appliance/passkey"
	"latchkey/appliance/problem"
	"latchkey/test/house"
	"latchkey/webui"
)

// TestConnectors opens the connector pages as Bitwarden's clients do, and as strangers would: an extension of our
// own stands for theirs, with an id that this house alone lists. The ceremonies are the real ones.
func TestConnectors(t *testing.T) {
	t.Parallel()
	chromium := Chromium(t)
	extension, id := unpacked(t)
	listed := "chrome-extension://" + id
	page, err := webui.New(listed)
	if err != nil {
		t.Fatal(err)
	}
	ours := httptest.NewServer(page)
	defer ours.Close()
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<!doctype html><title>A stranger's page</title>"))
	}))
	defer stranger.Close()

	home := "http://localhost:" + ours.URL[strings.LastIndex(ours.URL, ":")+1:]
	k := &keeper{ceremonies: passkey.New(nil), party: passkey.Party{
		ID: "localhost", Name: "Latchkey", Origins: []string{home}, TopOrigins: []string{listed},
	}}
	driver := run(t, "connector.mjs", map[string]any{
		"url": home, "stranger": stranger.URL, "listed": listed, "extension": extension, "profile": t.TempDir(),
		"chromium": chromium, "root": os.Getuid() == 0, "shots": filepath.Join(house.Root(), "test", "out", "shots"),
	})
	steps := 0
	for {
		said, ok := driver.next(t)
		if !ok {
			break
		}
		if said.Ask != "" {
			driver.answer(t, k.obey(t, said))
			continue
		}
		steps++
		t.Run(said.Step, func(t *testing.T) {
			if said.Trouble != "" {
				t.Error(said.Trouble)
			}
		})
	}
	if steps < 12 {
		t.Errorf("it ended after %d steps; it is not whole", steps)
	}
}

// unpacked makes the extension: a page to put frames into, and a content script that hears the window as theirs
// does. Its id follows from its key (the first 16 bytes of the SHA-256 of the public key, in letters from a to p).
func unpacked(t *testing.T) (folder, id string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range sha256.Sum256(public) {
		if len(id) < 32 {
			id += string(rune('a'+b>>4)) + string(rune('a'+b&15))
		}
	}
	manifest, err := json.Marshal(map[string]any{
		"manifest_version": 3, "name": "A stand-in", "version": "1", "key": base64.StdEncoding.EncodeToString(public),
		"content_scripts": []any{map[string]any{"matches": []string{"http://localhost/*"}, "js": []string{"hear.js"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	folder = t.TempDir()
	for name, body := range map[string]string{
		"manifest.json": string(manifest),
		"page.html":     "<!doctype html><title>A client</title>",
		"hear.js": `addEventListener('message', ({ source, origin, isTrusted, data }) => {
			if (source !== window || !isTrusted || !data?.command) return;
			document.documentElement.dataset.heard = JSON.stringify({ ...data, referrer: new URL(origin).hostname });
		});`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder, id
}

// keeper is the house's side of the ceremonies, for one person.
type keeper struct {
	ceremonies *passkey.Ceremonies
	party      passkey.Party
	have       []passkey.Credential
}

// obey begins and finishes ceremonies. A refusal is told by its code.
func (k *keeper) obey(t *testing.T, said line) map[string]any {
	t.Helper()
	var with struct {
		Purpose   passkey.Purpose `json:"purpose"`
		Token     string          `json:"token"`
		Answer    json.RawMessage `json:"answer"`
		Strangers bool            `json:"strangers"` // judge with the real list, in which our extension does not stand
	}
	if err := json.Unmarshal(said.With, &with); err != nil {
		t.Fatalf("the page's side asks for %s with %.200q: %v", said.Ask, said.With, err)
	}
	who, party := passkey.Person{ID: "0d2f7c4e-6a55-4c8c-9d4a-2f0d7f3f8b11", Name: "alice@example.test", Display: "Alice"}, k.party
	if with.Strangers {
		party.TopOrigins = nil
	}
	var options json.RawMessage
	var token string
	var err error
	switch said.Ask {
	case "add":
		options, token, err = k.ceremonies.BeginAdd(party, who, k.have, with.Purpose)
	case "added":
		var made passkey.Credential
		if made, _, err = k.ceremonies.FinishAdd(party, who, with.Purpose, with.Token, with.Answer); err == nil {
			k.have = append(k.have, made)
		}
	case "use":
		options, token, err = k.ceremonies.BeginUse(party, who, k.have, with.Purpose)
	case "used":
		_, _, err = k.ceremonies.FinishUse(party, with.Purpose, with.Token, with.Answer, func(string, []byte) (passkey.Person, []passkey.Credential, error) {
			return who, k.have, nil
		})
	default:
		t.Fatalf("the page's side asks for %q", said.Ask)
	}
	if err != nil {
		return map[string]any{"refused": problem.Of(err).Code}
	}
	return map[string]any{"options": options, "token": token}
}

package story_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"latchkey/client/keys"
	"latchkey/test/canary"
	"latchkey/test/house"
	"latchkey/test/story"
)

// TestNewKey is the story of a new encryption key: the real page gives fifty items of all types another user key,
// and every one of them is read again, by the page and by the keys in Go.
func TestNewKey(t *testing.T) {
	t.Parallel()
	chromium := Chromium(t)
	h := house.Start(t, house.Options{})
	owner := h.Owner()
	kept := furnish(owner)
	before := opened(t, owner, owner.Key)
	wire := story.Tap(t, func() string { return address(h.URL) })
	page := run(t, "rotate.mjs", map[string]any{
		"url": h.URL, "local": h.URL, "chromium": chromium, "home": trusting(t, h), "root": os.Getuid() == 0,
		"map":   fmt.Sprintf("MAP %s %s", host(h.URL), wire.Address),
		"shots": filepath.Join(house.Root(), "test", "out", "shots"),
		"email": house.OwnerEmail, "password": house.OwnerPassword, "items": kept,
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
		if said.Step != "" {
			t.Run(said.Step, func(t *testing.T) {
				if said.Trouble != "" {
					t.Error(said.Trouble)
				}
			})
		}
	}
	if len(typed) < len(kept) {
		t.Fatalf("the story ended after typing %d secrets; it is not whole", len(typed))
	}
	t.Run("who was signed in before is no longer", func(t *testing.T) {
		if status := owner.Do(http.MethodGet, "/api/sync", nil).Status; status != http.StatusUnauthorized {
			t.Errorf("the old session is answered by %d", status)
		}
	})
	t.Run("the keys in Go open everything by the password, and nothing by the old key", func(t *testing.T) {
		anew := h.Owner()
		if anew.Key == owner.Key {
			t.Fatal("the user key is the old one")
		}
		after := opened(t, anew, anew.Key)
		for id, texts := range before {
			if after[id] != texts {
				t.Errorf("%s: got %s, want %s", id, after[id], texts)
			}
		}
		for id, texts := range opened(t, anew, owner.Key) {
			if texts != "" {
				t.Errorf("%s opens by the old key: %s", id, texts)
			}
		}
	})
	t.Run("nothing that was typed was sent, said or kept", func(t *testing.T) {
		if found := canary.Find([]byte(sent.String()), typed); len(found) > 0 || sent.Len() < 10_000 {
			t.Errorf("of %d bytes that were sent: found %q", sent.Len(), found)
		}
		if found := canary.Find([]byte(h.Said()), typed); len(found) > 0 {
			t.Errorf("what the binary said: found %q", found)
		}
		found, looked, err := canary.FindInFolder(h.Dir, typed)
		nothing(t, found, looked, err)
	})
}

// A keepsake is one of the fifty, as the page's side shall find it.
type keepsake struct {
	Type    int    `json:"type"`
	Name    string `json:"name"`
	Secret  string `json:"secret"`
	Own     bool   `json:"own"` // has an item key
	Trashed bool   `json:"trashed"`
}

// furnish fills a vault: ten of each type, every second one with a key of its own, the others as older clients made
// them; folders, the trash, and members that nobody knows yet.
func furnish(p *house.Person) []keepsake {
	var folders []string
	for _, name := range []string{"Cellar of Kindlewood", "Attic of Kindlewood"} {
		var folder struct{ ID string }
		p.Must(http.MethodPost, "/api/folders", map[string]any{"name": p.Key.SealText(name)}, &folder)
		folders = append(folders, folder.ID)
	}
	var all []keepsake
	for i := range 50 {
		k := keepsake{
			Type: 1 + i%5, Own: i/5%2 == 1, Trashed: i >= 45, Name: fmt.Sprintf("Larkspur %02d", i),
			Secret: fmt.Sprintf("marram-%02d-dunlin-grass", i),
		}
		body := k.body(p.Key)
		body["folderId"] = folders[i%2]
		var item struct{ ID string }
		p.Must(http.MethodPost, "/api/ciphers", body, &item)
		if k.Trashed {
			p.Must(http.MethodPut, "/api/ciphers/"+item.ID+"/delete", nil, nil)
		}
		all = append(all, k)
	}
	return all
}

func (k keepsake) body(user keys.Key) map[string]any {
	under := user
	body := map[string]any{"type": k.Type, "favorite": k.Type == 1, "reprompt": 0, "key": nil}
	if k.Own {
		under = keys.NewKey()
		body["key"] = user.Seal(under[:])
	}
	secret := under.SealText(k.Secret)
	body["name"], body["yetUnknown"] = under.SealText(k.Name), map[string]any{"deep": []any{secret, 7, "10.5"}}
	switch k.Type {
	case 1:
		body["login"] = map[string]any{
			"username": under.SealText("reader"), "password": secret, "uris": []any{},
			"fido2Credentials": []any{map[string]any{"credentialId": secret, "counter": under.SealText("0"), "creationDate": "2026-01-01T00:00:00Z"}},
		}
		body["passwordHistory"] = []any{map[string]any{"password": secret, "lastUsedDate": "2026-01-01T00:00:00Z"}}
		body["fields"] = []any{map[string]any{"type": 1, "name": under.SealText("pin"), "value": secret, "linkedId": nil}}
	case 2:
		body["notes"], body["secureNote"] = secret, map[string]any{"type": 0}
	case 3:
		body["card"] = map[string]any{"cardholderName": secret}
	case 4:
		body["identity"] = map[string]any{"company": secret}
	case 5:
		body["sshKey"] = map[string]any{"privateKey": secret, "publicKey": under.SealText("public"), "keyFingerprint": under.SealText("print")}
	}
	return body
}

// opened is everything of a person's vault by item and folder, opened by a user key: "" where nothing opens.
func opened(t *testing.T, p *house.Person, user keys.Key) map[string]string {
	t.Helper()
	var sync struct{ Ciphers, Folders []map[string]any }
	p.Must(http.MethodGet, "/api/sync", nil, &sync)
	all := map[string]string{}
	for _, raw := range append(sync.Ciphers, sync.Folders...) {
		under := user
		if sealed, ok := raw["key"].(string); ok {
			if key, err := user.Open(sealed); err == nil {
				under, _ = keys.KeyFrom(key)
			}
		}
		delete(raw, "key")
		delete(raw, "revisionDate")
		var texts []string
		collectTexts(raw, under, &texts)
		all[raw["id"].(string)] = strings.Join(texts, " ")
	}
	return all
}

// collectTexts opens what opens, in the order of the names.
func collectTexts(value any, key keys.Key, texts *[]string) {
	switch v := value.(type) {
	case string:
		if text, err := key.OpenText(v); err == nil {
			*texts = append(*texts, text)
		}
	case []any:
		for _, one := range v {
			collectTexts(one, key, texts)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			collectTexts(v[name], key, texts)
		}
	}
}

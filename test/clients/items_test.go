package clients_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"latchkey/test/clients"
	"latchkey/test/house"
)

func signedIn(t *testing.T) *clients.Bw {
	t.Helper()
	h := house.Start(t, house.Options{})
	bw := clients.NewBw(t, h.CA)
	bw.Login(h, house.OwnerEmail, house.OwnerPassword)
	return bw
}

func text(t *testing.T, object clients.Object, name string) string {
	t.Helper()
	value, ok := object[name].(string)
	if !ok {
		t.Fatalf("%q is %v", name, object[name])
	}
	return value
}

func template(bw *clients.Bw, kind string) clients.Object {
	var out clients.Object
	bw.JSON(&out, "get", "template", kind)
	return out
}

func list(bw *clients.Bw, args ...string) []clients.Object {
	var out []clients.Object
	bw.JSON(&out, append([]string{"list"}, args...)...)
	return out
}

// TestFolders is T13.
func TestFolders(t *testing.T) {
	t.Parallel()
	bw := signedIn(t)
	folder := template(bw, "folder")
	folder["name"] = "Work"
	made := bw.Create("folder", folder)
	id := text(t, made, "id")

	t.Run("T13 a folder is made", func(t *testing.T) {
		if named(list(bw, "folders"), "Work") == nil {
			t.Error("it is not in the list")
		}
	})
	t.Run("T13 and renamed", func(t *testing.T) {
		made["name"] = "Wharf"
		bw.Edit("folder", id, made)
		bw.Run("sync", "--force")
		if all := list(bw, "folders"); named(all, "Wharf") == nil || named(all, "Work") != nil {
			t.Errorf("the list is %v", all)
		}
	})
	t.Run("T13 and deleted", func(t *testing.T) {
		bw.Run("delete", "folder", id)
		bw.Run("sync", "--force")
		if named(list(bw, "folders"), "Wharf") != nil {
			t.Error("it is still in the list")
		}
	})
}

func named(all []clients.Object, name string) clients.Object {
	for _, one := range all {
		if one["name"] == name {
			return one
		}
	}
	return nil
}

func github(folder string) clients.Object {
	return clients.Object{
		"type": 1, "name": "GitHub", "folderId": folder, "notes": "the shared one", "favorite": false, "reprompt": 0,
		"organizationId": nil, "collectionIds": nil,
		"login": clients.Object{
			"username": "bob", "password": "p", "totp": "JBSWY3DPEHPK3PXP",
			"uris": []any{clients.Object{"match": nil, "uri": "https://github.com"}},
		},
		"fields": []any{clients.Object{"name": "x", "value": "y", "type": 1}},
	}
}

// TestLogins is T14-T16, T18 and T19: one login through its whole life.
func TestLogins(t *testing.T) {
	t.Parallel()
	bw := signedIn(t)
	folder := text(t, bw.Create("folder", clients.Object{"name": "Work"}), "id")
	made := bw.Create("item", github(folder))
	id := text(t, made, "id")

	t.Run("T14 a login is made with its folder, address, code and own field", func(t *testing.T) {
		if made["folderId"] != folder || made["name"] != "GitHub" {
			t.Errorf("it came back as %v", made)
		}
		fields, _ := made["fields"].([]any)
		if len(fields) != 1 || fields[0].(clients.Object)["value"] != "y" {
			t.Errorf("its own field came back as %v", made["fields"])
		}
	})
	bw.Run("sync", "--force")

	for field, want := range map[string]string{
		"password": "p", "username": "bob", "uri": "https://github.com", "notes": "the shared one",
	} {
		t.Run("T15 bw get "+field, func(t *testing.T) {
			if got := bw.Run("get", field, "github"); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	t.Run("T15 bw get totp gives six digits", func(t *testing.T) {
		if got := bw.Run("get", "totp", "github"); len(got) != 6 {
			t.Errorf("got %q", got)
		}
	})
	for _, filter := range [][]string{
		{"--search", "gith"}, {"--folderid", folder}, {"--url", "https://github.com/login"},
	} {
		t.Run("T15 bw list items "+filter[0], func(t *testing.T) {
			if got := list(bw, append([]string{"items"}, filter...)...); len(got) != 1 || got[0]["id"] != id {
				t.Errorf("got %v", got)
			}
		})
	}

	t.Run("T16 a changed password leaves the old one in the history", func(t *testing.T) {
		var item clients.Object
		bw.JSON(&item, "get", "item", id)
		item["login"].(clients.Object)["password"] = "new"
		item["favorite"] = true
		bw.Edit("item", id, item)
		bw.Run("sync", "--force")
		var again clients.Object
		bw.JSON(&again, "get", "item", id)
		history, _ := again["passwordHistory"].([]any)
		if len(history) != 1 || history[0].(clients.Object)["password"] != "p" {
			t.Errorf("the history is %v", again["passwordHistory"])
		}
		if again["favorite"] != true || again["login"].(clients.Object)["password"] != "new" {
			t.Errorf("it came back as %v", again)
		}
	})

	inTrash := func() bool { return len(list(bw, "items", "--trash")) == 1 && len(list(bw, "items")) == 0 }
	t.Run("T18 it goes to the trash and comes back", func(t *testing.T) {
		bw.Run("delete", "item", id)
		bw.Run("sync", "--force")
		if !inTrash() {
			t.Error("it is not in the trash")
		}
		bw.Run("restore", "item", id)
		bw.Run("sync", "--force")
		if inTrash() || len(list(bw, "items")) != 1 {
			t.Error("it did not come back")
		}
	})
	t.Run("T19 it is archived and comes back", func(t *testing.T) {
		bw.Run("archive", "item", id)
		bw.Run("sync", "--force")
		if got := len(list(bw, "items", "--archived")); got != 1 {
			t.Errorf("%d items in the archive", got)
		}
		bw.Run("restore", "item", id)
		bw.Run("sync", "--force")
		if got := len(list(bw, "items", "--archived")); got != 0 {
			t.Errorf("%d items in the archive after it was restored", got)
		}
	})
	t.Run("T18 deleted for good, it is nowhere", func(t *testing.T) {
		bw.Run("delete", "item", id, "--permanent")
		bw.Run("sync", "--force")
		if len(list(bw, "items")) != 0 || len(list(bw, "items", "--trash")) != 0 {
			t.Error("something is left")
		}
	})
}

// kinds are T17's other types, with what has to come back.
var kinds = []struct {
	name  string
	part  string // the object of its own type
	item  clients.Object
	check clients.Object // within part
}{
	{"a note", "secureNote", clients.Object{"type": 2, "name": "Boiler", "notes": "turn left, then wait", "secureNote": clients.Object{"type": 0}}, clients.Object{"type": 0.0}},
	{"a card", "card", clients.Object{"type": 3, "name": "Blue card", "notes": nil, "card": clients.Object{
		"cardholderName": "O. Owner", "brand": "Visa", "number": "4111111111111111", "expMonth": "4", "expYear": "2031", "code": "123",
	}}, clients.Object{"number": "4111111111111111", "code": "123", "expYear": "2031"}},
	{"an identity", "identity", clients.Object{"type": 4, "name": "Me", "notes": nil, "identity": clients.Object{
		"title": "Dr", "firstName": "Olive", "lastName": "Owner", "city": "Hull", "email": "olive@house.test", "passportNumber": "X1",
	}}, clients.Object{"firstName": "Olive", "city": "Hull", "passportNumber": "X1"}},
	{"an SSH key", "sshKey", clients.Object{"type": 5, "name": "Deploy", "notes": nil, "sshKey": clients.Object{
		"privateKey": "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----", "publicKey": "ssh-ed25519 AAAA", "keyFingerprint": "SHA256:AAAA",
	}}, clients.Object{"publicKey": "ssh-ed25519 AAAA", "keyFingerprint": "SHA256:AAAA"}},
}

// TestKinds is T17.
func TestKinds(t *testing.T) {
	t.Parallel()
	bw := signedIn(t)
	for _, kind := range kinds {
		t.Run("T17 "+kind.name+" comes back as it went", func(t *testing.T) {
			made := bw.Create("item", kind.item)
			bw.Run("sync", "--force")
			var again clients.Object
			bw.JSON(&again, "get", "item", text(t, made, "id"))
			part, _ := again[kind.part].(clients.Object)
			for name, want := range kind.check {
				if part[name] != want {
					t.Errorf("%s is %v, want %v", name, part[name], want)
				}
			}
			if kind.item["notes"] != again["notes"] {
				t.Errorf("the notes are %v", again["notes"])
			}
		})
	}

	t.Run("T17 a login with a passkey goes in by import and comes back identical", func(t *testing.T) {
		passkey := clients.Object{
			"credentialId": "7a1f0b7e-3f0d-4a53-9f5e-0f2a64c1d9aa", "keyType": "public-key", "keyAlgorithm": "ECDSA",
			"keyCurve": "P-256", "keyValue": "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg", "rpId": "example.test",
			"userHandle": "AAEC", "userName": "olive", "counter": "0", "rpName": "Example", "userDisplayName": "Olive",
			"discoverable": "true", "creationDate": "2026-01-02T03:04:05.000Z",
		}
		bw.Run("import", "bitwardenjson", importFile(t, passkey))
		bw.Run("sync", "--force")
		var again clients.Object
		bw.JSON(&again, "get", "item", "Example with passkey")
		all, _ := again["login"].(clients.Object)["fido2Credentials"].([]any)
		if len(all) != 1 || !reflect.DeepEqual(all[0], map[string]any(passkey)) {
			t.Errorf("came back as %v", all)
		}
	})
}

func importFile(t *testing.T, passkey clients.Object) string {
	t.Helper()
	raw, err := json.Marshal(clients.Object{"encrypted": false, "folders": []any{}, "items": []any{clients.Object{
		"id": "5f1c6f0e-8a57-4c39-b9d1-4b2f6b6f3f10", "organizationId": nil, "folderId": nil, "type": 1, "reprompt": 0,
		"name": "Example with passkey", "notes": nil, "favorite": false, "collectionIds": nil,
		"login": clients.Object{"uris": []any{}, "username": "olive", "password": nil, "totp": nil, "fido2Credentials": []any{passkey}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "import.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

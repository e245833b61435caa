package keys_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"latchkey/client/keys"
)

// floor is the cheapest setting that is obeyed.
var floor = keys.KDF{Type: keys.Argon2id, Iterations: 2, Memory: 19, Parallelism: 1}

func TestRegister(t *testing.T) {
	const password = "correct horse battery"
	body, userKey, err := keys.Register(" Alice@Example.test ", password, floor)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("the password opens the user key that the body carries", func(t *testing.T) {
		got, err := keys.Unlock(password, body.Unlock.Salt, floor, body.Unlock.WrappedUserKey)
		if err != nil || got != userKey {
			t.Errorf("got another key, %v", err)
		}
	})
	t.Run("another password does not", func(t *testing.T) {
		_, err := keys.Unlock(password+"!", body.Unlock.Salt, floor, body.Unlock.WrappedUserKey)
		if !errors.Is(err, keys.ErrMAC) {
			t.Errorf("got %v, want ErrMAC", err)
		}
	})
	t.Run("the user key opens the private key, which fits the public one", func(t *testing.T) {
		private, err := keys.OpenPrivate(body.AsymmetricKeys.EncryptedPrivateKey, &userKey)
		if err != nil {
			t.Fatal(err)
		}
		text, err := keys.SealFor(userKey[:], body.AsymmetricKeys.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := keys.OpenFor(text, private); err != nil || string(plain) != string(userKey[:]) {
			t.Errorf("got %x, %v", plain, err)
		}
	})
	t.Run("old and new fields of the body agree", func(t *testing.T) {
		if body.Email != "alice@example.test" || body.Unlock.Salt != body.Email || body.Authentication.Salt != body.Email {
			t.Errorf("email %q, salts %q and %q", body.Email, body.Unlock.Salt, body.Authentication.Salt)
		}
		if body.MasterPasswordHash != body.Authentication.Hash || body.UserSymmetricKey != body.Unlock.WrappedUserKey {
			t.Error("the flat fields differ from the nested ones")
		}
		if body.Unlock.KeyID != userKey.ID() {
			t.Errorf("key id %s, want %s", body.Unlock.KeyID, userKey.ID())
		}
	})
	t.Run("the body tells no secret", func(t *testing.T) {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), password) {
			t.Error("the password stands in the body")
		}
	})
}

func TestBodyIsTheWires(t *testing.T) {
	type object = map[string]any
	for _, v := range []struct {
		name string
		kdf  keys.KDF
		want object
	}{
		{"Argon2id", floor, object{"kdfType": 1., "iterations": 2., "memory": 19., "parallelism": 1.}},
		{"PBKDF2 has no memory", keys.KDF{Iterations: 600_000}, object{"kdfType": 0., "iterations": 600_000., "memory": nil, "parallelism": nil}},
	} {
		t.Run(v.name, func(t *testing.T) {
			body, _, err := keys.Register("a@example.test", "p", v.kdf)
			if err != nil {
				t.Fatal(err)
			}
			raw, _ := json.Marshal(body)
			var got object
			if err := json.Unmarshal(raw, &got); err != nil {
				t.Fatal(err)
			}
			unlock, _ := got["masterPasswordUnlock"].(object)
			nested, _ := unlock["kdf"].(object)
			for name, want := range v.want {
				value, there := nested[name]
				if !there || value != want {
					t.Errorf("masterPasswordUnlock.kdf.%s: got %v, want %v", name, value, want)
				}
			}
			for _, name := range []string{"kdf", "kdfIterations", "kdfMemory", "masterPasswordHint", "userAsymmetricKeys"} {
				if _, there := got[name]; !there {
					t.Errorf("%s is missing", name)
				}
			}
		})
	}
}

func TestRegisterRefusesWeakSettings(t *testing.T) {
	if _, _, err := keys.Register("a@example.test", "p", keys.KDF{Type: keys.Argon2id, Iterations: 1, Memory: 64, Parallelism: 4}); err == nil {
		t.Error("registered with one pass")
	}
}

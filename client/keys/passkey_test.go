package keys_test

import (
	"encoding/hex"
	"errors"
	"testing"

	"latchkey/client/keys"
)

type passkeyVectors struct {
	Salt, PublicKey string
	Good            []struct {
		Name, PRF, Stretched, UserKey string
		keys.PasskeyUnlock
	}
	Bad []struct {
		Name, PRF, Why string
		keys.PasskeyUnlock
	}
}

func TestPasskeySalt(t *testing.T) {
	salt := keys.PasskeySalt()
	if got, want := hex.EncodeToString(salt[:]), load[passkeyVectors](t, "passkey.json").Salt; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPasskeyUnlockOpens(t *testing.T) {
	vectors := load[passkeyVectors](t, "passkey.json")
	for _, v := range some(t, vectors.Good) {
		t.Run(v.Name, func(t *testing.T) {
			passkey, err := keys.PasskeyKey(unhex(t, v.PRF))
			if err != nil || passkey != key(t, v.Stretched) {
				t.Errorf("got %x, %v; want %s", passkey, err, v.Stretched)
			}
			if got, err := v.Open(&passkey); err != nil || got != key(t, v.UserKey) {
				t.Errorf("got %x, %v; want %s", got, err, v.UserKey)
			}
		})
	}
	for _, v := range some(t, vectors.Bad) {
		t.Run(v.Name+" is refused", func(t *testing.T) {
			passkey, err := keys.PasskeyKey(unhex(t, v.PRF))
			if err == nil {
				_, err = v.Open(&passkey)
			}
			if !errors.Is(err, why[v.Why]) {
				t.Errorf("got %v, want %v", err, why[v.Why])
			}
		})
	}
}

func TestNewPasskeyUnlock(t *testing.T) {
	old, next, passkey := keys.NewKey(), keys.NewKey(), keys.NewKey()
	made, err := keys.NewPasskeyUnlock(&old, &passkey)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("opens what it was made for", func(t *testing.T) {
		if got, err := made.Open(&passkey); err != nil || got != old {
			t.Errorf("got %v; the user key is the same: %t", err, got == old)
		}
	})
	t.Run("opens a new user key after a rotation without the passkey", func(t *testing.T) {
		rotated, err := made.Rewrap(&old, &next)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := rotated.Open(&passkey); err != nil || got != next {
			t.Errorf("got %v; the user key is the new one: %t", err, got == next)
		}
		if again, err := rotated.Rewrap(&next, &old); err != nil || again.EncryptedPrivateKey != made.EncryptedPrivateKey {
			t.Errorf("a second rotation: %v", err)
		}
	})
	t.Run("takes no public half that is not under the old user key", func(t *testing.T) {
		if _, err := made.Rewrap(&next, &old); !errors.Is(err, keys.ErrMAC) {
			t.Errorf("got %v, want ErrMAC", err)
		}
	})
	t.Run("opens under no other passkey", func(t *testing.T) {
		if _, err := made.Open(&next); !errors.Is(err, keys.ErrMAC) {
			t.Errorf("got %v, want ErrMAC", err)
		}
	})
}

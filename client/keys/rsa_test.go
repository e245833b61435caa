package keys_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"latchkey/client/keys"
)

type rsaVectors struct {
	Pair struct{ UserKey, PublicKey, WrappedPrivateKey string }
	Good []struct{ Name, Text, Plain string }
	Bad  []struct{ Name, Text, Why string }
}

func TestOpenFor(t *testing.T) {
	vectors := load[rsaVectors](t, "rsa.json")
	userKey := key(t, vectors.Pair.UserKey)
	private, err := keys.OpenPrivate(vectors.Pair.WrappedPrivateKey, &userKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range some(t, vectors.Good) {
		t.Run(v.Name, func(t *testing.T) {
			plain, err := keys.OpenFor(v.Text, private)
			if err != nil || hex.EncodeToString(plain) != v.Plain {
				t.Errorf("got %x, %v; want %s", plain, err, v.Plain)
			}
		})
	}
	for _, v := range some(t, vectors.Bad) {
		t.Run(v.Name+" is refused", func(t *testing.T) {
			if plain, err := keys.OpenFor(v.Text, private); !errors.Is(err, why[v.Why]) {
				t.Errorf("got %x, %v; want %v", plain, err, why[v.Why])
			}
		})
	}
	t.Run("what is sealed for the public key opens", func(t *testing.T) {
		text, err := keys.SealFor([]byte("secret"), vectors.Pair.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := keys.OpenFor(text, private); err != nil || !bytes.Equal(plain, []byte("secret")) {
			t.Errorf("got %q, %v", plain, err)
		}
	})
}

func TestSealForWantsAPublicKey(t *testing.T) {
	for _, publicKey := range []string{"", "AAAA", "not base64"} {
		if text, err := keys.SealFor([]byte("x"), publicKey); err == nil {
			t.Errorf("sealed for %q: %s", publicKey, text)
		}
	}
}

func TestOpenPrivateUnderAnotherKey(t *testing.T) {
	pair := load[rsaVectors](t, "rsa.json").Pair
	other := keys.NewKey()
	if _, err := keys.OpenPrivate(pair.WrappedPrivateKey, &other); !errors.Is(err, keys.ErrMAC) {
		t.Errorf("got %v, want ErrMAC", err)
	}
	userKey := key(t, pair.UserKey)
	if _, err := keys.OpenPrivate(userKey.SealText("no key"), &userKey); err == nil {
		t.Error("took bytes that are no key for one")
	}
}

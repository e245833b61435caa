package clients_test

import (
	"net/http"
	"testing"

	"latchkey/client/keys"
	"latchkey/test/clients"
	"latchkey/test/house"
)

// TestBoth holds two implementations of the keys against each other: client/keys (which the page's vectors
// are shared with) and bw.
func TestBoth(t *testing.T) {
	t.Parallel()
	h := house.Start(t, house.Options{})
	bw := clients.NewBw(t, h.CA)
	bw.Login(h, house.OwnerEmail, house.OwnerPassword)
	owner := h.Owner()

	t.Run("what our keys seal, bw reads", func(t *testing.T) {
		owner.Must(http.MethodPost, "/api/ciphers", owner.Login("From us", "ünï¢ode", "kept by the page"), nil)
		bw.Run("sync", "--force")
		if got := bw.Run("get", "password", "From us"); got != "kept by the page" {
			t.Errorf("got %q", got)
		}
		if got := bw.Run("get", "username", "From us"); got != "ünï¢ode" {
			t.Errorf("got %q", got)
		}
	})

	t.Run("what bw seals, our keys open, with and without an item key", func(t *testing.T) {
		made := bw.Create("item", github(""))
		var cipher struct {
			Key   *string `json:"key"`
			Name  string  `json:"name"`
			Login struct {
				Password string `json:"password"`
			} `json:"login"`
		}
		owner.Must(http.MethodGet, "/api/ciphers/"+text(t, made, "id"), nil, &cipher)
		key := owner.Key
		if cipher.Key != nil {
			raw, err := owner.Key.Open(*cipher.Key)
			if err != nil {
				t.Fatalf("opening the item key: %v", err)
			}
			if key, err = keys.KeyFrom(raw); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := key.OpenText(cipher.Name); err != nil || got != "GitHub" {
			t.Errorf("the name is %q, %v", got, err)
		}
		if got, err := key.OpenText(cipher.Login.Password); err != nil || got != "p" {
			t.Errorf("the password is %q, %v", got, err)
		}
	})
}

package appliance

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"

	"latchkey/appliance/guard"
	"latchkey/appliance/listen"
	"latchkey/appliance/passkey"
)

func conditionCodes(a *Appliance) map[string]bool {
	codes := map[string]bool{}
	for _, c := range a.board.List() {
		codes[c.Code] = true
	}
	return codes
}

func TestWhoTheHouseIsToAPasskey(t *testing.T) {
	a := assemble(t, configOf(t))
	defer func() { _ = a.Close() }()
	local := a.house.Info().Host
	a.bound.Store(&listen.Bound{TLS: []netip.AddrPort{netip.MustParseAddrPort("[::]:8443")}, Plain: 8480})
	secure, plain := "https://"+local+":8443", "http://localhost:8480"
	for name, c := range map[string]struct {
		host  string
		plain bool
		id    string // "" where there must be no party
		at    []string
	}{
		"its name at home, with a port":    {host: local + ":8443", id: local, at: []string{secure}},
		"its name at a port of others":     {host: local + ":6666", id: local, at: []string{secure}},
		"its name without a port":          {host: local, id: local, at: []string{secure}},
		"localhost on this computer":       {host: "localhost:8480", plain: true, id: "localhost", at: []string{plain, "https://localhost:8443"}},
		"an address":                       {host: "192.168.1.5:8443"},
		"an IPv6 address":                  {host: "[fd00::5]:8443"},
		"a name that a stranger points at": {host: "evil.example"},
		"nonsense":                         {host: "a b"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "https://x/", nil)
			r.Host, r.TLS = c.host, &tls.ConnectionState{}
			door := listen.DoorTLS
			if c.plain {
				r.TLS, door = nil, listen.DoorPlain
			}
			p, err := a.party(r.WithContext(listen.WithDoor(r.Context(), door)))
			if c.id == "" {
				if !errors.Is(err, passkey.ErrName) {
					t.Errorf("party %+v, %v", p, err)
				}
				return
			}
			if err != nil || p.ID != c.id || !slices.Equal(p.Origins, c.at) {
				t.Errorf("party %+v, %v; want %s at %s", p, err, c.id, c.at)
			}
		})
	}
}

func TestConditionsOfWhoTries(t *testing.T) {
	a := assemble(t, configOf(t))
	defer func() { _ = a.Close() }()
	owned(t, a)
	guess := func(account string) {
		for i := range 200 {
			a.guard.Ask(guard.Try{Attempt: guard.Password, Account: account, Peer: netip.AddrFrom4([4]byte{203, 0, 113, byte(i)})})
		}
		a.tellSieges(context.Background())
	}
	t.Run("guesses at a name of nobody's concern no one", func(t *testing.T) {
		guess("nobody@example.test")
		if conditionCodes(a)["guard.siege"] {
			t.Error("the owner is worried for nothing")
		}
	})
	t.Run("guesses at a person's password are told", func(t *testing.T) {
		guess("alice@example.test")
		if !conditionCodes(a)["guard.siege"] {
			t.Errorf("the board says %v of %+v", a.board.List(), a.guard.Sieges())
		}
	})
	t.Run("a proxy that nobody declared is told", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodPost, "https://x/", nil)
		r.RemoteAddr = "172.17.0.2:5000"
		r = r.WithContext(listen.WithDoor(r.Context(), listen.DoorTLS))
		r.Header.Set("X-Forwarded-For", "198.51.100.20")
		for _, device := range []string{"phone", "laptop", "tablet"} {
			a.entered(r, device, "phone")
		}
		a.tellCrowd()
		if !conditionCodes(a)["guard.alone"] {
			t.Errorf("the board says %v", a.board.List())
		}
	})
}

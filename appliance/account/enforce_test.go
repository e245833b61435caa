package account_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/account"
)

// TestASecondFactorCanBeDemanded does so of one person, and of all.
func TestASecondFactorCanBeDemanded(t *testing.T) {
	demands := map[string]func(s *stage, id account.UserID, on bool) error{
		"of one person": func(s *stage, id account.UserID, on bool) error {
			return s.SetSecondRequired(s.t.Context(), id, on)
		},
		"of all": func(s *stage, _ account.UserID, on bool) error {
			s.all = on
			if !on {
				return nil
			}
			return s.RequireSecondForAll(s.t.Context())
		},
	}
	for name, demand := range demands {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.owner()
			b, c := s.joins("bob@example.test"), s.joins("carol@example.test")
			s.touches(c.ID, "yubikey")
			b, err := s.MakeAPIKey(t.Context(), b.ID)
			must(t, err)
			c, err = s.MakeAPIKey(t.Context(), c.ID)
			must(t, err)
			before := s.comesIn(b.Email, "laptop")
			if limited(s, before) || before.Missing || s.SecondMissing(b) || s.SecondWanted(b) {
				t.Fatal("limited before it was demanded")
			}
			byKey, err := s.APIKeySignIn(t.Context(), "user."+string(b.ID), b.APIKey, named("shell"), "cli")
			must(t, err)

			must(t, demand(s, b.ID, true))
			t.Run("limits who has none, at once and at the next sign-in", func(t *testing.T) {
				g := s.comesIn(b.Email, "phone")
				if !limited(s, before) || !limited(s, g) || !g.Missing || !s.Limited(g.Session) || !s.SecondMissing(s.read(b.ID)) {
					t.Error("is not limited")
				}
				again, err := s.Refresh(t.Context(), before.RefreshToken)
				if err != nil || !again.Missing || !s.Limited(again.Session) {
					t.Errorf("after a refresh: %+v, %v", again.Missing, err)
				}
			})
			t.Run("ends their API key and what it signed in", func(t *testing.T) {
				if _, err := s.APIKeySignIn(t.Context(), "user."+string(b.ID), b.APIKey, named("shell"), "cli"); !errors.Is(err, account.ErrAPIKey) {
					t.Errorf("%v", err)
				}
				if s.acts(byKey) || s.read(b.ID).APIKey != "" {
					t.Error("it lives")
				}
				if _, err := s.MakeAPIKey(t.Context(), b.ID); !errors.Is(err, account.ErrSecondMissing) {
					t.Errorf("a new one: %v", err)
				}
			})
			t.Run("and no other person's who has a factor", func(t *testing.T) {
				if _, err := s.APIKeySignIn(t.Context(), "user."+string(c.ID), c.APIKey, named("shell"), "cli"); err != nil {
					t.Error(err)
				}
			})
			t.Run("until there is one, which opens the sessions that there are", func(t *testing.T) {
				s.scans(b.ID)
				if limited(s, before) || s.SecondMissing(s.read(b.ID)) {
					t.Error("is limited")
				}
			})
			t.Run("whose last can't be removed", func(t *testing.T) {
				if _, err := s.DisableTOTP(t.Context(), b.ID); !errors.Is(err, account.ErrSecondLast) || !s.read(b.ID).HasSecond() {
					t.Errorf("%v", err)
				}
				s.touches(b.ID, "bob's")
				_, err := s.DisableTOTP(t.Context(), b.ID)
				must(t, err)
				_, err = s.RemoveKeys(t.Context(), b.ID)
				if _, one := s.RemoveKey(t.Context(), b.ID, 1); !errors.Is(err, account.ErrSecondLast) || !errors.Is(one, account.ErrSecondLast) {
					t.Errorf("%v, %v", err, one)
				}
			})
			t.Run("but is lost by recovery and reset, with the API key", func(t *testing.T) {
				_, err := s.MakeAPIKey(t.Context(), b.ID)
				must(t, err)
				must(t, s.ResetSecond(t.Context(), b.ID))
				if now := s.read(b.ID); now.APIKey != "" || !s.SecondMissing(now) || !limited(s, before) {
					t.Errorf("%+v", now)
				}
				s.touches(b.ID, "bob's new")
				_, err = s.MakeAPIKey(t.Context(), b.ID)
				must(t, err)
				g := s.enters(s.says(s.password(b.Email), account.Second{Provider: account.Recovery, Token: s.read(b.ID).Recovery}), "laptop")
				if now := s.read(b.ID); now.APIKey != "" || !g.Missing {
					t.Errorf("%+v", now)
				}
			})
			t.Run("and ends when nobody wants it", func(t *testing.T) {
				must(t, demand(s, b.ID, false))
				if limited(s, before) {
					t.Error("is limited")
				}
			})
		})
	}
	t.Run("of all, an older API key does nothing even before it has ended", func(t *testing.T) {
		s := newStage(t)
		a := s.owner()
		a, err := s.MakeAPIKey(t.Context(), a.ID)
		must(t, err)
		s.all = true
		if _, err := s.APIKeySignIn(t.Context(), "user."+string(a.ID), a.APIKey, named("shell"), "cli"); !errors.Is(err, account.ErrSecondMissing) {
			t.Errorf("%v", err)
		}
	})
}

// claimsOf is what the access token says to its client (RFC 7519).
func claimsOf(t *testing.T, g account.Grant) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(g.AccessToken, ".")[1])
	must(t, err)
	return string(text)
}

// limited finds the session as the door does, by its access token, and asks.
func limited(s *stage, g account.Grant) bool {
	s.t.Helper()
	session, err := s.Session(s.t.Context(), g.AccessToken)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.Limited(session)
}

func TestAPIKeys(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	s.scans(a.ID) // which they go around
	a, err := s.MakeAPIKey(t.Context(), a.ID)
	must(t, err)
	signIn := func(id, secret string) (account.Grant, error) {
		return s.APIKeySignIn(t.Context(), id, secret, named("shell"), "cli")
	}
	t.Run("stay as they are", func(t *testing.T) {
		again, err := s.MakeAPIKey(t.Context(), a.ID)
		if err != nil || again.APIKey != a.APIKey || !again.APIKeyMade.Equal(s.clock()) || len(a.APIKey) < 40 {
			t.Errorf("%q, then %q: %v", a.APIKey, again.APIKey, err)
		}
	})
	t.Run("sign in without a refresh, and count as no proof", func(t *testing.T) {
		g, err := signIn("user."+string(a.ID), a.APIKey)
		must(t, err)
		if g.RefreshToken != "" || !g.Session.NoRefresh || !g.Session.Proved.IsZero() || g.Session.Method != account.ByAPIKey || !s.acts(g) {
			t.Errorf("%+v", g)
		}
		if claims := claimsOf(t, g); !strings.Contains(claims, `"scope":["api"]`) {
			t.Errorf("offers a refresh: %s", claims)
		}
		s.wait(time.Hour)
		if s.acts(g) {
			t.Error("it lives after an hour")
		}
	})
	t.Run("are wrong unless all is right", func(t *testing.T) {
		b := s.joins("bob@example.test")
		for _, c := range [][2]string{
			{"user." + string(a.ID), ""},
			{"user." + string(a.ID), a.APIKey + "x"},
			{string(a.ID), a.APIKey},
			{"organization." + string(a.ID), a.APIKey},
			{"user." + string(b.ID), a.APIKey},
			{"user." + string(b.ID), ""},
			{"user.", ""},
			{"", ""},
			{"user.00000000-0000-4000-8000-000000000000", ""},
			{"user.00000000-0000-4000-8000-000000000000", a.APIKey},
		} {
			if _, err := signIn(c[0], c[1]); !errors.Is(err, account.ErrAPIKey) {
				t.Errorf("%q: %v", c, err)
			}
		}
		if _, err := s.APIKeySignIn(t.Context(), "user."+string(a.ID), a.APIKey, account.Device{}, "cli"); !errors.Is(err, account.ErrDevice) {
			t.Errorf("without a device: %v", err)
		}
	})
	t.Run("end when another takes their place", func(t *testing.T) {
		g, err := signIn("user."+string(a.ID), a.APIKey)
		must(t, err)
		phone, _ := s.scans(a.ID)
		other := s.enters(s.says(s.password(alice), account.Second{Token: phone.show(0)}), "laptop")
		fresh, err := s.RotateAPIKey(t.Context(), a.ID)
		must(t, err)
		if _, err := signIn("user."+string(a.ID), a.APIKey); !errors.Is(err, account.ErrAPIKey) || fresh.APIKey == a.APIKey {
			t.Errorf("%v", err)
		}
		if s.acts(g) || !s.acts(other) {
			t.Error("what the old one signed in lives, or something else does not")
		}
	})
}

package passkey_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/passkey"
	"latchkey/appliance/passkey/passkeytest"
	"latchkey/appliance/problem"
)

const (
	home      = "https://keys.example.org:8443"
	extension = "chrome-extension://nngceckbapebfimnlniiiahkandclblb"
)

var (
	party = passkey.Party{ID: "keys.example.org", Name: "Latchkey", Origins: []string{home, "https://lan.keys.example.org:8443"}}
	alice = passkey.Person{ID: "0d2f7c4e-6a55-4c8c-9d4a-2f0d7f3f8b11", Name: "alice@example.test", Display: "Alice"}
	bob   = passkey.Person{ID: "7be2a1d9-2c0b-43d5-8f6e-91b7ac1e4c02", Name: "bob@example.test", Display: "Bob"}
	here  = passkeytest.Page{Origin: home}
)

// stage has a clock that is moved by hand, and the people with what they have.
type stage struct {
	*testing.T
	now time.Time
	*passkey.Ceremonies
	have map[string][]passkey.Credential // by account id
}

func newStage(t *testing.T) *stage {
	s := &stage{T: t, now: time.Unix(1_800_000_000, 0), have: map[string][]passkey.Credential{}}
	s.Ceremonies = passkey.New(func() time.Time { return s.now })
	return s
}

func (s *stage) find(userID string, _ []byte) (passkey.Person, []passkey.Credential, error) {
	for _, who := range []passkey.Person{alice, bob} {
		if who.ID == userID {
			return who, s.have[userID], nil
		}
	}
	return passkey.Person{}, nil, passkey.ErrUnknown
}

// add takes the whole ceremony and keeps what comes of it.
func (s *stage) add(key *passkeytest.Authenticator, who passkey.Person, why passkey.Purpose) passkey.Credential {
	s.Helper()
	options, token, err := s.BeginAdd(party, who, s.have[who.ID], why)
	if err != nil {
		s.Fatal(err)
	}
	answer, err := key.Create(here, options)
	if err != nil {
		s.Fatal(err)
	}
	made, _, err := s.FinishAdd(party, who, why, token, answer)
	if err != nil {
		s.Fatal(err)
	}
	s.have[who.ID] = append(s.have[who.ID], made)
	return made
}

// ask begins a use; alice is asked, or nobody for SignIn.
func (s *stage) ask(why passkey.Purpose) (json.RawMessage, string) {
	s.Helper()
	who := alice
	if why == passkey.SignIn {
		who = passkey.Person{}
	}
	options, token, err := s.BeginUse(party, who, s.have[who.ID], why)
	if err != nil {
		s.Fatal(err)
	}
	return options, token
}

// use takes the whole ceremony at a page and keeps the counter.
func (s *stage) use(key *passkeytest.Authenticator, at passkeytest.Page, why passkey.Purpose) error {
	s.Helper()
	options, token := s.ask(why)
	answer, err := key.Get(at, options)
	if err != nil {
		s.Fatal(err)
	}
	return s.finish(party, why, token, answer)
}

func (s *stage) finish(p passkey.Party, why passkey.Purpose, token string, answer []byte) error {
	who, used, err := s.FinishUse(p, why, token, answer, s.find)
	if err != nil {
		return err
	}
	for i, c := range s.have[who.ID] {
		if string(c.ID) == string(used.ID) {
			s.have[who.ID][i] = used
			return nil
		}
	}
	return errors.New("it answered with a credential of nobody's")
}

// wants checks that err is the problem, nil for none.
func wants(t testing.TB, err error, want *problem.Problem) {
	t.Helper()
	switch {
	case want == nil && err != nil:
		t.Errorf("refused: %v", err)
	case want != nil && err == nil:
		t.Errorf("passed; want %q", want.Code)
	case want != nil && !errors.Is(err, want):
		t.Errorf("refused with %v; want %q", err, want.Code)
	}
}

func TestAdd(t *testing.T) {
	cases := []struct {
		name string
		key  passkeytest.Authenticator
		at   passkeytest.Page
		why  passkey.Purpose
		want *problem.Problem
		made passkey.Made
	}{
		{"a security key without a PIN becomes a second factor", passkeytest.Authenticator{}, here, passkey.AddKey, nil, passkey.Made{}},
		{"a passkey whose user is verified can sign in", passkeytest.Authenticator{Verifies: true}, here, passkey.AddPasskey, nil, passkey.Made{Verified: true}},
		{"a passkey that knows PRF says so", passkeytest.Authenticator{Verifies: true, PRF: true}, here, passkey.AddPasskey, nil, passkey.Made{Verified: true, PRF: true}},
		{"so it does in Bitwarden's spelling", passkeytest.Authenticator{Verifies: true, PRF: true}, passkeytest.Page{Origin: home, Bitwarden: true}, passkey.AddPasskey, nil, passkey.Made{Verified: true, PRF: true}},
		{"a second factor is not asked for PRF", passkeytest.Authenticator{PRF: true}, here, passkey.AddKey, nil, passkey.Made{}},
		{"a statement about the maker is let pass unread", passkeytest.Authenticator{Maker: true}, here, passkey.AddKey, nil, passkey.Made{}},
		{"the name for the home network is our page, too", passkeytest.Authenticator{}, passkeytest.Page{Origin: "https://lan.keys.example.org:8443"}, passkey.AddKey, nil, passkey.Made{}},
		{"a passkey that verifies nobody is refused", passkeytest.Authenticator{}, here, passkey.AddPasskey, passkey.ErrUnverified, passkey.Made{}},
		{"a key that nobody touched is refused", passkeytest.Authenticator{Absent: true, Verifies: true}, here, passkey.AddPasskey, passkey.ErrRefused, passkey.Made{}},
		{"a page elsewhere is refused", passkeytest.Authenticator{}, passkeytest.Page{Origin: "https://keys.example.org.evil.test"}, passkey.AddKey, passkey.ErrOrigin, passkey.Made{}},
		{"another port of ours is elsewhere", passkeytest.Authenticator{}, passkeytest.Page{Origin: "https://keys.example.org"}, passkey.AddKey, passkey.ErrOrigin, passkey.Made{}},
		{"a frame is refused, even an official client's", passkeytest.Authenticator{}, passkeytest.Page{Origin: home, Framed: true, Top: extension}, passkey.AddKey, passkey.ErrOrigin, passkey.Made{}},
		{"a key made for another name is refused", passkeytest.Authenticator{}, passkeytest.Page{Origin: home, RPID: "example.org"}, passkey.AddKey, passkey.ErrRefused, passkey.Made{}},
		{"a page that sends the PRF's secret is refused", passkeytest.Authenticator{Verifies: true, PRF: true, Leaks: true}, here, passkey.AddPasskey, passkey.ErrRefused, passkey.Made{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t)
			options, token, err := s.BeginAdd(party, alice, nil, c.why)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := c.key.Create(c.at, options)
			if err != nil {
				t.Fatal(err)
			}
			kept, made, err := s.FinishAdd(party, alice, c.why, token, answer)
			wants(t, err, c.want)
			if c.want != nil {
				return
			}
			if made != c.made {
				t.Errorf("it says %+v, want %+v", made, c.made)
			}
			if kept.RPID != party.ID || kept.Attestation != "none" || len(kept.PublicKey) == 0 || strings.Join(kept.Transports, " ") != "usb nfc" {
				t.Errorf("kept %+v", kept)
			}
		})
	}

	t.Run("a key that is there already is excluded", func(t *testing.T) {
		s, key := newStage(t), &passkeytest.Authenticator{}
		s.add(key, alice, passkey.AddKey)
		options, _, err := s.BeginAdd(party, alice, s.have[alice.ID], passkey.AddKey)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := key.Create(here, options); !errors.Is(err, passkeytest.ErrExcluded) {
			t.Errorf("the browser says %v", err)
		}
	})

	t.Run("one person's question is not answered by another", func(t *testing.T) {
		s, key := newStage(t), &passkeytest.Authenticator{}
		options, token, err := s.BeginAdd(party, alice, nil, passkey.AddKey)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := key.Create(here, options)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = s.FinishAdd(party, bob, passkey.AddKey, token, answer)
		wants(t, err, passkey.ErrChallenge)
	})

	t.Run("the challenge names itself where there is no token, once", func(t *testing.T) {
		s, key := newStage(t), &passkeytest.Authenticator{}
		options, _, err := s.BeginAdd(party, alice, nil, passkey.AddKey)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := key.Create(here, options)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = s.FinishAdd(party, bob, passkey.AddKey, "", answer)
		wants(t, err, passkey.ErrChallenge)
		_, _, err = s.FinishAdd(party, alice, passkey.AddPasskey, "", answer)
		wants(t, err, passkey.ErrChallenge)
		_, _, err = s.FinishAdd(party, alice, passkey.AddKey, "", answer)
		wants(t, err, nil)
		_, _, err = s.FinishAdd(party, alice, passkey.AddKey, "", answer)
		wants(t, err, passkey.ErrChallenge)
	})

	t.Run("a credential survives JSON", func(t *testing.T) {
		s, key := newStage(t), &passkeytest.Authenticator{Counts: true, Backup: true}
		s.add(key, alice, passkey.AddKey)
		raw, err := json.Marshal(s.have[alice.ID])
		if err != nil {
			t.Fatal(err)
		}
		s.have = map[string][]passkey.Credential{}
		var again []passkey.Credential
		if err := json.Unmarshal(raw, &again); err != nil {
			t.Fatal(err)
		}
		s.have[alice.ID] = again
		wants(t, s.use(key, here, passkey.UseKey), nil)
	})
}

func TestName(t *testing.T) {
	for _, id := range []string{"192.0.2.7", "2001:db8::7", "", "fritz", "keys.example.org:8443", "https://keys.example.org"} {
		t.Run("no ceremony under "+id, func(t *testing.T) {
			s, p := newStage(t), passkey.Party{ID: id, Name: "Latchkey", Origins: []string{"https://" + id}}
			_, _, err := s.BeginAdd(p, alice, nil, passkey.AddKey)
			wants(t, err, passkey.ErrName)
			_, _, err = s.BeginUse(p, passkey.Person{}, nil, passkey.SignIn)
			wants(t, err, passkey.ErrName)
		})
	}
	t.Run("localhost is a name", func(t *testing.T) {
		p := passkey.Party{ID: "localhost", Name: "Latchkey", Origins: []string{"http://localhost:8080"}}
		_, _, err := newStage(t).BeginAdd(p, alice, nil, passkey.AddKey)
		wants(t, err, nil)
	})
}

func TestMany(t *testing.T) {
	t.Run("one person's haste is bounded, and nobody else's affair", func(t *testing.T) {
		s, hers, his := newStage(t), &passkeytest.Authenticator{Verifies: true}, &passkeytest.Authenticator{Verifies: true}
		s.add(hers, alice, passkey.AddPasskey)
		s.add(his, bob, passkey.AddPasskey)
		var err error
		n := 0
		for ; err == nil && n < 1000; n++ {
			err = s.use(hers, here, passkey.SignIn)
		}
		wants(t, err, passkey.ErrTooMany)
		if n < 100 {
			t.Errorf("refused after %d", n)
		}
		wants(t, s.use(his, here, passkey.SignIn), nil)
		s.now = s.now.Add(passkey.Lifetime)
		wants(t, s.use(hers, here, passkey.SignIn), nil)
	})
	t.Run("a flood of questions leaves mine open", func(t *testing.T) {
		s, key := newStage(t), &passkeytest.Authenticator{Verifies: true}
		s.add(key, alice, passkey.AddPasskey)
		options, token := s.ask(passkey.SignIn)
		for range 50_000 {
			s.ask(passkey.SignIn)
		}
		answer, err := key.Get(here, options)
		if err != nil {
			t.Fatal(err)
		}
		wants(t, s.finish(party, passkey.SignIn, token, answer), nil)
	})
}

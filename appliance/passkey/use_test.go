package passkey_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/appliance/passkey"
	"latchkey/appliance/passkey/passkeytest"
	"latchkey/appliance/problem"
)

func TestUse(t *testing.T) {
	framed := func(top string) passkeytest.Page {
		return passkeytest.Page{Origin: home, Framed: true, Top: top, Bitwarden: true}
	}
	cases := []struct {
		name string
		key  passkeytest.Authenticator
		at   passkeytest.Page
		why  passkey.Purpose
		want *problem.Problem
	}{
		{"a second factor on our page", passkeytest.Authenticator{}, here, passkey.UseKey, nil},
		{"a second factor in Bitwarden's spelling", passkeytest.Authenticator{}, passkeytest.Page{Origin: home, Bitwarden: true}, passkey.UseKey, nil},
		{"a second factor framed by the extension", passkeytest.Authenticator{}, framed(extension), passkey.UseKey, nil},
		{"a second factor framed by the desktop app", passkeytest.Authenticator{}, framed("bw-desktop-file://bundle"), passkey.UseKey, nil},
		{"a second factor framed by a stranger", passkeytest.Authenticator{}, framed("https://evil.test"), passkey.UseKey, passkey.ErrOrigin},
		{"a second factor framed by another extension", passkeytest.Authenticator{}, framed("chrome-extension://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), passkey.UseKey, passkey.ErrOrigin},
		{"a second factor framed by a downloaded page", passkeytest.Authenticator{}, framed("file://"), passkey.UseKey, passkey.ErrOrigin},
		{"a second factor framed by nobody knows whom", passkeytest.Authenticator{}, framed(""), passkey.UseKey, passkey.ErrOrigin},
		{"a top without a frame", passkeytest.Authenticator{}, passkeytest.Page{Origin: home, Top: extension}, passkey.UseKey, passkey.ErrOrigin},
		{"a second factor on another's page", passkeytest.Authenticator{}, passkeytest.Page{Origin: "https://evil.test"}, passkey.UseKey, passkey.ErrOrigin},
		{"a second factor over http", passkeytest.Authenticator{}, passkeytest.Page{Origin: "http://keys.example.org:8443"}, passkey.UseKey, passkey.ErrOrigin},
		{"a passkey signs in", passkeytest.Authenticator{Verifies: true}, here, passkey.SignIn, nil},
		{"a passkey signs in with PRF", passkeytest.Authenticator{Verifies: true, PRF: true}, here, passkey.SignIn, nil},
		{"a passkey proves afresh", passkeytest.Authenticator{Verifies: true}, here, passkey.Prove, nil},
		{"a passkey does not sign in in a frame, even an official one", passkeytest.Authenticator{Verifies: true}, framed(extension), passkey.SignIn, passkey.ErrOrigin},
		{"a passkey proves nothing in a frame", passkeytest.Authenticator{Verifies: true}, framed(extension), passkey.Prove, passkey.ErrOrigin},
		{"a passkey does not sign in on a page elsewhere", passkeytest.Authenticator{Verifies: true}, passkeytest.Page{Origin: "https://evil.test"}, passkey.SignIn, passkey.ErrOrigin},
		{"a passkey whose secret was sent along is refused", passkeytest.Authenticator{Verifies: true, PRF: true, Leaks: true}, here, passkey.SignIn, passkey.ErrRefused},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, key, made := newStage(t), &c.key, passkey.AddPasskey
			leaks := key.Leaks
			key.Leaks = false
			if c.why == passkey.UseKey {
				made = passkey.AddKey
			}
			s.add(key, alice, made)
			key.Leaks = leaks
			wants(t, s.use(key, c.at, c.why), c.want)
		})
	}

	for _, why := range []passkey.Purpose{passkey.SignIn, passkey.Prove} {
		t.Run("a user who was not verified is refused for "+string(why), func(t *testing.T) {
			s, key := newStage(t), &passkeytest.Authenticator{Verifies: true}
			s.add(key, alice, passkey.AddPasskey)
			key.Verifies = false
			wants(t, s.use(key, here, why), passkey.ErrUnverified)
		})
	}

	t.Run("the signature covers where the key was asked", func(t *testing.T) {
		s, key := newStage(t), &passkeytest.Authenticator{}
		s.add(key, alice, passkey.AddKey)
		options, token := s.ask(passkey.UseKey)
		evil, err := key.Get(passkeytest.Page{Origin: "https://evil.test"}, options)
		if err != nil {
			t.Fatal(err)
		}
		good, err := key.Get(here, options)
		if err != nil {
			t.Fatal(err)
		}
		wants(t, s.finish(party, passkey.UseKey, token, graft(t, evil, good)), passkey.ErrRefused)
	})

	t.Run("an answer under another name's hash is refused", func(t *testing.T) {
		s, key := newStage(t), &passkeytest.Authenticator{}
		s.add(key, alice, passkey.AddKey)
		_, token := s.ask(passkey.UseKey)
		wants(t, s.finish(party, passkey.UseKey, token, key.Sign(here, key.IDs()[0], "example.org", token)), passkey.ErrRefused)
	})

	t.Run("what find says is passed on", func(t *testing.T) {
		s, key := newStage(t), &passkeytest.Authenticator{Verifies: true}
		s.add(key, alice, passkey.AddPasskey)
		options, token := s.ask(passkey.SignIn)
		answer, err := key.Get(here, options)
		if err != nil {
			t.Fatal(err)
		}
		broken := errors.New("the disk is gone")
		_, _, err = s.FinishUse(party, passkey.SignIn, token, answer, func(string, []byte) (passkey.Person, []passkey.Credential, error) {
			return passkey.Person{}, nil, broken
		})
		if !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	})
}

// graft puts the client data of one answer into another.
func graft(t *testing.T, into, from []byte) []byte {
	t.Helper()
	var a, b map[string]any
	if err := errors.Join(json.Unmarshal(into, &a), json.Unmarshal(from, &b)); err != nil {
		t.Fatal(err)
	}
	a["response"].(map[string]any)["clientDataJSON"] = b["response"].(map[string]any)["clientDataJSON"]
	out, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCounter(t *testing.T) {
	t.Run("a copy that lags behind is found out", func(t *testing.T) {
		s, key := newStage(t), &passkeytest.Authenticator{Counts: true}
		s.add(key, alice, passkey.AddKey)
		thief := key.Clone()
		wants(t, s.use(key, here, passkey.UseKey), nil)
		wants(t, s.use(key, here, passkey.UseKey), nil)
		wants(t, s.use(thief, here, passkey.UseKey), passkey.ErrCloned)
		if c := s.have[alice.ID][0].Counter; c != 3 {
			t.Errorf("the counter stands at %d after three signatures of the real key", c)
		}
		wants(t, s.use(key, here, passkey.UseKey), nil)
	})
	t.Run("and the real one once the copy has overtaken it", func(t *testing.T) {
		s, key := newStage(t), &passkeytest.Authenticator{Counts: true}
		s.add(key, alice, passkey.AddKey)
		thief := key.Clone()
		wants(t, s.use(thief, here, passkey.UseKey), nil)
		wants(t, s.use(key, here, passkey.UseKey), passkey.ErrCloned)
	})
	t.Run("a key that never counts is no copy", func(t *testing.T) {
		s, key := newStage(t), &passkeytest.Authenticator{}
		s.add(key, alice, passkey.AddKey)
		for range 3 {
			wants(t, s.use(key, here, passkey.UseKey), nil)
		}
	})
}

func TestQuestion(t *testing.T) {
	begin := func(t *testing.T, why passkey.Purpose) (*stage, *passkeytest.Authenticator, string, []byte) {
		t.Helper()
		s, key := newStage(t), &passkeytest.Authenticator{Verifies: true}
		s.add(key, alice, passkey.AddPasskey)
		s.now = s.now.Add(time.Hour)
		options, token := s.ask(why)
		answer, err := key.Get(here, options)
		if err != nil {
			t.Fatal(err)
		}
		return s, key, token, answer
	}
	t.Run("the challenge names itself where there is no token", func(t *testing.T) {
		for _, why := range []passkey.Purpose{passkey.UseKey, passkey.SignIn, passkey.Prove} {
			s, _, _, answer := begin(t, why)
			wants(t, s.finish(party, why, "", answer), nil)
			wants(t, s.finish(party, why, "", answer), passkey.ErrChallenge)
		}
	})
	t.Run("it counts once", func(t *testing.T) {
		s, _, token, answer := begin(t, passkey.SignIn)
		wants(t, s.finish(party, passkey.SignIn, token, answer), nil)
		wants(t, s.finish(party, passkey.SignIn, token, answer), passkey.ErrChallenge)
	})
	t.Run("even for those who come at the same time", func(t *testing.T) {
		s, _, token, answer := begin(t, passkey.SignIn)
		passed := make(chan bool)
		for range 8 {
			go func() {
				_, _, err := s.FinishUse(party, passkey.SignIn, token, answer, s.find)
				passed <- err == nil
			}()
		}
		n := 0
		for range 8 {
			if <-passed {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d of 8 passed", n)
		}
	})
	t.Run("it is open for five minutes", func(t *testing.T) {
		s, _, token, answer := begin(t, passkey.SignIn)
		s.now = s.now.Add(passkey.Lifetime - time.Second)
		wants(t, s.finish(party, passkey.SignIn, token, answer), nil)
		s, _, token, answer = begin(t, passkey.SignIn)
		s.now = s.now.Add(passkey.Lifetime)
		wants(t, s.finish(party, passkey.SignIn, token, answer), passkey.ErrChallenge)
	})
	t.Run("an answer to one purpose is none to another", func(t *testing.T) {
		all := []passkey.Purpose{passkey.UseKey, passkey.SignIn, passkey.Prove}
		for _, asked := range all {
			for _, taken := range all {
				s, _, token, answer := begin(t, asked)
				want := passkey.ErrChallenge
				if asked == taken {
					want = nil
				}
				wants(t, s.finish(party, taken, token, answer), want)
			}
		}
	})
	t.Run("nor under another name", func(t *testing.T) {
		s, _, token, answer := begin(t, passkey.SignIn)
		other := party
		other.ID, other.Origins = "example.org", []string{home}
		wants(t, s.finish(other, passkey.SignIn, token, answer), passkey.ErrChallenge)
	})
	t.Run("nor to another start of the house", func(t *testing.T) {
		_, _, token, answer := begin(t, passkey.SignIn)
		wants(t, newStage(t).finish(party, passkey.SignIn, token, answer), passkey.ErrChallenge)
	})
	t.Run("the answer to one question is none to another", func(t *testing.T) {
		s, _, _, answer := begin(t, passkey.SignIn)
		_, token := s.ask(passkey.SignIn)
		wants(t, s.finish(party, passkey.SignIn, token, answer), passkey.ErrRefused)
	})
	t.Run("a challenge that was changed by one character is not ours", func(t *testing.T) {
		s, key, token, _ := begin(t, passkey.SignIn)
		for i := range token {
			swap := "A"
			if token[i] == 'A' {
				swap = "B"
			}
			changed := token[:i] + swap + token[i+1:]
			wants(t, s.finish(party, passkey.SignIn, "", key.Sign(here, key.IDs()[0], party.ID, changed)), passkey.ErrChallenge)
		}
	})
	t.Run("a refused answer leaves the question open for the right one", func(t *testing.T) {
		s, key, token, answer := begin(t, passkey.SignIn)
		wants(t, s.finish(party, passkey.SignIn, token, key.Sign(passkeytest.Page{Origin: "https://evil.test"}, key.IDs()[0], party.ID, token)), passkey.ErrOrigin)
		wants(t, s.finish(party, passkey.SignIn, token, answer), nil)
	})
	t.Run("the age of a question is no matter of the wall clock", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t)
			s.Ceremonies = passkey.New(nil)
			key := &passkeytest.Authenticator{Verifies: true}
			s.add(key, alice, passkey.AddPasskey)
			options, token := s.ask(passkey.SignIn)
			answer, err := key.Get(here, options)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(passkey.Lifetime)
			wants(t, s.finish(party, passkey.SignIn, token, answer), passkey.ErrChallenge)
		})
	})
}

func TestWhose(t *testing.T) {
	t.Run("another person's key is no second factor of mine", func(t *testing.T) {
		s, hers, his := newStage(t), &passkeytest.Authenticator{}, &passkeytest.Authenticator{}
		s.add(hers, alice, passkey.AddKey)
		s.add(his, bob, passkey.AddKey)
		_, token := s.ask(passkey.UseKey)
		wants(t, s.finish(party, passkey.UseKey, token, his.Sign(here, his.IDs()[0], party.ID, token)), passkey.ErrUnknown)
	})
	t.Run("nor does another's passkey prove that it is I", func(t *testing.T) {
		s, hers, his := newStage(t), &passkeytest.Authenticator{Verifies: true}, &passkeytest.Authenticator{Verifies: true}
		s.add(hers, alice, passkey.AddPasskey)
		s.add(his, bob, passkey.AddPasskey)
		_, token := s.ask(passkey.Prove)
		wants(t, s.finish(party, passkey.Prove, token, his.Sign(here, his.IDs()[0], party.ID, token)), passkey.ErrUnknown)
	})
	t.Run("a key that names another person is refused", func(t *testing.T) {
		// The same credential in two accounts (a keeper's fault) still answers only for whom it names.
		s, his := newStage(t), &passkeytest.Authenticator{Verifies: true}
		s.have[alice.ID] = []passkey.Credential{s.add(his, bob, passkey.AddPasskey)}
		_, token := s.ask(passkey.Prove)
		wants(t, s.finish(party, passkey.Prove, token, his.Sign(here, his.IDs()[0], party.ID, token)), passkey.ErrRefused)
	})
	t.Run("a removed passkey belongs to nobody", func(t *testing.T) {
		s, key := newStage(t), &passkeytest.Authenticator{Verifies: true}
		s.add(key, alice, passkey.AddPasskey)
		s.have[alice.ID] = nil
		wants(t, s.use(key, here, passkey.SignIn), passkey.ErrUnknown)
	})
	t.Run("a security key that names nobody can't sign in alone", func(t *testing.T) {
		s, key := newStage(t), &passkeytest.Authenticator{Verifies: true}
		s.add(key, alice, passkey.AddKey)
		_, token := s.ask(passkey.SignIn)
		wants(t, s.finish(party, passkey.SignIn, token, key.Sign(here, key.IDs()[0], party.ID, token)), passkey.ErrUnknown)
	})
	t.Run("whom an answer claims to be of is told unbelieved, and nothing of an answer without", func(t *testing.T) {
		s, hers, key := newStage(t), &passkeytest.Authenticator{Verifies: true}, &passkeytest.Authenticator{}
		s.add(hers, alice, passkey.AddPasskey)
		s.add(key, alice, passkey.AddKey)
		evil := passkeytest.Page{Origin: "https://evil.test"}
		for want, answer := range map[string][]byte{
			alice.ID: hers.Sign(evil, hers.IDs()[0], "evil.test", "never asked"),
			"":       key.Sign(here, key.IDs()[0], party.ID, "never asked"),
		} {
			if got := passkey.Claimed(answer); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		if got := passkey.Claimed([]byte("{")); got != "" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("the sign-in names nobody", func(t *testing.T) {
		s, key := newStage(t), &passkeytest.Authenticator{Verifies: true}
		s.add(key, alice, passkey.AddPasskey)
		options, _, err := s.BeginUse(party, alice, s.have[alice.ID], passkey.SignIn)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(options), `"allowCredentials":[]`) {
			t.Errorf("the options name credentials: %s", options)
		}
	})
}

func TestElsewhere(t *testing.T) {
	old := party
	old.ID, old.Origins = "old.example.org", []string{"https://old.example.org"}
	moved := func(t *testing.T) (*stage, *passkeytest.Authenticator) {
		s, key := newStage(t), &passkeytest.Authenticator{Verifies: true}
		options, token, err := s.BeginAdd(old, alice, nil, passkey.AddPasskey)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := key.Create(passkeytest.Page{Origin: "https://old.example.org"}, options)
		if err != nil {
			t.Fatal(err)
		}
		made, _, err := s.FinishAdd(old, alice, passkey.AddPasskey, token, answer)
		if err != nil {
			t.Fatal(err)
		}
		s.have[alice.ID] = []passkey.Credential{made}
		return s, key
	}
	t.Run("after a move the problem says under which name the keys work", func(t *testing.T) {
		s, _ := moved(t)
		_, _, err := s.BeginUse(party, alice, s.have[alice.ID], passkey.UseKey)
		wants(t, err, passkey.ErrElsewhere)
		if got := problem.Of(err).Values["rpId"]; got != "old.example.org" {
			t.Errorf("it says %q", got)
		}
	})
	t.Run("beside a new one the old is not offered", func(t *testing.T) {
		s, _ := moved(t)
		s.add(&passkeytest.Authenticator{}, alice, passkey.AddKey)
		var got struct {
			Allow []struct{ ID string } `json:"allowCredentials"`
		}
		options, _ := s.ask(passkey.UseKey)
		if err := json.Unmarshal(options, &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Allow) != 1 || got.Allow[0].ID != base64.RawURLEncoding.EncodeToString(s.have[alice.ID][1].ID) {
			t.Errorf("offered %v", got.Allow)
		}
	})
	t.Run("the old one is not excluded from being added under the new name", func(t *testing.T) {
		s, key := moved(t)
		s.add(key, alice, passkey.AddPasskey)
	})
	t.Run("whoever has none is told so", func(t *testing.T) {
		_, _, err := newStage(t).BeginUse(party, alice, nil, passkey.UseKey)
		wants(t, err, passkey.ErrNone)
	})
	t.Run("an answer with the old key under the new name says where it works", func(t *testing.T) {
		s, key := moved(t)
		_, token := s.ask(passkey.SignIn)
		err := s.finish(party, passkey.SignIn, token, key.Sign(here, key.IDs()[0], party.ID, token))
		wants(t, err, passkey.ErrElsewhere)
	})
}

package passkey_test

import (
	"errors"
	"testing"

	"latchkey/appliance/passkey"
	"latchkey/appliance/passkey/passkeytest"
	"latchkey/appliance/problem"
)

// refusedWell checks that whatever a browser sends is either accepted or a
// problem with two sentences for a person.
func refusedWell(t *testing.T, err error) {
	t.Helper()
	var p *problem.Problem
	if err != nil && (!errors.As(err, &p) || p.Kind != problem.Refused || p.Text == "" || p.Hint == "") {
		t.Errorf("refused with %v, which is nothing for a person", err)
	}
}

func FuzzFinishAdd(f *testing.F) {
	c := newStage(nil) // its clock stands
	_, token, err := c.BeginAdd(party, alice, nil, passkey.AddKey)
	if err != nil {
		f.Fatal(err)
	}
	for _, why := range []passkey.Purpose{passkey.AddKey, passkey.AddPasskey} {
		for _, at := range []passkeytest.Page{here, {Origin: home, Bitwarden: true}, {Origin: home, Framed: true, Top: extension}} {
			key := passkeytest.Authenticator{Verifies: true, PRF: true, Maker: at.Bitwarden}
			options, _, err := c.BeginAdd(party, alice, nil, why)
			if err != nil {
				f.Fatal(err)
			}
			answer, err := key.Create(at, options)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(answer)
		}
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		made, _, err := c.FinishAdd(party, alice, passkey.AddKey, token, answer)
		refusedWell(t, err)
		if err == nil {
			t.Errorf("an answer to another question passed: %+v", made)
		}
	})
}

func FuzzFinishUse(f *testing.F) {
	c, key := newStage(nil), &passkeytest.Authenticator{Verifies: true, Counts: true}
	options, token, err := c.BeginAdd(party, alice, nil, passkey.AddPasskey)
	if err != nil {
		f.Fatal(err)
	}
	answer, err := key.Create(here, options)
	if err != nil {
		f.Fatal(err)
	}
	made, _, err := c.FinishAdd(party, alice, passkey.AddPasskey, token, answer)
	if err != nil {
		f.Fatal(err)
	}
	mine := []passkey.Credential{made}
	for _, why := range []passkey.Purpose{passkey.UseKey, passkey.SignIn} {
		for _, at := range []passkeytest.Page{here, {Origin: home, Bitwarden: true}, {Origin: home, Framed: true, Top: extension}} {
			options, _, err := c.BeginUse(party, alice, mine, why)
			if err != nil {
				f.Fatal(err)
			}
			answer, err := key.Get(at, options)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(answer)
		}
	}
	find := func(string, []byte) (passkey.Person, []passkey.Credential, error) { return alice, mine, nil }
	f.Fuzz(func(t *testing.T, answer []byte) {
		for _, why := range []passkey.Purpose{passkey.UseKey, passkey.SignIn} {
			_, used, err := c.FinishUse(party, why, "", answer, find)
			if errors.Is(err, passkey.ErrTooMany) {
				continue // the seeds are answered again and again
			}
			refusedWell(t, err)
			if err == nil && used.Counter <= made.Counter {
				t.Errorf("the counter went from %d to %d", made.Counter, used.Counter)
			}
		}
	})
}

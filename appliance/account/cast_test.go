package account_test

import (
	"context"
	"encoding/base32"
	"testing"

	"latchkey/appliance/account"
	"latchkey/appliance/passkey"
	"latchkey/appliance/totp"
)

// Who and what the tests of second factors need.

const (
	alice = "alice@example.test"
	right = "aGFzaA==" // the master password hash of registration
)

// wrapped is an EncString of type 4: a key under a public one.
const wrapped = "4.AAAAAAAAAAAAAAAAAAAAAA=="

// joins makes a member, invited by the machine.
func (s *stage) joins(email string) account.Account {
	s.t.Helper()
	return s.joinsAs(email, account.Member)
}

func (s *stage) joinsAs(email string, role account.Role) account.Account {
	s.t.Helper()
	_, token, err := s.Invite(context.Background(), "", email, "", role)
	if err != nil {
		s.t.Fatal(err)
	}
	r := registration(email)
	r.Token = token
	a, err := s.RegisterInvited(context.Background(), r)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// now gives the account as it is kept.
func (s *stage) read(id account.UserID) account.Account {
	s.t.Helper()
	a, err := s.Account(context.Background(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// app is somebody's authenticator app.
type app struct {
	s      *stage
	secret string
}

// show gives the code of the moment, steps from now.
func (p app) show(steps int64) string {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(p.secret)
	if err != nil {
		p.s.t.Fatal(err)
	}
	return totp.At(key, totp.Step(p.s.clock())+steps)
}

// scans turns an authenticator app on, and waits for its next code.
func (s *stage) scans(id account.UserID) (p app, recovery string) {
	s.t.Helper()
	p = app{s, totp.New()}
	_, recovery, err := s.EnableTOTP(context.Background(), id, p.secret, p.show(0))
	if err != nil {
		s.t.Fatal(err)
	}
	s.wait(totp.Period)
	return p, recovery
}

func credential(id string, counter uint32) passkey.Credential {
	return passkey.Credential{ID: []byte(id), PublicKey: []byte("public " + id), Counter: counter, RPID: "keys.example.test"}
}

// touches adds a security key.
func (s *stage) touches(id account.UserID, key string) {
	s.t.Helper()
	if _, _, err := s.AddKey(context.Background(), id, key, credential(key, 1)); err != nil {
		s.t.Fatal(err)
	}
}

// password takes the first step of a sign-in.
func (s *stage) password(email string) account.Proven {
	s.t.Helper()
	p, err := s.Password(context.Background(), email, right, false)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// says takes the second step.
func (s *stage) says(p account.Proven, second account.Second) account.Proven {
	s.t.Helper()
	p, err := s.CheckSecond(p, second, "laptop")
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// enters takes the last.
func (s *stage) enters(p account.Proven, device string) account.Grant {
	s.t.Helper()
	g, err := s.Start(context.Background(), p, named(device), "web")
	if err != nil {
		s.t.Fatal(err)
	}
	return g
}

func named(identifier string) account.Device {
	return account.Device{Identifier: identifier, Name: "Chrome", Type: 9}
}

// comesIn signs in without a second factor.
func (s *stage) comesIn(email, device string) account.Grant {
	s.t.Helper()
	return s.enters(s.password(email), device)
}

// acts reports whether an access token still stands for a session.
func (s *stage) acts(g account.Grant) bool {
	s.t.Helper()
	_, err := s.Session(context.Background(), g.AccessToken)
	return err == nil
}

// must ends the test on an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

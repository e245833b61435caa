package account

import (
	"latchkey/appliance/passkey"
	"latchkey/appliance/problem"
)

// Proven is a person on the way in: what has been proved, and the account as it
// was then. Only the steps of a sign-in make one that Start believes.
type Proven struct {
	Account Account
	Method  Method

	proved   bool // the password or a passkey was right
	complete bool // and nothing more is wanted

	step      int64              // of the authenticator's code
	used      passkey.Credential // with its counter moved; of a key or passkey
	token     []byte             // hash of the token of a remembered device
	device    string             // that it was remembered for
	remember  bool               // the device wants to be remembered
	recovered bool               // by the recovery code
}

// Wanted is nil when nothing more is wanted, else a *SecondWanted.
func (p Proven) Wanted() error {
	if p.complete {
		return nil
	}
	return &SecondWanted{Providers: p.Account.Providers(), Account: p.Account}
}

// Passkey gives the passkey that signed in, where it was one.
func (p Proven) Passkey() (Passkey, bool) {
	if p.Method != ByPasskey {
		return Passkey{}, false
	}
	i := p.Account.passkey(p.used.ID)
	if i < 0 {
		return Passkey{}, false
	}
	return p.Account.Passkeys[i], true
}

// SecondWanted says that the password was right and a second factor is
// missing. Recovery is always possible and not listed.
type SecondWanted struct {
	Providers []Provider
	Account   Account // for the options of its security keys; tell nobody else of it
}

func (*SecondWanted) Error() string { return "Two factor required." }

// Unwrap gives what a person is told.
func (*SecondWanted) Unwrap() error { return errSecondWanted }

var errSecondWanted = problem.New(problem.Refused, "second.wanted", "Two factor required.", "Give the code of your authenticator app, or use your security key.")

// Package accounttest is the conformance suite of account.Keep: each engine
// that keeps people runs it.
package accounttest

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"latchkey/appliance/account"
	"latchkey/appliance/passkey"
	"latchkey/appliance/vault"
)

// House is a new and empty engine: what keeps people and, in the same file,
// what keeps their things.
type House struct {
	People account.Keep
	Things vault.Keep
}

// Run proves the engine that open makes, a new one for each test.
func Run(t *testing.T, open func(t *testing.T) House) {
	for _, c := range slices.Concat(people(), devices(), sessions(), refusing()) {
		t.Run(c.says, func(t *testing.T) {
			c.prove(&house{T: t, House: open(t)})
		})
	}
}

// promise is one sentence of the contract and its proof.
type promise struct {
	says  string
	prove func(*house)
}

type house struct {
	*testing.T
	House
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (h *house) write(fn func(account.Writer) error) {
	h.Helper()
	if err := h.People.Write(h.Context(), fn); err != nil {
		h.Fatalf("Write: %v", err)
	}
}

func (h *house) view(fn func(account.Reader) error) {
	h.Helper()
	if err := h.People.View(h.Context(), fn); err != nil {
		h.Fatalf("View: %v", err)
	}
}

// person makes an account that is not kept yet. Created tells them apart.
func person(email string) account.Account {
	return account.Account{
		ID: account.UserID(newID()), Email: email, Name: "N. " + email, Role: account.Member,
		KDF: account.DefaultKDF(), Salt: email, UserKey: "2.a|b|c",
		Verifier:    account.Verifier{Salt: []byte("salt"), Hash: []byte("hash"), Passes: 2, Memory: 19456, Lanes: 1},
		AccountKeys: []byte(`{"unknown":{"kept":1}}`), ExcludedDomains: []int{3, 1},
		Stamp: newID(), Created: time.Now().UTC(), Seen: time.Now().UTC().Truncate(time.Hour),
	}
}

// joins keeps a new person.
func (h *house) joins(email string) account.Account {
	h.Helper()
	a := person(email)
	h.write(func(w account.Writer) error { return w.PutAccount(a) })
	return a
}

// signsIn keeps a device and a session on it.
func (h *house) signsIn(owner account.UserID, identifier string) (account.Device, account.Session) {
	h.Helper()
	d := account.Device{
		ID: account.DeviceID(newID()), Owner: owner, Identifier: identifier, Name: "firefox", Type: 10,
		Created: time.Now().UTC(), Seen: time.Now().UTC(),
	}
	s := session(owner, d.ID)
	h.write(func(w account.Writer) error { return errors.Join(w.PutDevice(d), w.PutSession(s)) })
	return d, s
}

// session makes one with times to the microsecond, which is what engines keep.
func session(owner account.UserID, device account.DeviceID) account.Session {
	now := time.Now().UTC().Truncate(time.Microsecond)
	return account.Session{
		ID: account.SessionID(newID()), Owner: owner, Device: device, Hash: []byte("0123"), Client: "web",
		Stamp: newID(), Created: now, Seen: now.Truncate(time.Hour), Expires: now.Add(time.Hour),
		Proved: now.Add(-time.Minute), Method: account.ByTOTP,
	}
}

// guarded gives a all that guards it: factors, passkeys, keys.
func guarded(a account.Account) account.Account {
	now := time.Now().UTC()
	c := passkey.Credential{
		ID: []byte{1, 0, 255}, PublicKey: []byte("public"), AAGUID: make([]byte, 16), Counter: 1<<32 - 1,
		Transports: []string{"usb", "nfc"}, RPID: "keys.example.org", Verified: true, BackupEligible: true, BackedUp: true, Attestation: "none",
	}
	a.Disabled, a.SecondRequired = true, true
	a.TOTP = &account.TOTP{Secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", Since: now, LastUsed: now, Step: 1<<40 + 1}
	a.Keys = []account.SecurityKey{{ID: 1, Name: "ring", Credential: c, Created: now, LastUsed: now}, {ID: 7, Credential: c, Created: now}}
	a.Passkeys = []account.Passkey{{
		ID: newID(), Name: "phone", Credential: c, Created: now, LastUsed: now, PRF: true, UserKey: "4.a", PublicKey: "2.a|b|c", PrivateKey: "2.d|e|f",
	}}
	a.Recovery, a.RecoveryTold = "code", true
	a.Remembered = []account.Remembered{{Hash: []byte("hash"), Device: "laptop", Expires: now}}
	a.APIKey, a.APIKeyMade = "secret", now
	return a
}

func invitation(email string) account.Invitation {
	id := strings.ReplaceAll(newID()+newID(), "-", "")
	return account.Invitation{
		ID: account.InvitationID(id), Email: email, Role: account.Member,
		Created: time.Now().UTC(), Expires: time.Now().UTC().Add(time.Hour),
	}
}

// same fails unless both are equal in all their parts.
func same[T any](t testing.TB, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// wantMissing fails unless err is ErrNotFound.
func wantMissing(t testing.TB, what string, err error) {
	t.Helper()
	if !errors.Is(err, account.ErrNotFound) {
		t.Errorf("%s gave %v, want ErrNotFound", what, err)
	}
}

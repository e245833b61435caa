package clients_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"latchkey/client/keys"
	"latchkey/test/clients"
	"latchkey/test/house"
)

// incorrect is how bw says what it was answered: it looks for the wire's literal sentence ("Username or password
// is incorrect. Try again.") and then says this; any other sentence it would repeat as it came.
const incorrect = "Invalid master password. Confirm your email is correct and your account was created on "

// TestSignIn is T01-T05, T11 and T12 of the conformance list.
func TestSignIn(t *testing.T) {
	t.Parallel()
	h := house.Start(t, house.Options{})
	bw := clients.NewBw(t, h.CA)

	t.Run("T01 the server's address is taken", func(t *testing.T) {
		bw.Run("config", "server", h.URL)
	})
	t.Run("T02 the owner signs in and gets a session", func(t *testing.T) {
		bw.Session = bw.Run("login", house.OwnerEmail, house.OwnerPassword, "--raw")
		if got := bw.Status(); got != "unlocked" {
			t.Errorf("status %q", got)
		}
	})

	t.Run("T05 and nothing in the two answers differs but the name", func(t *testing.T) {
		known, unknown := prelogin(t, h, house.OwnerEmail), prelogin(t, h, "nobody@house.test")
		if known != unknown {
			t.Errorf("prelogin tells them apart:\n%s\n%s", known, unknown)
		}
		if a, b := refusal(t, h, house.OwnerEmail), refusal(t, h, "nobody@house.test"); a != b {
			t.Errorf("the refusals differ:\n%s\n%s", a, b)
		}
	})

	settings := []struct {
		name string
		kdf  keys.KDF
	}{
		{"T03 an account on Argon2id 3/64/4 signs in", keys.KDF{Type: keys.Argon2id, Iterations: 3, Memory: 64, Parallelism: 4}},
		{"T03 an account on Argon2id 6/32/4 signs in", keys.KDF{Type: keys.Argon2id, Iterations: 6, Memory: 32, Parallelism: 4}},
		{"T03 an account on PBKDF2 600,000 signs in", keys.KDF{Type: keys.PBKDF2, Iterations: 600_000}},
	}
	for i, c := range settings {
		t.Run(c.name, func(t *testing.T) {
			email := joined(i)
			h.Join(h.Invite(email), "seven swans over the lake", c.kdf)
			device := clients.NewBw(t, h.CA)
			device.Login(h, email, "seven swans over the lake")
		})
	}

	refusals := []struct{ name, email string }{
		{"T04 a wrong password is refused in the client's own words", house.OwnerEmail},
		{"T05 somebody unknown is refused in the same words", "nobody@house.test"},
	}
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			device := clients.NewBw(t, h.CA)
			device.Run("config", "server", h.URL)
			got := device.Try("login", c.email, "wrong", "--raw")
			if got.Code != 1 || !strings.HasPrefix(got.Err, incorrect) {
				t.Errorf("ended with %d: %q", got.Code, got.Err)
			}
		})
	}

	t.Run("T05 and somebody unknown is answered as one of the household, whatever each has set", func(t *testing.T) {
		household := []string{prelogin(t, h, house.OwnerEmail)}
		for i := range settings {
			household = append(household, prelogin(t, h, joined(i)))
		}
		for _, email := range []string{"nobody@house.test", "stranger@house.test", "guess@else.test"} {
			if got := prelogin(t, h, email); !slices.Contains(household, got) {
				t.Errorf("%s is answered as nobody here is: %s", email, got)
			}
		}
	})

	t.Run("T11 it locks, refuses a wrong password offline, and unlocks", func(t *testing.T) {
		bw.Run("lock")
		bw.Session = ""
		if got := bw.Status(); got != "locked" {
			t.Errorf("status %q after lock", got)
		}
		if got := bw.Try("unlock", "wrong", "--raw"); got.Code != 1 {
			t.Errorf("a wrong password ended with %d: %s", got.Code, got.Out)
		}
		bw.Session = bw.Run("unlock", house.OwnerPassword, "--raw")
		if got := bw.Status(); got != "unlocked" {
			t.Errorf("status %q after unlock", got)
		}
		if got := clients.NewBw(t, h.CA).Status(); got != "unauthenticated" {
			t.Errorf("status %q on a new device", got)
		}
	})
}

// joined is the address of the account that joined with the i-th setting.
func joined(i int) string { return string(rune('a'+i)) + "@kdf.test" }

// prelogin gives what an address is answered, with the address itself taken out.
func prelogin(t *testing.T, h *house.House, email string) string {
	t.Helper()
	answer := h.Post("/identity/accounts/prelogin/password", map[string]string{"email": email})
	return fmt.Sprint(answer.Status, " ") + strings.ReplaceAll(string(answer.Body), email, "EMAIL")
}

func refusal(t *testing.T, h *house.House, email string) string {
	t.Helper()
	return string(h.TryToken(email, "bm90IHRoZSBoYXNo").Body)
}

// TestKeyID is T12: the second sign-in asks for nothing that the first told.
func TestKeyID(t *testing.T) {
	t.Parallel()
	h := house.Start(t, house.Options{})
	paths := record(t, h)

	t.Run("T12 bw tells the user key's id at most once", func(t *testing.T) {
		for range 2 {
			device := clients.NewBw(t, paths.root)
			device.Run("config", "server", paths.url)
			device.Session = device.Run("login", house.OwnerEmail, house.OwnerPassword, "--raw")
			device.Run("sync")
		}
		told := 0
		for _, path := range paths.all() {
			if strings.HasSuffix(path, "/user-key-id") {
				told++
			}
		}
		if told > 1 {
			t.Errorf("told %d times:\n%s", told, strings.Join(paths.all(), "\n"))
		}
	})
}

package account_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/uuid"

	"latchkey/appliance/account"
)

func TestCheckEmail(t *testing.T) {
	for email, ok := range map[string]bool{
		"a@b": true, "alice@example.test": true, "a.b+c@sub.example.test": true, "ü@exämple.test": true, `a"b@c`: false, "a@b@c": true,
		"": false, "@": false, "a@": false, "@b": false, "alice": false, "a b@c": false, "a@b c": false, "a@b\n": false, "a\x00@b": false,
		"<a@b>": false, strings.Repeat("a", 253) + "@b": false, strings.Repeat("a", 252) + "@b": true,
	} {
		if err := account.CheckEmail(email); (err == nil) != ok {
			t.Errorf("%.40q: %v, want it to pass: %t", email, err, ok)
		}
	}
}

func TestKDFFloorsAndCeilings(t *testing.T) {
	argon := func(passes, memory, lanes int) account.KDF {
		return account.KDF{Type: account.Argon2id, Iterations: passes, Memory: memory, Parallelism: lanes}
	}
	pbkdf2 := func(n int) account.KDF { return account.KDF{Type: account.PBKDF2, Iterations: n} }
	for _, c := range []struct {
		kdf account.KDF
		ok  bool
	}{
		{account.DefaultKDF(), true},
		{account.KDF{}, false},
		{account.KDF{Type: 2, Iterations: 600_000}, false},
		{account.KDF{Type: -1}, false},
		{pbkdf2(600_000), true},
		{pbkdf2(599_999), false},
		{pbkdf2(2_000_000), true},
		{pbkdf2(2_000_001), false},
		{pbkdf2(-1), false},
		{argon(2, 19, 1), true},
		{argon(1, 19, 1), false},
		{argon(2, 18, 1), false},
		{argon(2, 19, 0), false},
		{argon(10, 1024, 16), true},
		{argon(11, 1024, 16), false},
		{argon(10, 1025, 16), false},
		{argon(10, 1024, 17), false},
		{argon(3, 64, 4), true},
	} {
		if err := c.kdf.Check(); (err == nil) != c.ok {
			t.Errorf("%+v: %v, want it to pass: %t", c.kdf, err, c.ok)
		}
	}
}

func TestIsEncString(t *testing.T) {
	b := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	for s, ok := range map[string]bool{
		sealed: true, "2." + b(16) + "|" + b(48) + "|" + b(32): true, "4." + b(256): true, "3." + b(256): true, "7." + b(20): true,
		"5." + b(256) + "|" + b(32): true, "6." + b(256) + "|" + b(32): true,
		"": false, "2": false, "2.": false, ".": false, "hunter2": false, "2.a|b|c": false,
		"0." + b(16) + "|" + b(16): false, "1." + b(16) + "|" + b(16) + "|" + b(32): false, b(16) + "|" + b(16): false,
		"2." + b(15) + "|" + b(16) + "|" + b(32): false, "2." + b(16) + "|" + b(17) + "|" + b(32): false, "2." + b(16) + "||" + b(32): false,
		"2." + b(16) + "|" + b(16) + "|" + b(31): false, "2." + b(16) + "|" + b(16): false, sealed + "|" + b(32): false, " " + sealed: false, sealed + "\n": false,
		"4.": false, "4." + b(256) + "|" + b(32): false, "5." + b(256): false, "8." + b(20): false, "02." + sealed[2:]: false,
		"2." + strings.Repeat("A", 22) + "|" + b(16) + "|" + b(32): false, strings.Replace(sealed, "A", "_", 1): false, strings.Replace(sealed, "=", "A", 1): false,
	} {
		if got := account.IsEncString(s); got != ok {
			t.Errorf("%.60q: %t, want %t", s, got, ok)
		}
	}
}

// FuzzIsEncString wants each part that passes to be the base64 that every
// client reads.
func FuzzIsEncString(f *testing.F) {
	for _, s := range []string{sealed, "", "2.a|b|c", "4.AAAA", "7.AA==", "6.AAAA|AAAA", "2.=|=|="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !account.IsEncString(s) {
			return
		}
		kind, rest, _ := strings.Cut(s, ".")
		if !strings.Contains("234567", kind) || len(kind) != 1 {
			t.Fatalf("type %q passes", kind)
		}
		for part := range strings.SplitSeq(rest, "|") {
			raw, err := base64.StdEncoding.DecodeString(part)
			if err != nil || len(raw) == 0 || strings.ContainsAny(part, "\r\n") {
				t.Fatalf("%q passes: %v", part, err)
			}
		}
	})
}

// FuzzReadRefresh wants what it reads to be what newRefresh writes.
func FuzzReadRefresh(f *testing.F) {
	token, _, err := account.NewRefresh(account.UserID(uuid.NewString()), account.SessionID(uuid.NewString()))
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{token, "", token[:50], token + "A", strings.Repeat("_", 86), "=" + token} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		owner, id, secret, ok := account.ReadRefresh(token)
		if !ok {
			return
		}
		if uuid.Validate(string(owner)) != nil || uuid.Validate(string(id)) != nil || len(secret) != 32 {
			t.Fatalf("%q reads as %q, %q and %d bytes", token, owner, id, len(secret))
		}
	})
}

// FuzzAccessToken wants no panic, and no token believed that we did not sign.
func FuzzAccessToken(f *testing.F) {
	for _, s := range []string{"", "..", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjk5OTk5OTk5OTl9.AAAA", strings.Repeat(".", 1000)} {
		f.Add(s)
	}
	d := account.New(account.Config{TokenKey: make([]byte, 32), Issuer: "latchkey", Now: new(stage).clock, Hasher: account.NewHasher()})
	f.Fuzz(func(t *testing.T, token string) {
		if err := d.ReadAccess(token); err == nil {
			t.Fatalf("%q is believed", token)
		}
	})
}

// FuzzKDF wants every setting that passes to be one that clients can obey.
func FuzzKDF(f *testing.F) {
	f.Add(0, 600_000, 0, 0)
	f.Add(1, 6, 32, 4)
	f.Add(2, -1, 1<<40, -1)
	f.Fuzz(func(t *testing.T, kind, iterations, memory, lanes int) {
		k := account.KDF{Type: account.KDFType(kind), Iterations: iterations, Memory: memory, Parallelism: lanes}
		if k.Check() != nil {
			return
		}
		pbkdf2 := kind == 0 && iterations >= 600_000 && iterations <= 2_000_000
		argon := kind == 1 && iterations >= 2 && iterations <= 10 && memory >= 19 && memory <= 1024 && lanes >= 1 && lanes <= 16
		if !pbkdf2 && !argon {
			t.Fatalf("%+v passes", k)
		}
	})
}

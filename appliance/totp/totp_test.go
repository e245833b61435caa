package totp_test

import (
	"encoding/base32"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/totp"
)

// rfcKey is the secret of RFC 4226, appendix D, and RFC 6238, appendix B (SHA-1).
const rfcKey = "12345678901234567890"

func rfcSecret() string { return base32.StdEncoding.EncodeToString([]byte(rfcKey)) }

// TestAt has RFC 4226's counters; the tests of Check have RFC 6238's times.
func TestAt(t *testing.T) {
	for step, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := totp.At([]byte(rfcKey), int64(step)); got != want {
			t.Errorf("step %d: %s, want %s", step, got, want)
		}
	}
}

// vectors are RFC 6238, appendix B, of which apps show the last six digits.
var vectors = []struct {
	unix int64
	code string
}{
	{59, "94287082"},
	{1111111109, "07081804"},
	{1111111111, "14050471"},
	{1234567890, "89005924"},
	{2000000000, "69279037"},
	{20000000000, "65353130"},
}

func TestCheckTakesTheCodesOfTheRFC(t *testing.T) {
	for _, v := range vectors {
		at := time.Unix(v.unix, 0)
		step, ok := totp.Check(rfcSecret(), v.code[2:], at, 0)
		if !ok || step != v.unix/30 {
			t.Errorf("at %d: step %d, %t", v.unix, step, ok)
		}
		if step != totp.Step(at) {
			t.Errorf("at %d: Step says %d", v.unix, totp.Step(at))
		}
	}
}

func TestCheck(t *testing.T) {
	const unix = 2000000010 // the first second of a step
	code := func(step int64) string { return totp.At([]byte(rfcKey), unix/30+step) }
	for _, c := range []struct {
		name string
		code string
		wait time.Duration // from the start of the step
		last int64         // relative to it
		ok   bool
	}{
		{"the code of the moment counts", code(0), 0, -100, true},
		{"it counts to the last second of its step", code(0), 29 * time.Second, -100, true},
		{"and one step longer", code(0), 59 * time.Second, -100, true},
		{"but not two", code(0), 60 * time.Second, -100, false},
		{"a clock that leads by a step is forgiven", code(1), 0, -100, true},
		{"by two it is not", code(2), 0, -100, false},
		{"a code counts once", code(0), 0, 0, false},
		{"the code before the last one does not count any more", code(-1), 0, 0, false},
		{"the next one does", code(1), 0, 0, true},
		{"a used code does not come back when the clock goes back", code(0), -30 * time.Second, 0, false},
		{"nor do the earlier ones then", code(-1), -30 * time.Second, 0, false},
		{"people may type the blank that apps show", code(0)[:3] + " " + code(0)[3:], 0, -100, true},
		{"five digits are no code", code(0)[:5], 0, -100, false},
		{"seven are none", code(0) + "0", 0, -100, false},
		{"nothing is none", "", 0, -100, false},
		{"other digits of the same length are none", "٠٠٠", 0, -100, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := time.Unix(unix, 0).Add(c.wait)
			if _, ok := totp.Check(rfcSecret(), c.code, at, unix/30+c.last); ok != c.ok {
				t.Errorf("%t, want %t", ok, c.ok)
			}
		})
	}
	t.Run("a secret that is none fits no code", func(t *testing.T) {
		for _, secret := range []string{"", "?", strings.ToLower(rfcSecret())} {
			if _, ok := totp.Check(secret, code(0), time.Unix(unix, 0), 0); ok {
				t.Errorf("%q fits", secret)
			}
		}
	})
}

func TestNew(t *testing.T) {
	a, b := totp.New(), totp.New()
	if a == b || len(a) != 32 {
		t.Errorf("%s and %s", a, b)
	}
	if n, ok := totp.Normal(a); !ok || n != a {
		t.Errorf("%s is not in its normal form: %s, %t", a, n, ok)
	}
}

func TestNormal(t *testing.T) {
	for given, want := range map[string]string{
		rfcSecret():                               rfcSecret(),
		strings.ToLower(rfcSecret()):              rfcSecret(),
		"gezd gnbv gy3t qojq gezd-gnbv-gy3t-qojq": rfcSecret(),
		strings.Repeat("A", 26):                   strings.Repeat("A", 26), // 16 bytes
		strings.Repeat("A", 26) + "======":        strings.Repeat("A", 26),
		strings.Repeat("A", 24):                   "", // 15
		strings.Repeat("A", 104):                  "", // 65
		strings.Repeat("A", 27):                   "", // no whole byte
		strings.Repeat("1", 32):                   "", // no base32
		"":                                        "",
	} {
		if got, ok := totp.Normal(given); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %t", given, got, ok)
		}
	}
}

func TestURI(t *testing.T) {
	got := totp.URI("Latchkey at home", "ann+1@example.test", rfcSecret())
	u, err := url.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Latchkey at home:ann+1@example.test" {
		t.Errorf("%s", got)
	}
	if strings.Contains(u.RawQuery, "+") {
		t.Errorf("a blank as a plus, which apps show as it is: %s", got)
	}
	for name, want := range map[string]string{"secret": rfcSecret(), "issuer": "Latchkey at home", "algorithm": "SHA1", "digits": "6", "period": "30"} {
		if v := u.Query().Get(name); v != want {
			t.Errorf("%s is %q", name, v)
		}
	}
}

// FuzzCheck wants no panic, and nothing but the codes of three steps to pass.
func FuzzCheck(f *testing.F) {
	f.Add(rfcSecret(), "287082", int64(59), int64(0))
	f.Add("", "", int64(0), int64(0))
	f.Add("MZXW6===", "000000", int64(-1), int64(-1))
	f.Add(rfcSecret(), "28 7082", int64(1)<<40, int64(1)<<62)
	f.Fuzz(func(t *testing.T, secret, code string, unix, last int64) {
		step, ok := totp.Check(secret, code, time.Unix(unix%(1<<40), 0), last)
		if !ok {
			return
		}
		key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
		if err != nil || step <= last || totp.At(key, step) != strings.ReplaceAll(code, " ", "") {
			t.Fatalf("%q fits %q in step %d (%v)", code, secret, step, err)
		}
	})
}

// FuzzNormal wants what passes to stay as it is, and to be of use.
func FuzzNormal(f *testing.F) {
	for _, s := range []string{rfcSecret(), "", "=", "gezd gnbv", strings.Repeat("A", 26)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := totp.Normal(s)
		if !ok {
			return
		}
		again, ok := totp.Normal(n)
		if !ok || again != n {
			t.Fatalf("%q becomes %q, then %q", s, n, again)
		}
		raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(n)
		if err != nil || len(raw) < 16 {
			t.Fatalf("%q has %d bytes (%v)", n, len(raw), err)
		}
	})
}

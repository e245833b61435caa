package provider

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestTrimmed(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"blanks and line ends go", " \t abc\r\n", "abc"},
		{"quotes go", `"abc"`, "abc"},
		{"curly quotes go", "“abc”", "abc"},
		{"German quotes go", "„abc“", "abc"},
		{"quotes in quotes go", `'"abc"'`, "abc"},
		{"invisible letters go", "a\u200bb\ufeffc\u00ad", "abc"},
		{"a single quote stays", `"abc`, `"abc`},
		{"nothing stays nothing", `""`, ""},
		{"half a pair stays", "“", "“"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := trimmed(c.in); got != c.want {
				t.Errorf("trimmed(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
	for _, in := range []string{"Bearer abc", "Authorization: Bearer abc", "token abc", "abc"} {
		t.Run("“"+in+"” is the token abc", func(t *testing.T) {
			if got := trimmed(withoutBearer(in)); got != "abc" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func FuzzTrimmed(f *testing.F) {
	for _, s := range []string{" “x” ", `""''`, "\u200b", "<<>>", "“"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := trimmed(s)
		if again := trimmed(got); again != got {
			t.Errorf("trimmed(%q) = %q, and that is %q", s, got, again)
		}
	})
}

func TestQuoted(t *testing.T) {
	cases := []struct{ name, theirs, want string }{
		{"a bare value stays", "abc def", "abc def"},
		{"quotes go", `"abc"`, "abc"},
		{"two pieces are one", `"abc" "def"`, "abcdef"},
		{"a backslash lets the next through", `"a\"b\\c"`, `a"b\c`},
		{"three digits are a byte", `"a\032b"`, "a b"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := unquoted(c.theirs); got != c.want {
				t.Errorf("unquoted(%q) = %q, want %q", c.theirs, got, c.want)
			}
		})
	}
}

func FuzzQuoted(f *testing.F) {
	for _, s := range []string{"abc", `a"b\c`, strings.Repeat("x", 600), `\032`, "ü", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_ = unquoted(s) // no panic on what anybody sends
		if got := unquoted(quoted(s)); got != s {
			t.Errorf("%q came back as %q", s, got)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	cases := []struct {
		name, value string
		want        time.Duration
	}{
		{"seconds", "7", 7 * time.Second},
		{"a date", "Fri, 02 Jan 2026 03:05:05 GMT", time.Minute},
		{"a date that is over", "Fri, 02 Jan 2020 03:05:05 GMT", 0},
		{"too long a time", "99999999", 24 * time.Hour},
		{"a negative time", "-5", 0},
		{"nonsense", "soon", 0},
		{"nothing", "", 0},
	}
	for _, c := range cases {
		t.Run(c.name+" is understood", func(t *testing.T) {
			if got := retryAfter(http.Header{"Retry-After": {c.value}}, now); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// The two published examples of AWS's test suite for Signature Version 4,
// get-vanilla and get-vanilla-query-order-key-case.
func TestSignV4(t *testing.T) {
	k := v4{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "service", time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)}
	for query, want := range map[string]string{
		"":                            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
		"Param1=value1&Param2=value2": "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
	} {
		t.Run("the published signature of “"+query+"” comes out", func(t *testing.T) {
			req, err := http.NewRequest(http.MethodGet, "https://example.amazonaws.com/?"+query, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := signV4(k, req.Method, req.URL, nil).Get("Authorization")
			if !strings.HasSuffix(got, "Signature="+want) {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestSeat(t *testing.T) {
	t.Run("a challenge that nobody takes back gives way after a quarter of an hour", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, began := newSeat(), time.Now()
			if err := s.take(t.Context(), text{Name: "a", Value: "1"}); err != nil {
				t.Fatal(err)
			}
			if err := s.take(t.Context(), text{Name: "a", Value: "2"}); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took < longestChallenge || took > longestChallenge+time.Minute {
				t.Errorf("it gave way after %v", took)
			}
			s.leave(text{Name: "a", Value: "1"}) // too late: it is not its seat any more
			if s.free == nil {
				t.Error("a stranger freed the seat")
			}
		})
	})
	t.Run("the same challenge may sit down twice", func(t *testing.T) {
		s := newSeat()
		for range 2 {
			if err := s.take(t.Context(), text{Name: "a", Value: "1"}); err != nil {
				t.Fatal(err)
			}
		}
		s.leave(text{Name: "a", Value: "1"})
		if s.free != nil {
			t.Error("the seat is still taken")
		}
	})
}

// Every reader of foreign bytes stands whatever comes; a refusal that is read
// has a code that people have words for.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		"", "OK\n192.0.2.1\n\nUPDATED", "KO", "good 192.0.2.1", "nochg", "911", `{"success":false,"errors":[{"code":6003,"error_chain":[{"code":6111}]}]}`,
		`[{"ttl":["x"]}]`, `{"detail":"x"}`, `{"error":{"code":"x","message":"y"}}`, `{"error":"invalid_grant"}`, `{"errors":[{"reason":"x","field":"ttl_sec"}]}`,
		`{"status":"error","statuscode":4013}`, `[{"code":"UNAUTHORIZED"}]`, `{"errorCode":"INVALID_KEY"}`,
		`<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>`, `<ApiResponse Status="ERROR"><Errors><Error Number="1011102">x</Error></Errors></ApiResponse>`,
	} {
		f.Add(s, 400)
		f.Add(s, 200)
	}
	envelopes := []func(*refusal, []byte){
		cloudflareRefusal, desecRefusal, dyndns2Refusal, messageRefusal, linodeRefusal, porkbunRefusal, ionosRefusal, ovhRefusal, googleRefusal, route53Refusal, acmednsRefusal,
	}
	sealed := []func(*refusal, []byte) bool{cloudflareSealed, porkbunSealed, netcupSealed, namecheapSealed}
	f.Fuzz(func(t *testing.T, body string, status int) {
		check := func(err error) {
			if err == nil {
				return
			}
			if _, known := wordsFor[classify(err).code]; !known {
				t.Errorf("%q gives the code %q", body, classify(err).code)
			}
		}
		check(duckdnsAnswer(body, "192.0.2.1"))
		check(dyndns2Answer(body, "192.0.2.1"))
		for _, read := range envelopes {
			r := &refusal{Status: status}
			read(r, []byte(body))
			check(r)
		}
		for _, read := range sealed {
			if r := (&refusal{Status: 200}); read(r, []byte(body)) {
				check(r)
			}
		}
		var hosts namecheapHosts
		check(decodeXML([]byte(body), &hosts))
	})
}

func TestFound(t *testing.T) {
	t.Run("the caller may change what Table gives", func(t *testing.T) {
		Table()[0].ID = "changed"
		Table()[0].Fields[0].Key = "changed"
		if slices.ContainsFunc(Table(), func(i Info) bool { return i.ID == "changed" || i.Fields[0].Key == "changed" }) {
			t.Error("the change stayed")
		}
	})
}

package canary_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/test/canary"
)

// TestFind wants the search to see what it is meant to see; a search that finds nothing proves nothing.
func TestFind(t *testing.T) {
	const secret = "harbour lamp 41"
	cases := []struct {
		name, raw string
		found     bool
	}{
		{"as typed", "x" + secret + "y", true},
		{"in capitals", "x" + strings.ToUpper(secret), true},
		{"in base64", base64.StdEncoding.EncodeToString([]byte(secret)), true},
		{"in base64 after one byte", base64.StdEncoding.EncodeToString([]byte("a" + secret + "bc")), true},
		{"in base64 after two bytes", base64.StdEncoding.EncodeToString([]byte("ab" + secret + "c")), true},
		{"in base64 without padding", base64.RawURLEncoding.EncodeToString([]byte("ab" + secret + "c")), true},
		{"within JSON in base64", base64.StdEncoding.EncodeToString([]byte(`{"password":"` + secret + `","notes":null}`)), true},
		{"in hexadecimal", hex.EncodeToString([]byte(secret)), true},
		{"in capital hexadecimal", fmt.Sprintf("%X", secret), true},
		{"in a form", "password=harbour+lamp+41&x=1", true},
		{"in a path", "/harbour%20lamp%2041", true},
		{"in UTF-16", "\x00h\x00a\x00r\x00b\x00o\x00u\x00r\x00 \x00l\x00a\x00m\x00p\x00 \x004\x001", true},
		{"in the other UTF-16", "h\x00a\x00r\x00b\x00o\x00u\x00r\x00 \x00l\x00a\x00m\x00p\x00 \x004\x001\x00", true},
		{"not where it is not", "harbour lamp 42", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := len(canary.Find([]byte(c.raw), []string{secret})) == 1; got != c.found {
				t.Errorf("found: %v", got)
			}
		})
	}

	t.Run("letters that others write otherwise", func(t *testing.T) {
		const odd = `Gänse "füße" </?>~`
		escaped, err := json.Marshal(odd)
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range []string{
			string(escaped), fmt.Sprintf("%q", odd), fmt.Sprintf("%+q", odd), url.PathEscape(odd), strings.ToLower(url.QueryEscape(odd)),
			base64.URLEncoding.EncodeToString([]byte("x" + odd)), base64.StdEncoding.EncodeToString([]byte("x" + odd)), "G&auml;nse", `Gänse &#34;füße&#34; &lt;/?&gt;~`,
		} {
			if got := len(canary.Find([]byte(raw), []string{odd})) == 1; got != (raw != "G&auml;nse") {
				t.Errorf("%s: found %v", raw, got)
			}
		}
	})

	t.Run("a code of digits where it stands by itself, and not in a time", func(t *testing.T) {
		for raw, want := range map[string]bool{
			"code=123456&": true, "123456": true, `"123456"`: true, "code 123456.": true,
			"2026-11-21T18:41:19.123456Z": false, "2026/11/21 12:34:56": false, "91234567": false, "a123456": false, "123457": false,
		} {
			if got := len(canary.Find([]byte(raw), []string{"123456"})) == 1; got != want {
				t.Errorf("%s: found %v", raw, got)
			}
		}
	})

	t.Run("a piece of a long secret", func(t *testing.T) {
		const token = "eyJhbGciOiJIUzI1NiJ9.0123456789abcdef-ghijklmnop_qrstuvw"
		for raw, want := range map[string]bool{
			"x" + token + "y": true, "x" + token[7:7+16] + "y": true, token[len(token)-16:]: true, token[7 : 7+15]: false, "": false, "harbour": false,
		} {
			if got := canary.FindPieces([]byte(raw), []string{token}); (len(got) == 1) != want {
				t.Errorf("%q: found %q", raw, got)
			}
		}
		for _, other := range []string{token[:31], "a phrase of words that anybody says in a log"} {
			if got := canary.FindPieces([]byte(other), []string{other}); got != nil {
				t.Errorf("found %q", got)
			}
		}
	})

	t.Run("in a file, and in a file's name", func(t *testing.T) {
		folder := t.TempDir()
		for name, content := range map[string]string{"a": "..." + secret, secret: "", "b": "nothing"} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		found, looked, err := canary.FindInFolder(folder, []string{secret})
		if err != nil || len(found) != 2 || looked == 0 {
			t.Errorf("found %v in %d bytes, %v", found, looked, err)
		}
	})
}

package provider

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

const canary = "s3cr3t/Ca+n\"ary=&0123456789<>ü"

func TestRedactor(t *testing.T) {
	marshalled, _ := json.Marshal(canary)
	cases := []struct{ name, text string }{
		{"as it is", "token " + canary + " is bad"},
		{"in a query", "https://x/?a=1&token=" + url.QueryEscape(canary) + "&b=2"},
		{"in a query in lower case", "https://x/?token=" + strings.ToLower(url.QueryEscape(canary))},
		{"in a path", "https://x/" + url.PathEscape(canary) + "/y"},
		{"in JSON", `{"token":` + string(marshalled) + `}`},
		{"as Go prints it", strconv.Quote(canary)},
		{"in base64", base64.StdEncoding.EncodeToString([]byte(canary))},
		{"in base64 for URLs", base64.RawURLEncoding.EncodeToString([]byte(canary))},
		{"behind a user in Basic", "Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+canary))},
		{"behind a longer user in Basic", "Basic " + base64.StdEncoding.EncodeToString([]byte("me2:"+canary))},
		{"behind the longest user in Basic", "Basic " + base64.StdEncoding.EncodeToString([]byte("meee:"+canary))},
		{"in hex", hex.EncodeToString([]byte(canary))},
		{"its beginning", "token " + canary[:10] + "..."},
		{"its end", "..." + canary[len(canary)-10:]},
	}
	r := newRedactor(canary)
	for _, c := range cases {
		t.Run("a secret is cut out "+c.name, func(t *testing.T) {
			got := r.clean(c.text)
			if !strings.Contains(got, mask) {
				t.Fatalf("clean(%q) = %q, without a mask", c.text, got)
			}
			for _, form := range forms(canary) {
				for i := 0; i+window <= len(form); i++ {
					if strings.Contains(got, form[i:i+window]) {
						t.Fatalf("clean(%q) = %q, which holds %q", c.text, got, form[i:i+window])
					}
				}
			}
		})
	}
	t.Run("the rest of a text stays", func(t *testing.T) {
		if got := r.clean("a " + canary + " b " + canary + " c"); got != "a [secret] b [secret] c" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("a short secret is cut out whole", func(t *testing.T) {
		r := newRedactor("hunter")
		if got := r.clean("x hunter y " + base64.StdEncoding.EncodeToString([]byte("me:hunter"))); strings.Contains(got, "hunter") || strings.Count(got, mask) != 2 {
			t.Errorf("got %q", got)
		}
	})
	t.Run("with a tiny secret nothing foreign is shown", func(t *testing.T) {
		r := newRedactor("abc")
		if got := r.words("the password abc is wrong"); got != "" {
			t.Errorf("got %q", got)
		}
		if got := r.cause(errors.New("abc")).Error(); strings.Contains(got, "abc") {
			t.Errorf("got %q", got)
		}
	})
	t.Run("the ends of ctx can still be told", func(t *testing.T) {
		err := r.cause(fmt.Errorf("at %s: %w", canary, context.DeadlineExceeded))
		if !errors.Is(err, context.DeadlineExceeded) || strings.Contains(fmt.Sprintf("%+v %#v", err, err), canary[:8]) {
			t.Errorf("got %#v", err)
		}
	})
	t.Run("words are one line of readable length", func(t *testing.T) {
		got := r.words("a\x00b\n\tc\xff " + strings.Repeat("long ", 100))
		if strings.ContainsAny(got, "\x00\n\t") || !utf8.ValidString(got) || len(got) > 210 {
			t.Errorf("got %q", got)
		}
	})
}

func FuzzRedactor(f *testing.F) {
	f.Add("s3cr3t-value", "before ", " after")
	f.Add(canary, "%", "%")
	f.Add("aaaaaaaaaaaa", "aaaa", "aaaa")
	f.Add("päss wörd", "", "")
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		if len(secret) < tiny {
			return
		}
		r := newRedactor(secret)
		for _, form := range []string{secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret))} {
			if len(form) >= window && strings.Contains(r.clean(before+form+after), form) {
				t.Errorf("%q shows in %q", form, r.clean(before+form+after))
			}
		}
		if got := r.clean(secret); strings.Contains(got, secret) && !strings.Contains(mask, secret) {
			t.Errorf("%q shows", got)
		}
	})
}

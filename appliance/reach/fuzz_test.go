package reach

import (
	"strings"
	"testing"
)

func FuzzParseChecker(f *testing.F) {
	for _, seed := range []string{`{"open":true}`, `{"open":false,"why":"refused"}`, `{}`, `[]`, "{\"open\":false,\"why\":\"\x00\x1b[31m\"}", ``} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		_, why, err := parseChecker(body)
		if err != nil {
			return
		}
		if len([]rune(why)) > longestWhy {
			t.Errorf("%d characters", len([]rune(why)))
		}
		for _, c := range why {
			if c < ' ' || c == 0x7f {
				t.Errorf("a control character stays in %q", why)
			}
		}
	})
}

func FuzzHost(f *testing.F) {
	for _, seed := range []string{"vault.example.org", "vault.example.org:8443", "[::1]:80", ":", "a:99999", "http://x/y:1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, host string) {
		name, port := cutHost(host)
		if strings.Contains(name, ":") || name != "" && port == 0 && !strings.Contains(host, ":0") {
			t.Errorf("%q is %q and %d", host, name, port)
		}
	})
}

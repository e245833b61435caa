package webui

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"latchkey/appliance/problem"
)

// whole is a page of the least files that New accepts.
func whole() fstest.MapFS {
	return fstest.MapFS{
		"index.html":              {Data: []byte(`<script type="module" src="app.js"></script><a href="#/vault"><link href="css/base.css">`)},
		"app.js":                  {Data: []byte(strings.Repeat("// long enough to be worth compressing\n", 20))},
		"css/base.css":            {Data: []byte("a{}")},
		"vendor/argon2.js":        {Data: []byte("1")},
		"crypto/argon2-worker.js": {Data: []byte("2")},
	}
}

func get(t *testing.T, p *Page, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPage(t *testing.T) {
	p, err := from(whole())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("the index names its files by the checksum of all, and keeps its own fragments", func(t *testing.T) {
		body := text(t, get(t, p, "/").Body)
		if !regexp.MustCompile(`src="/a/[0-9a-f]{16}/app\.js"`).MatchString(body) || !strings.Contains(body, `href="#/vault"`) {
			t.Errorf("got %s", body)
		}
	})
	t.Run("another content has another address", func(t *testing.T) {
		changed := whole()
		changed["css/base.css"].Data = []byte("b{}")
		q, err := from(changed)
		if err != nil || q.prefix == p.prefix {
			t.Errorf("both are %s (%v)", p.prefix, err)
		}
	})
	t.Run("what is named by its checksum may be kept, the index not", func(t *testing.T) {
		if c := get(t, p, p.prefix+"app.js").Header.Get("Cache-Control"); !strings.Contains(c, "immutable") {
			t.Errorf("app.js: %s", c)
		}
		if c := get(t, p, "/").Header.Get("Cache-Control"); c != "no-cache" {
			t.Errorf("index: %s", c)
		}
	})
	t.Run("an unchanged file is not sent again", func(t *testing.T) {
		tag := get(t, p, "/").Header.Get("ETag")
		if r := get(t, p, "/", "If-None-Match", tag); r.StatusCode != http.StatusNotModified {
			t.Errorf("got %d", r.StatusCode)
		}
	})
	t.Run("whoever takes gzip gets it", func(t *testing.T) {
		r := get(t, p, "/app.js", "Accept-Encoding", "gzip")
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := text(t, z), string(whole()["app.js"].Data); got != want {
			t.Errorf("got %q", got)
		}
	})
	t.Run("only the deriving worker may compile WebAssembly", func(t *testing.T) {
		for path, want := range map[string]bool{"/": false, "/app.js": false, "/crypto/argon2-worker.js": true} {
			csp := get(t, p, path).Header.Get("Content-Security-Policy")
			if got := strings.Contains(csp, "wasm-unsafe-eval"); got != want {
				t.Errorf("%s: %s", path, csp)
			}
			if strings.Contains(csp, "unsafe-inline") || !strings.Contains(csp, "require-trusted-types-for 'script'") {
				t.Errorf("%s: %s", path, csp)
			}
		}
	})
	t.Run("there is no way out of the folder", func(t *testing.T) {
		for _, path := range []string{"/../webui.go", "/a/", p.prefix + "../app.js", "/nothing"} {
			if p.Has(path) {
				t.Errorf("%s is served", path)
			}
		}
	})
}

func TestWithoutArgon2ThePageIsRefused(t *testing.T) {
	bare := whole()
	delete(bare, "vendor/argon2.js")
	_, err := from(bare)
	var prob *problem.Problem
	if !errors.As(err, &prob) || prob.Code != "page.incomplete" || prob.Hint == "" {
		t.Errorf("got %v", err)
	}
}

package webui

import (
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// real is the page as it is served, with an Argon2 that need not have been fetched.
func real(t *testing.T, parents ...string) *Page {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(static, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := static.ReadFile(name)
		files[strings.TrimPrefix(name, "static/")] = &fstest.MapFile{Data: body}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	files[deriver] = &fstest.MapFile{Data: []byte("1")}
	p, err := from(files, parents...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestConnectors(t *testing.T) {
	p := real(t, "chrome-extension://abcdefghijklmnopabcdefghijklmnop", "bw-desktop-file://bundle", `https://"><script>`)
	all := []string{framed, ownTab, fromPhone}

	t.Run("each stands at the root and loads only what its content names", func(t *testing.T) {
		for _, name := range all {
			r := get(t, p, "/"+name)
			body := text(t, r.Body)
			if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "text/html; charset=utf-8" || r.Header.Get("Cache-Control") != "no-cache" {
				t.Errorf("%s: %d %s %s", name, r.StatusCode, r.Header.Get("Content-Type"), r.Header.Get("Cache-Control"))
			}
			links := regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(body, -1)
			if len(links) < 6 {
				t.Errorf("%s names %d files", name, len(links))
			}
			for _, link := range links {
				if link[1] != "/" && (!strings.HasPrefix(link[1], p.prefix) || !p.Has(link[1])) {
					t.Errorf("%s names %s, which is not there", name, link[1])
				}
			}
		}
	})
	t.Run("only the one for frames may be framed", func(t *testing.T) {
		for _, name := range append(all, "", "index.html") {
			csp := get(t, p, "/"+name).Header.Get("Content-Security-Policy")
			if got := !strings.Contains(csp, "frame-ancestors 'none'"); got != (name == framed) {
				t.Errorf("/%s: %s", name, csp)
			}
			if strings.Contains(csp, "frame-ancestors") && name == framed {
				t.Errorf("/%s: %s", name, csp)
			}
		}
		if h := get(t, p, "/"+framed).Header; h.Get("X-Frame-Options") != "" || h.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
			t.Errorf("its headers keep a client from framing it: %v", h)
		}
	})
	t.Run("what they load may not be loaded elsewhere", func(t *testing.T) {
		h := get(t, p, p.prefix+"connector/frame.js").Header
		if h.Get("Cross-Origin-Resource-Policy") != "same-origin" || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("got %v", h)
		}
	})
	t.Run("otherwise the policy is stricter than the page's", func(t *testing.T) {
		for _, name := range all {
			h := get(t, p, "/"+name).Header
			csp := h.Get("Content-Security-Policy")
			for _, want := range []string{"default-src 'none'", "script-src 'self';", "form-action 'none'", "base-uri 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"} {
				if !strings.Contains(csp, want) {
					t.Errorf("%s: no %s in %s", name, want, csp)
				}
			}
			if strings.Contains(csp, "connect-src") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "worker-src") {
				t.Errorf("%s: %s", name, csp)
			}
			if !strings.Contains(h.Get("Permissions-Policy"), "publickey-credentials-create=()") || strings.Contains(h.Get("Permissions-Policy"), "credentials-get") {
				t.Errorf("%s: %s", name, h.Get("Permissions-Policy"))
			}
		}
	})
	t.Run("the one for frames is told who may frame it, and nothing that could be markup", func(t *testing.T) {
		body := text(t, get(t, p, "/"+framed).Body)
		if !strings.Contains(body, `content="chrome-extension://abcdefghijklmnopabcdefghijklmnop bw-desktop-file://bundle"`) {
			t.Errorf("got %s", body)
		}
	})
	t.Run("who frames it changes its ETag", func(t *testing.T) {
		q := real(t, "bw-desktop-file://bundle")
		if get(t, p, "/"+framed).Header.Get("ETag") == get(t, q, "/"+framed).Header.Get("ETag") {
			t.Error("an old list would be kept")
		}
	})
	t.Run("with nobody listed nobody is told", func(t *testing.T) {
		if body := text(t, get(t, real(t), "/"+framed).Body); !strings.Contains(body, framersMeta+`"`) {
			t.Errorf("got %s", body)
		}
	})
}

package targettest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/net/webdav"

	"latchkey/appliance/backup/target"
)

// Dav is a WebDAV server below /dav/ that wants Basic authentication.
func Dav(dir string) http.Handler {
	files := &webdav.Handler{Prefix: "/dav", FileSystem: webdav.Dir(dir), LockSystem: webdav.NewMemLS()}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, given := r.BasicAuth()
		switch {
		case !given || user != "backup" || password != Canary:
			w.Header().Set("WWW-Authenticate", `Basic realm="files"`)
			http.Error(w, "not you: "+r.Header.Get("Authorization"), http.StatusUnauthorized)
		case !strings.HasPrefix(r.URL.Path, "/dav/"):
			http.NotFound(w, r)
		default:
			files.ServeHTTP(w, r)
		}
	})
}

// WebDAV is a place behind x/net/webdav in this process. around may change what it does; nil: nothing.
func WebDAV(t *testing.T, around func(http.Handler) http.Handler) Place {
	t.Helper()
	dir := t.TempDir()
	handler := Dav(dir)
	if around != nil {
		handler = around(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return Place{
		Env: Env(t), Dir: dir, Addr: server.Listener.Addr().String(),
		Config: target.Config{ID: "w", Kind: target.KindWebDAV, Name: "the cloud", Fields: map[string]string{
			target.FieldURL: server.URL + "/dav", target.FieldUser: "backup", target.FieldPassword: Canary, target.FieldFolder: "/",
		}},
	}
}

// Folder is a place on this machine.
func Folder(t *testing.T) Place {
	dir := t.TempDir()
	return Place{
		Env: Env(t), Dir: dir,
		Config: target.Config{ID: "f", Kind: target.KindFolder, Name: "the stick", Fields: map[string]string{target.FieldFolder: dir}},
	}
}

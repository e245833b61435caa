package target_test

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"latchkey/appliance/backup/target"
	"latchkey/appliance/backup/target/targettest"
	"latchkey/appliance/problem"
)

// refusing answers one method with a status from the moment it is armed; 0: it is not.
type refusing struct {
	method string
	status atomic.Int32
	header http.Header
	body   string
}

func (f *refusing) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := int(f.status.Load())
		if status == 0 || r.Method != f.method {
			next.ServeHTTP(w, r)
			return
		}
		for k, v := range f.header {
			w.Header()[k] = v
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, f.body+r.Header.Get("Authorization"))
	})
}

func checked(t *testing.T, p targettest.Place) target.Target {
	t.Helper()
	_, c, err := targettest.Check(t.Context(), p.Config, p.Env)
	if err != nil {
		t.Fatal(err)
	}
	return targettest.Open(t, c, p.Env)
}

func TestWebDAVStatuses(t *testing.T) {
	for _, c := range []struct {
		method string
		status int
		want   string
	}{
		{"PROPFIND", 401, target.CodeRefused},
		{"PROPFIND", 403, target.CodePermission},
		{"PROPFIND", 404, target.CodeMissing},
		{"PROPFIND", 405, target.CodeField},
		{"PROPFIND", 200, target.CodeBroken},
		{"PROPFIND", 207, target.CodeBroken}, // but no XML
		{"PROPFIND", 302, target.CodeMoved},
		{"PROPFIND", 308, target.CodeMoved},
		{"PROPFIND", 500, target.CodeBroken},
		{"PROPFIND", 502, target.CodeUnreachable},
		{"PROPFIND", 503, target.CodeUnreachable}, // Nextcloud's maintenance mode
		{"PUT", 403, target.CodePermission},
		{"PUT", 409, target.CodeMissing},
		{"PUT", 413, target.CodeTooLarge},
		{"PUT", 423, target.CodeUnreachable},
		{"PUT", 500, target.CodeBroken},
		{"PUT", 507, target.CodeFull},
		{"PUT", 307, target.CodeMoved},
		{"MOVE", 412, target.CodeExists},
		{"MOVE", 423, target.CodeUnreachable},
		{"MOVE", 501, target.CodeField},
		{"MOVE", 507, target.CodeFull},
		{"DELETE", 403, target.CodePermission},
		{"DELETE", 500, target.CodeBroken},
		{"GET", 401, target.CodeRefused},
		{"GET", 404, target.ErrNotThere.Code},
		{"GET", 502, target.CodeUnreachable},
		{"GET", 301, target.CodeMoved},
	} {
		t.Run(c.method+" "+http.StatusText(c.status), func(t *testing.T) {
			t.Parallel()
			fault := &refusing{method: c.method, header: http.Header{"Location": {"http://127.0.0.1:1/elsewhere"}}, body: "<html>"}
			p := targettest.WebDAV(t, fault.around)
			to := checked(t, p)
			if err := to.Put(t.Context(), targettest.Name(0), strings.NewReader("whole"), 5); err != nil {
				t.Fatal(err)
			}
			fault.status.Store(int32(c.status))
			var err error
			switch c.method {
			case "GET":
				_, err = to.Get(t.Context(), targettest.Name(0))
			case "DELETE":
				err = to.Remove(t.Context(), targettest.Name(0))
			default:
				err = to.Put(t.Context(), targettest.Name(1), bytes.NewReader(make([]byte, 100_000)), 100_000)
			}
			targettest.Wants(t, err, c.want)
			fault.status.Store(0)
			list, err := to.List(t.Context())
			if err != nil || len(list) != 1 {
				t.Errorf("afterwards the list is %v, %v", list, err)
			}
		})
	}
}

func TestWebDAVFollowsNobody(t *testing.T) {
	var asked atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer elsewhere.Close()
	fault := &refusing{method: "PROPFIND", header: http.Header{"Location": {elsewhere.URL + "/dav/"}}}
	p := targettest.WebDAV(t, fault.around)
	fault.status.Store(http.StatusPermanentRedirect)
	_, _, err := target.Check(t.Context(), p.Config, p.Env)
	targettest.Wants(t, err, target.CodeMoved)
	if n := asked.Load(); n != 0 {
		t.Errorf("the other server was asked %d times", n)
	}
}

// nextcloud answers as Nextcloud does: a login page at the top, WebDAV far below, the user's ID another than the
// name to sign in with, unlimited quota as -3, and hrefs that begin with its own path.
// https://docs.nextcloud.com/server/latest/developer_manual/client_apis/WebDAV/basic.html
func nextcloud(t *testing.T, below string) targettest.Place {
	p := targettest.WebDAV(t, func(dav http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			files := below + "/remote.php/dav/files/u-4711"
			switch {
			case r.URL.Path == below+"/remote.php/dav/" && r.Method == "PROPFIND":
				if _, password, _ := r.BasicAuth(); password != targettest.Canary {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				w.WriteHeader(http.StatusMultiStatus)
				_, _ = io.WriteString(w, `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:response><d:href>`+
					below+`/remote.php/dav/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/></d:resourcetype>`+
					`<d:current-user-principal><d:href>`+below+`/remote.php/dav/principals/users/u-4711/</d:href></d:current-user-principal>`+
					`</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat><d:propstat><d:prop><d:getcontentlength/></d:prop>`+
					`<d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response></d:multistatus>`)
			case strings.HasPrefix(r.URL.Path, files+"/"):
				if to := r.Header.Get("Destination"); to != "" {
					r.Header.Set("Destination", strings.Replace(to, files, "/dav", 1))
				}
				r.URL.Path = "/dav" + strings.TrimPrefix(r.URL.Path, files)
				dav.ServeHTTP(w, r)
			case r.Method == "PROPFIND":
				w.WriteHeader(http.StatusMethodNotAllowed)
			default:
				_, _ = io.WriteString(w, "<html>sign in</html>")
			}
		})
	})
	p.Config = p.With(target.FieldURL, strings.TrimSuffix(p.Config.Fields[target.FieldURL], "/dav")+below+"/index.php/apps/files")
	p.Config = p.With(target.FieldFolder, "Backups/of the house")
	return p
}

func TestNextcloudIsFound(t *testing.T) {
	for _, below := range []string{"", "/cloud"} {
		p := nextcloud(t, below)
		_, c, err := target.Check(t.Context(), p.Config, p.Env)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Fields[target.FieldURL]; !strings.HasSuffix(got, below+"/remote.php/dav/files/u-4711") {
			t.Errorf("the address became %s", got)
		}
		to := targettest.Open(t, c, p.Env)
		if err := to.Put(t.Context(), targettest.Name(0), strings.NewReader("whole"), 5); err != nil {
			t.Fatal(err)
		}
		if list, err := to.List(t.Context()); err != nil || len(list) != 1 {
			t.Errorf("the list is %v, %v", list, err)
		}
	}
	p := nextcloud(t, "")
	_, _, err := target.Check(t.Context(), p.With(target.FieldPassword, "an old one"), p.Env)
	targettest.Wants(t, err, target.CodeRefused)
}

func TestPlainHTTPIsTold(t *testing.T) {
	p := targettest.WebDAV(t, nil)
	look, _, err := target.Check(t.Context(), p.Config, p.Env)
	if err != nil || !strings.Contains(look.Text, "not encrypted") || !strings.Contains(look.Hint, "https") {
		t.Errorf("the look is %+v, %v", look, err)
	}
}

func TestACertificateThatNobodyTrusts(t *testing.T) {
	server := httptest.NewUnstartedServer(targettest.Dav(t.TempDir()))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	p := targettest.WebDAV(t, nil)
	_, _, err := target.Check(t.Context(), p.With(target.FieldURL, server.URL+"/dav"), p.Env)
	targettest.Wants(t, err, target.CodeCertificate)

	p.Env.HTTP = server.Client() // it trusts that root
	look, _, err := target.Check(t.Context(), p.With(target.FieldURL, server.URL+"/dav"), p.Env)
	if err != nil || strings.Contains(look.Text, "not encrypted") {
		t.Errorf("the look is %+v, %v", look, err)
	}
}

func hint(err error) string { return problem.Of(err).Hint }

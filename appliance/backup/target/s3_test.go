package target_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/appliance/backup/target"
	"latchkey/appliance/backup/target/targettest"
)

func TestS3Answers(t *testing.T) {
	for _, c := range []struct {
		method string
		status int
		code   string
		want   string
	}{
		{"GET", 403, "AccessDenied", target.CodePermission},
		{"GET", 403, "InvalidAccessKeyId", target.CodeRefused},
		{"GET", 403, "SignatureDoesNotMatch", target.CodeRefused},
		{"GET", 403, "RequestTimeTooSkewed", target.CodeRefused},
		{"GET", 404, "NoSuchBucket", target.CodeMissing},
		{"GET", 503, "SlowDown", target.CodeUnreachable},
		{"GET", 500, "InternalError", target.CodeBroken},
		{"GET", 301, "PermanentRedirect", target.CodeMoved},
		{"PUT", 307, "TemporaryRedirect", target.CodeMoved},
		{"PUT", 403, "AccessDenied", target.CodePermission},
		{"PUT", 400, "EntityTooLarge", target.CodeTooLarge},
		{"PUT", 507, "XMinioStorageFull", target.CodeFull},
		{"PUT", 500, "InternalError", target.CodeBroken},
		{"DELETE", 403, "AccessDenied", target.CodePermission},
	} {
		t.Run(c.method+" "+c.code, func(t *testing.T) {
			t.Parallel()
			fault := &refusing{
				method: c.method, header: http.Header{"Location": {"http://127.0.0.1:1/"}, "Content-Type": {"application/xml"}},
				body: "<Error><Code>" + c.code + "</Code><Message>your key " + targettest.Canary + "</Message></Error>",
			}
			p, _ := targettest.S3(t, fault.around)
			to := checked(t, p)
			if err := to.Put(t.Context(), targettest.Name(0), strings.NewReader("whole"), 5); err != nil {
				t.Fatal(err)
			}
			fault.status.Store(int32(c.status))
			var err error
			switch c.method {
			case "GET":
				_, err = to.List(t.Context())
			case "DELETE":
				err = to.Remove(t.Context(), targettest.Name(0))
			default:
				err = to.Put(t.Context(), targettest.Name(1), strings.NewReader("whole"), 5)
			}
			targettest.Wants(t, err, c.want)
			fault.status.Store(0)
			if list, err := to.List(t.Context()); err != nil || len(list) != 1 {
				t.Errorf("afterwards the list is %v, %v", list, err)
			}
		})
	}
}

func TestS3FollowsNobody(t *testing.T) {
	var asked atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer elsewhere.Close()
	fault := &refusing{method: "GET", header: http.Header{"Location": {elsewhere.URL}}}
	p, _ := targettest.S3(t, fault.around)
	fault.status.Store(http.StatusTemporaryRedirect)
	_, _, err := target.Check(t.Context(), p.Config, p.Env)
	targettest.Wants(t, err, target.CodeMoved)
	if n := asked.Load(); n != 0 {
		t.Errorf("the other server was asked %d times", n)
	}
}

func TestS3SendsLargeFilesInParts(t *testing.T) {
	p, server := targettest.S3(t, nil)
	to := checked(t, p)
	server.Begin("latchkey/" + targettest.Name(5)) // a machine that lost power in the middle
	server.Begin("latchkey/latchkey-99999999-20261121T031500Z.age")
	const size = 35 << 20
	source := io.LimitReader(rand.NewChaCha8([32]byte{}), size)
	if err := to.Put(t.Context(), targettest.Name(0), source, size); err != nil {
		t.Fatal(err)
	}
	if n := server.Count("PUT uploadId"); n != 3 {
		t.Errorf("it went in %d parts, want 3", n)
	}
	if n := server.Count("DELETE uploadId"); n != 1 {
		t.Errorf("%d old uploads were ended, want the one of this house", n)
	}
	f, err := to.Get(t.Context(), targettest.Name(0))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := io.ReadAll(f)
	want, _ := io.ReadAll(io.LimitReader(rand.NewChaCha8([32]byte{}), size))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes came back, %v", len(got), err)
	}
}

func TestAnS3PartIsTriedAgain(t *testing.T) {
	var failures atomic.Int32
	failures.Store(2)
	p, _ := targettest.S3(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut && failures.Add(-1) >= 0 {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	p.Env.Patience = 5 * time.Second
	_, _, err := target.Check(t.Context(), p.Config, p.Env)
	if err != nil {
		t.Error(err)
	}
}

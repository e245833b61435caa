package logline_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"latchkey/appliance/logline"
)

// mux is a door like ours: a few routes, and one for the rest.
func mux() *http.ServeMux {
	m := http.NewServeMux()
	say := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
	}
	m.HandleFunc("PUT /api/ciphers/{id}", say(http.StatusOK))
	m.HandleFunc("GET /api/ciphers/{id}/attachment/{file}", say(http.StatusNoContent))
	m.HandleFunc("GET /icons/{rest...}", say(http.StatusNotFound))
	m.HandleFunc("GET /exact/{$}", say(http.StatusTooManyRequests))
	m.HandleFunc("GET /silent", func(http.ResponseWriter, *http.Request) {})
	m.HandleFunc("GET /odd", say(599))
	m.HandleFunc("GET /early", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		_, _ = io.WriteString(w, "body")
	})
	m.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("hunter2 was typed") })
	m.HandleFunc("GET /short", func(_ http.ResponseWriter, r *http.Request) {
		var none []int
		none[len(r.URL.Path)] = 1
	})
	m.HandleFunc("GET /abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	m.HandleFunc("GET /half", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		panic(errors.New("hunter2"))
	})
	m.HandleFunc("/", say(http.StatusNotFound))
	return m
}

func from(text string) func(*http.Request) netip.Addr {
	addr, _ := netip.ParseAddr(text)
	return func(*http.Request) netip.Addr { return addr }
}

// page is a handler before the mux, as the page's files are: no mux has them.
func page(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isFile(r.URL.Path) {
			_, _ = io.WriteString(w, "file")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isFile(path string) bool { return path == "/" || path == "/a/0123/boot.js" }

func TestRequestLines(t *testing.T) {
	for name, c := range map[string]struct {
		method, url, from, want string
	}{
		"an id is not told":               {"PUT", "/api/ciphers/b5e1c0de", "203.0.113.7", `PUT /api/ciphers/… | 200 [OK] | 203.0.113.7`},
		"nor a query":                     {"PUT", "/api/ciphers/x?token=hunter2", "203.0.113.7", `PUT /api/ciphers/… | 200 [OK] | 203.0.113.7`},
		"two of them":                     {"GET", "/api/ciphers/a/attachment/b", "2001:db8::7", `GET /api/ciphers/…/attachment/… | 204 [No Content] | 2001:db8::7`},
		"the rest of a path":              {"GET", "/icons/my.bank.example/icon.png", "192.0.2.1", `GET /icons/… | 404 [Not Found] | 192.0.2.1`},
		"an exact end":                    {"GET", "/exact/", "192.0.2.1", `GET /exact/ | 429 [Too Many Requests] | 192.0.2.1`},
		"what no route takes":             {"GET", "/hunter2/x", "192.0.2.1", `GET … | 404 [Not Found] | 192.0.2.1`},
		"a wrong method":                  {"DELETE", "/silent", "192.0.2.1", `DELETE … | 404 [Not Found] | 192.0.2.1`},
		"a method of one's own":           {"HUNTER2", "/silent", "192.0.2.1", `… … | 404 [Not Found] | 192.0.2.1`},
		"who says nothing says 200":       {"GET", "/silent", "192.0.2.1", `GET /silent | 200 [OK] | 192.0.2.1`},
		"a status without words":          {"GET", "/odd", "192.0.2.1", `GET /odd | 599 | 192.0.2.1`},
		"an early hint is not the status": {"GET", "/early", "192.0.2.1", `GET /early | 200 [OK] | 192.0.2.1`},
		"a command on the machine":        {"PUT", "/api/ciphers/x", "", `PUT /api/ciphers/… | 200 [OK] | machine`},
		"no zone, no mapped address":      {"GET", "/silent", "::ffff:192.0.2.1", `GET /silent | 200 [OK] | 192.0.2.1`},
		"a zone that somebody made up":    {"GET", "/silent", "fe80::1%hunter2", `GET /silent | 200 [OK] | fe80::1`},
		"somebody opens the page":         {"GET", "/?x=hunter2", "192.0.2.1", `GET / | 200 [OK] | 192.0.2.1`},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			l := logline.New(&out, logline.Text, slog.LevelInfo)
			h := logline.Requests(page(mux()), l.Logger, from(c.from), isFile)
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), c.method, c.url, nil))
			if err := l.Flush(); err != nil {
				t.Fatal(err)
			}
			found := stamp.FindStringSubmatch(out.String())
			if found == nil || found[1] != "[REQUEST]" || found[2] != c.want {
				t.Errorf("got  %q\nwant %q", out.String(), c.want)
			}
		})
	}

	t.Run("a file of the page is told at debug only, and what the machine reads", func(t *testing.T) {
		for _, c := range []struct{ path, from, want string }{
			{"/a/0123/boot.js", "192.0.2.1", "GET /a/0123/boot.js | 200 [OK] | 192.0.2.1\n"},
			{"/silent", "", "GET /silent | 200 [OK] | machine\n"},
		} {
			for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo} {
				var out bytes.Buffer
				l := logline.New(&out, logline.Text, level)
				logline.Requests(page(mux()), l.Logger, from(c.from), isFile).
					ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.path, nil))
				_ = l.Flush()
				if told := level == slog.LevelDebug; told != (out.Len() > 0) || told && !strings.HasSuffix(out.String(), c.want) {
					t.Errorf("%s at %v: %q", c.path, level, out.String())
				}
			}
		}
	})
	t.Run("as JSON the facts are the same", func(t *testing.T) {
		said := logged(t, logline.JSON, func(l *slog.Logger) {
			logline.Requests(mux(), l, from("192.0.2.1"), nil).
				ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/api/ciphers/hunter2", nil))
		})
		var got map[string]any
		if err := json.Unmarshal([]byte(said), &got); err != nil {
			t.Fatalf("%q: %v", said, err)
		}
		delete(got, "time")
		want := map[string]any{"level": "INFO", "msg": "request", "method": "PUT", "path": "/api/ciphers/…", "status": 200.0, "address": "192.0.2.1"}
		for k, v := range want {
			if got[k] != v || len(got) != len(want) {
				t.Errorf("got %v, want %v", got, want)
				break
			}
		}
	})
	t.Run("another handler gets the facts beside its message", func(t *testing.T) {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, nil))
		logline.Requests(mux(), log, from("192.0.2.1"), nil).
			ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/silent", nil))
		if !strings.HasSuffix(out.String(), "msg=request method=GET path=/silent status=200 address=192.0.2.1\n") {
			t.Errorf("said %q", out.String())
		}
	})
}

func TestPanics(t *testing.T) {
	for name, c := range map[string]struct {
		path, status, cause string
		answered            bool
	}{
		"a value is not told, only its type":          {"/panic", "500 [Internal Server Error]", `panic with a string`, true},
		"the runtime's own words are":                 {"/short", "500 [Internal Server Error]", `runtime error: index out of range [6] with length 0`, true},
		"half an answer breaks off":                   {"/half", "- [Broken Off]", `panic with a *errors.errorString`, false},
		"an answer that is to break off says nothing": {"/abort", "- [Broken Off]", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			var out, server bytes.Buffer
			l := logline.New(&out, logline.Text, slog.LevelInfo)
			s := httptest.NewUnstartedServer(logline.Requests(mux(), l.Logger, from("192.0.2.1"), nil))
			s.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(&server, nil), slog.LevelInfo)
			s.Start()
			answer, err := s.Client().Get(s.URL + c.path)
			if err == nil {
				_, err = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
			}
			s.Close()
			_ = l.Flush()
			said := out.String()
			if (err == nil) != c.answered || c.answered && answer.StatusCode != 500 {
				t.Errorf("answered %v, %v", answer, err)
			}
			if strings.Contains(said+server.String(), "hunter2") || server.Len() > 0 {
				t.Errorf("said %q and %q", said, server.String())
			}
			if !strings.HasSuffix(said, " GET "+c.path+" | "+c.status+" | 192.0.2.1\n") {
				t.Errorf("said %q", said)
			}
			where := regexp.MustCompile(`\[ERROR\] [\d/: ]+ a request ran into a mistake of ours: (.*) \| where="latchkey/appliance/logline_test\.mux\.func\d+:\d+ < `)
			if found := where.FindStringSubmatch(said); c.cause != "" && (found == nil || found[1] != c.cause) || c.cause == "" && strings.Contains(said, "ERROR") {
				t.Errorf("said %q", said)
			}
		})
	}
}

// plainWriter can do nothing but answer.
type plainWriter struct{ http.ResponseWriter }

func TestTheWriterHidesNothing(t *testing.T) {
	var got string
	h := func(do func(w http.ResponseWriter, r *http.Request)) http.Handler {
		return logline.Requests(http.HandlerFunc(do), slog.New(slog.DiscardHandler), nil, nil)
	}
	call := func(t *testing.T, s *httptest.Server, body io.Reader) *http.Response {
		t.Helper()
		defer s.Close()
		answer, err := s.Client().Post(s.URL, "", body)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		got = string(raw)
		return answer
	}
	t.Run("it flushes", func(t *testing.T) {
		call(t, httptest.NewServer(h(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "a")
			w.(http.Flusher).Flush()
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		})), nil)
		w := httptest.NewRecorder()
		h(func(w http.ResponseWriter, _ *http.Request) {
			if err := http.NewResponseController(w).Flush(); !errors.Is(err, http.ErrNotSupported) {
				t.Errorf("got %v", err)
			}
		}).ServeHTTP(plainWriter{w}, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		if w.Flushed {
			t.Error("it was flushed")
		}
	})
	t.Run("it is taken over", func(t *testing.T) {
		s := httptest.NewServer(h(func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = rw.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nmine!")
			_ = rw.Flush()
			_ = conn.Close()
		}))
		call(t, s, nil)
		if got != "mine!" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("over HTTP/2 it says that it can't be", func(t *testing.T) {
		s := httptest.NewUnstartedServer(h(func(w http.ResponseWriter, r *http.Request) {
			if _, _, err := w.(http.Hijacker).Hijack(); !errors.Is(err, http.ErrNotSupported) || r.ProtoMajor != 2 {
				t.Errorf("got %v over %s", err, r.Proto)
			}
		}))
		s.EnableHTTP2 = true
		s.StartTLS()
		call(t, s, nil)
	})
	t.Run("deadlines pass through", func(t *testing.T) {
		call(t, httptest.NewServer(h(func(w http.ResponseWriter, _ *http.Request) {
			if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
				t.Error(err)
			}
		})), nil)
	})
	t.Run("a copy takes the short way", func(t *testing.T) {
		call(t, httptest.NewServer(h(func(w http.ResponseWriter, _ *http.Request) {
			if n, err := io.Copy(w, io.LimitReader(strings.NewReader("copied"), 100)); n != 6 || err != nil {
				t.Errorf("%d %v", n, err)
			}
		})), nil)
		if got != "copied" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("a body that is too large ends the connection, as without it", func(t *testing.T) {
		answer := call(t, httptest.NewServer(h(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 10)); err == nil {
				t.Error("it was read")
			}
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		})), strings.NewReader(strings.Repeat("x", 1000)))
		if !answer.Close {
			t.Error("the connection stays")
		}
	})
}

// A path never stands in a line as it was sent, whatever was sent.
func FuzzPath(f *testing.F) {
	f.Add("GET", "/api/ciphers/hunter2")
	f.Add("PUT", "/api/ciphers/hunter2")
	f.Add("GET", "/icons/hunter2/../..//hunter2")
	f.Add("HUNTER2", "//hunter2")
	f.Add("GET", "/%0a[ERROR]hunter2")
	f.Fuzz(func(t *testing.T, method, path string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(method + " " + path + "hunter2 HTTP/1.1\r\nHost: x\r\n\r\n")))
		if err != nil {
			t.Skip("no request")
		}
		said := logged(t, logline.Text, func(l *slog.Logger) {
			logline.Requests(mux(), l, from("192.0.2.1"), isFile).ServeHTTP(httptest.NewRecorder(), r)
		})
		if strings.Contains(said, "hunter2") || strings.Count(said, "\n") != 1 {
			t.Errorf("%q", said)
		}
	})
}

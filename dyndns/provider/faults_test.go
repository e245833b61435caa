package provider_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/problem"
	"latchkey/dyndns/provider"
)

// fault is an answer that no provider documents and all of them give sooner or later.
type fault struct {
	name   string
	answer http.HandlerFunc
	codes  []string // nil: an error is not demanded, but no panic and no secret
}

func say(status int, kind, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if len(header) == 2 {
			w.Header().Set(header[0], header[1])
		}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const page = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"

// echo says back all that it heard, as careless servers do.
func echo(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		all := fmt.Sprintf("%s %v %s", r.URL, r.Header, body)
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"success":false,"errors":[{"code":7,"message":%q}],"message":%q,"error":%q,"detail":%q,"code":"X"}`, all, all, all, all)
	}
}

func faults() []fault {
	trouble := []string{provider.CodeUnreachable}
	all := []fault{
		{"a web page with 502", say(502, "text/html", page), trouble},
		{"a web page with 403", say(403, "text/html", page), trouble},
		{"a web page with 200", say(200, "text/html", page), trouble},
		{"500 and nothing", say(500, "application/json", ""), trouble},
		{"429 with a wait", say(429, "application/json", `{"success":false}`, "Retry-After", "7"), []string{provider.CodeBusy}},
		{"429 with a page", say(429, "text/html", page, "Retry-After", "7"), []string{provider.CodeBusy}},
		{"503 with a wait", say(503, "text/plain", "busy", "Retry-After", "7"), []string{provider.CodeBusy}},
		{"a redirect", say(302, "text/plain", "", "Location", "https://example.com/elsewhere"), trouble},
		{"a broken connection", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, trouble},
		{"400 that says all it heard", echo(400), []string{}},
		{"401 that says all it heard", echo(401), []string{}},
		{"200 that says all it heard", echo(200), nil},
	}
	odds := []string{
		"", "null", "[]", "{}", `{"success":true}`, `{"success":true,"result":null}`, `{"success":true,"result":[]}`,
		`{"success":true,"result":[{"id":"z","name":"example.org"}],"result_info":null}`, `{"success":false}`,
		`[null]`, `[{}]`, `{"zones":[null]}`, `{"domains":null}`, `{"records":[null],"data":[{}]}`, `"text"`, "0", `{"success":tr`,
		`{"status":"SUCCESS"}`, `{"status":"success","responsedata":null}`, "\xff\xfe", strings.Repeat("[", 20000), "<ErrorResponse>", "<a/>", "OK", "good", "9",
	}
	if testing.Short() { // the ones that have broken something, for each save
		odds = []string{"", "null", "{}", `{"success":true,"result":[{"id":"z","name":"example.org"}],"result_info":null}`, "[null]", `{"success":tr`}
	}
	for _, odd := range odds {
		all = append(all, fault{fmt.Sprintf("200 and %.30q", odd), say(200, "application/json", odd), nil})
	}
	return all
}

// testFaults disturbs each request of a change in turn.
func testFaults(t *testing.T, g rig, info provider.Info) {
	work := func(t *testing.T, w *world) error {
		c := w.client(t)
		if err := w.change(ctx(t), c); err != nil {
			return err
		}
		if info.Clears {
			if err := c.Clear(ctx(t), w.name, 4); err != nil {
				return err
			}
		}
		return c.Prove(ctx(t), w.name)
	}
	calm := g.start(t)
	calm.disturb(0, nil)
	must(t, "the undisturbed work", work(t, calm))
	steps := int(calm.asked.Load())
	w := g.start(t)
	for _, f := range faults() {
		t.Run("it stands "+f.name, func(t *testing.T) {
			for step := 1; step <= steps; step++ {
				w.again(t)
				w.disturb(step, f.answer)
				err := work(t, w)
				if f.codes == nil && err == nil {
					continue
				}
				p := w.coded(t, err, f.codes...)
				if p.Code == provider.CodeBusy && p.Values["seconds"] != "7" && len(f.codes) > 0 {
					t.Errorf("told to wait %q seconds, want 7", p.Values["seconds"])
				}
				if slices.Contains(w.paths, "/elsewhere") {
					t.Error("a redirect was followed")
				}
			}
		})
	}
	t.Run("silence ends with ctx, and is told when it is the provider's", func(t *testing.T) {
		w := g.start(t)
		let := make(chan struct{})
		defer close(let)
		w.disturb(1, func(http.ResponseWriter, *http.Request) { <-let })
		short, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		err := w.change(short, w.client(t))
		if err == nil || time.Since(time.Now()) > time.Second {
			t.Errorf("got %v", err)
		}
		w.silent(t, err)
		o := w.options(t, w.cred)
		o.HTTP.Timeout = 30 * time.Millisecond
		w.coded(t, w.change(ctx(t), w.clientWith(t, o)), provider.CodeUnreachable)
	})
	t.Run("nobody there is told as that", func(t *testing.T) {
		w := g.start(t)
		c := w.client(t)
		w.server.Close()
		w.coded(t, w.change(ctx(t), c), provider.CodeUnreachable)
	})
}

// silent asserts that no secret is in err or in the log, in any form of it.
func (w *world) silent(t *testing.T, err error) {
	t.Helper()
	told := fmt.Sprintf("%v\n%+v\n%#v\n%s", err, err, err, w.logged())
	if p := problem.Of(err); p != nil {
		told += fmt.Sprintf("%s\n%s\n%v\n%v", p.Text, p.Hint, p.Values, p.Cause)
	}
	for _, f := range w.info(t).Fields {
		secret := w.cred[f.Key]
		if !f.Secret || secret == "" {
			continue
		}
		for _, form := range []string{
			secret, secret[:min(len(secret), 12)], secret[max(0, len(secret)-12):], url.QueryEscape(secret),
			base64.StdEncoding.EncodeToString([]byte(w.cred["user"] + ":" + secret)),
		} {
			if strings.Contains(told, form) {
				t.Errorf("a secret shows:\n%s", told)
			}
		}
	}
}

package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/appliance/problem"
)

// empty answers 200 without a body, as the clients expect of most changes.
type empty struct{}

// noContent answers 204.
type noContent struct{}

// notModified answers 304 with the ETag that was set.
type notModified struct{}

// plain answers bytes of some type.
type plain struct {
	kind string
	body []byte
}

// accepted answers 202: what was asked for happens after the answer.
type accepted struct{}

// spliced answers JSON that is put together from ready pieces.
type spliced [][]byte

// reply writes a handler's answer.
func (c *call) reply(answer any) {
	c.status = http.StatusOK
	switch v := answer.(type) {
	case empty:
		c.w.WriteHeader(http.StatusOK)
	case noContent:
		c.status = http.StatusNoContent
		c.w.WriteHeader(http.StatusNoContent)
	case accepted:
		c.status = http.StatusAccepted
		c.w.WriteHeader(http.StatusAccepted)
	case notModified:
		c.status = http.StatusNotModified
		c.w.WriteHeader(http.StatusNotModified)
	case plain:
		c.w.Header().Set("Content-Type", v.kind)
		_, _ = c.w.Write(v.body) // a caller who left is nobody's trouble
	case streamed:
		c.stream(v)
	case spliced:
		c.w.Header().Set("Content-Type", jsonType)
		for _, piece := range v {
			if _, err := c.w.Write(piece); err != nil {
				return
			}
		}
	default:
		body, err := json.Marshal(answer)
		if err != nil {
			c.refuse(err)
			return
		}
		c.w.Header().Set("Content-Type", jsonType)
		_, _ = c.w.Write(body)
	}
}

const jsonType = "application/json; charset=utf-8"

// statuses by kind of problem. 403 is never used, and 401 only where signing
// in again helps: Bitwarden clients end the session on both.
var statuses = map[problem.Kind]int{
	problem.Internal:    http.StatusInternalServerError,
	problem.Refused:     http.StatusBadRequest,
	problem.NotFound:    http.StatusNotFound,
	problem.Unproven:    http.StatusUnauthorized,
	problem.TooMany:     http.StatusTooManyRequests,
	problem.TooLarge:    http.StatusRequestEntityTooLarge,
	problem.Unavailable: http.StatusServiceUnavailable,
}

// shown is a problem as our own page reads it.
type shown struct {
	Code   string            `json:"code"`
	Text   string            `json:"text"`
	Hint   string            `json:"hint"`
	Values map[string]string `json:"values,omitempty"`
}

// errorModel is the part of the wire's errors that iOS wants in capitals at
// sign-in and everybody else in lower case.
type errorModel struct {
	Message string `json:"message"`
	Object  string `json:"object"`
}

// failure is the wire's error (bitwarden/server ErrorResponseModel), with our
// own problem beside it.
type failure struct {
	Message               string              `json:"message"`
	ValidationErrors      map[string][]string `json:"validationErrors"`
	ErrorModel            errorModel          `json:"errorModel"`
	Error                 string              `json:"error"`
	ErrorDescription      string              `json:"error_description"`
	ExceptionMessage      *string             `json:"exceptionMessage"`
	ExceptionStackTrace   *string             `json:"exceptionStackTrace"`
	InnerExceptionMessage *string             `json:"innerExceptionMessage"`
	Object                string              `json:"object"`
	Problem               shown               `json:"problem"`
}

// grantError is a refusal of the token endpoint (RFC 6749, 5.2).
type grantError struct {
	*problem.Problem
	code, description string
}

// Unwrap gives the problem, so that errors.As and Is look through.
func (g *grantError) Unwrap() error { return g.Problem }

// refuse writes an error and tells the log its cause.
func (c *call) refuse(err error) {
	p := problem.Of(err)
	if p.Kind == problem.Internal && c.ctx().Err() == nil {
		c.Log.Error("answering a request", "route", c.row.pattern, "cause", err)
	} else if p.Cause != nil {
		c.Log.Debug("refusing a request", "route", c.row.pattern, "code", p.Code, "cause", causeOf(p.Cause))
	}
	if wait := p.Values["seconds"]; p.Kind == problem.TooMany && wait != "" {
		c.w.Header().Set("Retry-After", wait)
	}
	body, merr := json.Marshal(failureOf(err, p))
	if merr != nil {
		panic("api: encoding an error: " + merr.Error()) // strings only
	}
	c.w.Header().Set("Content-Type", jsonType)
	c.status = statuses[p.Kind]
	c.w.WriteHeader(c.status)
	_, _ = c.w.Write(body)
}

func failureOf(err error, p *problem.Problem) any {
	message := strings.TrimSpace(p.Text + " " + p.Hint)
	if p.Code == "signin.wrong" || p.Code == "password.wrong" {
		message = p.Text // clients and their tests compare these literally
	}
	f := failure{
		Message: message, ValidationErrors: map[string][]string{"": {message}},
		ErrorModel: errorModel{message, "error"}, Object: "error",
		Problem: shown{p.Code, p.Text, p.Hint, p.Values},
	}
	var second *secondError
	if errors.As(err, &second) {
		return second.shape(f.Problem)
	}
	var g *grantError
	if !errors.As(err, &g) {
		return f
	}
	f.Error, f.ErrorDescription = g.code, g.description
	return struct {
		failure
		ErrorModelUpper struct{ Message, Object string } `json:"ErrorModel"`
	}{f, struct{ Message, Object string }{message, "error"}}
}

// fixed are the headers of every answer, in the form of http.Header's values:
// set as they are they cost nothing. Nobody may append to them.
var fixed = map[string][]string{
	"Cache-Control":                {"no-store"},
	"X-Content-Type-Options":       {"nosniff"},
	"Content-Security-Policy":      {"default-src 'none'; frame-ancestors 'none'"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
}

func setHeaders(h http.Header) {
	for name, value := range fixed {
		h[name] = value
	}
}

// strangers that may read answers across origins: the Safari extension and the
// desktop app. Other extensions have host permissions and need none; nothing
// here is authorised by a cookie but the wizard, which wants our own origin.
var strangers = []string{"file://", "bw-desktop-file://bundle"}

// cors answers a preflight, or adds the headers, for those strangers; it
// reports whether the request is answered.
func cors(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if !slices.Contains(strangers, origin) {
		return false
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Add("Vary", "Origin")
	if r.Method != http.MethodOptions {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
	h.Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
	w.WriteHeader(http.StatusNoContent)
	return true
}

// unknown answers what no route takes.
func (a *API) unknown(w http.ResponseWriter, r *http.Request) {
	c := &call{API: a, w: w, r: r, row: route{pattern: "(none)", caller: anyone}, began: time.Now()}
	setHeaders(w.Header())
	if cors(w, r) {
		return
	}
	err := c.flood()
	if err == nil {
		err = notFound()
	}
	c.refuse(err)
	c.count()
}

package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// No answer of a provider is longer than this; the largest honest one is a
// zone of a few hundred records.
const mostBytes = 1 << 20

const oddPage = "a web page"

// wire is HTTP to one provider: it refuses redirects (a token must not travel
// to another host), reads no more than mostBytes, and turns every answer that
// is no success into a *refusal with all that the answer said.
//
// It has the Do of an http.Client, so that modules with a hook go through it too.
type wire struct {
	http *http.Client
	// envelope fills in what a refusing answer says, in the provider's own form; nil: nothing.
	envelope func(r *refusal, body []byte)
	// sealed looks at successful answers that may carry a refusal inside; nil: none do.
	sealed func(r *refusal, body []byte) (refused bool)
	now    func() time.Time
}

// refusal is an answer that is no success.
type refusal struct {
	Status int
	Codes  []string      // the provider's own error codes
	Said   string        // the provider's own words
	After  time.Duration // how long it wants us to wait; 0: unsaid
	As     string        // one of our codes, where the envelope tells it; "": by status
	Odd    string        // why the answer could not be read at all; "" when it could
}

func (r *refusal) Error() string {
	line := "HTTP " + strconv.Itoa(r.Status)
	if r.Odd != "" {
		line += ", " + r.Odd
	}
	if len(r.Codes) > 0 {
		line += ", code " + strings.Join(r.Codes, " ")
	}
	if r.Said != "" {
		line += ": " + r.Said
	}
	return line
}

func newWire(given *http.Client, r *net.Resolver) *wire {
	c := &http.Client{}
	if given != nil {
		*c = *given
	} else {
		c.Transport = transport(r)
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Jar = nil
	return &wire{http: c, now: time.Now}
}

// Do sends a request. Its answer is a success and its body is in memory.
func (w *wire) Do(req *http.Request) (*http.Response, error) {
	req.Header.Set("User-Agent", "latchkey") // some refuse Go's own
	resp, err := w.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	r := &refusal{Status: resp.StatusCode, After: retryAfter(resp.Header, w.now())}
	switch {
	case len(body) > mostBytes:
		r.Odd = "an answer without end"
		return nil, r
	case resp.StatusCode/100 == 3:
		r.Odd = "a redirect, which is not followed"
		return nil, r
	case resp.StatusCode/100 != 2:
		if w.envelope != nil {
			w.envelope(r, body)
		}
		if isPage(resp.Header, body) {
			r.Odd = oddPage
		}
		return nil, r
	case isPage(resp.Header, body):
		r.Odd = oddPage // a portal in between answers everything with 200
		return nil, r
	case w.sealed != nil && w.sealed(r, body):
		return nil, r
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func isPage(h http.Header, body []byte) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "text/html") || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<!"))
}

// retryAfter reads RFC 9110, section 10.2.3: seconds or a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	const most = 24 * time.Hour // more is a mistake or malice
	v := strings.TrimSpace(h.Get("Retry-After"))
	wait := time.Duration(0)
	if n, err := strconv.Atoi(v); err == nil {
		wait = time.Duration(max(0, min(n, int(most/time.Second)))) * time.Second
	} else if at, err := http.ParseTime(v); err == nil {
		wait = at.Sub(now).Round(time.Second)
	}
	return max(0, min(wait, most))
}

// call is one request with what goes in and what comes out.
type call struct {
	method, url string
	header      http.Header
	in          any // nil: no body; []byte and io.Reader as they are; else JSON
	out         any // nil: not looked at; *[]byte as it is; else JSON, wanted
}

// ask sends a call.
func (w *wire) ask(ctx context.Context, c call) error {
	var body io.Reader
	header := c.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	switch in := c.in.(type) {
	case nil:
	case []byte:
		body = bytes.NewReader(in)
	default:
		encoded, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("writing the request: %w", err)
		}
		body = bytes.NewReader(encoded)
		header.Set("Content-Type", "application/json")
	}
	req, err := http.NewRequestWithContext(ctx, c.method, c.url, body)
	if err != nil {
		return fmt.Errorf("making the request: %w", err)
	}
	if header.Get("Accept") == "" {
		header.Set("Accept", "application/json")
	}
	req.Header = header
	resp, err := w.Do(req)
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	return decode(resp.StatusCode, raw, c.out)
}

func decode(status int, raw []byte, out any) error {
	switch out := out.(type) {
	case nil:
		return nil
	case *[]byte:
		*out = raw
		return nil
	}
	r := &refusal{Status: status}
	switch {
	case len(bytes.TrimSpace(raw)) == 0:
		r.Odd = "an empty answer"
	default:
		err := json.Unmarshal(raw, out)
		if err == nil {
			return nil
		}
		r.Odd = "an answer of another form"
		if errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "unexpected end") {
			r.Odd = "an answer cut short"
		}
	}
	return r
}

// bearer is the header of RFC 6750.
func bearer(token string) http.Header {
	return http.Header{"Authorization": {"Bearer " + token}}
}

// status tells whether err is an answer with one of these HTTP states.
func status(err error, states ...int) bool {
	var r *refusal
	if !errors.As(err, &r) {
		return false
	}
	for _, s := range states {
		if r.Status == s {
			return true
		}
	}
	return false
}

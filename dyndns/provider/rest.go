package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// rest is a JSON interface below one address.
type rest struct {
	base   string
	header http.Header
	wire   *wire
}

// ask sends in to path, a path with its query, and reads the answer into out.
func (r rest) ask(ctx context.Context, method, path string, in, out any) error {
	return r.wire.ask(ctx, call{method: method, url: r.base + path, header: r.header, in: in, out: out})
}

// path joins parts to an escaped path that begins with a slash.
func path(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(p))
	}
	return b.String()
}

// messageRefusal reads the commonest form of a refusal: {"code" or "id", "message"},
// perhaps inside {"error":{}}.
func messageRefusal(r *refusal, body []byte) {
	type said struct {
		Code    any    `json:"code"`
		ID      string `json:"id"`
		Message string `json:"message"`
		Cause   string `json:"cause"`
	}
	var a struct {
		said
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(body, &a) != nil {
		return
	}
	if a.Message == "" && len(a.Error) > 0 {
		_ = json.Unmarshal(a.Error, &a.said) // a bare text is no harm
	}
	r.Said = a.Message
	for _, code := range []string{plainText(a.Code), a.ID, a.Cause} {
		if code != "" {
			r.Codes = append(r.Codes, code)
		}
	}
}

// tokenField is the field of a provider that asks for nothing but a token.
func tokenField(help string) []Field {
	return []Field{{Key: keyToken, Title: "Token", Help: help, Secret: true}}
}

// noResult is an answer of success that lacks what it was asked for.
func noResult() error { return &refusal{Status: http.StatusOK, Odd: "an answer without a result"} }

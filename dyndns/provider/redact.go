package provider

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

const (
	mask = "[secret]"
	// Eight characters in a row of a secret are taken for the secret: modules and
	// providers like to print the beginning or the end of it.
	window = 8
	// A shorter secret can't be cut out of a text without leaving its outline.
	tiny = 4
)

// redactor cuts secrets out of texts, whatever form they took on the way. It
// is safe for concurrent use; secrets that appear later (an access token) are
// added with learn.
type redactor struct {
	mu      sync.RWMutex
	windows map[string]struct{}
	short   []string // forms shorter than a window
	hide    bool     // some secret is tiny: no foreign text is shown at all
}

func newRedactor(secrets ...string) *redactor {
	r := &redactor{windows: map[string]struct{}{}}
	for _, s := range secrets {
		r.learn(s)
	}
	return r
}

// learn adds a secret.
func (r *redactor) learn(secret string) {
	if secret == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(secret) < tiny {
		r.hide = true
		return
	}
	for _, form := range forms(secret) {
		if len(form) < window {
			r.short = append(r.short, form)
			continue
		}
		for i := 0; i+window <= len(form); i++ {
			r.windows[form[i:i+window]] = struct{}{}
		}
	}
}

// forms gives the disguises of a secret: as it is, escaped for a URL, for
// JSON, for Go and for HTML, in hex, and in base64 at each of the three
// places where it can start in a longer text (such as "user:secret").
func forms(secret string) []string {
	all := []string{secret, hex.EncodeToString([]byte(secret)), html.EscapeString(secret)}
	for _, escaped := range []string{url.QueryEscape(secret), url.PathEscape(secret)} {
		all = append(all, escaped, strings.ToLower(escaped))
	}
	if quoted, err := json.Marshal(secret); err == nil {
		all = append(all, strings.Trim(string(quoted), `"`))
	}
	quoted := strconv.Quote(secret)
	all = append(all, quoted[1:len(quoted)-1])
	for lead := range 3 {
		padded := append(make([]byte, lead), secret...)
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			encoded := e.EncodeToString(padded)
			// The first and the last character may hold bits of a neighbour.
			from, to := (lead*8+5)/6, len(encoded)-1
			if to-from >= tiny {
				all = append(all, encoded[from:to])
			}
		}
	}
	return all
}

// clean gives text without secrets.
func (r *redactor) clean(text string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, s := range r.short {
		text = strings.ReplaceAll(text, s, mask)
	}
	var out strings.Builder
	end := 0 // up to here text is covered by a secret
	for i := 0; i < len(text); i++ {
		if i+window <= len(text) {
			if _, found := r.windows[text[i:i+window]]; found {
				if i >= end {
					out.WriteString(mask)
				}
				end = i + window
			}
		}
		if i >= end {
			out.WriteByte(text[i])
		}
	}
	return out.String()
}

// words makes what a provider said fit for a person: no secrets, no control
// characters, one line, at most 200 characters.
func (r *redactor) words(said string) string {
	r.mu.RLock()
	hide := r.hide
	r.mu.RUnlock()
	if hide {
		return ""
	}
	said = r.clean(strings.ToValidUTF8(said, ""))
	said = strings.Join(strings.FieldsFunc(said, func(c rune) bool { return c <= ' ' || c == 0x7f || c == utf8.RuneError }), " ")
	const most = 200
	if utf8.RuneCountInString(said) > most {
		said = string([]rune(said)[:most]) + "…"
	}
	return said
}

// cause gives err as a line for the log. What it wrapped is gone, since that
// could still be printed; only the two context errors can be told by errors.Is.
func (r *redactor) cause(err error) error {
	if err == nil {
		return nil
	}
	line := r.words(err.Error())
	if line == "" {
		line = fmt.Sprintf("not shown: %T", err)
	}
	for _, known := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return &redacted{line, known}
		}
	}
	return errors.New(line)
}

type redacted struct {
	line  string
	known error
}

func (e *redacted) Error() string { return e.line }
func (e *redacted) Unwrap() error { return e.known }

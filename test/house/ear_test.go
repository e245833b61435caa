package house_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// An ear stands before a client's transport and keeps what must never be told again: every text that the client
// sends but the plain words of the wire, and what the house hands out in return.
type ear struct {
	next http.RoundTripper

	mu       sync.Mutex
	secrets  map[string]string // by text: where it passed
	minted   map[string]string // the same of those that bear the mark
	ids      map[string]bool   // names of things: no secret, and yet nothing for the console
	statuses map[int]int
}

func listenIn(client *http.Client) *ear {
	e := &ear{next: client.Transport, secrets: map[string]string{}, minted: map[string]string{}, ids: map[string]bool{}, statuses: map[int]int{}}
	client.Transport = e
	return e
}

// RoundTrip passes a request on, and its answer back.
func (e *ear) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	e.hearRequest(r, body)
	answer, err := e.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil {
		return nil, err
	}
	answer.Body = io.NopCloser(bytes.NewReader(raw))
	e.hearAnswer(r, answer, raw)
	return answer, nil
}

// ordinary are the headers whose values are no secret.
var ordinary = map[string]bool{
	"Content-Type": true, "Device-Type": true, "Bitwarden-Client-Name": true, "Bitwarden-Client-Version": true, "Accept": true,
}

func (e *ear) hearRequest(r *http.Request, body []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	where := r.Method + " " + r.URL.Path
	for name, values := range r.Header {
		for _, value := range values {
			if !ordinary[name] {
				e.keep(strings.TrimPrefix(value, "Bearer "), name+" of "+where)
			}
		}
	}
	for name, values := range r.URL.Query() {
		for _, value := range values {
			e.keep(value, "query "+name+" of "+where)
		}
	}
	for _, segment := range strings.Split(r.URL.Path, "/") {
		if uuidForm.MatchString(segment) {
			e.ids[segment] = true
		}
	}
	var value any
	if json.Unmarshal(body, &value) == nil {
		e.keepAll(value, "body of "+where)
	} else if form, err := url.ParseQuery(string(body)); err == nil && !strings.ContainsAny(string(body), "{\n") {
		for name, values := range form {
			for _, value := range values {
				e.keep(value, "form "+name+" of "+where)
			}
		}
	}
}

// handedOut are the names in answers of what only its holder may know.
var handedOut = regexp.MustCompile(`(?i)^(access_?token|refresh_?token|twoFactorToken|key|privateKey|encrypted\w*Key|recoveryCode|apiKey|link|token|uri|userVerificationToken|challenge)$`)

func (e *ear) hearAnswer(r *http.Request, answer *http.Response, body []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.statuses[answer.StatusCode]++
	for _, cookie := range answer.Cookies() {
		e.keep(cookie.Value, "cookie of "+r.URL.Path)
	}
	var value any
	if json.Unmarshal(body, &value) == nil {
		e.keepNamed(value, r.Method+" "+r.URL.Path)
	}
}

func (e *ear) keepNamed(value any, where string) {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			text, isText := inner.(string)
			switch {
			case isText && handedOut.MatchString(name):
				e.keep(text, "answer's "+name+" of "+where)
			case isText && uuidForm.MatchString(text):
				e.ids[text] = true
			default:
				e.keepNamed(inner, where)
			}
		}
	case []any:
		for _, inner := range v {
			e.keepNamed(inner, where)
		}
	}
}

func (e *ear) keepAll(value any, where string) {
	switch v := value.(type) {
	case string:
		e.keep(v, where)
	case map[string]any:
		for _, inner := range v {
			e.keepAll(inner, where)
		}
	case []any:
		for _, inner := range v {
			e.keepAll(inner, where)
		}
	}
}

var (
	uuidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	timeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$`)
)

// wireWords are words of the wire and of the tests that say nothing.
var wireWords = map[string]bool{
	"password": true, "refresh_token": true, "client_credentials": true, "webauthn": true, "api offline_access": true, "member": true, "owner": true,
	"public-key": true, "pseudonym": true, "account": true, "Olive Owner": true, "Sam Second": true, "203.0.113.9": true, "203.0.113.0/24": true, "signin": true, "refused": true, "android": true,
}

// keep remembers a text; mu is held. Short words could stand anywhere by chance, but for codes of digits.
func (e *ear) keep(text, where string) {
	switch {
	case wireWords[text] || timeForm.MatchString(text) || strings.Contains(text, mark):
	case uuidForm.MatchString(strings.TrimPrefix(text, "user.")): // as an API key's client says it
		e.ids[strings.TrimPrefix(text, "user.")] = true
	case len(text) >= 8 || len(text) == 6 && strings.Trim(text, "0123456789") == "":
		if e.secrets[text] == "" {
			e.secrets[text] = where
		}
	}
}

// Secret remembers a text that passes by another way.
func (e *ear) Secret(text, where string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.secrets[text] = where
	return text
}

// mark stands in every text that a test makes up, so that one search finds them all.
const mark = "zqharbourvx"

// Mint makes a text that stands nowhere else, to be sent there.
func (e *ear) Mint(where string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	text := mark + strings.ToLower(rand.Text()[:14])
	e.minted[text] = where
	return text
}

// all gives what to look for.
func (e *ear) all() (secrets, ids []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append(slices.Collect(maps.Keys(e.secrets)), mark), slices.Collect(maps.Keys(e.ids))
}

var mintForm = regexp.MustCompile(mark + "[a-z2-7]{14}")

// where tells where a text that was found had passed; of those that bear the mark, which they are.
func (e *ear) where(text, said string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if text != mark {
		return e.secrets[text]
	}
	var all []string
	for _, one := range mintForm.FindAllString(strings.ToLower(said), 5) {
		all = append(all, e.minted[one])
	}
	return strings.Join(all, "; ")
}

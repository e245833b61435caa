package certs

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/mholt/acmez/v3"
	"github.com/mholt/acmez/v3/acme"

	"latchkey/appliance/problem"
)

func TestExplain(t *testing.T) {
	of := func(kind string, status int) acme.Problem {
		return acme.Problem{Type: kind, Status: status, Detail: "the CA's words"}
	}
	compound := acme.Problem{Type: acme.ProblemTypeCompound, Status: 403, Detail: "several", Subproblems: []acme.Subproblem{
		{Problem: of("urn:ietf:params:acme:error:novelty", 403)}, {Problem: of(acme.ProblemTypeCAA, 403)},
	}}
	for _, c := range []struct {
		says    string
		err     error
		code    string
		words   string // in text or hint
		refused bool
	}{
		{"no TXT record", of(acme.ProblemTypeUnauthorized, 403), "cert.challenge", "hosted by the chosen provider", true},
		{"a wrong TXT record", of(acme.ProblemTypeIncorrectResponse, 403), "cert.challenge", "_acme-challenge", true},
		{"broken DNS", of(acme.ProblemTypeDNS, 400), "cert.challenge", "DNSSEC", true},
		{"no way to the servers", of(acme.ProblemTypeConnection, 400), "cert.challenge", "answer everywhere", true},
		{"a CAA record", of(acme.ProblemTypeCAA, 403), "cert.caa", "0 issue", true},
		{"a name that it makes none for", of(acme.ProblemTypeRejectedIdentifier, 400), "cert.name", "another name", false},
		{"its own trouble", of(acme.ProblemTypeServerInternal, 500), "cert.ca", "Nothing needs to be done", false},
		{"bad nonces without end", of(acme.ProblemTypeBadNonce, 400), "cert.ca", "repeats old answers", false},
		{"a request that it can't read", of(acme.ProblemTypeMalformed, 400), "cert.ca", "acme.directory", false},
		{"an account made by hand", of(acme.ProblemTypeExternalAccountRequired, 403), "cert.account", "made by hand", false},
		{"what nobody knows yet", of("urn:ietf:params:acme:error:novelty", 400), "cert.ca", "details", false},
		{"several at once", compound, "cert.caa", "CAA", true},
		{"too often", of(acme.ProblemTypeRateLimited, 429), "cert.limit", "before", false},
		{"too often, by status alone", of("", 429), "cert.limit", "before", false},
		{"our own words", problem.New(problem.Refused, "provider.token", "Wrong token.", "Copy it again."), "provider.token", "Copy it", false},
		{"no route", &url.Error{Op: "Get", Err: &net.OpError{Op: "dial", Err: errors.New("no route to host")}}, "cert.unreachable", "reaches the internet", false},
		{"no answer in time", context.DeadlineExceeded, "cert.unreachable", "tried again", false},
		{"a stop", context.Canceled, "cert.stopped", "goes on", false},
		{"nonsense", errors.New("JSON-decoding response body"), "cert.ca", "log says more", false},
	} {
		t.Run(c.says, func(t *testing.T) {
			f := explain("vault.example.org", fmt.Errorf("placing the order: %w", c.err), noon)
			if f.Code != c.code || f.refused != c.refused || !strings.Contains(f.Text+f.Hint, c.words) {
				t.Errorf("got %+v, refused %v", f.Problem, f.refused)
			}
			if f.Text == "" || f.Hint == "" || strings.Contains(f.Text, "NAME") {
				t.Errorf("%q, %q", f.Text, f.Hint)
			}
			var said acme.Problem
			if errors.As(c.err, &said) && c.says != "several at once" && f.Values["detail"] != "the CA's words" {
				t.Errorf("the CA's words are missing: %v", f.Values)
			}
		})
	}
	t.Run("a limit says until when", func(t *testing.T) {
		said := of(acme.ProblemTypeRateLimited, 429)
		said.Detail = "too many certificates already issued, retry after 2026-11-20 15:30:00 UTC: see https://letsencrypt.org/docs/rate-limits/"
		f := explain("a", said, noon)
		if f.Values["until"] != "2026-11-20T15:30:00Z" || f.Values["seconds"] != "12601" || !strings.Contains(f.Text, "2026-11-20 15:30 UTC") {
			t.Errorf("got %+v", f.Problem)
		}
	})
}

// TestTheWayToTheCA asks real servers on loopback.
func TestTheWayToTheCA(t *testing.T) {
	answer := func(w http.ResponseWriter, status int, text string) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}
	busy := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7200")
		answer(w, 429, `{"type":"urn:ietf:params:acme:error:rateLimited","detail":"slow down"}`)
	}))
	defer busy.Close()
	var sent atomic.Int64
	flood := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for range 32 * mostAnswer / 1024 {
			if _, err := w.Write([]byte(strings.Repeat("x", 1024))); err != nil {
				return
			}
			sent.Add(1024)
		}
	}))
	defer flood.Close()
	stranger := httptest.NewTLSServer(http.NotFoundHandler())
	defer stranger.Close()
	roots := x509.NewCertPool()
	roots.AddCert(busy.Certificate())
	for _, c := range []struct {
		says, directory string
		roots           *x509.CertPool
		code            string
		held            time.Duration
	}{
		{"a CA that says when to come again", busy.URL + "/a", roots, "cert.limit", 2 * time.Hour},
		{"an answer without end", flood.URL + "/b", roots, "cert.ca", 0},
		{"somebody else's certificate", stranger.URL + "/c", x509.NewCertPool(), "cert.root", 0},
		{"nobody", "https://127.0.0.1:1/d", roots, "cert.unreachable", 0},
	} {
		t.Run(c.says, func(t *testing.T) {
			p, err := OpenPublic(PublicConfig{Storage: &drawer{}, Directory: c.directory, Roots: c.roots, Now: func() time.Time { return noon }})
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.real.order(t.Context(), work{name: "a.example.org"})
			var f *failure
			if !errors.As(err, &f) || f.Code != c.code || c.held > 0 && f.held.Sub(noon) != c.held {
				t.Errorf("got %v, held until %v", err, f)
			}
		})
	}
	if n := sent.Load(); n == 0 || n > 16*mostAnswer {
		t.Errorf("%d bytes of the answer without end were taken", n)
	}
}

func TestAfterHeader(t *testing.T) {
	for _, c := range []struct {
		value string
		want  time.Duration
		ok    bool
	}{
		{"120", 2 * time.Minute, true},
		{" 0 ", 0, true},
		{"Fri, 20 Nov 2026 13:00:00 GMT", time.Hour, true},
		{"99999999999999", longestHold, true},
		{"Fri, 20 Nov 2126 13:00:00 GMT", longestHold, true},
		{"-5", 0, false},
		{"soon", 0, false},
		{"", 0, false},
	} {
		got, ok := afterHeader(c.value, noon)
		if ok != c.ok || ok && got.Sub(noon) != c.want {
			t.Errorf("afterHeader(%q) = %v, %v", c.value, got, ok)
		}
	}
}

func FuzzAfter(f *testing.F) {
	f.Add("120")
	f.Add("Fri, 20 Nov 2026 13:00:00 GMT")
	f.Add("retry after 2026-11-20 15:30:00 UTC: see")
	f.Fuzz(func(t *testing.T, text string) {
		if until, ok := afterHeader(text, noon); ok && until.After(noon.Add(longestHold)) {
			t.Errorf("afterHeader: %v", until)
		}
		fail := answered("a", acme.Problem{Type: acme.ProblemTypeRateLimited, Detail: text}, noon)
		if fail.held.Before(noon) || fail.held.After(noon.Add(longestHold)) {
			t.Errorf("held until %v", fail.held)
		}
	})
}

func FuzzAnswered(f *testing.F) {
	f.Add(`{"type":"urn:ietf:params:acme:error:caa","detail":"CAA record for a forbids"}`)
	f.Add(`{"type":"urn:ietf:params:acme:error:compound","subproblems":[{"type":"urn:ietf:params:acme:error:dns","detail":"\u0000"}]}`)
	f.Add(`{"status":429}`)
	f.Fuzz(func(t *testing.T, text string) {
		var said acme.Problem
		if json.Unmarshal([]byte(text), &said) != nil {
			return
		}
		fail := answered("a.example.org", said, noon)
		if fail.Code == "" || fail.Text == "" || fail.Hint == "" {
			t.Errorf("got %+v", fail.Problem)
		}
		detail := fail.Values["detail"]
		if !utf8.ValidString(detail) || len(detail) > 310 || strings.ContainsAny(detail, "\n\r\x1b\x00") {
			t.Errorf("detail %q", detail)
		}
	})
}

func FuzzKept(f *testing.F) {
	key, err := newKey()
	if err != nil {
		f.Fatal(err)
	}
	der, err := encodeKey(key)
	if err != nil {
		f.Fatal(err)
	}
	for _, v := range []any{keptOrder{1, der, "https://ca.test/order/1"}, keptAccount{1, der, "https://ca.test/account/1"}, keptOrder{Version: 2}} {
		blob, err := json.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(blob)
	}
	f.Add([]byte(`{"sans":["a"],"issuer_data":{"renewal_info":{"suggestedWindow":{"start":"2026-01-01T00:00:00Z"}}}}`))
	f.Fuzz(func(t *testing.T, blob []byte) {
		if kept, key, err := parseOrder(blob); err == nil && (kept == nil || key == nil) {
			t.Error("an order without a key")
		}
		if kept, key, err := parseAccount(blob); err == nil && (kept == nil || key == nil) {
			t.Error("an account without a key")
		}
		_ = parseRenewalInfo(blob)
	})
}

func FuzzVerifyChain(f *testing.F) {
	key, err := newKey()
	if err != nil {
		f.Fatal(err)
	}
	csr, err := acmez.NewCSR(key, []string{"a.example.org"})
	if err != nil {
		f.Fatal(err)
	}
	chain, err := os.ReadFile("testdata/chain.pem")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(chain)
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, chain []byte) {
		if verifyChain("a.example.org", csr, chain) == nil {
			t.Error("a chain for a new key was accepted")
		}
		if lifeOf(chain) < 0 {
			t.Error("a negative life")
		}
	})
}

package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/mholt/acmez/v3/acme"
)

// ca is a certificate authority as the issuer needs it.
type ca interface {
	// order obtains one certificate. Its errors are failures.
	order(ctx context.Context, w work) (acme.Certificate, error)
	// renewal asks when the certificate should be renewed (RFC 9773).
	renewal(ctx context.Context, leaf *x509.Certificate) (acme.RenewalInfo, error)
}

// work is one certificate to be obtained.
type work struct {
	name     string
	csr      *x509.CertificateRequest
	solver   Solver
	replaces *x509.Certificate // the certificate that it renews, of the same CA; nil: none
	rehearse bool              // nothing is kept of the order, and no certificate is fetched
}

// acmeCA is a CA that speaks ACME. It is safe for concurrent use.
type acmeCA struct {
	p         *Public
	key       string // of the directory, in storage
	client    *acme.Client
	directory string
}

var _ ca = (*acmeCA)(nil)

const (
	// userAgent is asked for by RFC 8555 6.1; the CA's people find us by it.
	userAgent = "latchkey"
	// mostAnswer bounds an answer of the CA; a chain has some 6 kB.
	mostAnswer = 1 << 20
	// orderTime bounds one order beyond the wait for DNS.
	orderTime = 5 * time.Minute
)

func newCA(p *Public, directory string) *acmeCA {
	return &acmeCA{
		p: p, key: directoryKey(directory), directory: directory,
		client: &acme.Client{
			Directory:   directory,
			UserAgent:   userAgent,
			HTTPClient:  &http.Client{Transport: &listener{next: transport(p.cfg.Roots), now: p.cfg.Now}, Timeout: 60 * time.Second},
			PollTimeout: 2 * time.Minute,
		},
	}
}

// directoryKey names a directory in storage, as certmagic does.
func directoryKey(directory string) string {
	return certmagic.StorageKeys.Safe((&certmagic.ACMEIssuer{CA: directory}).IssuerKey())
}

func transport(roots *x509.CertPool) *http.Transport {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   30 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		IdleConnTimeout:       30 * time.Second,
		MaxIdleConnsPerHost:   2,
		ForceAttemptHTTP2:     true,
	}
	t.TLSClientConfig = trusting(roots)
	return t
}

// listener hears what the client does not pass on: Retry-After beside an error.
type listener struct {
	next http.RoundTripper
	now  func() time.Time
}

// heldKey is the context's key of the *time.Time that listener writes.
type heldKey struct{}

// RoundTrip bounds each answer, and notes until when the CA wants silence.
func (l *listener) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := l.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	busy := answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusServiceUnavailable
	if held, ok := r.Context().Value(heldKey{}).(*time.Time); ok && busy {
		if until, ok := afterHeader(answer.Header.Get("Retry-After"), l.now()); ok {
			*held = later(*held, until)
		}
	}
	answer.Body = bounded{io.LimitReader(answer.Body, mostAnswer), answer.Body}
	return answer, nil
}

type bounded struct {
	io.Reader
	io.Closer
}

// renewal asks the CA when leaf should be renewed.
func (a *acmeCA) renewal(ctx context.Context, leaf *x509.Certificate) (acme.RenewalInfo, error) {
	return a.client.GetRenewalInfo(ctx, leaf)
}

// order obtains one certificate: it goes on with the order that is kept for
// the name, or places a new one.
func (a *acmeCA) order(ctx context.Context, w work) (acme.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, w.solver.patience()+orderTime)
	defer cancel()
	var held time.Time
	ctx = context.WithValue(ctx, heldKey{}, &held)
	cert, err := a.place(ctx, w)
	if err == nil {
		return cert, nil
	}
	now := a.p.cfg.Now()
	f := asFailure(w.name, err, now)
	if held.After(now) && f.Code == codeLimit {
		f = limited(w.name, held, now, f.Values["detail"]).because(err)
	} else if held.After(now) {
		f.held = held
	}
	return acme.Certificate{}, f
}

// trusting is TLS towards a CA: the system's roots, or those that were given
// and no other.
func trusting(roots *x509.CertPool) *tls.Config {
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

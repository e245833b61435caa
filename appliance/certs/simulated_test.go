package certs

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/mholt/acmez/v3/acme"

	"latchkey/appliance/problem"
)

// simulated is a CA without a network: it signs, fails as it is told, and
// counts what Let's Encrypt would count.
type simulated struct {
	t     *testing.T
	chaos func() *failure                                        // why this attempt fails; nil: it does not
	life  time.Duration                                          // of the next certificate
	ari   func(leaf *x509.Certificate) (acme.RenewalInfo, error) // nil: there is none
	cut   func(ctx context.Context, at string)                   // called at each step of an order; may be nil
	p     *Public                                                // of the house that asks

	root    *x509.Certificate
	rootKey *ecdsa.PrivateKey

	mu       sync.Mutex
	open     map[string]*ordered // by URL
	orders   []time.Time
	refused  map[string][]time.Time
	issued   map[string][]time.Time // those that count
	attempts int
	failures int
}

func newSimulated(t *testing.T) *simulated {
	t.Helper()
	key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "Simulated Root"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, SubjectKeyId: []byte{1, 2, 3},
	}
	root, err := sign(template, template, key, key)
	if err != nil {
		t.Fatal(err)
	}
	return &simulated{
		t: t, root: root, rootKey: key,
		open: make(map[string]*ordered), refused: make(map[string][]time.Time), issued: make(map[string][]time.Time),
		chaos: func() *failure { return nil }, life: 90 * day,
	}
}

var _ ca = (*simulated)(nil)

// fails says how attempts end from now on.
func (s *simulated) fails(f func() *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chaos = f
}

// lasts says how long certificates last from now on.
func (s *simulated) lasts(life time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.life = life
}

// asked counts the attempts.
func (s *simulated) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attempts
}

// made counts the certificates for name.
func (s *simulated) made(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.issued[name])
}

// within counts the times in the window that ends now.
func within(times []time.Time, window time.Duration) (n int) {
	for _, at := range times {
		if time.Since(at) < window {
			n++
		}
	}
	return n
}

// order places and keeps an order as the real one does, and goes on with one
// that is kept.
func (s *simulated) order(ctx context.Context, w work) (acme.Certificate, error) {
	if err := s.pause(ctx, "asked", 5*time.Second); err != nil {
		return acme.Certificate{}, err
	}
	o, err := s.place(ctx, w)
	if err != nil {
		return acme.Certificate{}, err
	}
	if err := s.pause(ctx, "kept", 15*time.Second); err != nil { // DNS and the CA take their time
		return acme.Certificate{}, err
	}
	if o.cert.ChainPEM == nil {
		if f := s.judge(w); f != nil {
			return acme.Certificate{}, errors.Join(f, s.p.dropOrder(ctx, s.p.directory, w.name))
		}
		o.cert = s.make(w)
	}
	return o.cert, s.pause(ctx, "signed", time.Second)
}

// ordered is one order of the CA.
type ordered struct{ cert acme.Certificate }

func (s *simulated) pause(ctx context.Context, at string, d time.Duration) error {
	if s.cut != nil {
		s.cut(ctx, at)
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *simulated) place(ctx context.Context, w work) (*ordered, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts++
	kept, err := s.p.loadOrder(ctx, s.p.directory, w.name)
	if err != nil {
		return nil, err
	}
	if kept != nil && s.open[kept.URL] != nil && !w.rehearse {
		return s.open[kept.URL], nil
	}
	if err := s.p.books.placing(ctx, s.p.directory, w.name); err != nil && !w.rehearse {
		return nil, err
	}
	s.orders = append(s.orders, time.Now())
	if n := within(s.orders, 3*time.Hour); n > 300 {
		s.t.Errorf("%d orders in 3 hours, the CA allows 300", n)
	}
	o, url := &ordered{}, fmt.Sprintf("https://ca.test/order/%d", len(s.orders))
	s.open[url] = o
	if s.cut != nil {
		s.cut(ctx, "placed")
	}
	if w.rehearse {
		return o, nil
	}
	return o, s.p.keepOrder(ctx, s.p.directory, w.name, url)
}

// judge fails the attempt where chaos says so.
func (s *simulated) judge(w work) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.chaos()
	if f == nil {
		return nil
	}
	s.failures++
	if f.refused {
		s.refused[w.name] = append(s.refused[w.name], time.Now())
		if n := within(s.refused[w.name], time.Hour); n > 5 && !w.rehearse {
			s.t.Errorf("%d refusals for %s in an hour, the CA allows 5", n, w.name)
		}
	}
	return f
}

func (s *simulated) make(w work) acme.Certificate {
	s.mu.Lock()
	defer s.mu.Unlock()
	cert, leaf := s.sign(w)
	if w.replaces == nil || s.ari == nil {
		s.issued[w.name] = append(s.issued[w.name], time.Now())
		if n := within(s.issued[w.name], 7*24*time.Hour); n > 5 && !w.rehearse {
			s.t.Errorf("%d certificates for %s in a week, the CA allows 5", n, w.name)
		}
	}
	if s.ari != nil {
		if info, err := s.ari(leaf); err == nil {
			cert.RenewalInfo = &info
		}
	}
	return cert
}

func (s *simulated) sign(w work) (acme.Certificate, *x509.Certificate) {
	template := &x509.Certificate{
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(s.life),
		DNSNames: w.csr.DNSNames, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	key := &ecdsa.PrivateKey{PublicKey: *w.csr.PublicKey.(*ecdsa.PublicKey)}
	leaf, err := sign(template, s.root, key, s.rootKey)
	if err != nil {
		s.t.Error(err)
		return acme.Certificate{}, nil
	}
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw})
	return acme.Certificate{URL: "https://ca.test/cert", ChainPEM: chain, CA: "https://ca.test/dir"}, leaf
}

func (s *simulated) renewal(ctx context.Context, leaf *x509.Certificate) (acme.RenewalInfo, error) {
	if s.ari == nil {
		return acme.RenewalInfo{}, acme.ErrUnsupported
	}
	return s.ari(leaf)
}

// windowed is renewal information as Let's Encrypt gives it: a window of two
// days around two thirds of the life, to be asked for every six hours.
func windowed(seed uint64) func(*x509.Certificate) (acme.RenewalInfo, error) {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 3))
	return func(leaf *x509.Certificate) (acme.RenewalInfo, error) {
		mu.Lock()
		defer mu.Unlock()
		if random.IntN(10) < 3 {
			return acme.RenewalInfo{}, errors.New("the CA is away")
		}
		life := leaf.NotAfter.Sub(leaf.NotBefore)
		ideal := leaf.NotAfter.Add(-life / 3)
		half := min(24*time.Hour, life/20)
		var info acme.RenewalInfo
		info.SuggestedWindow.Start, info.SuggestedWindow.End = ideal.Add(-half), ideal.Add(half)
		info.UniqueIdentifier, _ = acme.ARIUniqueIdentifier(leaf)
		again := time.Now().Add(6 * time.Hour)
		info.RetryAfter = &again
		info.SelectedTime = info.SuggestedWindow.Start.Add(time.Duration(random.Int64N(int64(2 * half))))
		return info, nil
	}
}

// mishaps fails three attempts of ten, each in one of the ways that there are.
func mishaps(seed uint64) func() *failure {
	random := rand.New(rand.NewPCG(seed, 4)) // under the CA's lock
	return func() *failure {
		if random.Float64() >= 0.3 {
			return nil
		}
		now := time.Now()
		switch random.IntN(5) {
		case 0:
			return failed(problem.New(problem.Unavailable, "provider.unreachable", "The provider is away.", ""))
		case 1:
			return answered("n", acme.Problem{Type: acme.ProblemTypeUnauthorized, Status: 403, Detail: "no TXT record found"}, now)
		case 2:
			return answered("n", acme.Problem{Type: acme.ProblemTypeServerInternal, Status: 500}, now)
		case 3:
			return answered("n", acme.Problem{
				Type: acme.ProblemTypeRateLimited, Status: 429,
				Detail: fmt.Sprintf("too many requests, retry after %s UTC: see", now.Add(2*time.Hour).UTC().Format(time.DateTime)),
			}, now)
		default:
			return explain("n", context.DeadlineExceeded, now)
		}
	}
}

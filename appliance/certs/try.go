package certs

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"time"

	"latchkey/appliance/problem"
)

// Try obtains or, where it is due, renews the certificate of name now and
// waits for the outcome. Only the wait after a failure is skipped, not the
// budget. Where nothing is due it does nothing. It needs Run at work, and its
// errors are problem.Problem.
func (p *Public) Try(ctx context.Context, name string) error {
	name = plainName(name)
	if _, managed := p.solverOf(name); !managed {
		return problem.New(problem.Refused, "cert.unmanaged",
			"No certificate is obtained for "+name+" here.",
			"Choose how its DNS is changed, so that a certificate authority can be convinced.")
	}
	if !p.cfg.Ready() {
		return problemClock()
	}
	pressed := p.cfg.Now()
	s, err := p.atWork(ctx)
	if err == nil {
		err = s.tend(context.WithValue(ctx, pressedKey{}, pressed), name)
	}
	var known *problem.Problem
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	case errors.Is(err, errEarly):
		return p.tooEarly(ctx, name)
	case ctx.Err() != nil || errors.Is(err, context.Canceled):
		return problem.New(problem.Unavailable, codeStopped,
			"The certificate of "+name+" was not there in time.", "The attempt goes on by itself; look again in a minute.").Because(err)
	}
	p.unsaid(name, err)
	return troubledStorage(err)
}

// atWork waits for the shift.
func (p *Public) atWork(ctx context.Context) (*shift, error) {
	for {
		p.mu.Lock()
		s, begun := p.now, p.begun
		p.mu.Unlock()
		if s != nil {
			return s, nil
		}
		select {
		case <-begun:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// tooEarly says why the CA must not be asked now: it said so itself.
func (p *Public) tooEarly(ctx context.Context, name string) error {
	next, _ := p.nextTry(ctx, name)
	var last *problem.Problem
	_ = p.books.look(ctx, p.directory, func(l *ledger, _ time.Time) { last = l.of(name).problem() })
	if last != nil {
		return last.With("until", next.UTC().Format(time.RFC3339))
	}
	return limited(name, next, p.cfg.Now(), "").Problem
}

// finished says whether the order that is kept for name has become the
// certificate that is kept.
func (p *Public) finished(ctx context.Context, name string, s *served) bool {
	blob, err := p.cfg.Storage.Load(ctx, orderKey(p.directory, name))
	if err != nil {
		return false
	}
	_, key, err := parseOrder(blob)
	if err != nil {
		return false
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	return err == nil && bytes.Equal(public, s.cert.Leaf.RawSubjectPublicKeyInfo)
}

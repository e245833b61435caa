package certs

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/mholt/acmez/v3"
	"github.com/mholt/acmez/v3/acme"

	"latchkey/appliance/problem"
)

// issuer is what certmagic asks for certificates. It stands before the CA: no
// attempt without a trusted clock, none beyond the budget, none on the real CA
// before one went well on the test CA.
type issuer struct{ p *Public }

var (
	_ certmagic.Issuer            = issuer{}
	_ certmagic.RenewalInfoGetter = issuer{}
)

// errEarly is the answer to an attempt before its time. It is no failure.
var errEarly = errors.New("certs: it is too early for another attempt")

// pressedKey is the context's key of the time at which a person asked for an
// attempt: the wait after failures before that is skipped, and one that failed
// since is their answer.
type pressedKey struct{}

// IssuerKey is where certmagic keeps what the CA made.
func (i issuer) IssuerKey() string { return i.p.directory }

// GetRenewalInfo asks the CA when it wants the certificate renewed (RFC 9773).
func (i issuer) GetRenewalInfo(ctx context.Context, cert certmagic.Certificate) (acme.RenewalInfo, error) {
	if !i.p.cfg.Ready() {
		return acme.RenewalInfo{}, errEarly
	}
	ctx, leave, err := i.p.enter(ctx)
	if err != nil {
		return acme.RenewalInfo{}, err
	}
	defer leave()
	return i.p.real.renewal(ctx, cert.Leaf)
}

// Issue obtains the certificate that csr asks for. certmagic holds its lock of
// the name meanwhile, so there is one attempt for a name at a time.
func (i issuer) Issue(ctx context.Context, csr *x509.CertificateRequest) (*certmagic.IssuedCertificate, error) {
	if len(csr.DNSNames) != 1 {
		return nil, certmagic.ErrNoRetry{Err: fmt.Errorf("a certificate for %d names", len(csr.DNSNames))}
	}
	p, name := i.p, csr.DNSNames[0]
	ctx, leave, err := p.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	w, wanted := p.work(ctx, name, csr)
	if !wanted {
		return nil, certmagic.ErrNoRetry{Err: fmt.Errorf("%s is not wanted any more", name)}
	}
	cert, err := p.obtain(ctx, w)
	switch {
	case errors.Is(err, errEarly):
		return nil, err
	case err != nil:
		p.note(name, func(s *NameState) { s.Step, s.Problem = StepWait, problem.Of(err) })
		return nil, err
	}
	return &certmagic.IssuedCertificate{Certificate: cert.ChainPEM, Metadata: cert}, nil
}

// work gathers what an attempt needs; wanted is false for a name that is not
// managed.
func (p *Public) work(ctx context.Context, name string, csr *x509.CertificateRequest) (w work, wanted bool) {
	solver, wanted := p.solverOf(name)
	w = work{name: name, csr: csr, solver: solver}
	if s, err := p.loadCert(ctx, p.directory, name); err == nil {
		w.replaces = s.cert.Leaf
	}
	return w, wanted
}

// obtain is one attempt: the dry run where it is due, then the order.
func (p *Public) obtain(ctx context.Context, w work) (acme.Certificate, error) {
	if !p.cfg.Ready() {
		return acme.Certificate{}, problemClock()
	}
	var rehearsed bool
	err := p.books.look(ctx, p.directory, func(l *ledger, _ time.Time) {
		rehearsed = l.of(w.name).Rehearse == rehearsal(w.solver)
	})
	if err != nil {
		return acme.Certificate{}, err
	}
	// The real budget first: a rehearsal without a performance is of no use.
	if err := p.allow(ctx, p.directory, w.name, strictLimits()); err != nil {
		return acme.Certificate{}, err
	}
	if p.test != nil && !rehearsed && !p.underWay(ctx, w.name) {
		if err := p.rehearse(ctx, w); err != nil {
			return acme.Certificate{}, err
		}
	}
	p.note(w.name, func(s *NameState) { s.Step = StepOrder })
	return p.attempt(ctx, p.directory, w, p.real)
}

// underWay says whether there is an order of the real CA to go on with.
func (p *Public) underWay(ctx context.Context, name string) bool {
	kept, err := p.loadOrder(ctx, p.directory, name)
	return err == nil && kept != nil && kept.URL != ""
}

// rehearsal is what a dry run went well with: another provider or another way
// is rehearsed anew.
func rehearsal(s Solver) string { return "solver " + s.ID + " " + s.OverrideDomain }

// way is the present rehearsal of name.
func (p *Public) way(name string) string {
	solver, _ := p.solverOf(name)
	return rehearsal(solver)
}

// rehearse makes the dry run, with a key that nobody keeps.
func (p *Public) rehearse(ctx context.Context, w work) error {
	directory := directoryKey(p.cfg.TestDirectory)
	if err := p.allow(ctx, directory, w.name, rehearsalLimits()); err != nil {
		return rehearsing(err)
	}
	p.note(w.name, func(s *NameState) { s.Step = StepDryRun })
	key, err := newKey()
	if err != nil {
		return err
	}
	dry := w
	if dry.csr, err = acmez.NewCSR(key, []string{w.name}); err != nil {
		return fmt.Errorf("asking for a dry run: %w", err)
	}
	dry.rehearse, dry.replaces = true, nil
	if _, err := p.attempt(ctx, directory, dry, p.test); err != nil {
		return rehearsing(err)
	}
	return p.books.change(ctx, p.directory, func(l *ledger, _ time.Time) error {
		l.of(w.name).Rehearse = rehearsal(w.solver)
		return nil
	})
}

// rehearsing says of a problem that it came up in the dry run.
func rehearsing(err error) error {
	var p *problem.Problem
	if !errors.As(err, &p) || errors.Is(err, errEarly) {
		return err
	}
	return p.With("rehearsal", "yes")
}

// attempt runs one order with its entries in the books, before and after.
func (p *Public) attempt(ctx context.Context, directory string, w work, at ca) (acme.Certificate, error) {
	a := attempt{Exempt: p.exempt(ctx, w), Resumed: !w.rehearse && p.underWay(ctx, w.name)}
	err := p.books.change(ctx, directory, func(l *ledger, now time.Time) error {
		a.At = now
		l.begin(w.name, a)
		l.of(w.name).Way = rehearsal(w.solver)
		return nil
	})
	if err != nil {
		return acme.Certificate{}, err
	}
	cert, err := at.order(ctx, w)
	if err != nil {
		return acme.Certificate{}, errors.Join(err, p.missed(ctx, directory, w, err))
	}
	// Of what can't be noted any more the CA will tell us: the certificate counts.
	err = p.books.change(context.WithoutCancel(ctx), directory, func(l *ledger, now time.Time) error {
		l.issued(w.name, lifeOf(cert.ChainPEM))
		return nil
	})
	if err != nil {
		p.cfg.Log.Warn("noting a new certificate", "name", w.name, "error", err)
	}
	return cert, nil
}

// missed notes why an attempt failed. A failed rehearsal is on the name's own
// page, too, so that the wait after it holds.
func (p *Public) missed(ctx context.Context, directory string, w work, err error) error {
	ctx = context.WithoutCancel(ctx)
	f := asFailure(w.name, err, p.cfg.Now())
	p.cfg.Log.Warn("a certificate was not obtained", "name", w.name, "dry_run", w.rehearse, "code", f.Code, "error", err)
	if f.Code == codeStopped {
		return nil // cut off: it stays open in the books until it goes on
	}
	o, why := outcomeFailed, f.Problem
	if f.refused {
		o = outcomeRefused
	}
	if w.rehearse {
		why = why.With("rehearsal", "yes")
		err := p.books.change(ctx, p.directory, func(l *ledger, now time.Time) error {
			r := l.of(w.name)
			r.miss(why, time.Time{}, now)
			r.Way = rehearsal(w.solver)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return p.books.change(ctx, directory, func(l *ledger, now time.Time) error {
		l.failed(w.name, o, why, f.held, now)
		if o == outcomeRefused {
			l.of(w.name).Rehearse = "" // the test CA has to be content before the real one is asked again
		}
		return nil
	})
}

// allow refuses an attempt for name that is beyond the budget, or before its
// time.
func (p *Public) allow(ctx context.Context, directory, name string, limits []limit) error {
	remaining, way := p.remaining(name), p.way(name)
	pressed, person := ctx.Value(pressedKey{}).(time.Time)
	var refusal error
	err := p.books.look(ctx, directory, func(l *ledger, now time.Time) {
		next, _ := l.budget(name, limits, now)
		r := l.of(name)
		switch {
		case next.After(now):
			refusal = limited(name, next, now, "")
		case r.Held.After(now) && r.problem() != nil && r.Fault.Code == codeLimit:
			refusal = r.problem()
		case r.Held.After(now):
			refusal = errEarly
		case person && !r.Failed.After(pressed):
		case r.patience(way, remaining).After(now):
			refusal = errEarly
		}
	})
	return errors.Join(err, refusal)
}

// exempt says whether the CA itself wants the renewal now, and so does not
// count it.
func (p *Public) exempt(ctx context.Context, w work) bool {
	if w.replaces == nil || w.rehearse {
		return false
	}
	info := p.renewalInfo(ctx, w.name)
	return info != nil && info.HasWindow() && !p.cfg.Now().Before(info.SuggestedWindow.Start)
}

// renewalInfo is what the CA last said about the kept certificate of name.
func (p *Public) renewalInfo(ctx context.Context, name string) *acme.RenewalInfo {
	blob, err := p.cfg.Storage.Load(ctx, certmagic.StorageKeys.SiteMeta(p.directory, name))
	if err != nil {
		return nil
	}
	return parseRenewalInfo(blob)
}

// parseRenewalInfo reads the part of certmagic's metadata that has the CA's
// wish; nil where there is none.
func parseRenewalInfo(blob []byte) *acme.RenewalInfo {
	var resource certmagic.CertificateResource
	if json.Unmarshal(blob, &resource) != nil || len(resource.IssuerData) == 0 {
		return nil
	}
	var cert acme.Certificate
	if json.Unmarshal(resource.IssuerData, &cert) != nil {
		return nil
	}
	return cert.RenewalInfo
}

func problemClock() *problem.Problem {
	return problem.New(problem.Unavailable, "cert.clock",
		"The clock of this machine is not set yet, and a certificate can't be judged without one.",
		"It goes on by itself once the time is known; check that a time service (systemd-timesyncd, chrony) runs.")
}

// lifeOf is the life of the first certificate in a chain.
func lifeOf(chain []byte) time.Duration {
	block, _ := pem.Decode(chain)
	if block == nil {
		return 0
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return 0
	}
	return max(0, leaf.NotAfter.Sub(leaf.NotBefore))
}

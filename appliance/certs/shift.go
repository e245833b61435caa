package certs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"

	"latchkey/appliance/problem"
)

const (
	// clockEvery is how often an untrusted clock is asked again.
	clockEvery = 5 * time.Second
	// stopTime bounds how long a stop waits for an attempt to clean up.
	stopTime = hastyTime + 2*time.Second
	// pressing is the part of its life with which a certificate gets attempts
	// of ours beside certmagic's.
	pressing = 6
)

// shift is one stretch of work for one set of names: certmagic's cache with a
// config for each name. Another Want means another shift.
type shift struct {
	p      *Public
	ctx    context.Context
	cancel context.CancelFunc
	cache  *certmagic.Cache
	cfgs   map[string]*certmagic.Config

	mu    sync.Mutex
	over  bool
	tasks sync.WaitGroup // a worker for each name, and attempts under way
}

// Run obtains and renews until ctx ends. It returns nil then.
func (p *Public) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		p.mu.Lock()
		names, changed, idle := p.want.Names, p.changed, p.want.Solver.DNS == nil
		p.mu.Unlock()
		if idle || len(names) == 0 {
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		p.stretch(ctx, names, changed)
	}
	return nil
}

// stretch is one shift, until changed or the end of ctx.
func (p *Public) stretch(ctx context.Context, names []string, changed <-chan struct{}) {
	if !p.awaitClock(ctx, names, changed) {
		return
	}
	s := p.newShift(ctx, names)
	for _, name := range names {
		s.tasks.Go(func() { s.mind(name) })
	}
	select {
	case <-changed:
	case <-ctx.Done():
	}
	s.end()
}

// awaitClock waits until the clock is trusted; certmagic starts only then.
func (p *Public) awaitClock(ctx context.Context, names []string, changed <-chan struct{}) bool {
	for !p.cfg.Ready() {
		for _, name := range names {
			p.note(name, clockless)
		}
		select {
		case <-time.After(clockEvery):
		case <-changed:
			return false
		case <-ctx.Done():
			return false
		}
	}
	for _, name := range names {
		p.note(name, waiting)
	}
	return true
}

// clockless is the state while the clock is not trusted.
func clockless(n *NameState) {
	if n.Step != StepClock {
		n.Step, n.Problem = StepClock, problemClock()
	}
}

// calm is the state while nothing is to be done: a failed renewal keeps its
// reason, and one under way its step.
func calm(n *NameState) {
	if n.Step == StepClock || n.Step == StepWait && n.Problem == nil {
		n.Step, n.Problem = StepDone, nil
	}
}

// waiting is the state until the next attempt.
func waiting(n *NameState) {
	if n.Step == StepClock {
		n.Problem = nil
	}
	n.Step = StepWait
}

func (p *Public) newShift(ctx context.Context, names []string) *shift {
	s := &shift{p: p, cfgs: make(map[string]*certmagic.Config, len(names))}
	s.ctx, s.cancel = context.WithCancel(ctx)
	log := bridged(p.cfg.Log)
	s.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert:   s.configFor,
		RenewCheckInterval: p.cfg.Every,
		Logger:             log,
	})
	for _, name := range names {
		s.cfgs[name] = certmagic.New(s.cache, certmagic.Config{
			Storage:   &shelf{keep: p.cfg.Storage, locks: p.locks},
			Issuers:   []certmagic.Issuer{issuer{p}},
			KeySource: keySource{p, name},
			OnEvent:   s.heard,
			OCSP:      certmagic.OCSPConfig{DisableStapling: true}, // the big CAs have ended it
			// The books are written before each attempt: that is the check.
			DisableStorageCheck: true,
			Logger:              log,
		})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = s
	close(p.begun)
	return s
}

// configFor tells certmagic how a certificate in its cache is renewed.
func (s *shift) configFor(cert certmagic.Certificate) (*certmagic.Config, error) {
	if cfg := s.cfgs[cert.Names[0]]; cfg != nil {
		return cfg, nil
	}
	return nil, fmt.Errorf("%s is not managed", cert.Names[0])
}

// end stops the shift: attempts under way are cut off, and their orders stay
// kept to be gone on with.
func (s *shift) end() {
	s.p.mu.Lock()
	s.p.now, s.p.begun = nil, make(chan struct{})
	s.p.mu.Unlock()
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	s.cancel()
	s.cache.Stop()
	done := make(chan struct{})
	go func() {
		s.tasks.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(stopTime):
		s.p.cfg.Log.Warn("an attempt for a certificate does not end")
	}
}

// enter ties work to the present shift: it is cut off when that ends.
func (p *Public) enter(ctx context.Context) (context.Context, func(), error) {
	p.mu.Lock()
	s := p.now
	p.mu.Unlock()
	if s == nil {
		return nil, nil, context.Canceled
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil, nil, context.Canceled
	}
	s.tasks.Add(1)
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.ctx, cancel)
	return ctx, func() {
		stop()
		cancel()
		s.tasks.Done()
	}, nil
}

// heard is told of by certmagic.
func (s *shift) heard(ctx context.Context, event string, data map[string]any) error {
	name, _ := data["identifier"].(string)
	if event == "cert_obtained" {
		s.p.obtained(context.WithoutCancel(ctx), name)
	}
	return nil
}

// obtained serves a new certificate and forgets its order.
func (p *Public) obtained(ctx context.Context, name string) {
	p.publish(ctx)
	if err := p.cfg.Storage.Delete(ctx, orderKey(p.directory, name)); err != nil {
		p.cfg.Log.Warn("forgetting a finished order", "name", name, "error", err)
	}
	p.note(name, func(s *NameState) { s.Step, s.Problem = StepDone, nil })
	p.tell()
}

// mind sees to one name until the shift ends: it obtains the first certificate,
// and helps certmagic when a renewal becomes pressing.
func (s *shift) mind(name string) {
	s.adopt(name)
	for s.ctx.Err() == nil {
		select {
		case <-time.After(s.look(name)):
		case <-s.ctx.Done():
		}
	}
}

// adopt hands the kept certificate to certmagic, and drops an order whose
// certificate was kept just before the end of the last run.
func (s *shift) adopt(name string) {
	p := s.p
	kept, err := p.loadCert(s.ctx, p.directory, name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			p.cfg.Log.Warn("reading a kept certificate", "name", name, "error", err)
		}
		return
	}
	if p.finished(s.ctx, name, kept) {
		p.obtained(s.ctx, name)
	}
	if _, err := s.cfgs[name].CacheManagedCertificate(s.ctx, name); err != nil {
		p.cfg.Log.Warn("taking a kept certificate over", "name", name, "error", err)
		return
	}
	if err := s.cache.RenewManagedCertificates(s.ctx); err != nil { // at once, and not only after the first interval
		p.cfg.Log.Warn("looking for what is due", "error", err)
	}
}

// look does what is to be done for name now, and says when to look again.
func (s *shift) look(name string) time.Duration {
	p := s.p
	if !p.cfg.Ready() {
		p.note(name, clockless)
		return clockEvery
	}
	if !s.needs(name) {
		p.note(name, calm)
		return p.cfg.Every
	}
	if wait := s.early(name); wait > 0 {
		p.note(name, waiting)
		return wait
	}
	err := s.tend(s.ctx, name)
	if err == nil {
		return p.cfg.Every
	}
	p.unsaid(name, err)
	if wait := s.early(name); wait > 0 {
		return wait
	}
	return min(time.Minute, p.cfg.Every) // it failed in a way that the books do not know
}

// early is how long the books want to wait for the next attempt, at most until
// the next look.
func (s *shift) early(name string) time.Duration {
	next, _ := s.p.nextTry(s.ctx, name)
	wait := next.Sub(s.p.cfg.Now())
	if wait <= 0 {
		return 0
	}
	return min(wait+time.Second, s.p.cfg.Every)
}

// unsaid tells of a failure beyond the issuer: the key of the certificate, or
// what the CA gave, could not be kept.
func (p *Public) unsaid(name string, err error) {
	var why *problem.Problem
	switch {
	case errors.Is(err, errEarly) || errors.Is(err, context.Canceled):
		return
	case !errors.As(err, &why):
		p.cfg.Log.Warn("keeping a certificate", "name", name, "error", err)
		why = troubledStorage(err)
	}
	p.note(name, func(n *NameState) { n.Step, n.Problem = StepWait, why })
}

// needs says whether an attempt of ours is wanted: there is no certificate of
// the present CA, or little is left of its life.
func (s *shift) needs(name string) bool {
	kept := (*s.p.serving.Load())[name]
	return kept == nil || kept.directory != s.p.directory || s.p.remaining(name) < kept.life()/pressing
}

// tend obtains the certificate of name, or renews it where certmagic finds it
// due.
func (s *shift) tend(ctx context.Context, name string) error {
	cfg := s.cfgs[name]
	if cfg == nil {
		return fmt.Errorf("%s is not managed", name)
	}
	if _, err := s.p.loadCert(ctx, s.p.directory, name); err == nil {
		return cfg.RenewCertSync(ctx, name, false)
	}
	if err := cfg.ObtainCertSync(ctx, name); err != nil {
		return err
	}
	_, err := cfg.CacheManagedCertificate(ctx, name)
	return err
}

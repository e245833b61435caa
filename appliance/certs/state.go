package certs

import (
	"context"
	"time"
)

// State tells of all managed names.
func (p *Public) State() PublicState {
	var all PublicState
	for _, name := range p.names() {
		p.mu.Lock()
		s := p.states[name]
		if s == nil { // not wanted any more
			p.mu.Unlock()
			continue
		}
		is := *s
		p.mu.Unlock()
		p.fill(&is)
		all.Names = append(all.Names, is)
	}
	return all
}

// fill adds what stands elsewhere: in the certificate and in the books.
func (p *Public) fill(is *NameState) {
	now := p.cfg.Now()
	next, left := p.nextTry(context.Background(), is.Name)
	is.Left = left
	if s := (*p.serving.Load())[is.Name]; s != nil {
		leaf := s.cert.Leaf
		is.Have, is.NotBefore, is.NotAfter = true, leaf.NotBefore, leaf.NotAfter
		is.Issuer, is.Fingerprint = leaf.Issuer.CommonName, Fingerprint(leaf)
	}
	switch {
	case next.After(now) && is.Step != StepDone:
		is.Next = next
	case is.Step == StepDone:
		is.Next = later(p.due(is), next)
	}
}

// due is about when certmagic will find the certificate due: at the time that
// the CA named, or when a third of its life is left.
func (p *Public) due(is *NameState) time.Time {
	if info := p.renewalInfo(context.Background(), is.Name); info != nil && !info.SelectedTime.IsZero() {
		return info.SelectedTime
	}
	return is.NotAfter.Add(-is.NotAfter.Sub(is.NotBefore) / 3)
}

// nextTry is when the next attempt for name may be made, and how many the
// budget holds. Where the books can't be read nothing may be.
func (p *Public) nextTry(ctx context.Context, name string) (next time.Time, left int) {
	remaining, way := p.remaining(name), p.way(name)
	next = p.cfg.Now().Add(p.cfg.Every)
	_ = p.books.look(ctx, p.directory, func(l *ledger, now time.Time) {
		next, left = l.budget(name, strictLimits(), now)
		r := l.of(name)
		next = later(later(next, r.Held), r.patience(way, remaining))
	})
	return next, left
}

// note changes the state of name and tells of it.
func (p *Public) note(name string, change func(*NameState)) {
	p.mu.Lock()
	s := p.states[name]
	if s == nil {
		p.mu.Unlock()
		return
	}
	before := *s
	change(s)
	same := before == *s
	p.mu.Unlock()
	if !same {
		p.tell()
	}
}

// tell hands the present state over. Two calls never cross.
func (p *Public) tell() {
	p.telling.Lock()
	defer p.telling.Unlock()
	p.cfg.Told(p.State())
}

// recall takes over what the books say of name: why the last attempt failed,
// perhaps in another run.
func (p *Public) recall(ctx context.Context, name string) {
	err := p.books.look(ctx, p.directory, func(l *ledger, _ time.Time) {
		last := l.of(name).problem()
		p.mu.Lock()
		defer p.mu.Unlock()
		if s := p.states[name]; s != nil && s.Problem == nil {
			s.Problem = last
		}
	})
	if err != nil {
		p.cfg.Log.Warn("reading the ledger of certificates", "name", name, "error", err)
	}
}

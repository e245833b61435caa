package store

import (
	"sync"

	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

// backlog bounds what a slow subscriber may have waiting. Beyond it, the
// waiting changes become one AccountChanged for each owner among them, which
// says "fetch everything anew".
const backlog = 8192

// publisher tells subscribers what commits have changed.
type publisher struct {
	mu     sync.Mutex
	all    map[*subscriber]struct{}
	closed bool
	wait   sync.WaitGroup
}

type subscriber struct {
	fn      func([]vault.Change)
	wake    chan struct{} // holds one token while changes wait
	mu      sync.Mutex
	waiting []vault.Change
	stopped bool
}

// Subscribe has fn called after each commit, in the order of commits, with the
// changes that it made; several commits may come in one call. fn runs in a
// goroutine of its own, one call at a time, and may keep the slice. A slow fn
// never stalls the writer: when more than 8192 changes wait for it, they are
// replaced by one vault.AccountChanged for each owner concerned.
// After cancel at most one call, already on its way, is still made. Close
// delivers what waits.
func (s *Store) Subscribe(fn func([]vault.Change)) (cancel func()) {
	p := &s.publisher
	sub := &subscriber{fn: fn, wake: make(chan struct{}, 1)}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return func() {}
	}
	p.all[sub] = struct{}{}
	p.wait.Go(sub.run)
	return func() { p.drop(sub) }
}

func (p *publisher) drop(sub *subscriber) {
	p.mu.Lock()
	delete(p.all, sub)
	p.mu.Unlock()
	sub.mu.Lock()
	sub.waiting = nil
	sub.mu.Unlock()
	sub.stop()
}

// publish hands changes to all subscribers and never waits for them.
func (p *publisher) publish(changes []vault.Change) {
	if len(changes) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for sub := range p.all {
		sub.add(changes)
	}
}

// close delivers what waits and ends all subscriptions.
func (p *publisher) close() {
	p.mu.Lock()
	p.closed = true
	for sub := range p.all {
		sub.stop()
	}
	p.mu.Unlock()
	p.wait.Wait()
}

func (s *subscriber) add(changes []vault.Change) {
	s.mu.Lock()
	s.waiting = append(s.waiting, changes...)
	if len(s.waiting) > backlog {
		s.waiting = summary(s.waiting)
	}
	s.mu.Unlock()
	s.signal()
}

// summary keeps one change for each owner, with the last revision.
func summary(changes []vault.Change) []vault.Change {
	at := make(map[account.UserID]int)
	var short []vault.Change
	for _, c := range changes {
		i, known := at[c.Owner]
		if !known {
			i = len(short)
			at[c.Owner] = i
			short = append(short, vault.Change{Owner: c.Owner, Kind: vault.AccountChanged})
		}
		short[i].Revision = max(short[i].Revision, c.Revision)
		if c.Kind == vault.AccountChanged {
			short[i].Gone = c.Gone
		}
	}
	return short
}

func (s *subscriber) stop() {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	s.signal()
}

func (s *subscriber) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *subscriber) run() {
	for range s.wake {
		s.mu.Lock()
		changes, stopped := s.waiting, s.stopped
		s.waiting = nil
		s.mu.Unlock()
		if len(changes) > 0 {
			s.fn(changes)
		}
		if stopped {
			return
		}
	}
}

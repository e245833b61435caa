package publicip

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// Config says whom a Watcher asks.
type Config struct {
	Sources []Source
	Rule    func() Rule    // asked at each round; nil is Two
	Test    []netip.Prefix // special ranges that count as public, for laboratories
	Timeout time.Duration  // of a round; 3 s where zero
}

const (
	defaultTimeout = 3 * time.Second
	// atOnce operators of DNS and of HTTPS are asked in a round: two, so that
	// one that is down or lies does not decide alone; not all, so that each of
	// them learns of us less often.
	atOnce = 2
	// patience is how long the first are waited for before others are asked too.
	patience = time.Second
)

// Several is a Source that may know more than one address: each of its answers
// counts as a report of its own.
type Several interface {
	Source
	AskAll(ctx context.Context, f Family) []Answer
}

// Serves is a Source that does not know of every family. It is not asked of
// others.
type Serves interface {
	Serves(f Family) bool
}

// Watcher asks sources and judges. It is safe for concurrent use.
type Watcher struct {
	cfg Config

	mu   sync.Mutex
	turn map[Family]int // rounds so far, so that operators take turns
}

// NewWatcher makes a Watcher; nobody is asked yet.
func NewWatcher(cfg Config) *Watcher {
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	return &Watcher{cfg: cfg, turn: map[Family]int{}}
}

// Ask asks all kinds at once, two operators of each in turn, and the other
// operators when those don't settle it (they disagree, or leave us waiting). It
// answers as soon as no answer still to come could change the verdict, and in
// any case when the timeout or ctx ends.
func (w *Watcher) Ask(ctx context.Context, f Family) Verdict {
	ctx, cancel := context.WithTimeout(ctx, w.cfg.Timeout)
	defer cancel()
	rule := Two
	if w.cfg.Rule != nil {
		rule = w.cfg.Rule()
	}
	first, reserve := w.pick(f)
	r := &round{
		answers: make(chan answered, len(first)+len(reserve)), // so that a late one is no leak
		pending: map[int]Source{},
	}
	r.ask(ctx, f, first)
	hedge := time.NewTimer(min(patience, w.cfg.Timeout/2))
	defer hedge.Stop()
	for {
		v := Judge(rule, w.cfg.Test, f, r.reports)
		switch {
		case v.State == Known && !r.awaits(strong):
			return v
		case len(r.pending) == 0 && (len(reserve) == 0 || v.State != Unknown):
			return v
		case len(r.pending) == 0:
			r.ask(ctx, f, reserve)
			reserve = nil
			continue
		}
		select {
		case a := <-r.answers:
			r.take(a)
		case <-hedge.C:
			if v.State == Unknown {
				r.ask(ctx, f, reserve)
				reserve = nil
			}
		case <-ctx.Done():
			r.giveUp()
			return Judge(rule, w.cfg.Test, f, r.reports)
		}
	}
}

// pick chooses who is asked first and who only if need be.
func (w *Watcher) pick(f Family) (first, reserve []Source) {
	w.mu.Lock()
	turn := w.turn[f]
	w.turn[f]++
	w.mu.Unlock()
	operators := map[Kind][]Source{}
	for _, s := range w.cfg.Sources {
		if some, ok := s.(Serves); ok && !some.Serves(f) {
			continue
		}
		switch s.Kind() {
		case DNS, HTTPS:
			operators[s.Kind()] = append(operators[s.Kind()], s)
		default:
			first = append(first, s)
		}
	}
	for _, kind := range []Kind{HTTPS, DNS} {
		list := operators[kind]
		for i := range list {
			s := list[(turn*atOnce+i)%len(list)]
			if i < atOnce {
				first = append(first, s)
			} else {
				reserve = append(reserve, s)
			}
		}
	}
	return first, reserve
}

// round is one Ask under way.
type round struct {
	answers chan answered
	pending map[int]Source
	asked   int
	reports []Report
}

type answered struct {
	id      int
	answers []Answer
}

func (r *round) ask(ctx context.Context, f Family, sources []Source) {
	for _, s := range sources {
		id := r.asked
		r.asked++
		r.pending[id] = s
		go func() { r.answers <- answered{id, askSafely(ctx, s, f)} }()
	}
}

func askSafely(ctx context.Context, s Source, f Family) (answers []Answer) {
	defer func() {
		if p := recover(); p != nil {
			answers = []Answer{{Why: fmt.Sprintf("a fault of our own: %v", p)}}
		}
	}()
	if several, ok := s.(Several); ok {
		return several.AskAll(ctx, f)
	}
	return []Answer{s.Ask(ctx, f)}
}

func (r *round) take(a answered) {
	s := r.pending[a.id]
	delete(r.pending, a.id)
	for _, answer := range a.answers {
		r.reports = append(r.reports, Report{Kind: s.Kind(), Source: s.Name(), Answer: answer})
	}
}

func (r *round) awaits(which func(Kind) bool) bool {
	for _, s := range r.pending {
		if which(s.Kind()) {
			return true
		}
	}
	return false
}

// giveUp notes those that have not answered, in the order they were asked.
func (r *round) giveUp() {
	for id := range r.asked {
		if s, waiting := r.pending[id]; waiting {
			r.reports = append(r.reports, Report{Kind: s.Kind(), Source: s.Name(), Answer: Answer{Why: "no answer in time"}})
		}
	}
}

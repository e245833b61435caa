package portmap

import (
	"context"
	"slices"
	"sync"
	"time"
)

// How often it is searched for routers.
const (
	seekHeld     = 10 * time.Minute // all is well: only for more in reserve
	seekAnswered = time.Minute      // a router answers, but does not open
	seekMost     = time.Minute      // nobody ever answered
	seekLost     = 500 * time.Millisecond
	seekLostLong = 5 * time.Second
	// A router that was there and is gone is probably restarting, which takes
	// minutes at most; for half an hour it may still be looked for often.
	lostLately = 5 * time.Minute
	lostLong   = 30 * time.Minute
	// restartApart is within which several signs are the same restart.
	restartApart = 10 * time.Second
)

// seek begins a search; its findings come to wait.
func (w *worker) seek(ctx context.Context) {
	seeking, stop := context.WithCancel(ctx)
	w.stopSeek = stop
	w.began = time.Now()
	w.findings = w.cfg.seek.seek(seeking, w.route, w.hints)
	w.hints = nil
}

// endSeek gives up a search that is of another time; what it finds is lost.
func (w *worker) endSeek() {
	if w.stopSeek != nil {
		w.stopSeek()
	}
	w.stopSeek, w.findings = nil, nil
}

// sought is the end of a search.
func (w *worker) sought() {
	w.endSeek()
	w.settled = true
	w.prune()
	wait := seekHeld
	answers := slices.ContainsFunc(w.doors, func(k *known) bool { return !k.gone })
	switch {
	case w.content():
		w.seeks = 0
	case answers:
		wait, w.seeks = seekAnswered, 0
	case !w.answered.IsZero() && time.Since(w.answered) < lostLately:
		wait = seekLost
	case !w.answered.IsZero() && time.Since(w.answered) < lostLong:
		wait = seekLostLong
	default:
		wait = min(time.Second<<min(w.seeks, 10), seekMost)
		w.seeks++
	}
	w.nextSeek = time.Now().Add(wait)
	if len(w.hints) > 0 {
		w.nextSeek = time.Time{}
	}
}

// prune drops doors that are gone and have a living one in their place: the
// router's UPnP has moved.
func (w *worker) prune() {
	w.doors = slices.DeleteFunc(w.doors, func(k *known) bool {
		return k.gone && !w.holding(k) && slices.ContainsFunc(w.doors, func(o *known) bool { return !o.gone && o.who.moved(k.who) })
	})
}

// moved reports whether two doors are the same but for their place.
func (a about) moved(o about) bool {
	return a.protocol == o.protocol && a.at == o.at && a.family == o.family && a.where != o.where
}

// content reports whether everything that is wished for is held for sure.
func (w *worker) content() bool {
	for _, s := range w.slots {
		if len(w.wishes(s)) > 0 && w.self(s.family).IsValid() && (!s.held() || s.unsure) {
			return false
		}
	}
	return len(w.doors) > 0
}

// hurry has the next search come soon, since a router just fell silent.
func (w *worker) hurry() {
	if soon := time.Now().Add(seekLost); w.nextSeek.After(soon) {
		w.nextSeek = soon
	}
}

// found takes a finding: a new door, one that is back, or none.
func (w *worker) found(f finding) {
	if f.door == nil {
		w.missing(f.router)
		return
	}
	who := f.door.about()
	w.absent = slices.DeleteFunc(w.absent, func(r Router) bool { return sameWay(r, who) })
	at := slices.IndexFunc(w.doors, func(k *known) bool { return k.who.key() == who.key() })
	if at < 0 {
		if len(w.doors) >= doorsMost {
			return
		}
		at = len(w.doors)
		w.doors = append(w.doors, &known{door: f.door, who: who, router: f.router, gone: true})
	}
	k := w.doors[at]
	back, before := k.gone, k.router.Fault
	w.alive(k, f.router.Fault, f.router.Why, f.view)
	if back {
		w.welcome(k, before)
	}
}

// doorsMost bounds what a noisy link can make us remember.
const doorsMost = 16

// welcome is for a door that was not there a moment ago: it gets its try.
func (w *worker) welcome(k *known, before Fault) {
	s := w.slot(k.who.family)
	switch {
	case s.door == k:
		s.unsure = true
		if before == Off { // its daemon was gone, not the way to it
			w.restart("it was gone and is back")
		}
	case s.held() && s.door.gone && k.who.moved(s.door.who):
		s.lose()
		w.restart("it has moved")
	case s.held() && s.door.gone:
		w.nextPoll = time.Now().Add(settleDown) // the way we know may be back, too
	case !s.held():
		delete(s.tried, k.who.key())
		s.done = false
	}
}

// settleDown is what a router's daemons take to come up one after the other.
const settleDown = 300 * time.Millisecond

// sameWay reports whether a router's row is of the same way in: all kinds of
// UPnP mapping are one.
func sameWay(r Router, who about) bool {
	return r.Family == who.family && (r.Protocol == who.protocol || r.Protocol.upnp() && who.protocol.upnp())
}

func (p Protocol) upnp() bool { return p == UPnP1 || p == UPnP2 || p == UPnPPPP }

// missing notes a way that leads nowhere.
func (w *worker) missing(r Router) {
	for _, k := range w.doors {
		if !sameWay(r, k.who) || k.who.at != r.At {
			continue
		}
		if k.who.protocol == r.Protocol && !k.who.protocol.upnp() {
			k.gone = true
			k.router.Fault, k.router.Why = r.Fault, r.Why
		}
		return
	}
	w.absent = slices.DeleteFunc(w.absent, func(a Router) bool { return a.Protocol == r.Protocol && a.Family == r.Family })
	w.absent = append(w.absent, r)
}

// alive notes that a door answered, and what it told.
func (w *worker) alive(k *known, fault Fault, why string, v view) {
	k.gone = false
	k.router.Answered, k.router.Fault, k.router.Why = w.cfg.Now(), fault, why
	w.answered = time.Now()
	if v.tells {
		k.router.External, k.router.told = v.external, w.cfg.Now()
	}
}

// looked looks at a door and notes the answer.
func (w *worker) looked(ctx context.Context, k *known) {
	ctx, cancel := context.WithTimeout(ctx, lookWait)
	defer cancel()
	v, err := k.look(ctx)
	w.seen(k, v, err)
}

func (w *worker) seen(k *known, v view, err error) {
	if err == nil {
		w.alive(k, FaultNone, "", v)
		return
	}
	r := refused(err)
	k.router.Fault, k.router.Why = r.fault, r.why
	if r.fault == Silent || r.fault == Off {
		k.gone = true
	} else {
		w.answered = time.Now()
	}
}

// poll looks at the doors that matter, all at once.
func (w *worker) poll(ctx context.Context) {
	w.nextPoll = time.Now().Add(pollEvery)
	w.polls++
	before := w.outside()
	doors := w.polled()
	views, errs := make([]view, len(doors)), make([]error, len(doors))
	looking, cancel := context.WithTimeout(ctx, lookWait)
	var all sync.WaitGroup
	for i, k := range doors {
		all.Go(func() { views[i], errs[i] = k.look(looking) })
	}
	all.Wait()
	cancel()
	if ctx.Err() != nil {
		return
	}
	for i, k := range doors {
		was, before := k.gone, k.router.Fault
		w.seen(k, views[i], errs[i])
		if was && !k.gone {
			w.welcome(k, before)
		}
	}
	if after := w.outside(); after != before && after.IsValid() {
		w.log.Info("the router's address changed", "from", before, "to", after)
		w.doubt()
	}
	w.inspect(ctx)
}

// tells reports whether a look at this door tells the address outside.
func (k *known) tells() bool { return !k.gone && (k.who.protocol == NATPMP || k.who.protocol.upnp()) }

// polled are the doors held, one that tells the address, and now and then all.
func (w *worker) polled() []*known {
	var doors []*known
	add := func(k *known) {
		if k != nil && !slices.Contains(doors, k) {
			doors = append(doors, k)
		}
	}
	for _, s := range w.slots {
		add(s.door)
	}
	if at := slices.IndexFunc(w.ways(4), (*known).tells); at >= 0 {
		add(w.ways(4)[at])
	}
	if len(doors) == 0 || w.polls%allPolls == 0 {
		for _, k := range w.doors {
			add(k)
		}
	}
	return doors
}

// inspect judges the doors held after a poll: fallen silent, or forgotten.
func (w *worker) inspect(ctx context.Context) {
	for _, s := range w.slots {
		if !s.held() {
			continue
		}
		if s.door.gone {
			w.missed(ctx, s, &refusal{fault: s.door.router.Fault, why: s.door.router.Why})
			continue
		}
		if s.trouble == Silent || s.trouble == Off {
			s.unsure = true // it is back: does it still know?
		}
		// Nobody else tells the address: the mapping's own answer does.
		if s.family == 4 && w.polls%refreshPolls == 0 && !slices.ContainsFunc(w.ways(4), (*known).tells) {
			s.unsure = true
		}
		if w.polls%checkPolls == 0 && s.mapping.Listed && !w.standing(ctx, s) {
			w.restart("it no longer lists our mapping")
		}
	}
}

func (w *worker) standing(ctx context.Context, s *slot) bool {
	ctx, cancel := context.WithTimeout(ctx, lookWait)
	defer cancel()
	there, err := s.door.holds(ctx, s.entry)
	return err != nil || there // silence is judged by look
}

func (w *worker) holding(k *known) bool {
	return slices.ContainsFunc(w.slots[:], func(s *slot) bool { return s.door == k })
}

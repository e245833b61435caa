package portmap

import (
	"net/netip"
	"slices"
	"time"
)

// hear takes news as a reason to ask, never as the truth.
func (w *worker) hear(n news) {
	switch n.kind {
	case announce, byebye:
		w.nextPoll = time.Time{}
	case alive:
		w.greet(n)
	}
}

// greet is for a router that says where it is. Most do so every few minutes,
// and nothing follows from it; a new place or a new boot number is news.
func (w *worker) greet(n news) {
	if n.location == "" {
		return
	}
	boot, known := w.boots[n.location]
	if len(w.boots) > 64 {
		clear(w.boots)
	}
	w.boots[n.location] = n.boot
	switch {
	case known && boot != n.boot:
		w.nextPoll = time.Time{}
		w.hint(n.location)
		w.restart("it announced a new start")
	case !known, !w.content():
		w.nextPoll = time.Time{}
		w.hint(n.location)
	}
}

// hint has a place looked at now. While nothing answers it ends a search that
// began before the router was there.
func (w *worker) hint(location string) {
	if !slices.Contains(w.hints, location) && len(w.hints) < 8 {
		w.hints = append(w.hints, location)
	}
	if w.findings != nil && time.Since(w.began) > 200*time.Millisecond {
		w.endSeek()
	}
	w.nextSeek = time.Time{}
}

// restart has everything that is held asked for again, at once.
func (w *worker) restart(sign string) {
	for _, s := range w.slots {
		if s.held() {
			s.unsure = true
			s.entry.pinhole = 0 // the number may be somebody else's now
		} else {
			s.again()
		}
	}
	if !w.restarted.IsZero() && time.Since(w.restarted) < restartApart {
		return
	}
	w.restarted, w.restartAt = time.Now(), w.cfg.Now()
	w.restarts++
	w.log.Info("a router restarted", "sign", sign)
}

// outside is the routers' idea of our IPv4 address.
func (w *worker) outside() netip.Addr {
	s := w.state()
	return outside(s, w.cfg.Now()).Addr
}

// state is what is told to others.
func (w *worker) state() State {
	four, six := w.slots[0], w.slots[1]
	s := State{
		V4: four.mapping, V6: six.mapping, Trouble: four.trouble, Why: four.why, Trouble6: six.trouble, Why6: six.why,
		Restarts: w.restarts, LastRestart: w.restartAt,
		Asked: w.routed && w.settled,
	}
	for _, k := range w.doors {
		s.Routers = append(s.Routers, k.router)
	}
	s.Routers = append(s.Routers, w.absent...)
	if !w.route.Up() && w.routed && len(w.wishes(four)) > 0 {
		s.Trouble, s.Why = Silent, "there is no way out of this machine: no default route"
	}
	return s.clone()
}

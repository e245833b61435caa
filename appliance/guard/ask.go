package guard

import "time"

// subject is a Try as it is counted.
type subject struct {
	Try
	kind kind
	who  name // of the account; zero where none is claimed
	net  netID
	wide []netID // net and what is around it, where a ban can be; else none
	room [3]netID
}

func (g *Guard) subjectLocked(t Try, s *subject) {
	*s = subject{Try: t, kind: kindOf(t.Attempt), net: netOf(Prefix(t.Peer))}
	if t.Account != "" {
		s.who = g.names.account(t.Account)
	}
	if t.Place == Far && t.Peer.IsValid() && !plainAddr(t.Peer).IsLoopback() {
		s.wide = s.net.widths(&s.room)
	}
}

// Ask decides whether t may go ahead, and counts it as failed until Passed
// says otherwise, so that many at once can't slip through together.
func (g *Guard) Ask(t Try) (v Verdict) {
	if t.Attempt == None {
		return Verdict{Allowed: true}
	}
	g.do(func(now moment) { v = g.askLocked(t, now) })
	return v
}

// askLocked goes from those whom strangers are not in the way of to the
// strangers. Whoever is over a budget of their own falls back to the next.
func (g *Guard) askLocked(t Try, now moment) Verdict {
	s := &g.subject
	g.subjectLocked(t, s)
	if s.kind == kindRequest {
		return g.requestLocked(s, now)
	}
	if t.Signed {
		return g.signedLocked(s, now)
	}
	if g.knownLocked(t.Account, t.Device, t.Token) {
		i := id{class: classDevice, kind: s.kind, who: g.names.device(t.Account, t.Device)}
		if v, ok := g.spendLocked(i, now); ok {
			v.Known = true
			return v
		}
	}
	if g.admittedLocked(s, now) {
		if v, ok := g.spendLocked(id{class: classAdmitted, kind: s.kind, who: s.who}, now); ok {
			return v
		}
	}
	return g.strangerLocked(s, now)
}

// signedLocked counts a session's device alone: neither strangers nor a ban can
// be in its way.
func (g *Guard) signedLocked(s *subject, now moment) Verdict {
	i := id{class: classSession, kind: s.kind, who: g.names.device(s.Account, s.Device)}
	v, ok := g.spendLocked(i, now)
	if !ok {
		return Verdict{Wait: i.rule().wait(g.counters[i.class].rows[i], now), Why: ByDevice}
	}
	v.Known = true
	return v
}

// spendLocked charges one counter if it lets a try through.
func (g *Guard) spendLocked(i id, now moment) (Verdict, bool) {
	if i.rule().wait(g.counters[i.class].rows[i], now) > 0 {
		return Verdict{}, false
	}
	return Verdict{Allowed: true, charged: &charge{now, []debit{g.chargeLocked(i, i.rule(), now)}}}, true
}

// strangerLocked decides for those whom nothing speaks for.
func (g *Guard) strangerLocked(s *subject, now moment) Verdict {
	if wait := g.holdingLocked(s.wide, false, now); wait > 0 {
		g.turnedAwayLocked(s.wide, now)
		return Verdict{Wait: wait, Why: ByBan}
	}
	var room [3]id
	counters := s.counters(&room)
	v := g.waitLocked(s, counters, now)
	weight := refusedWeight
	if v.Allowed {
		weight = 1
		v.Allowed = !g.overLocked(s.wide, now)
	}
	if v.Began = g.strikeLocked(s.wide, weight, s.kind, now); v.Began != nil {
		v.Wait, v.Why = g.holdingLocked(s.wide, false, now), ByBan
	}
	g.siegesLocked(s, counters, v.Why, now)
	if !v.Allowed {
		return v
	}
	v.charged = &charge{now, make([]debit, 0, len(counters)+len(s.wide))}
	for _, i := range counters {
		v.charged.debits = append(v.charged.debits, g.chargeLocked(i, g.ruleLocked(i), now))
	}
	for _, net := range s.wide {
		v.charged.debits = append(v.charged.debits, debit{id: id{class: classBan, net: net}, added: 1})
	}
	return v
}

// counters lists what a stranger's try is counted by besides its networks.
// Those at home are not in each other's way with those who are not: what
// happens far away never shuts a door at home.
func (s *subject) counters(to *[3]id) []id {
	list := to[:0]
	if s.who != (name{}) {
		away := Far
		if s.Place == Home {
			away = Home
		}
		list = append(list, id{class: classPlace, kind: s.kind, place: s.Place, who: s.who, net: s.net},
			id{class: classAccount, kind: s.kind, place: away, who: s.who})
	}
	if s.Place == Home {
		return append(list, id{class: classNetwork, kind: s.kind, place: Home, net: s.net})
	}
	return append(list, id{class: classAll, kind: s.kind})
}

// waitLocked asks counters for the longest wait.
func (g *Guard) waitLocked(s *subject, counters []id, now moment) Verdict {
	v := Verdict{Allowed: true}
	for _, i := range counters {
		if wait := g.ruleLocked(i).wait(g.counters[i.class].rows[i], now); wait > v.Wait {
			v = Verdict{Wait: wait, Why: i.class.why()}
		}
	}
	return v
}

func (c class) why() string {
	switch c {
	case classAccount:
		return ByAccount
	case classAll:
		return ByAll
	}
	return ByPlace
}

// requestLocked decides over a request that tries no secret.
func (g *Guard) requestLocked(s *subject, now moment) Verdict {
	if wait := g.holdingLocked(s.wide, true, now); wait > 0 {
		g.turnedAwayLocked(s.wide, now)
		return Verdict{Wait: wait, Why: ByFlood}
	}
	nets := s.wide
	if nets == nil {
		nets = []netID{s.net}
	}
	v := Verdict{Allowed: true}
	for _, net := range nets {
		i := id{class: classFlood, kind: kindRequest, place: s.Place, net: net}
		if wait := i.rule().wait(g.counters[classFlood].rows[i], now); wait > v.Wait {
			v = Verdict{Wait: wait, Why: ByFlood}
		}
	}
	if !v.Allowed {
		if g.holdingLocked(s.wide, false, now) == 0 {
			v.Began = g.strikeLocked(s.wide, floodWeight, kindRequest, now)
		}
		return v
	}
	for _, net := range nets {
		i := id{class: classFlood, kind: kindRequest, place: s.Place, net: net}
		g.chargeLocked(i, i.rule(), now)
	}
	return v
}

// floodWeight makes a ban of 1,500 requests that were refused.
const floodWeight = 0.02

// floods says how many anonymous requests a network may make: far more than a
// page and all clients of a household do. Where many may stand behind one
// address it is ten times that.
func floods(place Place, bits uint8) rule {
	switch {
	case place != Far:
		return rule{burst: 6000, drain: 10 * time.Millisecond}
	case bits == homeBits:
		return rule{burst: 1200, drain: 50 * time.Millisecond}
	case bits == siteBits:
		return rule{burst: 2400, drain: 25 * time.Millisecond}
	}
	return rule{burst: 600, drain: 100 * time.Millisecond}
}

// charge is what a try was charged with.
type charge struct {
	at     moment
	debits []debit
}

type debit struct {
	id    id
	added float32
}

// Passed tells that the try of that verdict had the right secret, so that it no
// longer counts. What failed before stays counted. Tell it once.
func (g *Guard) Passed(v Verdict) {
	if v.charged == nil {
		return
	}
	g.do(func(now moment) {
		for _, d := range v.charged.debits {
			g.refundLocked(d, v.charged.at, now)
		}
	})
}

func (g *Guard) refundLocked(d debit, then, now moment) {
	if d.id.class == classBan {
		n, there := g.networks.rows[d.id]
		if there && n.since < then { // what a ban has judged stays judged
			n.counter = d.id.rule().refund(n.counter, d.added, then, now)
			g.putNetworkLocked(d.id, n, now)
		}
		return
	}
	c, there := g.counters[d.id.class].rows[d.id]
	if there {
		g.putCounterLocked(d.id, d.id.rule().refund(c, d.added, then, now), now)
	}
}

// chargeLocked counts a failure.
func (g *Guard) chargeLocked(i id, r rule, now moment) debit {
	c, added := r.charge(g.counters[i.class].rows[i], 1, now)
	g.putCounterLocked(i, c, now)
	return debit{id: i, added: added}
}

// ruleLocked is the budget of a counter, tighter for an account under a siege
// from very many places.
func (g *Guard) ruleLocked(i id) rule {
	r := i.rule()
	if s := g.sieges[i.siege()]; i.class == classAccount && s != nil && s.about >= widePlaces {
		r.most *= wideFactor
	}
	return r
}

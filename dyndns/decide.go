package dyndns

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"latchkey/appliance/problem"
	"latchkey/dyndns/authority"
	"latchkey/dyndns/publicip"
)

// act is what to do about a record now.
type act int

const (
	nothing  act = iota
	askFirst     // the view of our own address is too old to act on
	set
	remove
)

// step is what was decided of one record.
type step struct {
	slot   slot
	act    act
	addr   netip.Addr
	from   netip.Addr
	seen   bool          // the servers show, for the first time, what was set
	again  time.Duration // look again after it; 0: at the regular time
	record Record
}

const (
	// freshFor is how old a verdict may be that a record is changed by. It
	// covers a slow round of questions and one slow answer of the provider.
	freshFor = 20 * time.Second
	// A week between corrections of a TTL: some providers never obey.
	ttlEvery = 7 * 24 * time.Hour
	// With somebody else updating, being behind for a while is no news.
	staleAfter = 5 * time.Minute
)

// gap is how a record differs from what is wanted.
type gap int

const (
	gapNone    gap = iota
	gapUnsure      // it is not known what is wanted
	gapSet         // another address is wanted
	gapRemove      // it is ours and should not be there
	gapForeign     // it is not ours and should not be there
	gapAlias       // a CNAME is in the way
)

// decide says what to do about one record: facts in, action out. m is what is
// remembered of it, and comes back with what was learned; gate is the wait
// that holds for all records of the provider.
func decide(f facts, s slot, m memo, gate pause) (memo, step) {
	w, doubt := wanted(f, s)
	m.want(w, f.now)
	st := step{slot: s, record: Record{
		Name: s.name, Family: s.family, Changed: m.Changed,
		Want: publicip.Answer{State: w.state, Addr: w.addr, Why: w.why}, Trouble: doubt,
	}}
	v := f.seen[s.key()]
	blind := errors.Is(v.err, authority.ErrIntercepted)
	if v.err != nil && !blind {
		if m.dark.IsZero() {
			m.dark = f.now
		}
		st.again = grow(f.now.Sub(m.dark), 2*time.Second, lookEvery)
		st.record.Trouble = first(doubt, unreached(s, v.err))
		return m, st
	}
	m.dark = time.Time{}
	if blind {
		doubt = first(doubt, trouble(s, CodeIntercept,
			"Something between this house and the internet answers in the place of the name's own DNS servers.",
			"Switch off what the router calls DNS protection or redirection; until then Latchkey relies on what it set last."))
		st.record.Trouble = doubt
	} else {
		m.count(v.answer, f.now)
		st.record.Told, st.record.Checked = true, f.now
		st.record.Have, st.record.HaveTTL = v.answer.Addrs, v.answer.TTL
		if len(v.answer.Addrs) > 0 {
			st.from = v.answer.Addrs[0]
		}
	}
	d := decision{facts: f, slot: s, wish: w, view: v.answer, blind: blind, gate: gate, memo: m, step: st}
	d.run()
	return d.memo, d.step
}

// decision is one in the making.
type decision struct {
	facts
	slot  slot
	wish  wish
	view  authority.Answer
	blind bool
	gate  pause
	memo  memo
	step  step
}

func (d *decision) run() {
	switch d.gap() {
	case gapUnsure:
		// Nothing is changed, and what the servers say is shown as it is.
	case gapNone:
		d.right()
	case gapAlias:
		d.complain(CodeAlias, "The name is an alias of "+d.view.CNAME+" (CNAME), so that it can't have an address of its own.",
			"Delete the CNAME record where the domain is managed.")
	case gapForeign:
		if d.now.Sub(d.memo.since) >= d.wish.settle {
			d.complain(CodeForeign, "The name has an IPv6 address ("+texts(d.view.Addrs)+") that Latchkey has not set, and IPv6 is not open here.",
				"Delete the AAAA record where the domain is managed, unless it is meant.")
		}
	case gapSet:
		d.step.addr = d.wish.addr
		d.wrong(set)
	case gapRemove:
		if !d.plan.Clears && d.plan.Provider != nil {
			d.complain(CodeStays, "The IPv6 address of the name should go, and the provider can't take it away.",
				"Delete the AAAA record where the domain is managed.")
			return
		}
		d.wrong(remove)
	}
}

func (d *decision) gap() gap {
	have, sure := d.have()
	switch {
	case d.wish.state == publicip.Unknown:
		return gapUnsure
	case !d.blind && d.view.CNAME != "":
		return gapAlias
	case d.wish.state == publicip.Known:
		if sure && len(have) == 1 && have[0] == d.wish.addr {
			return gapNone
		}
		return gapSet
	case sure && len(have) == 0:
		return gapNone
	case d.memo.owns(have):
		return gapRemove
	}
	return gapForeign
}

// have is what the record holds; sure is false where only the memory could say
// and does not know how the last call ended.
func (d *decision) have() (have []netip.Addr, sure bool) {
	m := d.memo
	switch {
	case !d.blind:
		return d.view.Addrs, true
	case m.SetAt.IsZero():
		return nil, true
	case !m.Acked:
		return nil, false
	case m.Set.IsValid():
		return []netip.Addr{m.Set}, true
	}
	return nil, true
}

// doubtful views come from fewer servers than usual, or from servers that
// differ: one of them may be behind.
func (d *decision) doubtful() bool {
	return !d.blind && (d.view.Agree < d.view.Servers || d.view.Servers < d.memo.Servers)
}

// right is for a record that holds what is wanted.
func (d *decision) right() {
	m, st := &d.memo, &d.step
	m.wrong = time.Time{}
	m.right = d.wish
	slow := d.tooSlow()
	if !slow && (!m.Pause.Lasting || !m.Pause.until().After(d.now)) {
		m.Pause = pause{}
	}
	if d.blind {
		st.record.True = true
		return
	}
	if m.Set == d.wish.addr && !m.SetAt.IsZero() && !m.Seen {
		m.Seen, st.seen = true, true
	}
	if m.Seen && d.now.Sub(m.SetAt) > calmAfter {
		m.Again = 0
	}
	st.record.True = d.view.Agree >= d.view.Servers
	switch {
	case !st.record.True && d.now.Sub(m.SetAt) > d.patience():
		d.complain(CodeSecondary, "Not all of the name's DNS servers show its address yet.",
			"Nothing to do for an hour; if it stays, tell the DNS provider that its servers differ.")
	case !st.record.True:
		st.record.Working = true
		st.again = d.verifyIn()
	case slow:
		st.addr = d.wish.addr
		d.try(set)
	}
}

// tooSlow reports whether the record lives longer than planned and a
// correction is due.
func (d *decision) tooSlow() bool {
	return d.plan.Provider != nil && !d.blind && d.wish.state == publicip.Known && !d.doubtful() &&
		d.plan.TTL > 0 && d.view.TTL > d.plan.TTL &&
		(d.memo.TTLAt.IsZero() || d.now.Sub(d.memo.TTLAt) >= ttlEvery)
}

// wrong is for a record that something has to be done about.
func (d *decision) wrong(do act) {
	m, st := &d.memo, &d.step
	if m.wrong.IsZero() && !d.blind {
		m.wrong = d.now
	}
	if d.plan.Provider == nil {
		if d.now.Sub(laterOf(m.wrong, m.since)) >= staleAfter {
			d.complain(CodeStale, "The name does not lead here: whoever updates it is behind.",
				"See why the router, or the program that updates the name, does not; or let Latchkey do it.")
		}
		st.again = time.Minute
		return
	}
	until, why := d.earliest()
	if until.After(d.now) {
		st.record.Next = until
		st.again = until.Sub(d.now)
		switch why {
		case CodeLost:
			if d.now.Sub(m.SetAt) < d.patience() {
				st.record.Working = true
				st.again = min(st.again, d.verifyIn())
				return
			}
			d.complain(CodeLost, "The provider accepted the new address, and its servers don't show it.",
				"See whether the record is locked or proxied where the domain is managed; Latchkey tries again.")
		case CodeContested:
			d.complain(CodeContested, "Something else keeps changing the name's address.",
				"Switch off the dynamic DNS of the router, or let Latchkey only watch.")
		case CodeFlapping:
			d.complain(CodeFlapping, "The public address changes to and fro; Latchkey waits until it stays.",
				"See whether two internet connections or a VPN take turns.")
		}
		return
	}
	d.try(do)
}

// try acts unless the provider wants a pause or the verdict is too old.
func (d *decision) try(do act) {
	st := &d.step
	for _, p := range []pause{d.gate, d.memo.Pause} {
		if p.until().After(d.now) {
			st.record.Trouble = first(p.Complaint.problem(), st.record.Trouble)
			st.record.Next = laterOf(st.record.Next, p.until())
		}
	}
	switch {
	case st.record.Next.After(d.now):
		st.again = st.record.Next.Sub(d.now)
	case !d.slot.lan && d.age > freshFor:
		st.act = askFirst
	default:
		st.act = do
		st.record.Working = true
	}
}

// complain shows trouble, before what was only doubt.
func (d *decision) complain(code, text, hint string) {
	p := trouble(d.slot, code, text, hint)
	if len(d.step.record.Have) > 0 {
		p = p.With("have", texts(d.step.record.Have))
	}
	if d.wish.addr.IsValid() {
		p = p.With("want", d.wish.addr.String())
	}
	d.step.record.Trouble = p
}

func unreached(s slot, err error) *problem.Problem {
	if errors.Is(err, authority.ErrNoZone) {
		return trouble(s, CodeNoZone, "Nobody answers for the name in DNS.",
			"Check the name for a slip, and whether the domain is registered and paid for.").Because(err)
	}
	return trouble(s, CodeUnreached, "The DNS servers of the name can't be asked just now.",
		"Nothing to do if the internet is away; else Latchkey asks again by itself.").Because(err)
}

// first gives the first trouble there is.
func first(ps ...*problem.Problem) *problem.Problem {
	for _, p := range ps {
		if p != nil {
			return p
		}
	}
	return nil
}

func texts(addrs []netip.Addr) string {
	var out []string
	for _, a := range addrs {
		out = append(out, a.String())
	}
	return strings.Join(out, ", ")
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// owns reports whether all of have were set by us.
func (m memo) owns(have []netip.Addr) bool {
	for _, a := range have {
		if !slices.Contains(m.Ours, a) {
			return false
		}
	}
	return len(have) > 0 || len(m.Ours) > 0
}

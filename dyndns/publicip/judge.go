package publicip

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
)

// Judge says what to believe of one family. It is pure.
//
// An address is believed as the rule wants it. What is special (and not in a
// test range), of the other family or mapped is never believed and counts as
// odd. A public address named by the router or by HTTPS that contradicts
// another one of the same standing holds everything back: Unknown. Among three
// or more operators of HTTPS one that stands against twice as many or more is
// merely odd, so that a single liar can't stop us for ever. Several addresses
// that are all this machine's own (IPv6) do not contradict each other. DNS and
// interfaces support, and never hold back.
//
// None is believed for IPv6 when this machine says that it has no stable global
// address and nobody names one; for IPv4 when two kinds say so, one of them the
// router.
func Judge(rule Rule, test []netip.Prefix, f Family, reports []Report) Verdict {
	v := Verdict{Reports: reports}
	h := listenTo(test, f, reports)
	v.Odd = h.nonsense

	believed, why := h.strongest(f)
	if believed.IsValid() {
		if why = h.enough(rule, f, believed); why == "" {
			v.State, v.Addr = Known, believed
			v.Odd = append(v.Odd, h.against(f, believed)...)
		}
	} else if why == "" {
		v.State, why = h.nobody(f)
	}
	v.Why = why
	v.Behind = h.behind(f, v)
	return v
}

// heard are reports, sorted by what they amount to.
type heard struct {
	all      []Report
	voices   []Report // of a public address
	nonsense []Report // of what can't be one
	none     []Report
	cgnat    []Report // routers that stand behind carrier-grade NAT
	double   []Report // routers that stand behind another router
}

func listenTo(test []netip.Prefix, f Family, reports []Report) heard {
	h := heard{all: reports}
	for _, r := range reports {
		switch r.Answer.State {
		case None:
			h.none = append(h.none, r)
		case Known:
			pile := h.place(test, f, r)
			*pile = append(*pile, r)
		}
	}
	return h
}

// cgnat4 are what a router has where its provider shares one address among many.
var cgnat4 = []netip.Prefix{
	netip.MustParsePrefix("100.64.0.0/10"), // RFC 6598
	netip.MustParsePrefix("192.0.0.0/29"),  // DS-Lite, RFC 7335
}

func (h *heard) place(test []netip.Prefix, f Family, r Report) *[]Report {
	a := r.Answer.Addr
	_, special := Special(a, test)
	switch {
	case f.Of(a) && !special:
		return &h.voices
	case r.Kind == Router && f == V4 && within(cgnat4, a):
		return &h.cgnat
	case r.Kind == Router && f == V4 && a.Is4() && (a.IsPrivate() || a.IsLinkLocalUnicast()):
		return &h.double
	case r.Kind == Router && a.IsValid() && a.IsUnspecified(): // 0.0.0.0 is how some say "none"
		return &h.none
	}
	return &h.nonsense
}

func within(prefixes []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

// strong is the standing to contradict.
func strong(k Kind) bool { return k == Router || k == HTTPS }

// strongest finds the one address that the router and HTTPS name. why says what
// holds it back where they contradict each other; both are empty where they
// name none.
func (h heard) strongest(f Family) (a netip.Addr, why string) {
	candidates := h.named(Router)
	for _, x := range h.majority() {
		if !slices.Contains(candidates, x) {
			candidates = append(candidates, x)
		}
	}
	if len(candidates) < 2 {
		if len(candidates) == 0 {
			return netip.Addr{}, ""
		}
		return candidates[0], ""
	}
	if own := h.named(Interface); f == V6 && !slices.ContainsFunc(candidates, func(x netip.Addr) bool { return !slices.Contains(own, x) }) {
		return slices.MaxFunc(candidates, func(x, y netip.Addr) int {
			return cmp.Or(cmp.Compare(len(h.kinds(x)), len(h.kinds(y))), cmp.Compare(h.votes(x), h.votes(y)), y.Compare(x))
		}), ""
	}
	one, other := h.firstFor(candidates[0]), h.firstFor(candidates[1])
	return netip.Addr{}, fmt.Sprintf("%s says %s, but %s says %s", one.who(), one.Answer.Addr, other.who(), other.Answer.Addr)
}

// named are the public addresses that a kind names.
func (h heard) named(k Kind) []netip.Addr {
	var found []netip.Addr
	for _, r := range h.voices {
		if r.Kind == k && !slices.Contains(found, r.Answer.Addr) {
			found = append(found, r.Answer.Addr)
		}
	}
	return found
}

// majority is what HTTPS says: the addresses named, or only the first among
// them where twice as many operators name it as all others together.
func (h heard) majority() []netip.Addr {
	named := h.named(HTTPS)
	if len(named) < 2 {
		return named
	}
	total, best := 0, named[0]
	for _, a := range named {
		total += h.count(HTTPS, a)
		if h.count(HTTPS, a) > h.count(HTTPS, best) {
			best = a
		}
	}
	if most := h.count(HTTPS, best); most >= 2*(total-most) {
		return []netip.Addr{best}
	}
	return named
}

func (h heard) count(k Kind, a netip.Addr) int {
	n := 0
	for _, r := range h.voices {
		if r.Kind == k && r.Answer.Addr == a {
			n++
		}
	}
	return n
}

func (h heard) votes(a netip.Addr) int {
	return h.count(Router, a) + h.count(HTTPS, a) + h.count(DNS, a) + h.count(Interface, a)
}

// kinds are the kinds of source that name a.
func (h heard) kinds(a netip.Addr) []Kind {
	var found []Kind
	for _, r := range h.voices {
		if r.Answer.Addr == a && !slices.Contains(found, r.Kind) {
			found = append(found, r.Kind)
		}
	}
	return found
}

func (h heard) firstFor(a netip.Addr) Report {
	for _, r := range h.voices {
		if r.Answer.Addr == a && strong(r.Kind) {
			return r
		}
	}
	panic("publicip: a candidate that nobody named")
}

// enough says why an address that nobody contradicts is not believed yet, "" if
// it is.
func (h heard) enough(rule Rule, f Family, a netip.Addr) (why string) {
	if f == V6 {
		if own, temporary := h.temporary(a); temporary {
			return fmt.Sprintf("%s is a temporary address of this machine, beside its lasting %s", a, own)
		}
	}
	kinds := h.kinds(a)
	if f == V6 && rule != RouterOnly && !slices.ContainsFunc(kinds, outside) && h.asked(HTTPS)+h.asked(DNS) > 0 {
		return fmt.Sprintf("nobody outside sees %s; IPv6 may lead nowhere from here", a)
	}
	switch {
	case len(kinds) >= 2:
		return ""
	case rule == HTTPSAlone && kinds[0] == HTTPS:
		// One operator is enough only where no other was asked.
		if h.count(HTTPS, a) >= 2 || h.asked(HTTPS) == 1 {
			return ""
		}
		return fmt.Sprintf("only %s says %s; a second operator is needed", h.firstFor(a).who(), a)
	case rule == RouterOnly && kinds[0] == Router:
		return ""
	}
	return fmt.Sprintf("only %s says %s; a second kind of source is needed", h.firstFor(a).who(), a)
}

// outside are the kinds that see us from the internet. An IPv6 address that
// this machine has and that the router lets in says nothing of whether the
// line carries IPv6 at all: nothing is translated, so both only repeat it.
func outside(k Kind) bool { return k == HTTPS || k == DNS }

func (h heard) asked(k Kind) int {
	n := 0
	for _, r := range h.all {
		if r.Kind == k {
			n++
		}
	}
	return n
}

// temporary tells an address that is none of our lasting ones, but lies in the
// same /64 as one of them: a privacy address (RFC 8981), which goes within a day.
func (h heard) temporary(a netip.Addr) (own netip.Addr, yes bool) {
	lasting := h.named(Interface)
	if slices.Contains(lasting, a) {
		return netip.Addr{}, false
	}
	for _, own := range lasting {
		if netip.PrefixFrom(own, 64).Masked().Contains(a) {
			return own, true
		}
	}
	return netip.Addr{}, false
}

// against are the reports that name another address than the believed one. Our
// own further IPv6 addresses do not.
func (h heard) against(f Family, a netip.Addr) []Report {
	own := h.named(Interface)
	var odd []Report
	for _, r := range h.voices {
		if r.Answer.Addr == a || f == V6 && slices.Contains(own, r.Answer.Addr) {
			continue
		}
		odd = append(odd, r)
	}
	if h.count(Router, a) > 0 { // one router, two protocols, two views
		odd = append(append(odd, h.cgnat...), h.double...)
	}
	return odd
}

// nobody is the verdict where neither the router nor HTTPS names an address.
func (h heard) nobody(f Family) (State, string) {
	if len(h.voices) > 0 {
		r := h.voices[0]
		return Unknown, fmt.Sprintf("only %s says %s; the router or HTTPS has to say so too", r.who(), r.Answer.Addr)
	}
	var router, own *Report
	for i, r := range h.none {
		switch r.Kind {
		case Router:
			router = &h.none[i]
		case Interface:
			own = &h.none[i]
		}
	}
	if own != nil && (f == V6 || router != nil) {
		return None, cmp.Or(own.Answer.Why, "this machine has no "+f.String()+" address of its own")
	}
	for _, k := range []Kind{Router, HTTPS, DNS, Interface} {
		for _, r := range h.all {
			if r.Kind == k && r.Answer.Why != "" {
				return Unknown, r.who() + ": " + r.Answer.Why
			}
		}
	}
	if len(h.nonsense) > 0 {
		r := h.nonsense[0]
		what, _ := Special(r.Answer.Addr, nil)
		return Unknown, fmt.Sprintf("%s says %s: %s", r.who(), r.Answer.Addr, cmp.Or(what, "not "+f.String()))
	}
	return Unknown, "nobody could tell"
}

// behind reads from the router's own words what stands in front of it. IPv6 is
// not translated on the way; a router without an address of it says nothing.
func (h heard) behind(f Family, v Verdict) Behind {
	switch {
	case f != V4:
		return Open
	case v.State == Known && h.count(Router, v.Addr) > 0:
		return Open
	case len(h.cgnat) > 0:
		return CGNAT
	case len(h.double) > 0:
		return Double
	case v.State == Known && len(h.named(Router)) == 0 && slices.ContainsFunc(h.none, func(r Report) bool { return r.Kind == Router }):
		return Hidden
	}
	return Open
}

// who names the source for a person.
func (r Report) who() string {
	var kind string
	switch r.Kind {
	case Router:
		kind = "the router"
	case DNS:
		kind = "DNS"
	case HTTPS:
		kind = "HTTPS"
	case Interface:
		return "this machine"
	}
	if r.Source == "" || r.Source == string(r.Kind) {
		return kind
	}
	return kind + " (" + r.Source + ")"
}

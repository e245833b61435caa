// Package publicip finds the address by which the internet sees this house.
// Several kinds of source are asked, and Judge says whom to believe. It sets no
// record and opens no port.
package publicip

import (
	"context"
	"net/netip"
)

// Family is 4 or 6.
type Family int

// The families.
const (
	V4 Family = 4
	V6 Family = 6
)

// String is "IPv4" or "IPv6".
func (f Family) String() string {
	if f == V6 {
		return "IPv6"
	}
	return "IPv4"
}

// Of reports whether a is an address of the family; an IPv4 address mapped
// into IPv6 is of neither.
func (f Family) Of(a netip.Addr) bool {
	return f == V4 && a.Is4() || f == V6 && a.Is6() && !a.Is4In6()
}

// Kind is how a source knows what it says. Two sources of one kind can be
// deceived by the same trick, two kinds hardly.
type Kind string

// The kinds.
const (
	Router    Kind = "router"    // the gateway's word by PCP, NAT-PMP or UPnP
	DNS       Kind = "dns"       // a name whose answer is the asker's address
	HTTPS     Kind = "https"     // a page that says the caller's address
	Interface Kind = "interface" // an address of this machine itself
)

// State is what an answer or a verdict amounts to.
type State int

// The states. Unknown is the zero value and changes nothing anywhere.
const (
	Unknown State = iota // don't know
	None                 // there is no address of this family
	Known                // this address
)

// String is "unknown", "none" or "known".
func (s State) String() string {
	switch s {
	case None:
		return "none"
	case Known:
		return "known"
	}
	return "unknown"
}

// Answer is what one source says.
type Answer struct {
	State State
	Addr  netip.Addr // where Known
	Why   string     // in plain words, for Unknown and None
}

// Report is an answer with who gave it.
type Report struct {
	Kind   Kind
	Source string
	Answer Answer
}

// Source knows something of our public address.
type Source interface {
	Kind() Kind
	// Name tells the source from others of its kind: an operator, a protocol.
	Name() string
	// Ask answers for one family. It never panics, ends soon after ctx does,
	// and may be called from several goroutines at once.
	Ask(ctx context.Context, f Family) Answer
}

// Rule says how much is needed to believe an address.
type Rule string

// The rules. An unknown rule counts as Two.
const (
	Two        Rule = "two"    // two kinds agree, one of them the router or HTTPS
	HTTPSAlone Rule = "https"  // HTTPS alone suffices
	RouterOnly Rule = "router" // the router alone suffices

	Strict = Two
)

// Behind is what stands between our router and the internet, as far as the
// router's own words tell.
type Behind string

// The kinds of being behind.
const (
	Open   Behind = ""       // nothing that the router knows of
	CGNAT  Behind = "cgnat"  // the router's own address is in 100.64.0.0/10 (RFC 6598)
	Double Behind = "double" // the router's own address is private: another router is in front
	// Hidden: the router answers, names no address, and yet the world sees one.
	// Honest routers behind CGNAT or another router say so, and so do some that
	// merely can't tell. To be treated like Double.
	Hidden Behind = "hidden"
)

// Verdict is what is believed of one family.
type Verdict struct {
	State   State
	Addr    netip.Addr // where Known
	Reports []Report   // all that was heard
	Odd     []Report   // those that disagree with what is believed, or make no sense
	Behind  Behind
	Why     string // in plain words, for Unknown and None
}

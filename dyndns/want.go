package dyndns

import (
	"net/netip"
	"strconv"
	"time"

	"latchkey/appliance/problem"
	"latchkey/dyndns/authority"
	"latchkey/dyndns/publicip"
)

// facts are all that a decision rests on.
type facts struct {
	now      time.Time
	plan     Plan
	local    Local
	observed bool // local is known
	test     []netip.Prefix

	verdict4, verdict6 publicip.Verdict
	asked              time.Time     // when they were, by the wall; zero: never
	age                time.Duration // since then, however the clock jumped

	seen map[string]view // by slot.key
}

// view is what the servers said of one record.
type view struct {
	answer authority.Answer
	err    error
}

// online reports whether anything of the outside is known: while nothing is,
// a closed door means a router that restarts rather than one that refuses.
func (f facts) online() bool {
	return f.verdict4.State != publicip.Unknown || f.verdict6.State != publicip.Unknown
}

// wish is what a record should be.
type wish struct {
	state  publicip.State // Known: addr; None: not there; Unknown: whatever it is
	addr   netip.Addr
	why    string
	settle time.Duration // for how long it has to stand before it is acted on
}

const (
	// A door that closes is often only a router that restarts its services.
	settleClosed = 30 * time.Second
	// Losing IPv6 altogether takes a change of provider, or a passing fault.
	settleNone = 5 * time.Minute
)

// wanted says what the record should be. What must not be published is
// unknown, not absent: a record that was right may be so again in a minute.
func wanted(f facts, s slot) (wish, *problem.Problem) {
	switch {
	case s.lan:
		return wantedAtHome(f, s)
	case s.family == publicip.V6:
		return wantedV6(f, s)
	}
	v := f.verdict4
	switch {
	case v.State == publicip.None:
		return unsure("there is no public IPv4 address"), trouble(s, CodeNoAddress,
			"There is no public IPv4 address just now.",
			"See whether the router is connected; if the provider gives IPv6 only, the name needs that.")
	case v.State != publicip.Known:
		return unsure(v.Why), nil
	case v.Behind == publicip.CGNAT:
		return unsure("the provider shares one address among many"), trouble(s, CodeCGNAT,
			"The provider's network shares one IPv4 address among many homes, so that nobody can reach yours by it.",
			"Ask the provider for a public IPv4 address, or use IPv6 or a tunnel.")
	case v.Behind != publicip.Open && !f.plan.CanPublishBehind:
		return unsure("another router stands in front"), trouble(s, CodeDoubleNAT,
			"Another router stands between yours and the internet, and it opens no door.",
			"Switch it to bridge mode, or forward the port in both routers and say so in the settings.")
	}
	return public(f, s, v.Addr)
}

func wantedV6(f facts, s slot) (wish, *problem.Problem) {
	v := f.verdict6
	switch {
	case f.plan.Provider == nil:
		// Whoever keeps the name may know of a door for IPv6 that we don't.
		return unsure("something else keeps the name, over IPv6 as it sees fit"), nil
	case !f.plan.V6:
		return wish{state: publicip.None, why: "the provider of the name holds no IPv6 address"}, nil
	case !f.observed:
		return unsure("nothing is known of the door yet"), nil
	case !f.local.Open6 && !f.online():
		return unsure("nothing of the internet is known just now"), nil
	case !f.local.Open6:
		return wish{state: publicip.None, why: "IPv6 is not let in", settle: settleClosed}, nil
	case v.State == publicip.None:
		return wish{state: publicip.None, why: "there is no public IPv6 address", settle: settleNone}, nil
	case v.State != publicip.Known:
		return unsure(v.Why), nil
	}
	addr := v.Addr.Unmap().WithZone("")
	if open := f.local.Port6Addr; open.IsValid() && open != addr {
		// A host has several addresses in its /64; another prefix is an old one, or another way out.
		if net, err := addr.Prefix(64); err != nil || !net.Contains(open) {
			return unsure("the address that is open is not in the prefix seen from outside"), trouble(s, CodePrefix,
				"The router lets in an IPv6 address of another prefix than the one seen from outside.",
				"Nothing to do if the prefix has just changed; if it stays, restart the router.")
		}
		addr = open
	}
	return public(f, s, addr)
}

// public lets only an address through that the internet can reach.
func public(f facts, s slot, addr netip.Addr) (wish, *problem.Problem) {
	addr = addr.Unmap().WithZone("")
	if !s.family.Of(addr) {
		return unsure("the address is of the other family"), nil
	}
	if what, special := publicip.Special(addr, f.test); special {
		return unsure("the address is " + what), trouble(s, CodeSpecial,
			"The address found, "+addr.String()+", is "+what+" and can't be reached from outside.",
			"See what the router says about its connection to the internet.")
	}
	return wish{state: publicip.Known, addr: addr}, nil
}

// wantedAtHome lets only a private address through (RFC 1918): lan.NAME is for
// those who are at home, and tells the rest nothing that they could use.
func wantedAtHome(f facts, s slot) (wish, *problem.Problem) {
	addr := f.local.Address4
	switch {
	case !f.observed || !addr.IsValid():
		return unsure("the address on the home network is not known"), nil
	case !addr.Is4() || !addr.IsPrivate():
		return unsure("the machine has no private address"), trouble(s, CodePrivate,
			"This machine's own address, "+addr.String()+", is not one of a home network.",
			"Nothing to do if it stands directly on the internet: the name itself then serves at home too.")
	}
	return wish{state: publicip.Known, addr: addr}, nil
}

func unsure(why string) wish {
	if why == "" {
		why = "not known yet"
	}
	return wish{why: why}
}

func trouble(s slot, code, text, hint string) *problem.Problem {
	return problem.New(problem.Unavailable, code, text, hint).
		With("name", s.name).With("family", strconv.Itoa(int(s.family)))
}

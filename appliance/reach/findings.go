package reach

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"latchkey/appliance/health"
	"latchkey/appliance/settings"
	"latchkey/dyndns/portmap"
	"latchkey/dyndns/publicip"
)

// The codes of the findings, of which doctor tells each.
const (
	FindToken       = "reach.token"
	FindRecord      = "reach.record"
	FindProxied     = "reach.proxied"
	FindCache       = "reach.cache"
	FindDoor        = "reach.door"
	FindPort        = "reach.port"
	FindHairpin     = "reach.hairpin"
	FindRebind      = "reach.rebind"
	FindNAT         = "reach.nat"
	FindIPv6        = "reach.ipv6"
	FindSources     = "reach.sources"
	FindCertificate = "reach.certificate"
	FindLimit       = "reach.limit"
	FindHeld        = "reach.held"
)

func rebindText(lan string) string {
	return "Your router hides " + lan + " from devices at home, because it leads to an address at home (DNS rebind protection)."
}

func rebindHint(lan string, local netip.Addr) string {
	return "Add " + lan + " to the exceptions of the rebind protection in the router, or enter there that it is " + addrText(local) + "."
}

func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return "this computer"
	}
	return a.String()
}

// rebound reports whether the resolver at home keeps lan.NAME from us though
// the zone's own servers have it.
func (f facts) rebound() bool {
	x, ok := f.record(f.plan.Lan, publicip.V4)
	if !ok || !x.True || len(x.Have) == 0 || f.home.At.IsZero() || f.home.Lan.Err != nil {
		return false
	}
	// A resolver may still remember that the name was not there.
	fresh := !x.Changed.IsZero() && f.home.At.Sub(x.Changed) < rebindGrace
	return len(f.home.Lan.Answer.Addrs) == 0 && !fresh
}

// rebindGrace is how long a resolver may honestly say that a new name is not
// there: negative answers are commonly kept for a few minutes at most.
const rebindGrace = 5 * time.Minute

// findings are all that doctor tells of the public path.
func (f facts) findings() []health.Finding {
	if f.plan.Door == DoorProxy {
		return []health.Finding{f.findDoor()}
	}
	return []health.Finding{
		f.findToken(), f.findRecord(), f.findProxied(), f.findCache(), f.findNAT(), f.findSources(),
		f.findDoor(), f.findPort(), f.findHairpin(), f.findRebind(), f.findIPv6(), f.findCertificate(), f.findLimit(),
	}
}

func good(code, text string) health.Finding {
	return health.Finding{Code: code, State: health.OK, Text: text}
}

func bad(code, text, hint string) health.Finding {
	return health.Finding{Code: code, State: health.Bad, Text: text, Hint: hint}
}

func warn(code, text, hint string) health.Finding {
	return health.Finding{Code: code, State: health.Warn, Text: text, Hint: hint}
}

func (f facts) findToken() health.Finding {
	switch {
	case f.trial.State == Failed:
		return bad(FindToken, f.trial.Problem.Text, f.trial.Problem.Hint)
	case f.plan.Provider == Watch:
		return good(FindToken, "Something else keeps the name, so no token is needed for it.")
	case f.trial.State == Done:
		return good(FindToken, "The token of your DNS provider can write for "+f.plan.Name+".")
	}
	return warn(FindToken, "The token of your DNS provider was not tried yet.", "Look again in a minute.")
}

func (f facts) findRecord() health.Finding {
	for _, x := range f.keeper.Records {
		if x.Trouble != nil {
			return bad(FindRecord, x.Trouble.Text, x.Trouble.Hint)
		}
		if x.Told && !x.True && x.Want.State != publicip.Unknown {
			return bad(FindRecord, fmt.Sprintf("%s leads to %s, but this house is %s.", x.Name, list(x.Have), wanted(x.Want)), "It is being corrected; look again in a minute.")
		}
	}
	if !f.leads() {
		return warn(FindRecord, f.plan.Name+" leads nowhere yet.", "It gets this house's address as soon as that is known.")
	}
	return good(FindRecord, f.plan.Name+" leads to this house, say the servers of its zone.")
}

func wanted(a publicip.Answer) string {
	if a.State == publicip.Known {
		return a.Addr.String()
	}
	return "not to be found by that"
}

func list(addrs []netip.Addr) string {
	if len(addrs) == 0 {
		return "nothing"
	}
	all := make([]string, len(addrs))
	for i, a := range addrs {
		all[i] = a.String()
	}
	return strings.Join(all, ", ")
}

func (f facts) findProxied() health.Finding {
	if f.trial.Proxied {
		return bad(FindProxied, proxiedText(f.plan.Name), proxiedHint)
	}
	return good(FindProxied, "Nobody stands between callers and this house.")
}

func (f facts) findCache() health.Finding {
	x, ok := f.record(f.plan.Name, publicip.V4)
	seen := f.home.Name
	switch {
	case f.home.At.IsZero() || !ok || len(x.Have) == 0:
		return good(FindCache, "Nothing old is remembered of "+f.plan.Name+".")
	case seen.Err != nil:
		return warn(FindCache, "Your network's DNS resolver does not answer.", "Devices at home may not find "+f.plan.Name+" now. Restarting the router often helps.")
	case slices.Equal(seen.Answer.Addrs, x.Have):
		return good(FindCache, "Your network's DNS resolver knows the present address.")
	case len(seen.Answer.Addrs) == 0:
		return warn(FindCache, "Your network's DNS resolver does not know "+f.plan.Name+" yet.", "It remembers for a few minutes that the name was not there.")
	}
	return warn(FindCache, fmt.Sprintf("Your network's DNS resolver still remembers %s for %s.", list(seen.Answer.Addrs), f.plan.Name),
		"It asks again in "+spoken(seen.Answer.TTL)+". Other networks may remember for as long.")
}

func (f facts) findNAT() health.Finding {
	switch f.behind() {
	case publicip.CGNAT:
		return bad(FindNAT, cgnatText, cgnatHint)
	case publicip.Double:
		return f.double(doubleText)
	case publicip.Hidden:
		return f.double(hiddenText)
	}
	if f.v4().IsValid() {
		return good(FindNAT, "Your router's address is the one that the internet sees, as far as it says.")
	}
	return warn(FindNAT, "This house's IPv4 address on the internet is not known now.", sentence(f.keeper.Verdict4.Why))
}

func (f facts) double(text string) health.Finding {
	if f.plan.Door == DoorManual && f.holds() {
		return good(FindNAT, "There are two routers in a row, and your forwarding leads through both.")
	}
	return bad(FindNAT, text, doubleHint)
}

func (f facts) findSources() health.Finding {
	var odd []string
	for _, v := range []publicip.Verdict{f.keeper.Verdict4, f.keeper.Verdict6} {
		for _, x := range v.Odd {
			what := x.Answer.Why
			if x.Answer.State == publicip.Known {
				what = x.Answer.Addr.String()
			}
			odd = append(odd, fmt.Sprintf("%s (%s)", cmp.Or(x.Source, "the router"), what))
		}
	}
	if len(odd) == 0 {
		return good(FindSources, "All that know this house's address say the same.")
	}
	return warn(FindSources, "Not all sources agree on this house's address: "+strings.Join(odd, "; ")+".",
		"The odd one out is not believed. If it stays, something on the way may change DNS answers, or a VPN is in use.")
}

func (f facts) findDoor() health.Finding {
	p := f.judge()
	switch p.State {
	case Proven:
		return good(FindDoor, "The house was reached from outside "+ago(f.now.Sub(p.Time))+".")
	case Claimed:
		return warn(FindDoor, p.Why, p.Hint)
	}
	if !f.asked {
		return warn(FindDoor, p.Why, "Open it in the settings under Reach.")
	}
	return bad(FindDoor, p.Why, p.Hint)
}

func (f facts) findPort() health.Finding {
	switch {
	case f.mapper.Trouble == portmap.Conflict:
		text, hint := doorTrouble(portmap.Conflict, "", f.gateway)
		return bad(FindPort, text, hint)
	case f.memory.Foreign != "":
		return warn(FindPort, "At port 443 of your router something else answers, with the certificate of "+f.memory.Foreign+".",
			"Most often that is the router's own page, opened to the internet. Latchkey uses "+f.plan.Public()+" instead; close the router's page to the outside if you don't need it.")
	case f.home.Name.Meets.State == another:
		return bad(FindPort, "Something else answers as "+f.plan.Public()+", with the certificate of "+f.home.Name.Meets.Whose+".",
			"Look in the router where that port leads to.")
	}
	return good(FindPort, "Nobody else holds the house's port.")
}

func (f facts) findHairpin() health.Finding {
	switch f.home.Name.Meets.State {
	case us:
		return good(FindHairpin, f.plan.Public()+" also opens at home.")
	case nobody:
		how := "Enter in the router that " + f.plan.Name + " is " + addrText(f.local) + " at home (a host override), or use the house by IPv6."
		if f.plan.Lan != "" {
			how = "Use https://" + f.plan.Lan + f.lanPort() + " there. For apps that know one address only: enter in the router that " + f.plan.Name + " is " + addrText(f.local) + " at home (a host override)."
		}
		return warn(FindHairpin, "Your router does not loop back: "+f.plan.Public()+" does not open at home.", how)
	}
	return good(FindHairpin, "Whether "+f.plan.Public()+" opens at home is not known yet.")
}

// lanPort stands behind lan.NAME: there the machine answers itself.
func (f facts) lanPort() string {
	if slices.Contains(f.ports, 443) || len(f.ports) == 0 {
		return ""
	}
	return suffix(f.ports[0])
}

func (f facts) findRebind() health.Finding {
	if f.plan.Lan == "" {
		return good(FindRebind, "There is no name for the home network to hide.")
	}
	if f.rebound() {
		return bad(FindRebind, rebindText(f.plan.Lan), rebindHint(f.plan.Lan, f.local))
	}
	return good(FindRebind, "Devices at home find "+f.plan.Lan+".")
}

func (f facts) findIPv6() health.Finding {
	switch {
	case !f.v6().IsValid():
		return good(FindIPv6, "This network has no IPv6 of its own, which nothing depends on.")
	case f.refuted6():
		return warn(FindIPv6, "From outside, nobody answers over IPv6, though your router lets it in.", "Its address is not published for now. A firewall on this computer, or one of the provider, may stand in between.")
	case f.mapper.V6 != nil:
		return good(FindIPv6, "Your router lets IPv6 in to this computer.")
	case !f.asked || f.plan.Door != DoorAuto:
		return good(FindIPv6, "IPv6 is there and stays closed.")
	case !f.plan.V6 || f.port != 0 && !slices.Contains(f.ports, f.port):
		return good(FindIPv6, "The house is reached over IPv4; IPv6 is not used.")
	}
	return warn(FindIPv6, "Your router's firewall does not let IPv6 in to this computer.",
		"The house is reached over IPv4, and its IPv6 address is not published. Allow devices to open IPv6 ports (PCP) in the router if you want both.")
}

func (f facts) findCertificate() health.Finding {
	l := f.certificateLine()
	state := health.OK
	switch l.State {
	case Bad:
		state = health.Bad
	case Warn, Working:
		state = health.Warn
	}
	return health.Finding{Code: FindCertificate, State: state, Text: l.Text, Hint: l.Hint}
}

// codeLimit is the problem of package certs when the CA's limit, or our own
// below it, is reached.
const codeLimit = "cert.limit"

func (f facts) findLimit() health.Finding {
	for _, c := range f.certs.Names {
		if c.Problem != nil && c.Problem.Code == codeLimit {
			return bad(FindLimit, c.Problem.Text, tryHint(c, f.now))
		}
	}
	return good(FindLimit, "The certificate authority's limits are far away.")
}

// Examine looks at everything anew and tells what doctor says of the public
// path; nothing where the house is reached at home only. It takes seconds.
func (r *Reach) Examine(ctx context.Context) []health.Finding {
	if r.cfg.Settings.Text(settings.ReachMode) != ModePublic {
		return nil
	}
	if r.held() {
		l := heldLine()
		return []health.Finding{{Code: FindHeld, State: health.Warn, Text: l.Text, Hint: l.Hint}}
	}
	a := r.follow(context.WithoutCancel(ctx)) // a choice is taken up for good, whoever asked
	if a.plan.Door != DoorProxy {
		since := r.cfg.Now()
		r.cfg.Keeper.Nudge("doctor asks")
		r.try(ctx, a)
		r.await(ctx, since)
		r.lookHome(ctx, a)
	}
	r.check(ctx, a)
	return r.gather(a).findings()
}

// await waits until the keeper has looked since then, for a few seconds.
func (r *Reach) await(ctx context.Context, since time.Time) {
	ctx, cancel := context.WithTimeout(ctx, awaitPatience)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !r.cfg.Keeper.State().Asked.After(since) {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

const awaitPatience = 6 * time.Second

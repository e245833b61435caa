package reach

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"latchkey/appliance/settings"
	"latchkey/dyndns/portmap"
	"latchkey/dyndns/publicip"
)

// ProofState says how sure it is that the door is open.
type ProofState string

// The states of the door. Only Proven is shown in green.
const (
	Proven  ProofState = "proven"  // somebody outside reached us under our name, since the address last changed
	Claimed ProofState = "claimed" // the router, or a person, says so
	Refuted ProofState = "refuted" // what is seen from outside contradicts it
	Unknown ProofState = "unknown"
)

// Proof is the door's state, as the page shows it.
type Proof struct {
	State ProofState `json:"state"`
	Time  time.Time  `json:"time,omitzero"` // of the last proof, which may be older than the state
	From  string     `json:"from,omitempty"`
	URL   string     `json:"url"` // to open on mobile data
	Why   string     `json:"why,omitempty"`
	Hint  string     `json:"hint,omitempty"`
}

// reachedPage says to whoever opens it that they came through.
const reachedPage = "/#/reached"

// proofEvery bounds how often a proof is written down while nothing changes:
// every request from outside is one.
const proofEvery = 10 * time.Minute

// By is how somebody outside came to us.
type By int

// The ways in.
const (
	Directly By = iota // through the router
	ByAProxy           // handed on by a proxy or tunnel that an owner declared
)

// Seen hears that somebody outside was served under host ("NAME" or
// "NAME:PORT", as the request has it), over TLS. A door is proven only by who
// came through that kind of door. Who counts as outside is package listen's to
// judge. It is cheap enough for every request.
func (r *Reach) Seen(host string, from netip.Addr, by By) {
	a := r.now()
	name, port := cutHost(host)
	if !a.set || name != a.plan.Name || name == "" || (by == ByAProxy) != (a.plan.Door == DoorProxy) {
		return
	}
	now := r.cfg.Now()
	r.mu.Lock()
	last, holding := r.memory.Proof, r.holding
	r.mu.Unlock()
	if holding && last.Name == name && last.Port == port && !last.Waiting && now.Sub(last.Time) < proofEvery && last.Refuted.IsZero() {
		return
	}
	v4, v6 := r.cfg.Keeper.Verdicts()
	p := proof{Time: now, Name: name, Port: port, From: neighbourhood(from), Family: publicip4, Address: believed(v4)}
	if from.Is6() {
		p.Family, p.Address = publicip6, believed(v6)
	}
	r.change(func(m *memory) bool {
		m.Proof = p
		return true
	})
	r.Wake()
}

// SeenAtHome hears that a browser at home was served under host over TLS.
func (r *Reach) SeenAtHome(host string) {
	a := r.now()
	name, _ := cutHost(host)
	if !a.set || name == "" || name != a.plan.Name && name != a.plan.Lan {
		return
	}
	now := r.cfg.Now()
	if now.Sub(r.recall().Home) < proofEvery {
		return
	}
	r.change(func(m *memory) bool {
		m.Home = now
		return true
	})
	r.Wake()
}

// cutHost splits a Host header ("NAME", "NAME:PORT"); the port is 443 where
// there is none, and the name is empty where it is no name.
func cutHost(host string) (string, uint16) {
	name, text, has := strings.Cut(strings.ToLower(host), ":")
	if !has {
		return strings.TrimSuffix(name, "."), 443
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0
	}
	return strings.TrimSuffix(name, "."), uint16(port)
}

// neighbourhood is as much of a stranger's address as the proof needs.
func neighbourhood(a netip.Addr) string {
	bits := 24
	if a.Is6() {
		bits = 48
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// judge says how sure the door is. The order is that of certainty: what was
// seen to work wins over what should not, as long as nothing has changed since.
func (f facts) judge() Proof {
	p := Proof{State: Unknown, URL: f.plan.Public() + reachedPage, Time: f.memory.Proof.Time, From: f.memory.Proof.From}
	if !f.asked && f.plan.Door != DoorProxy {
		p.Why, p.Hint = "The door is still closed.", ""
		return p
	}
	if f.holds() {
		p.State = Proven
		return p
	}
	if why, hint := f.refutes(); why != "" {
		p.State, p.Why, p.Hint = Refuted, why, hint
		return p
	}
	switch {
	case f.plan.Door == DoorProxy:
		p.State, p.Why, p.Hint = Claimed, "Nothing has come through your proxy or tunnel yet.", "Open "+f.plan.Public()+" on a phone with its Wi-Fi off."
	case f.plan.Door == DoorManual:
		p.State, p.Why = Claimed, "You entered a forwarding in the router; nobody has come through it yet."
		p.Hint = "Open " + f.plan.Public() + " on a phone with its Wi-Fi off."
	case f.mapped():
		p.State, p.Why = Claimed, "Your router says that it opened port "+strconv.Itoa(int(f.port))+". Nobody has come through it yet."
		p.Hint = "Open " + f.plan.Public() + " on a phone with its Wi-Fi off."
	default:
		p.Why, p.Hint = f.closed()
	}
	return p
}

// holds reports whether the last proof is about the door as it is now.
func (f facts) holds() bool {
	last := f.memory.Proof
	if last.Time.IsZero() || last.Waiting || last.Name != f.plan.Name || !last.Refuted.IsZero() {
		return false
	}
	if f.plan.Door == DoorProxy {
		return true
	}
	now, mapping := f.v4(), f.mapper.V4
	if last.Family == publicip6 {
		now, mapping = f.v6(), f.mapper.V6
	}
	// A router that was asked and holds nothing for us has shut since.
	if f.plan.Door == DoorAuto && f.mapper.Asked && mapping == nil && last.Time.Before(f.mapper.Since) {
		return false
	}
	same := !now.IsValid() || now == last.Address
	return same && (f.port == 0 || last.Port == f.port)
}

// refutes tells why the door can't be open whatever the router says, "" where
// nothing speaks against it. IPv6 has no translation, so what is said of IPv4
// does not concern it.
func (f facts) refutes() (why, hint string) {
	if f.plan.Door == DoorProxy {
		return "", ""
	}
	if f.memory.Proof.Name == f.plan.Name && !f.memory.Proof.Refuted.IsZero() {
		why = "From outside, nobody answers."
		if said := f.memory.Proof.Why; said != "" {
			why = "From outside, nobody answers: " + said
		}
		return why, "Look whether the forwarding in the router still leads to this computer, and whether a firewall stands in between."
	}
	if f.mapper.V6 != nil && f.v6().IsValid() {
		return "", ""
	}
	switch behind := f.behind(); {
	case behind == publicip.CGNAT:
		return cgnatText, cgnatHint
	case behind == publicip.Double && f.plan.Door == DoorAuto:
		return doubleText, doubleHint
	}
	mapped, seen := netip.Addr{}, f.v4()
	if f.mapper.V4 != nil {
		mapped = f.mapper.V4.External.Addr()
	}
	if f.plan.Door == DoorAuto && mapped.IsValid() && seen.IsValid() && mapped != seen {
		return fmt.Sprintf("Your router opened its port on %s, but the internet sees this house as %s.", mapped, seen), "Something between your router and the internet translates addresses again. " + doubleHint
	}
	return "", ""
}

// What is said of the two ways in which a router's word is worth nothing.
const (
	cgnatText  = "Your provider shares one address between many homes (CGNAT), so nobody can reach in."
	cgnatHint  = "Three ways out: ask the provider for an address of your own (often called public or dual-stack, sometimes free), use IPv6 where the provider and your phone have it, or put a tunnel or reverse proxy in front."
	doubleText = "There is a second router between yours and the internet (double NAT), so a door in one of them is not enough."
	hiddenText = "Your router names no address of its own on the internet; often there is a second router, or the provider's (CGNAT), before it."
	doubleHint = "Set the provider's box to bridge mode, or forward the port in both routers and choose to forward by hand here."
)

// mapped reports whether a router says so now: one that has fallen silent, as
// routers do while they restart, says nothing.
func (f facts) mapped() bool {
	return f.mapper.V4 != nil && f.mapper.Trouble == portmap.FaultNone || f.mapper.V6 != nil && f.mapper.Trouble6 == portmap.FaultNone
}

// closed says why an automatic door is not open.
func (f facts) closed() (why, hint string) {
	if !f.mapper.Asked {
		return "Looking for your router.", ""
	}
	return doorTrouble(f.mapper.Trouble, f.mapper.Why, f.gateway)
}

// judgeProof looks whether the proof still holds; a checker is asked elsewhere.
func (r *Reach) judgeProof(a aim) {
	if !a.set {
		return
	}
	f := r.gather(a)
	holds := f.holds()
	r.mu.Lock()
	r.holding = holds
	r.mu.Unlock()
	if !r.opening() {
		return
	}
	if f.memory.Proof.Name != "" && f.memory.Proof.Name != a.plan.Name {
		r.change(func(m *memory) bool {
			m.Proof = proof{Waiting: true}
			return true
		})
	}
}

// opening reports whether the door was asked for.
func (r *Reach) opening() bool { return r.cfg.Settings.Bool(settings.ReachOpen) }

// shutFor is how long IPv6 stays unpublished after it was refuted: then it is
// tried again, since without the record nobody could prove the contrary.
const shutFor = 6 * time.Hour

// refuted6 reports whether IPv6 is known not to come in to its present address.
func (f facts) refuted6() bool {
	m := f.memory
	return !m.Shut6.IsZero() && f.now.Sub(m.Shut6) < shutFor && (!f.v6().IsValid() || m.Shut6Address == f.v6())
}

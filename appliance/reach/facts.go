package reach

import (
	"net/netip"
	"time"

	"latchkey/appliance/certs"
	"latchkey/dyndns"
	"latchkey/dyndns/portmap"
	"latchkey/dyndns/publicip"
)

// facts is everything that a line, a step, a condition or a finding is made
// from, at one moment. What is said of them are pure functions.
type facts struct {
	plan    Plan
	port    uint16 // outside; 0 while none is known
	asked   bool   // the door was asked for
	trial   trial
	keeper  dyndns.State
	mapper  portmap.State
	certs   certs.PublicState
	home    homeView
	memory  memory
	gateway netip.Addr
	local   netip.Addr // our own address at home
	ports   []uint16   // of the main door
	now     time.Time
}

// gather reads what the parts know now. It asks nobody.
func (r *Reach) gather(a aim) facts {
	f := facts{
		plan: a.plan, port: r.port(a), asked: r.opening(), trial: r.trial(),
		keeper: r.cfg.Keeper.State(), mapper: r.cfg.Mapper.State(), certs: r.cfg.Certificates.State(),
		memory: r.recall(), ports: r.cfg.Ports(), now: r.cfg.Now(),
	}
	r.mu.Lock()
	f.home = r.home
	r.mu.Unlock()
	if route, err := r.cfg.Uplink.Now(); err == nil {
		f.gateway, f.local = route.Gateway4, route.Address4
	}
	f.plan.Port = f.port
	return f
}

// v4 is the public IPv4 address that is believed, the zero Addr where none is.
func (f facts) v4() netip.Addr { return believed(f.keeper.Verdict4) }

func (f facts) v6() netip.Addr { return believed(f.keeper.Verdict6) }

func believed(v publicip.Verdict) netip.Addr {
	if v.State != publicip.Known {
		return netip.Addr{}
	}
	return v.Addr
}

// record finds a record of the plan; false while the keeper has none.
func (f facts) record(name string, family publicip.Family) (dyndns.Record, bool) {
	for _, x := range f.keeper.Records {
		if x.Name == name && x.Family == family {
			return x, true
		}
	}
	return dyndns.Record{}, false
}

// certificate finds the state of a name's certificate.
func (f facts) certificate(name string) (certs.NameState, bool) {
	for _, x := range f.certs.Names {
		if x.Name == name {
			return x, true
		}
	}
	return certs.NameState{}, false
}

// behind says what stands between the router and the internet.
func (f facts) behind() publicip.Behind { return f.keeper.Verdict4.Behind }

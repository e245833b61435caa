package reach

import (
	"cmp"
	"context"
	"slices"

	"latchkey/appliance/settings"
	"latchkey/dyndns"
	"latchkey/dyndns/portmap"
	"latchkey/dyndns/publicip"
)

// wishes are the ports to ask the router for, in order of preference. 443
// needs no port in the address; routers often refuse it or answer it
// themselves, then one that is the same outside and inside serves IPv6 as well.
func wishes(listening []uint16, spare uint16) []portmap.Port {
	var all []portmap.Port
	switch {
	case slices.Contains(listening, 443):
		all = append(all, portmap.Port{External: 443, Internal: 443})
	case len(listening) > 0:
		all = append(all, portmap.Port{External: 443, Internal: listening[0]})
	}
	for _, p := range listening {
		if p >= 1024 {
			all = append(all, portmap.Port{External: p, Internal: p})
		}
	}
	if spare != 0 && !slices.Contains(listening, spare) {
		all = append(all, portmap.Port{External: spare, Internal: spare})
	}
	return all
}

// openDoor holds the router's port open, where that is wanted, and listens on
// the port that it was given.
func (r *Reach) openDoor(ctx context.Context, a aim) {
	if !a.set || a.plan.Door != DoorAuto || !r.opening() || !r.owned(ctx) {
		r.cfg.Mapper.Hold(nil)
		return
	}
	listening, m, state := r.cfg.Ports(), r.recall(), r.cfg.Mapper.State()
	want := &portmap.Want{Ports: wishes(listening, m.Spare)}
	if m.Foreign != "" {
		want.Ports = slices.DeleteFunc(want.Ports, func(p portmap.Port) bool { return p.External == 443 })
	}
	want.V6 = a.plan.V6 && len(want.Ports) > 0 && slices.Contains(listening, want.Ports[0].External)
	if state.V4 != nil {
		want.V6 = a.plan.V6 && slices.Contains(listening, state.V4.External.Port())
	}
	r.cfg.Mapper.Hold(want)
	r.assigned(ctx, state, m)
}

// owned reports whether the house has an owner: without one nothing is opened,
// whatever a setting that was pinned or restored says.
func (r *Reach) owned(ctx context.Context) bool {
	has, err := r.cfg.HasOwner(ctx)
	if err != nil && ctx.Err() == nil {
		r.cfg.Log.Warn("looking for an owner", "error", err)
	}
	return err == nil && has
}

// assigned listens on the port that the router gave and remembers it, so that
// the house's address stays while the router is away.
func (r *Reach) assigned(ctx context.Context, state portmap.State, m memory) {
	got := state.V4
	if got == nil {
		got = state.V6
	}
	if got == nil {
		return
	}
	if got.Internal.Port() == m.Spare {
		if err := r.cfg.Extra(ctx, []uint16{m.Spare}); err != nil {
			r.cfg.Log.Warn("listening on the port that the router gave", "port", m.Spare, "error", err)
			r.cfg.Mapper.Avoid(got.External.Port())
			return
		}
	}
	r.change(func(m *memory) bool {
		changed := m.Port != got.External.Port()
		m.Port = got.External.Port()
		return changed
	})
}

// port is the one outside, 0 while none is known.
func (r *Reach) port(a aim) uint16 {
	switch {
	case a.plan.Port != 0:
		return a.plan.Port
	case a.plan.Door == DoorAuto:
		return r.recall().Port
	}
	return 0
}

// observe tells the keeper what it can't see: the address at home, and whether
// IPv6 comes in.
func (r *Reach) observe(a aim) {
	if !a.set || a.plan.Door == DoorProxy {
		return
	}
	route, err := r.cfg.Uplink.Now()
	if err != nil {
		r.cfg.Log.Debug("reading the default route", "error", err)
		return
	}
	state, keeper := r.cfg.Mapper.State(), r.cfg.Keeper.State()
	l := dyndns.Local{Address4: route.Address4}
	if state.V6 != nil && !r.gather(a).refuted6() {
		l.Open6, l.Port6Addr = true, state.V6.Internal.Addr()
	}
	// With IPv4 shared by the provider, an opening that a person made for IPv6
	// in the router is all that there is: it is published as claimed.
	if a.plan.Door == DoorManual && a.plan.V6 && keeper.Verdict4.Behind == publicip.CGNAT && keeper.Verdict6.State == publicip.Known {
		l.Open6 = true
	}
	r.cfg.Keeper.Observe(l)
	r.cfg.Keeper.Pace(!tells(state))
}

// tells reports whether some router would tell us of a new address by itself.
func tells(s portmap.State) bool {
	return slices.ContainsFunc(s.Routers, func(x portmap.Router) bool { return x.Family == publicip4 && x.External.IsValid() })
}

const (
	publicip4 = int(publicip.V4)
	publicip6 = int(publicip.V6)
)

// DoorWish is what somebody decides about the door. The zero value opens it
// the way that was chosen before.
type DoorWish struct {
	Door  Door  `json:"door"`
	Port  int64 `json:"port"`  // DoorManual: outside; 0: 443
	Later bool  `json:"later"` // the proof that it is open is put off
}

// OpenDoor asks for the door to be opened; it stays so until Forget.
func (r *Reach) OpenDoor(ctx context.Context, w DoorWish) error {
	has, err := r.cfg.HasOwner(ctx)
	if err != nil {
		return err
	}
	if !has {
		return errNoOwner
	}
	c := r.chosen()
	if c.Name == "" || r.cfg.Settings.Text(settings.ReachMode) != ModePublic {
		return errNoName
	}
	changes := map[string]any{settings.ReachOpen: true}
	if w.Door != "" {
		c.Door, c.Port = w.Door, w.Port
		if err := cmp.Or(c.refuse(), r.known(c)); err != nil {
			return err
		}
		changes[settings.ReachDoor], changes[settings.ReachPort] = string(w.Door), w.Port
	}
	r.change(func(m *memory) bool {
		if !r.opening() || w.Door != "" {
			m.Proof = proof{Waiting: true}
		}
		m.Later = w.Later
		return true
	})
	if err := r.cfg.Settings.Set(ctx, changes); err != nil {
		return err
	}
	r.Wake()
	return nil
}

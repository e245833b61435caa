package reach

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"latchkey/dyndns/portmap"
	"latchkey/dyndns/publicip"
)

// routerSource lets the router's word, which the mapper asks for anyway, count
// among those who know the public address.
type routerSource struct {
	mapper *portmap.Mapper
}

var _ publicip.Source = routerSource{}

// RouterSource is what the routers say of our address.
func RouterSource(m *portmap.Mapper) publicip.Source { return routerSource{m} }

// Kind is publicip.Router.
func (routerSource) Kind() publicip.Kind { return publicip.Router }

// Name is empty: there is one router's word, whichever way it was asked. Views
// of other protocols are left out, since right after a restart the slower one
// still tells the old address.
func (routerSource) Name() string { return "" }

// routerPatience is how long a router that is just being asked may take: after
// a restart its first answer is the news that everybody waits for.
const routerPatience = time.Second

// Ask gives the newest answer; it waits a moment for one.
func (s routerSource) Ask(ctx context.Context, f publicip.Family) publicip.Answer {
	ctx, cancel := context.WithTimeout(ctx, routerPatience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		v := s.mapper.External(int(f))
		switch {
		case v.Addr.IsValid():
			return publicip.Answer{State: publicip.Known, Addr: v.Addr}
		case v.Answered:
			return publicip.Answer{State: publicip.None, Why: "your router says that it has no address on the internet"}
		case s.mapper.State().Asked:
			return publicip.Answer{Why: "no router answers the question for its address"}
		}
		select {
		case <-ctx.Done():
			return publicip.Answer{Why: "no router has answered yet"}
		case <-tick.C:
		}
	}
}

// routerTold hears from the mapper. Another address is what the name has to
// follow at once; one protocol more that tells the same, a renewed lease or a
// router that fell silent are not, and would use up the keeper's patience.
func (r *Reach) routerTold(s portmap.State) {
	var told []netip.Addr
	for _, router := range s.Routers {
		told = append(told, router.External)
	}
	for _, m := range []*portmap.Mapping{s.V4, s.V6} {
		if m != nil {
			told = append(told, m.External.Addr())
		}
	}
	told = slices.DeleteFunc(told, func(a netip.Addr) bool { return !a.IsValid() })
	slices.SortFunc(told, netip.Addr.Compare)
	told = slices.Compact(told)
	r.mu.Lock()
	news := len(told) > 0 && !slices.Equal(told, r.router)
	if news {
		r.router = told
	}
	r.mu.Unlock()
	if news {
		r.cfg.Keeper.Nudge("the router tells another address")
	}
	r.Wake()
}

// Own are the addresses under which the internet knows this house, as far as
// they are believed: who comes from one of them is no stranger.
func (r *Reach) Own() []netip.Addr {
	v4, v6 := r.cfg.Keeper.Verdicts()
	return slices.DeleteFunc([]netip.Addr{believed(v4), believed(v6)}, func(a netip.Addr) bool { return !a.IsValid() })
}

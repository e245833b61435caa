package reach

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
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

// routerTold hears from the mapper. Another address, or a restart, is what the
// name has to follow at once; a lease that was renewed is not.
func (r *Reach) routerTold(s portmap.State) {
	var said strings.Builder
	for _, router := range s.Routers {
		fmt.Fprintln(&said, router.Protocol, router.External)
	}
	for _, m := range []*portmap.Mapping{s.V4, s.V6} {
		if m != nil {
			fmt.Fprintln(&said, m.External)
		}
	}
	fmt.Fprintln(&said, s.Restarts)
	r.mu.Lock()
	news := r.router != said.String()
	r.router = said.String()
	r.mu.Unlock()
	if news {
		r.cfg.Keeper.Nudge("the router has news")
	}
	r.Wake()
}

// Own are the addresses under which the internet knows this house, as far as
// they are believed: who comes from one of them is no stranger.
func (r *Reach) Own() []netip.Addr {
	v4, v6 := r.cfg.Keeper.Verdicts()
	return slices.DeleteFunc([]netip.Addr{believed(v4), believed(v6)}, func(a netip.Addr) bool { return !a.IsValid() })
}

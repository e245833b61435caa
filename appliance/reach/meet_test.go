package reach

import (
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"latchkey/dyndns"
	"latchkey/dyndns/authority"
	"latchkey/dyndns/portmap"
	"latchkey/dyndns/publicip"
)

// avoider is a Mapper of which only Avoid may be called.
type avoider struct {
	Mapper
	avoided []uint16
}

func (a *avoider) Avoid(port uint16) { a.avoided = append(a.avoided, port) }

// 443 is given up for good, so nothing but what was met at our own mapped
// address may lead to that.
func TestWhen443IsGivenUp(t *testing.T) {
	ours, before := netip.MustParseAddr("198.18.0.7"), netip.MustParseAddr("198.18.0.6")
	mapping := func(a netip.Addr) *portmap.Mapping {
		return &portmap.Mapping{External: netip.AddrPortFrom(a, 443)}
	}
	for _, tt := range []struct {
		name   string
		change func(f *facts, h *homeView)
		gone   bool
	}{
		{"the router's own page answers there", func(*facts, *homeView) {}, true},
		{"a router that tells no address has mapped it all the same", func(f *facts, _ *homeView) { f.mapper.V4 = mapping(netip.Addr{}) }, true},
		{"it was at the address of before", func(_ *facts, h *homeView) { h.Name.At = before }, false},
		{"the router has mapped another address by now", func(f *facts, _ *homeView) { f.mapper.V4 = mapping(before) }, false},
		{"our address is not known any more", func(f *facts, _ *homeView) { f.keeper.Verdict4 = publicip.Verdict{} }, false},
		{"nothing is mapped", func(f *facts, _ *homeView) { f.mapper.V4 = nil }, false},
		{"another port is used", func(f *facts, _ *homeView) { f.port = 8443 }, false},
		{"a person opened the door", func(f *facts, _ *homeView) { f.plan.Door = DoorManual }, false},
		{"nobody answered", func(_ *facts, h *homeView) { h.Name.Meets = meeting{State: nobody} }, false},
		{"it was us", func(_ *facts, h *homeView) { h.Name.Meets = meeting{State: us} }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &avoider{}
			r := &Reach{cfg: Config{Mapper: m, Log: slog.New(slog.DiscardHandler)}, wake: make(chan struct{}, 1)}
			f := facts{
				plan: Plan{Door: DoorAuto}, port: 443, mapper: portmap.State{V4: mapping(ours)},
				keeper: dyndns.State{Verdict4: publicip.Verdict{State: publicip.Known, Addr: ours}},
			}
			h := homeView{Name: nameView{At: ours, Meets: meeting{State: another, Whose: `"router"`}}}
			tt.change(&f, &h)
			r.meet443(f, h)
			if gone := len(m.avoided) == 1 && r.memory.Foreign == `"router"`; gone != tt.gone {
				t.Errorf("given up: %v (%v, %q)", gone, m.avoided, r.memory.Foreign)
			}
		})
	}
}

func TestHowOftenTheInsideIsLookedAt(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	found := nameView{Answer: authority.Answer{Addrs: []netip.Addr{netip.MustParseAddr("198.18.0.7")}}}
	for _, tt := range []struct {
		name string
		home homeView
		past time.Duration // since the last change
		lan  bool
		due  bool
	}{
		{"never yet", homeView{}, 0, true, true},
		{"a name that was just made and is not seen yet", homeView{At: now.Add(-4 * time.Second)}, 4 * time.Second, true, true},
		{"but not twice at once", homeView{At: now.Add(-2 * time.Second)}, 5 * time.Second, true, false},
		{"a name that stays hidden for an hour", homeView{At: now.Add(-4 * time.Second), Name: found}, time.Hour, true, false},
		{"that one again after minutes", homeView{At: now.Add(-6 * time.Minute), Name: found}, time.Hour, true, true},
		{"a house without a second name", homeView{At: now.Add(-4 * time.Second), Name: found}, 4 * time.Second, false, false},
		{"all is seen", homeView{At: now.Add(-time.Minute), Name: found, Lan: found}, time.Hour, true, false},
		{"all is seen, some time ago", homeView{At: now.Add(-5 * time.Minute), Name: found, Lan: found}, time.Hour, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.home.due(now, tt.past, tt.lan); got != tt.due {
				t.Errorf("due: %v", got)
			}
		})
	}
}

package publicip

import (
	"context"

	"latchkey/dyndns/uplink"
)

// interfaces knows the addresses of this machine itself.
type interfaces struct {
	now func() (uplink.Route, error)
}

var _ Several = (*interfaces)(nil)

// NewInterfaces makes a source of our own addresses on the default route: all
// stable global ones of IPv6, and the one of IPv4, which is the public one where
// no router stands in between.
func NewInterfaces(u *uplink.Uplink) Source { return &interfaces{u.Now} }

func (s *interfaces) Kind() Kind   { return Interface }
func (s *interfaces) Name() string { return string(Interface) }

// Ask answers the first of what AskAll answers.
func (s *interfaces) Ask(ctx context.Context, f Family) Answer { return s.AskAll(ctx, f)[0] }

func (s *interfaces) AskAll(_ context.Context, f Family) []Answer {
	unknown := func(why string) []Answer { return []Answer{{Why: why}} }
	r, err := s.now()
	switch {
	case err != nil:
		return unknown(err.Error())
	case !r.Up():
		return unknown("this machine has no network that leads out")
	case r.Tunnel:
		return unknown(errTunnel.Error())
	}
	if f == V4 {
		switch a := r.Address4; {
		case !a.IsValid() && !r.Gateway4.IsValid() && r.Interface == r.Interface6:
			return []Answer{{State: None, Why: "this network has no IPv4"}}
		case !a.IsValid():
			return unknown("this machine has no IPv4 address yet")
		case a.IsPrivate() || within(cgnat4, a) || a.IsLinkLocalUnicast():
			return unknown(a.String() + " is a private address; a router stands in between")
		default:
			return []Answer{{State: Known, Addr: a}}
		}
	}
	var known []Answer
	for _, a := range r.Global6 {
		known = append(known, Answer{State: Known, Addr: a})
	}
	switch {
	case len(known) > 0:
		return known
	case r.Settling:
		return unknown("an address is still being checked for duplicates")
	default:
		return []Answer{{State: None, Why: "this machine has no lasting public IPv6 address"}}
	}
}

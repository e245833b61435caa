package portmap

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	ig2 "github.com/huin/goupnp/dcps/internetgateway2"
)

// firewall is what is used of WANIPv6FirewallControl:1.
type firewall interface {
	GetFirewallStatusCtx(ctx context.Context) (enabled, allowed bool, err error)
	AddPinholeCtx(ctx context.Context, remoteHost string, remotePort uint16, client string, port uint16, protocol uint16, lease uint32) (uint16, error)
	UpdatePinholeCtx(ctx context.Context, id uint16, lease uint32) error
	DeletePinholeCtx(ctx context.Context, id uint16) error
}

var _ firewall = (*ig2.WANIPv6FirewallControl1)(nil)

// protocolTCP is TCP by its number, as AddPinhole wants it.
const protocolTCP = 6

// pinholeDoor opens a router's IPv6 firewall by UPnP. A hole is known by a
// number alone, which a restarted router may give to somebody else: so it is
// used within one life of both sides only.
type pinholeDoor struct {
	who      about
	self     netip.Addr
	firewall firewall
}

func newPinhole(s service, who about, self netip.Addr, within fence) *pinholeDoor {
	client := s.client(&transport{within: within, self: self})
	return &pinholeDoor{who: who, self: self, firewall: &ig2.WANIPv6FirewallControl1{ServiceClient: client}}
}

func (d *pinholeDoor) about() about { return d.who }

func (d *pinholeDoor) look(ctx context.Context) (view, error) {
	if _, _, err := d.firewall.GetFirewallStatusCtx(ctx); err != nil {
		return view{}, pinholeRefusal(err)
	}
	return view{}, nil
}

func (d *pinholeDoor) open(ctx context.Context, e *entry, lease time.Duration) (grant, error) {
	g := grant{external: e.Internal, lease: granted(seconds(lease))}
	if e.pinhole != 0 {
		if err := d.firewall.UpdatePinholeCtx(ctx, e.pinhole, seconds(lease)); err == nil {
			g.listed = true
			return g, nil
		}
		e.pinhole = 0
	}
	id, err := d.firewall.AddPinholeCtx(ctx, "", 0, d.self.String(), e.Internal.Port(), protocolTCP, seconds(lease))
	if err != nil {
		return grant{}, pinholeRefusal(err)
	}
	e.pinhole = id
	return g, nil
}

// holds renews by the number: what is gone answers 704.
func (d *pinholeDoor) holds(ctx context.Context, e *entry) (bool, error) {
	if e.pinhole == 0 {
		return false, nil
	}
	left := max(time.Until(e.Until), time.Minute)
	err := d.firewall.UpdatePinholeCtx(ctx, e.pinhole, seconds(left))
	switch {
	case err == nil:
		return true, nil
	case upnpCode(err) == pinholeNoSuchEntry:
		return false, nil
	case upnpCode(err) != 0:
		return true, nil // it can't be asked
	}
	return false, pinholeRefusal(err)
}

func (d *pinholeDoor) close(ctx context.Context, e *entry) error {
	if e.pinhole == 0 {
		return nil
	}
	if err := d.firewall.DeletePinholeCtx(ctx, e.pinhole); err != nil && upnpCode(err) != pinholeNoSuchEntry {
		return pinholeRefusal(err)
	}
	e.pinhole = 0
	return nil
}

func pinholeRefusal(err error) *refusal {
	switch code := upnpCode(err); code {
	case pinholeSpace:
		return &refusal{fault: NoResources, why: "the router has no room for another hole in its IPv6 firewall (UPnP 701)"}
	case pinholeFirewallOff:
		return &refusal{fault: Off, why: "the router says that its IPv6 firewall is switched off, so that nothing need be opened (UPnP 702)"}
	case pinholeNotAllowed:
		return &refusal{fault: Off, why: "the router allows no holes in its IPv6 firewall (UPnP 703)"}
	case pinholeProtocol, pinholeWildcardFrom, pinholeWildcardTo:
		return &refusal{fault: PortRefused, why: fmt.Sprintf("the router does not open its IPv6 firewall in this way (UPnP %d)", code), thisPort: true}
	}
	return igdRefusal(err)
}

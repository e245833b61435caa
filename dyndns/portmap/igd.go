package portmap

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"time"

	ig2 "github.com/huin/goupnp/dcps/internetgateway2"
	"github.com/huin/goupnp/soap"
)

// wan is what WANIPConnection 1 and 2 and WANPPPConnection 1 have in common:
// goupnp's clients of all three satisfy it.
type wan interface {
	GetExternalIPAddressCtx(ctx context.Context) (string, error)
	AddPortMappingCtx(ctx context.Context, remoteHost string, external uint16, protocol string, internal uint16, client string, enabled bool, description string, lease uint32) error
	DeletePortMappingCtx(ctx context.Context, remoteHost string, external uint16, protocol string) error
	GetSpecificPortMappingEntryCtx(ctx context.Context, remoteHost string, external uint16, protocol string) (internal uint16, client string, enabled bool, description string, lease uint32, err error)
}

var (
	_ wan = (*ig2.WANIPConnection2)(nil)
	_ wan = (*ig2.WANIPConnection1)(nil)
	_ wan = (*ig2.WANPPPConnection1)(nil)
)

const tcp = "TCP"

// igdDoor opens a UPnP router for IPv4.
type igdDoor struct {
	who  about
	self netip.Addr
	mark string
	wan  wan
	// permanent: this router once wanted no lease (725); asked so from then on.
	permanent bool
}

func newIGD(s service, who about, self netip.Addr, mark string, within fence) *igdDoor {
	client := s.client(&transport{within: within, self: self})
	d := &igdDoor{who: who, self: self, mark: mark}
	switch s.protocol {
	case UPnP2:
		d.wan = &ig2.WANIPConnection2{ServiceClient: client}
	case UPnP1:
		d.wan = &ig2.WANIPConnection1{ServiceClient: client}
	default:
		d.wan = &ig2.WANPPPConnection1{ServiceClient: client}
	}
	return d
}

func (d *igdDoor) about() about { return d.who }

func (d *igdDoor) look(ctx context.Context) (view, error) {
	text, err := d.wan.GetExternalIPAddressCtx(ctx)
	if err != nil {
		r := igdRefusal(err)
		if r.fault == NoResources || r.fault == NoAddress {
			return view{tells: true}, nil // it answers, and has no address to tell
		}
		return view{}, r
	}
	v := view{tells: true}
	if a, err := netip.ParseAddr(strings.TrimSpace(text)); err == nil && a.Is4() && !a.IsUnspecified() {
		v.external = a
	}
	return v, nil
}

func (d *igdDoor) open(ctx context.Context, e *entry, lease time.Duration) (grant, error) {
	there, err := d.lookup(ctx, e)
	switch {
	case err != nil:
		return grant{}, err
	case there == theirs:
		return grant{}, &refusal{fault: Conflict, why: fmt.Sprintf("port %d of the router is already another's", e.External), thisPort: true}
	}
	g, err := d.add(ctx, e, lease)
	if err != nil && refused(err).fault == Conflict && (there == ours || there == stale) {
		// Some routers don't let a mapping be renewed, only made anew.
		if err = d.close(ctx, e); err == nil {
			g, err = d.add(ctx, e, lease)
		}
	}
	if err != nil {
		return grant{}, err
	}
	there, err = d.lookup(ctx, e)
	if err == nil && there == theirs {
		return grant{}, &refusal{fault: Conflict, why: fmt.Sprintf("the router said yes and then named another for port %d", e.External), thisPort: true}
	}
	g.listed = err == nil && there == ours
	if v, err := d.look(ctx); err == nil {
		g.external = netip.AddrPortFrom(v.external, e.External)
	} else {
		g.external = netip.AddrPortFrom(netip.Addr{}, e.External)
	}
	return g, nil
}

// add asks for the mapping: with a lease, and where the router wants none
// (725, or 402 from those that don't know better), for a permanent one.
func (d *igdDoor) add(ctx context.Context, e *entry, lease time.Duration) (grant, error) {
	ask := func(seconds uint32) error {
		return d.wan.AddPortMappingCtx(ctx, "", e.External, tcp, e.Internal.Port(), d.self.String(), true, d.mark, seconds)
	}
	var first error
	if !d.permanent {
		first = ask(seconds(lease))
		err := first
		if err == nil {
			return grant{lease: granted(seconds(lease))}, nil
		}
		if code := upnpCode(err); code != upnpOnlyPermanent && code != upnpInvalidArgs {
			return grant{}, igdRefusal(err)
		}
	}
	if err := ask(0); err != nil {
		if upnpCode(err) == upnpOnlyPermanent || upnpCode(first) == upnpOnlyPermanent {
			return grant{}, &refusal{fault: OnlyPermanent, why: "the router wants a mapping without an end (UPnP 725), and then refuses it", thisPort: true}
		}
		return grant{}, igdRefusal(err)
	}
	d.permanent = true
	return grant{permanent: true}, nil
}

// whose is who holds a port, as far as the router tells.
type whose int

const (
	nobodys whose = iota
	ours
	stale // ours, but switched off or of another wish
	theirs
	untold // the router can't be asked
)

// lookup reads the port's mapping. Ours is what leads to our own address under
// our mark, or what is in the ledger to the letter; some routers lose or change
// the description.
func (d *igdDoor) lookup(ctx context.Context, e *entry) (whose, error) {
	internal, client, enabled, description, _, err := d.wan.GetSpecificPortMappingEntryCtx(ctx, "", e.External, tcp)
	if err != nil {
		switch code := upnpCode(err); {
		case code == upnpNoSuchEntry:
			return nobodys, nil
		case code != 0 || !transportBroken(err):
			// Refused (401, 402, 501, 606), or an answer that makes no sense:
			// not every router knows this question.
			return untold, nil
		}
		return untold, igdRefusal(err)
	}
	client = strings.TrimSpace(client)
	if client == "" {
		return nobodys, nil // some answer an empty entry in place of 714
	}
	at, _ := netip.ParseAddr(client) // what is no address is not ours either
	exact := at == e.Internal.Addr() && internal == e.Internal.Port() && (e.Held || description == d.mark)
	switch {
	case exact && enabled:
		return ours, nil
	case exact, at == d.self && description == d.mark:
		return stale, nil
	}
	return theirs, nil
}

func (d *igdDoor) holds(ctx context.Context, e *entry) (bool, error) {
	there, err := d.lookup(ctx, e)
	if err != nil {
		return false, err
	}
	return there == ours || there == untold, nil
}

func (d *igdDoor) close(ctx context.Context, e *entry) error {
	there, err := d.lookup(ctx, e)
	if err != nil {
		return err
	}
	if there == nobodys || there == theirs {
		return nil
	}
	if err := d.wan.DeletePortMappingCtx(ctx, "", e.External, tcp); err != nil && upnpCode(err) != upnpNoSuchEntry {
		return igdRefusal(err)
	}
	return nil
}

// UPnP error codes: UDA 2.0 table 3-3, WANIPConnection:2 section 2.5,
// WANIPv6FirewallControl:1 section 2.5.
const (
	upnpInvalidAction   = 401
	upnpInvalidArgs     = 402
	upnpActionFailed    = 501
	upnpNotAuthorized   = 606
	upnpNoSuchEntry     = 714
	upnpConflict        = 718
	upnpSamePorts       = 724
	upnpOnlyPermanent   = 725
	upnpNoPortsLeft     = 728
	upnpConflictOther   = 729
	pinholeSpace        = 701
	pinholeFirewallOff  = 702
	pinholeNotAllowed   = 703
	pinholeNoSuchEntry  = 704
	pinholeProtocol     = 705
	pinholeWildcardFrom = 706
	pinholeWildcardTo   = 708
)

// upnpCode is the code of a fault, 0 where it is none.
func upnpCode(err error) int {
	var fault *soap.SOAPFaultError
	if errors.As(err, &fault) {
		return fault.Detail.UPnPError.Errorcode
	}
	return 0
}

// transportBroken tells a question that got no answer from one that got a
// strange one. goupnp flattens its errors to text, so that is what is read.
func transportBroken(err error) bool {
	return strings.Contains(err.Error(), "error performing SOAP HTTP request") || errors.Is(err, context.DeadlineExceeded)
}

func igdRefusal(err error) *refusal {
	var fault *soap.SOAPFaultError
	if !errors.As(err, &fault) {
		switch text := err.Error(); {
		case strings.Contains(text, syscall.ECONNREFUSED.Error()):
			return &refusal{fault: Off, why: "the router's UPnP is gone from where it was", cause: err}
		case transportBroken(err):
			return &refusal{fault: Silent, why: "the router's UPnP does not answer", unsure: true, cause: err}
		}
		return &refusal{fault: NoResources, why: "the router's UPnP answered something that is not UPnP", cause: err}
	}
	code := fault.Detail.UPnPError.Errorcode
	r := &refusal{fault: PortRefused, thisPort: true} // the code says it all; the fault's text is a page of XML
	switch code {
	case upnpConflict:
		r.fault, r.why = Conflict, "the port is already another's, or not this machine's to take (UPnP 718)"
	case upnpConflictOther:
		r.fault, r.why = NoResources, "something else in the router uses this port (UPnP 729)"
	case upnpNotAuthorized:
		r.fault, r.why = NotAuthorized, "the router says that this machine may not open this port (UPnP 606)"
	case upnpActionFailed:
		r.fault, r.why, r.thisPort = NoResources, "the router says no more than that it failed (UPnP 501)", true
	case upnpNoPortsLeft:
		r.fault, r.why, r.thisPort = NoResources, "the router has no room for another mapping (UPnP 728)", false
	case upnpSamePorts:
		r.why = "the router wants the same port outside and inside (UPnP 724)"
	case upnpInvalidArgs:
		r.why = "the router does not accept this port (UPnP 402)"
	case upnpInvalidAction:
		r.fault, r.why, r.thisPort = Off, "the router does not know how to map ports (UPnP 401)", false
	default:
		r.why = fmt.Sprintf("the router refused (UPnP %d %s)", code, plain(fault.Detail.UPnPError.ErrorDescription, 60))
	}
	return r
}

package portmap

import (
	"context"
	"fmt"
	"net/netip"
	"time"
)

// natpmpDoor opens a NAT-PMP gateway.
type natpmpDoor struct {
	who    about
	self   netip.Addr
	to     netip.AddrPort
	epochs *epochs
}

func (d *natpmpDoor) about() about { return d.who }

func (d *natpmpDoor) look(ctx context.Context) (view, error) { return d.ask(ctx, false) }

func (d *natpmpDoor) ask(ctx context.Context, patient bool) (view, error) {
	r, err := d.exchange(ctx, natpmpAddressRequest(), patient, nil)
	if err != nil {
		return view{}, err
	}
	if r.result != natpmpOK {
		// It answers, and has no address to tell: so it is there.
		if r.result == natpmpNetwork {
			return view{tells: true}, nil
		}
		return view{}, natpmpRefusal(r.result)
	}
	v := view{tells: true}
	if !r.address.IsUnspecified() {
		v.external = r.address
	}
	return v, nil
}

func (d *natpmpDoor) open(ctx context.Context, e *entry, lease time.Duration) (grant, error) {
	r, err := d.mapping(ctx, e, e.External, seconds(lease))
	if err != nil {
		return grant{}, err
	}
	g := grant{lease: granted(r.lifetime), listed: true}
	v, err := d.look(ctx)
	if err != nil {
		v = view{} // the mapping stands; the next poll tells the address
	}
	g.external = netip.AddrPortFrom(v.external, r.external)
	return g, nil
}

func (d *natpmpDoor) holds(context.Context, *entry) (bool, error) { return true, nil }

func (d *natpmpDoor) close(ctx context.Context, e *entry) error {
	_, err := d.mapping(ctx, e, 0, 0)
	return err
}

func (d *natpmpDoor) mapping(ctx context.Context, e *entry, external uint16, lifetime uint32) (natpmpReply, error) {
	internal := e.Internal.Port()
	r, err := d.exchange(ctx, natpmpMapRequest(internal, external, lifetime), false, func(r natpmpReply) bool {
		return r.result != natpmpOK || r.internal == internal
	})
	if err != nil {
		return r, err
	}
	if r.result != natpmpOK {
		return r, natpmpRefusal(r.result)
	}
	return r, nil
}

func (d *natpmpDoor) exchange(ctx context.Context, question []byte, patient bool, fits func(natpmpReply) bool) (natpmpReply, error) {
	var reply natpmpReply
	err := exchange(ctx, d.self, d.to, question, patient, func(b []byte) bool {
		r, err := parseNATPMP(b)
		if err != nil || r.op != question[1] || fits != nil && !fits(r) {
			return false
		}
		reply = r
		return true
	})
	if err == nil && reply.result != natpmpBadVersion {
		d.epochs.take(d.who.at, NATPMP, reply.epoch)
	}
	return reply, err
}

const noAddress = "the router answers, but has no public address to map"

func natpmpRefusal(result uint16) *refusal {
	switch result {
	case natpmpNotAuthorized:
		return &refusal{fault: NotAuthorized, why: "the router refuses this port, or port mapping by NAT-PMP is switched off", thisPort: true}
	case natpmpNetwork:
		return &refusal{fault: NoAddress, why: noAddress}
	case natpmpNoResources:
		return &refusal{fault: NoResources, why: "the router has no room for another mapping"}
	case natpmpBadVersion, natpmpBadOpcode:
		return &refusal{fault: Off, why: "the router does not map ports by NAT-PMP"}
	}
	return &refusal{fault: NoResources, why: fmt.Sprintf("the router answered with the unknown NAT-PMP result %d", result)}
}

// pcpDoor opens a PCP server: a NAT for IPv4, a firewall for IPv6.
type pcpDoor struct {
	who    about
	self   netip.Addr
	to     netip.AddrPort
	epochs *epochs
}

func (d *pcpDoor) about() about { return d.who }

func (d *pcpDoor) look(ctx context.Context) (view, error) { return d.ask(ctx, false) }

func (d *pcpDoor) ask(ctx context.Context, patient bool) (view, error) {
	r, err := d.exchange(ctx, pcpAnnounceRequest(d.self), patient, nil)
	if err != nil {
		return view{}, err
	}
	// A server that knows no ANNOUNCE still shows by its answer that it is there.
	if r.result != pcpOK && r.result != pcpBadOpcode && r.result != pcpMalformed {
		return view{}, pcpRefusal(r.result)
	}
	return view{}, nil
}

func (d *pcpDoor) open(ctx context.Context, e *entry, lease time.Duration) (grant, error) {
	r, err := d.mapping(ctx, e, seconds(lease), true)
	if err == nil && (r.result == pcpBadOption || r.result == pcpMalformedOpt) {
		r, err = d.mapping(ctx, e, seconds(lease), false)
	}
	if err != nil {
		return grant{}, err
	}
	if r.result != pcpOK {
		return grant{}, pcpRefusal(r.result)
	}
	return grant{external: netip.AddrPortFrom(r.address, r.external), lease: granted(r.lifetime), listed: true}, nil
}

func (d *pcpDoor) holds(context.Context, *entry) (bool, error) { return true, nil }

func (d *pcpDoor) close(ctx context.Context, e *entry) error {
	r, err := d.mapping(ctx, e, 0, false)
	if err == nil && r.result == pcpNotAuthorized && e.Held {
		// miniupnpd (2.3.1) forgets whose a hole in the IPv6 firewall is once it
		// was renewed, and still renews it: so it is asked for the shortest life.
		r, err = d.mapping(ctx, e, 1, false)
	}
	if err != nil {
		return err
	}
	if r.result != pcpOK {
		return pcpRefusal(r.result)
	}
	return nil
}

func (d *pcpDoor) mapping(ctx context.Context, e *entry, lifetime uint32, exact bool) (pcpReply, error) {
	external := e.External
	if lifetime == 0 {
		external = 0 // RFC 6887, section 15.1
	}
	question := pcpMapRequest(d.self, e.Nonce, e.Internal.Port(), external, lifetime, exact)
	return d.exchange(ctx, question, false, func(r pcpReply) bool {
		// Some servers cut their refusals short, so that there is no nonce to compare.
		short := r.result != pcpOK && r.nonce == nonce{} && r.protocol == 0
		return short || r.nonce == e.Nonce && r.protocol == pcpTCP && r.internal == e.Internal.Port()
	})
}

func (d *pcpDoor) exchange(ctx context.Context, question []byte, patient bool, fits func(pcpReply) bool) (pcpReply, error) {
	var reply pcpReply
	var old bool
	err := exchange(ctx, d.self, d.to, question, patient, func(b []byte) bool {
		// What speaks only NAT-PMP answers in its own way (RFC 6886, section 3.5).
		if len(b) >= 8 && b[0] == 0 {
			old = true
			return true
		}
		r, err := parsePCP(b)
		if err != nil || r.result != pcpBadVersion && (r.op != question[1] || fits != nil && !fits(r)) {
			return false
		}
		reply = r
		return true
	})
	if err != nil {
		return reply, err
	}
	if old || reply.result == pcpBadVersion {
		return reply, pcpRefusal(pcpBadVersion)
	}
	d.epochs.take(d.who.at, PCP, reply.epoch)
	return reply, nil
}

func pcpRefusal(result byte) *refusal {
	switch result {
	case pcpBadVersion, pcpBadOpcode, pcpBadProtocol:
		return &refusal{fault: Off, why: "the router does not map ports by PCP"}
	case pcpNotAuthorized:
		return &refusal{fault: NotAuthorized, why: "the router says that this machine may not open this port (PCP 2)", thisPort: true}
	case pcpNetwork:
		return &refusal{fault: NoAddress, why: noAddress}
	case pcpNoResources:
		return &refusal{fault: NoResources, why: "the router has no room for another mapping (PCP 8)"}
	case pcpQuota:
		return &refusal{fault: NoResources, why: "this machine holds as many mappings as the router allows (PCP 10)"}
	case pcpCannotProvide:
		return &refusal{fault: Conflict, why: "the port is taken, or not the router's to give (PCP 11)", thisPort: true}
	case pcpAddressMismatch:
		return &refusal{fault: NotAuthorized, why: "another router stands between this machine and the one that answers (PCP 12)"}
	}
	return &refusal{fault: NoResources, why: fmt.Sprintf("the router refused with PCP result %d", result)}
}

// seconds is a lease as the wire has it.
func seconds(d time.Duration) uint32 {
	return uint32(min(max(d/time.Second, 1), longestLease/time.Second))
}

// granted is a lease as a router gave it: whatever it says, not longer than a
// day, so that we look again.
func granted(lifetime uint32) time.Duration {
	return min(time.Duration(lifetime)*time.Second, longestLease)
}

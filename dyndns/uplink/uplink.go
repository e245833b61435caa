// Package uplink knows the machine's way out: which interface holds the
// default route, who the gateway is, which of our own addresses lie there, and
// when any of it changes. It leaves to others what the world sees of it.
package uplink

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
)

// Families, as the functions of this package take them.
const (
	IPv4 = 4
	IPv6 = 6
)

// Config says where to look. The zero value looks at this machine.
type Config struct {
	// Root stands before /proc and /sys, for tests; empty is the machine's own.
	Root string
	// Log hears of changes; nil is silence.
	Log *slog.Logger

	// In place of the kernel, for tests.
	card    func(name string) card
	changes func(context.Context) (<-chan struct{}, error)
}

// Route is the way out as it is at one moment. The zero Route means that there
// is none.
type Route struct {
	// Interface holds the default route of IPv4, or that of IPv6 where there
	// is no other. Index is its number.
	Interface string
	Index     int
	// Interface6 holds the default route of IPv6: nearly always the same one,
	// but not with a tunnel broker. Empty without IPv6.
	Interface6 string
	// Gateway4 and Gateway6 are the routers; zero where there is none (also on
	// a point-to-point link). A link-local Gateway6 carries its zone.
	Gateway4, Gateway6 netip.Addr
	// Address4 is our own address towards Gateway4 and Prefix4 its link.
	Address4 netip.Addr
	Prefix4  netip.Prefix
	// Global6 are our stable addresses out of 2000::/3 on Interface6, in
	// ascending order: none that is temporary (RFC 8981), deprecated,
	// tentative or a duplicate.
	Global6 []netip.Addr
	// Settling says that an address is still being checked for duplicates
	// (RFC 4862 5.4), so that Global6 may be about to grow.
	Settling bool
	// Tunnel says that the only way out is a VPN's interface: what the world
	// sees there is the VPN's address and not ours.
	Tunnel bool
}

// Up reports whether there is any way out.
func (r Route) Up() bool { return r.Interface != "" }

// Equal reports whether two routes say the same.
func (r Route) Equal(o Route) bool {
	return r.Interface == o.Interface && r.Index == o.Index && r.Interface6 == o.Interface6 &&
		r.Gateway4 == o.Gateway4 && r.Gateway6 == o.Gateway6 &&
		r.Address4 == o.Address4 && r.Prefix4 == o.Prefix4 &&
		r.Settling == o.Settling && r.Tunnel == o.Tunnel && slices.Equal(r.Global6, o.Global6)
}

// Uplink looks at the machine's default route. It is safe for concurrent use.
type Uplink struct {
	cfg Config
}

// New makes an Uplink; nothing is looked at yet.
func New(cfg Config) *Uplink {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.card == nil {
		cfg.card = systemCard
	}
	if cfg.changes == nil {
		cfg.changes = systemChanges
	}
	return &Uplink{cfg: cfg}
}

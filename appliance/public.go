package appliance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"latchkey/appliance/certs"
	"latchkey/appliance/health"
	"latchkey/appliance/listen"
	"latchkey/appliance/reach"
	"latchkey/appliance/settings"
	"latchkey/dyndns"
	"latchkey/dyndns/authority"
	"latchkey/dyndns/portmap"
	"latchkey/dyndns/provider"
	"latchkey/dyndns/publicip"
	"latchkey/dyndns/uplink"
)

// outside is what makes the house reachable from any network: everything that
// reach drives, and reach itself.
type outside struct {
	uplink *uplink.Uplink
	mapper *portmap.Mapper
	keeper *dyndns.Keeper
	public *certs.Public
	reach  *reach.Reach
	// chosen tells that the way to be reached was chosen.
	chosen chan struct{}
}

// Names of the kept values of these parts, and of the certificates' shelf.
const (
	mappingsValue = "portmap/mappings"
	keeperValue   = "dyndns/memory"
	reachValue    = "reach/memory"
	acmeShelf     = "certs/acme"
)

// openOutside puts the parts of the public path together. None of them does
// anything before Run.
func (a *Appliance) openOutside(ctx context.Context) error {
	a.chosen = make(chan struct{}, 1)
	a.settings.Subscribe(settings.ReachMode, func(any) {
		select {
		case a.chosen <- struct{}{}:
		default:
		}
	})
	a.uplink = uplink.New(uplink.Config{Log: a.cfg.Log})
	a.mapper = portmap.New(portmap.Config{
		Uplink: a.uplink, Keep: blob{a.store, mappingsValue}, Identity: houseMark(a.store.Identity()), Test: a.cfg.TestRanges, Log: a.cfg.Log, Now: a.clock.Now,
	})
	names := authority.New(authority.Config{Resolvers: a.cfg.Resolvers})
	watcher, err := a.watcher()
	if err != nil {
		return err
	}
	a.keeper, err = dyndns.Open(ctx, dyndns.Config{
		Ask: watcher.Ask, Authority: names, Keep: blob{a.store, keeperValue}, Test: a.cfg.TestRanges, Now: a.clock.Now, Log: a.cfg.Log,
		Told: func(dyndns.State) { a.told() },
	})
	if err != nil {
		return err
	}
	if err := a.openPublicCerts(); err != nil {
		return err
	}
	a.reach, err = reach.New(ctx, reach.Config{
		Settings: a.settings, Board: a.board, Keep: blob{a.store, reachValue}, Uplink: a.uplink,
		Mapper: a.mapper, Keeper: a.keeper, Certificates: a.public, Authority: names, Open: a.openProvider,
		HasOwner: a.people.HasOwner, Held: a.rests, Ports: a.mainPorts, Extra: a.extraPorts,
		Clock: func() health.Finding { return a.checkClock(context.Background()) },
		Now:   a.clock.Now, Test: a.cfg.TestRanges, Log: a.cfg.Log,
	})
	return err
}

// houseMark is the house's mark in a router's list of mappings: enough to know
// our own again, and nothing that tells who we are.
func houseMark(identity string) string {
	sum := sha256.Sum256([]byte("portmap " + identity))
	return hex.EncodeToString(sum[:4])
}

func (a *Appliance) openPublicCerts() error {
	roots, err := a.cfg.Roots()
	if err != nil {
		return err
	}
	a.public, err = certs.OpenPublic(certs.PublicConfig{
		Storage: a.store.Shelf(acmeShelf), Directory: a.cfg.ACMEDirectory, TestDirectory: a.cfg.ACMETest, Roots: roots,
		Resolvers: a.cfg.Resolvers, Ready: a.clock.Trusted, Now: a.clock.Now, Log: a.cfg.Log,
		Told: func(certs.PublicState) { a.told() },
	})
	return err
}

// told passes news on to reach, which is made after those who have them.
func (a *Appliance) told() {
	if a.reach != nil {
		a.reach.Told()
	}
}

// watcher asks the sources that config.toml names, or the usual ones of a kind
// where it names none.
func (a *Appliance) watcher() (*publicip.Watcher, error) {
	sources, err := publicip.Configured(a.cfg.AddressHTTPS, a.cfg.AddressDNS, publicip.Options{Dial: publicip.DialBy(a.uplink)})
	if err != nil {
		return nil, fmt.Errorf("reading the configured sources of our address: %w", err)
	}
	return publicip.NewWatcher(publicip.Config{
		Sources: append(sources, reach.RouterSource(a.mapper), publicip.NewInterfaces(a.uplink)), Test: a.cfg.TestRanges,
		Rule: func() publicip.Rule { return publicip.Rule(a.settings.Text(settings.AddressRule)) },
	}), nil
}

func (a *Appliance) openProvider(id string, o provider.Options) (reach.Provider, error) {
	return provider.Open(id, o)
}

// mainPorts are the main door's, on addresses that others can reach.
func (a *Appliance) mainPorts() []uint16 {
	var ports []uint16
	for _, at := range a.doors().TLS {
		if !at.Addr().IsLoopback() && !slices.Contains(ports, at.Port()) {
			ports = append(ports, at.Port())
		}
	}
	return ports
}

func (a *Appliance) extraPorts(ctx context.Context, ports []uint16) error {
	s := a.sockets.Load()
	if s == nil {
		return nil // nothing serves, so nothing is to be opened
	}
	err := s.Extra(ctx, ports)
	bound := s.Bound()
	a.bound.Store(&bound)
	return err
}

// names are all that a caller at home may call the house by.
func (a *Appliance) names() []string {
	names := a.house.Names()
	if a.reach != nil {
		names = append(names, a.reach.Names()...)
	}
	return names
}

// proxies are those that an owner declared.
func (a *Appliance) proxies() []netip.Prefix {
	return settings.Prefixes(a.settings.Texts(settings.ReachProxies))
}

// witness lets reach know of callers that prove something: from outside, that
// the door is open; at home, that the name works there.
func (a *Appliance) witness(r *http.Request) {
	host, err := listen.ParseHost(r.Host)
	if err != nil || r.TLS == nil || host.Name == "" || listen.Through(r) != listen.DoorTLS || !slices.Contains(a.reach.Names(), host.Name) {
		return
	}
	// The handshake has to have been ours under that name too; behind a declared
	// proxy it is the proxy's own affair what it calls us.
	if client := a.scout.Client(r); !client.Proxied && !strings.EqualFold(r.TLS.ServerName, host.Name) {
		return
	}
	if a.scout.FromOutside(r, a.reach.Own()) {
		client, by := a.scout.Client(r), reach.Directly
		if client.Proxied {
			by = reach.ByAProxy
		}
		a.reach.Seen(r.Host, client.Addr, by)
		return
	}
	if a.scout.Origin(r) == listen.Home {
		a.reach.SeenAtHome(r.Host)
	}
}

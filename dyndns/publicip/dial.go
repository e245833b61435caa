package publicip

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"slices"
	"time"

	"latchkey/dyndns/uplink"
)

// Dial connects for a source. network is "tcp" or "udp", address host:port; the
// connection is of the given family and no other.
type Dial func(ctx context.Context, f Family, network, address string) (net.Conn, error)

// Options are shared by the sources that ask over the internet.
type Options struct {
	Dial  Dial           // nil: by whatever route the system chooses
	Roots *x509.CertPool // nil: the system's
}

var errTunnel = errors.New("the only way out is a VPN; what the world sees there is its address and not ours")

// stagger is how long one of our IPv6 addresses is tried alone before the next
// joins; after a change of prefix the old address may be dead and still there.
const stagger = 300 * time.Millisecond

// mostSources bounds how many of our IPv6 addresses are tried.
const mostSources = 3

// DialBy dials out of the default route of u, never through a VPN, and over
// IPv6 from a stable address only.
func DialBy(u *uplink.Uplink) Dial {
	return func(ctx context.Context, f Family, network, address string) (net.Conn, error) {
		r, err := u.Now()
		if err != nil {
			return nil, err
		}
		if r.Tunnel {
			return nil, errTunnel
		}
		return dialFrom(ctx, sources(r, f), func(ctx context.Context, from uplink.Route) (net.Conn, error) {
			return u.Dialer(from, int(f)).DialContext(ctx, networkOf(f, network), address)
		})
	}
}

func networkOf(f Family, network string) string {
	if f == V6 {
		return network + "6"
	}
	return network + "4"
}

// sources are the routes to try, one for each address that we may leave from.
func sources(r uplink.Route, f Family) []uplink.Route {
	if f != V6 || len(r.Global6) < 2 {
		return []uplink.Route{r}
	}
	var each []uplink.Route
	for _, a := range r.Global6[:min(mostSources, len(r.Global6))] {
		one := r
		one.Global6 = []netip.Addr{a}
		each = append(each, one)
	}
	return each
}

// dialFrom tries each route, the next one joining after a while; the first
// connection wins and the others are closed.
func dialFrom(ctx context.Context, routes []uplink.Route, dial func(context.Context, uplink.Route) (net.Conn, error)) (net.Conn, error) {
	if len(routes) == 1 {
		return dial(ctx, routes[0])
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // a connection that stands does not mind
	type result struct {
		conn net.Conn
		err  error
	}
	results := make(chan result)
	waiting := slices.Clone(routes)
	running := 0
	next := time.NewTimer(0)
	defer next.Stop()
	var failed error
	for {
		select {
		case <-next.C:
			from := waiting[0]
			waiting = waiting[1:]
			running++
			go func() {
				c, err := dial(ctx, from)
				select {
				case results <- result{c, err}:
				case <-ctx.Done():
					if c != nil {
						c.Close()
					}
				}
			}()
			if len(waiting) > 0 {
				next.Reset(stagger)
			}
		case got := <-results:
			running--
			if got.err == nil {
				return got.conn, nil
			}
			failed = errors.Join(failed, got.err)
			switch {
			case len(waiting) > 0:
				next.Reset(0)
			case running == 0:
				return nil, failed
			}
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (o Options) dial() Dial {
	if o.Dial != nil {
		return o.Dial
	}
	var d net.Dialer
	return func(ctx context.Context, f Family, network, address string) (net.Conn, error) {
		return d.DialContext(ctx, networkOf(f, network), address)
	}
}

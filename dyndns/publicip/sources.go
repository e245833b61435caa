package publicip

import (
	"context"
	"crypto/x509"
	"net"

	"latchkey/dyndns/uplink"
)

// Dial connects for a source. network is "tcp" or "udp", address host:port;
// the connection is of the given family and no other.
type Dial func(ctx context.Context, f Family, network, address string) (net.Conn, error)

// DialBy dials out of the default route of u.
func DialBy(u *uplink.Uplink) Dial {
	return func(ctx context.Context, f Family, network, address string) (net.Conn, error) {
		r, err := u.Now()
		if err != nil {
			return nil, err
		}
		return u.Dialer(r, int(f)).DialContext(ctx, network, address)
	}
}

// Options are shared by the sources that ask over the internet.
type Options struct {
	Dial  Dial           // nil: the system's own choice of route
	Roots *x509.CertPool // nil: the system's
}

// Defaults are several independent operators of each kind.
func Defaults(o Options) []Source { return nil }

// ParseHTTPS makes a source of a URL from the configuration.
func ParseHTTPS(url string, o Options) (Source, error) { return nil, nil }

// ParseDNS makes a source of "NAME [CLASS] TYPE @SERVER" from the configuration.
func ParseDNS(text string, o Options) (Source, error) { return nil, nil }

// NewInterfaces makes a source of our own addresses.
func NewInterfaces(u *uplink.Uplink) Source { return nil }

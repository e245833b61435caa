package uplink

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// ErrNoWay: the route has no way out for the family that was asked for.
var ErrNoWay = errors.New("this network has no way out for that kind of address")

// errFamily keeps a name with addresses of both families from being reached by
// the other one.
var errFamily = errors.New("an address of the other family")

// Dialer makes connections of one family (IPv4 or IPv6), TCP or UDP, leave by
// the default route, whatever a VPN does to the routing table: bound to the
// interface where the system permits that (Linux 5.7 does without root), and
// in any case from Address4 or the first of Global6. So a far end never sees a
// temporary IPv6 address. Addresses of the other family fail, ErrNoWay says
// that the route has none of this one; loopback is left alone.
func (u *Uplink) Dialer(r Route, family int) *net.Dialer {
	source, device := r.Address4, r.Interface
	if family == IPv6 {
		source, device = netip.Addr{}, r.Interface6
		if len(r.Global6) > 0 {
			source = r.Global6[0]
		}
	}
	return &net.Dialer{
		Control: func(network, address string, c syscall.RawConn) error {
			if strings.HasSuffix(network, "6") != (family == IPv6) {
				return errFamily
			}
			if to, err := netip.ParseAddrPort(address); err == nil && to.Addr().IsLoopback() {
				return nil
			}
			if !source.IsValid() {
				return ErrNoWay
			}
			return bind(c, device, source)
		},
	}
}

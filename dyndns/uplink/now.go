package uplink

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Now reads the way out as it is at this moment: the zero Route where there is
// none, an error where the system does not tell (it is no Linux, or hides /proc).
func (u *Uplink) Now() (Route, error) {
	table4, err := os.ReadFile(u.path("/proc/self/net/route"))
	if err != nil {
		return Route{}, fmt.Errorf("reading the routing table: %w", err)
	}
	// The two of IPv6 are absent where IPv6 is switched off.
	table6, _ := os.ReadFile(u.path("/proc/self/net/ipv6_route"))
	inet6, _ := os.ReadFile(u.path("/proc/self/net/if_inet6"))

	var r Route
	if best, ok := u.best(ParseTable4(table4)); ok {
		r.Interface, r.Gateway4 = best.Interface, best.Gateway
		r.Address4, r.Prefix4 = address4Towards(best.Gateway, u.cfg.addresses(best.Interface))
	}
	if best, ok := u.best(ParseTable6(table6)); ok {
		r.Interface6, r.Gateway6 = best.Interface, best.Gateway
		if r.Gateway6.IsLinkLocalUnicast() {
			r.Gateway6 = r.Gateway6.WithZone(best.Interface)
		}
		r.Global6, r.Settling = stable(parseInet6(inet6), best.Interface)
		r.Interface = cmp.Or(r.Interface, best.Interface)
	}
	if r.Up() {
		r.Index = u.number(r.Interface, "ifindex", 10)
		r.Tunnel = u.vpn(r.Interface)
	}
	return r, nil
}

// best is the default route that the kernel would take, but one through a real
// network before one through a VPN: the VPN's exit is nobody's home.
func (u *Uplink) best(rows []Row) (Row, bool) {
	var found []Row
	for _, r := range rows {
		if r.To.Bits() == 0 && !u.down(r.Interface) {
			found = append(found, r)
		}
	}
	slices.SortStableFunc(found, func(a, b Row) int {
		return cmp.Or(cmp.Compare(rank(u.vpn(a.Interface)), rank(u.vpn(b.Interface))), cmp.Compare(a.Metric, b.Metric))
	})
	if len(found) == 0 {
		return Row{}, false
	}
	return found[0], true
}

func rank(vpn bool) int {
	if vpn {
		return 1
	}
	return 0
}

// tunMode is IFF_TUN of linux/if_tun.h: IP packets and no Ethernet frames. A
// tap (IFF_TAP) is how rootless containers get their network, so it is no VPN
// to us.
const tunMode = 0x1

// vpn tells WireGuard, OpenVPN, Tailscale and their like. PPP (a DSL line), a
// modem and 6in4 (a tunnel broker's addresses are ours) do not count.
func (u *Uplink) vpn(name string) bool {
	if u.number(name, "tun_flags", 0)&0xf == tunMode {
		return true
	}
	uevent, _ := os.ReadFile(u.path("/sys/class/net/" + name + "/uevent"))
	return slices.Contains(strings.Fields(string(uevent)), "DEVTYPE=wireguard")
}

// down tells a pulled cable; the kernel keeps its routes.
func (u *Uplink) down(name string) bool {
	state := u.attribute(name, "operstate")
	return state == "down" || state == "lowerlayerdown"
}

func (u *Uplink) number(name, attribute string, base int) int {
	n, _ := strconv.ParseInt(u.attribute(name, attribute), base, 32) // 0 where it does not tell
	return int(n)
}

func (u *Uplink) attribute(name, attribute string) string {
	if name != filepath.Base(name) {
		return "" // the kernel allows no slash in a name
	}
	text, _ := os.ReadFile(u.path("/sys/class/net/" + name + "/" + attribute))
	return strings.TrimSpace(string(text))
}

func (u *Uplink) path(p string) string { return u.cfg.Root + p }

// address4Towards picks our address on the gateway's link; where none has the
// gateway on its link (a point-to-point line), the first.
func address4Towards(gateway netip.Addr, own []netip.Prefix) (netip.Addr, netip.Prefix) {
	var first netip.Prefix
	for _, p := range own {
		if !p.Addr().Is4() {
			continue
		}
		if gateway.IsValid() && p.Contains(gateway) {
			return p.Addr(), p.Masked()
		}
		if !first.IsValid() {
			first = p
		}
	}
	if !first.IsValid() {
		return netip.Addr{}, netip.Prefix{}
	}
	return first.Addr(), first.Masked()
}

// systemAddresses asks the kernel for the addresses of an interface. None where
// it has just gone.
func systemAddresses(name string) []netip.Prefix {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return nil
	}
	list, err := i.Addrs()
	if err != nil {
		return nil
	}
	var found []netip.Prefix
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			found = append(found, p)
		}
	}
	return found
}

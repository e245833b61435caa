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
		r.Address4, r.Prefix4 = address4Towards(best.Gateway, u.cfg.card(best.Interface).prefixes)
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
		r.Index = u.cfg.card(r.Interface).index
		r.Tunnel = u.vpn(r.Interface)
	}
	return r, nil
}

// best is the default route that the kernel would take, but one through a real
// network before one through a VPN: the VPN's exit is nobody's home.
func (u *Uplink) best(rows []Row) (Row, bool) {
	var found []Row
	for _, r := range rows {
		if r.To.Bits() == 0 && u.cfg.card(r.Interface).running {
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
	if name != filepath.Base(name) {
		return false // the kernel allows no slash in a name
	}
	// Either file is absent for most cards, and both in some sandboxes.
	tun, _ := os.ReadFile(u.path("/sys/class/net/" + name + "/tun_flags"))
	if flags, err := strconv.ParseUint(strings.TrimSpace(string(tun)), 0, 32); err == nil && flags&0xf == tunMode {
		return true
	}
	uevent, _ := os.ReadFile(u.path("/sys/class/net/" + name + "/uevent"))
	return slices.Contains(strings.Fields(string(uevent)), "DEVTYPE=wireguard")
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

// card is what the kernel tells of an interface; the zero card has just gone.
type card struct {
	index    int
	running  bool // up, and its cable is in: the kernel keeps the routes without
	prefixes []netip.Prefix
}

func systemCard(name string) card {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return card{}
	}
	c := card{index: i.Index, running: i.Flags&net.FlagUp != 0 && i.Flags&net.FlagRunning != 0}
	list, err := i.Addrs()
	if err != nil {
		return c
	}
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			c.prefixes = append(c.prefixes, p)
		}
	}
	return c
}

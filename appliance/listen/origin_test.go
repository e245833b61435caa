package listen_test

import (
	"net/http"
	"net/netip"
	"testing"

	"latchkey/appliance/listen"
)

func addr(s string) netip.Addr {
	if s == "" {
		return netip.Addr{}
	}
	return netip.MustParseAddr(s)
}

func prefixes(list ...string) []netip.Prefix {
	var ps []netip.Prefix
	for _, s := range list {
		ps = append(ps, netip.MustParsePrefix(s))
	}
	return ps
}

func defaultRoute(name, gateway string, metric uint32) listen.Route {
	to := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	if a := addr(gateway); a.Is6() {
		to = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	return listen.Route{Interface: name, To: to, Gateway: addr(gateway), Metric: metric}
}

// house is an ordinary one: a card on the home network, containers beside it,
// and a router that is known under several addresses.
func house() listen.Network {
	return listen.Network{
		Interfaces: []listen.Interface{
			{Name: "lo", Kind: listen.Loopback, Prefixes: prefixes("127.0.0.1/8", "::1/128")},
			{Name: "eth0", Prefixes: prefixes("192.168.1.5/24", "fd00::5/64", "2001:db8:77::5/64", "fe80::5/64")},
			{Name: "docker0", Kind: listen.Bridge, Prefixes: prefixes("172.17.0.1/16")},
			{Name: "tailscale0", Kind: listen.Tunnel, Prefixes: prefixes("10.99.0.2/24")},
		},
		Routes: []listen.Route{
			defaultRoute("eth0", "192.168.1.1", 100),
			defaultRoute("eth0", "fe80::1", 1024),
		},
		Neighbours: map[netip.Addr]string{
			addr("192.168.1.1"):     "02:00:00:00:00:01",
			addr("192.168.1.2"):     "02:00:00:00:00:01", // the router's second address
			addr("fe80::1"):         "02:00:00:00:00:01",
			addr("fd00::1"):         "02:00:00:00:00:01",
			addr("2001:db8:77::1"):  "02:00:00:00:00:01",
			addr("192.168.1.20"):    "02:00:00:00:00:20",
			addr("192.168.1.250"):   "02:00:00:00:00:fa",
			addr("fd00::20"):        "02:00:00:00:00:20",
			addr("fe80::20"):        "02:00:00:00:00:20",
			addr("2001:db8:77::20"): "02:00:00:00:00:20",
			addr("172.17.0.2"):      "02:00:00:00:17:02",
			addr("10.99.0.1"):       "02:00:00:00:99:01",
		},
		Names:   []string{"localhost", "pi", "pi.local", "127.0.0.1", "192.168.1.5"},
		Proxies: prefixes("192.168.1.250/32"),
	}
}

func TestJudge(t *testing.T) {
	for _, tt := range []struct {
		name              string
		peer, local, host string
		header            string
		door              listen.Door
		want              listen.Origin
	}{
		{"a laptop by name", "192.168.1.20", "192.168.1.5", "pi.local:8443", "", "", listen.Home},
		{"a laptop by bare name in upper case", "192.168.1.20", "192.168.1.5", "PI:8443", "", "", listen.Home},
		{"a laptop by address", "192.168.1.20", "192.168.1.5", "192.168.1.5:8443", "", "", listen.Home},
		{"a laptop by unique local IPv6", "fd00::20", "fd00::5", "[fd00::5]:8443", "", "", listen.Home},
		{"a laptop by link-local IPv6 and name", "fe80::20%eth0", "fe80::5%eth0", "pi.local", "", "", listen.Home},
		{"a laptop by the household's public IPv6 and local name", "2001:db8:77::20", "2001:db8:77::5", "pi.local", "", "", listen.Home},
		{"link-local IPv6 of another interface", "fe80::20%docker0", "fe80::5%docker0", "pi.local", "", "", listen.Far},
		{"by a foreign name (DNS rebinding)", "192.168.1.20", "192.168.1.5", "evil.example", "", "", listen.Far},
		{"by the public name", "192.168.1.20", "192.168.1.5", "keys.example.org", "", "", listen.Far},
		{"by another address than was dialled", "192.168.1.20", "192.168.1.5", "192.168.1.6", "", "", listen.Far},
		{"by localhost over the link", "192.168.1.20", "192.168.1.5", "localhost:8443", "", "", listen.Far},
		{"without a Host", "192.168.1.20", "192.168.1.5", "", "", "", listen.Far},
		{"the gateway", "192.168.1.1", "192.168.1.5", "pi.local", "", "", listen.Far},
		{"the router by its second address", "192.168.1.2", "192.168.1.5", "pi.local", "", "", listen.Far},
		{"the gateway by link-local IPv6", "fe80::1%eth0", "fe80::5%eth0", "pi.local", "", "", listen.Far},
		{"the router by unique local IPv6", "fd00::1", "fd00::5", "pi.local", "", "", listen.Far},
		{"the router by public IPv6", "2001:db8:77::1", "2001:db8:77::5", "pi.local", "", "", listen.Far},
		{"an address on the link that is no neighbour", "192.168.1.99", "192.168.1.5", "pi.local", "", "", listen.Far},
		{"a stranger from the internet", "203.0.113.9", "192.168.1.5", "192.168.1.5", "", "", listen.Far},
		{"a stranger by IPv6", "2001:db8:1::9", "2001:db8:77::5", "[2001:db8:77::5]", "", "", listen.Far},
		{"another private network behind the router", "192.168.2.20", "192.168.1.5", "pi.local", "", "", listen.Far},
		{"a container", "172.17.0.2", "172.17.0.1", "172.17.0.1", "", "", listen.Far},
		{"a container to the home address", "172.17.0.2", "192.168.1.5", "pi.local", "", "", listen.Far},
		{"a VPN's peer", "10.99.0.1", "10.99.0.2", "10.99.0.2", "", "", listen.Far},
		{"a peer on the link to a container address", "192.168.1.20", "172.17.0.1", "pi.local", "", "", listen.Far},
		{"a declared proxy", "192.168.1.250", "192.168.1.5", "pi.local", "", "", listen.Far},
		{"this machine by its own address", "192.168.1.5", "192.168.1.5", "192.168.1.5", "", "", listen.Far},
		{"X-Forwarded-For", "192.168.1.20", "192.168.1.5", "pi.local", "X-Forwarded-For", "", listen.Far},
		{"any X-Forwarded header", "192.168.1.20", "192.168.1.5", "pi.local", "X-Forwarded-Whatever", "", listen.Far},
		{"Forwarded", "192.168.1.20", "192.168.1.5", "pi.local", "Forwarded", "", listen.Far},
		{"a tunnel's header over loopback", "127.0.0.1", "127.0.0.1", "localhost", "Cf-Connecting-Ip", "", listen.Far},
		{"loopback by localhost", "127.0.0.1", "127.0.0.1", "localhost:8443", "", listen.DoorTLS, listen.Home},
		{"loopback by IPv6 and localhost", "::1", "::1", "LOCALHOST.:8080", "", listen.DoorPlain, listen.Home},
		{"loopback by address, as a proxy does", "127.0.0.1", "127.0.0.1", "127.0.0.1:8080", "", listen.DoorPlain, listen.Far},
		{"loopback by the host's name", "127.0.0.1", "127.0.1.1", "pi.local", "", "", listen.Far},
		{"a peer that claims loopback to a home address", "127.0.0.1", "192.168.1.5", "localhost", "", "", listen.Far},
		{"no addresses at all", "", "", "pi.local", "", "", listen.Far},
		{"the machine's socket", "", "", "latchkey", "", listen.DoorSocket, listen.Machine},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header := http.Header{}
			if tt.header != "" {
				header.Set(tt.header, "192.168.1.20")
			}
			got := listen.Judge(listen.Call{
				Door: tt.door, Peer: addr(tt.peer), Local: addr(tt.local), Host: tt.host, Header: header,
			}, house())
			if got.Origin != tt.want {
				t.Errorf("Judge = %s (%s), want %s", got.Origin, got.Why, tt.want)
			}
		})
	}
}

// TestOnceThereIsAPublicName tries what a house with a name is called by. Being
// found by that name changes nothing about where a caller is.
func TestOnceThereIsAPublicName(t *testing.T) {
	n := house()
	n.Names = append(n.Names, "keys.example.org", "lan.keys.example.org")
	for _, tt := range []struct {
		name, peer, local, host string
		want                    listen.Origin
	}{
		{"a laptop by the name for the home network", "192.168.1.20", "192.168.1.5", "lan.keys.example.org", listen.Home},
		{"a laptop by the public name that the router overrides", "192.168.1.20", "192.168.1.5", "keys.example.org:8443", listen.Home},
		{"a laptop by the public name over its own IPv6", "2001:db8:77::20", "2001:db8:77::5", "keys.example.org", listen.Home},
		{"a laptop by a name below", "192.168.1.20", "192.168.1.5", "x.keys.example.org", listen.Far},
		{"a laptop looped back by the router under its address at home", "192.168.1.1", "192.168.1.5", "keys.example.org", listen.Far},
		{"a laptop looped back by the router under its second address", "192.168.1.2", "192.168.1.5", "lan.keys.example.org", listen.Far},
		{"a laptop looped back by the router under the public address", "203.0.113.10", "192.168.1.5", "keys.example.org", listen.Far},
		{"a stranger by the public name", "198.51.100.20", "192.168.1.5", "keys.example.org", listen.Far},
		{"a stranger by the name for the home network", "198.51.100.20", "192.168.1.5", "lan.keys.example.org", listen.Far},
		{"a stranger by IPv6 and the public name", "2001:db8:51::20", "2001:db8:77::5", "keys.example.org", listen.Far},
		{"this machine by its own address and the public name", "192.168.1.5", "192.168.1.5", "keys.example.org", listen.Far},
		{"this machine over loopback by the public name", "127.0.0.1", "127.0.0.1", "keys.example.org", listen.Far},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := listen.Judge(listen.Call{Door: listen.DoorTLS, Peer: addr(tt.peer), Local: addr(tt.local), Host: tt.host, Header: http.Header{}}, n)
			if got.Origin != tt.want {
				t.Errorf("Judge = %s (%s), want %s", got.Origin, got.Why, tt.want)
			}
		})
	}
}

func TestJudgeNetworks(t *testing.T) {
	card := func(name string, list ...string) listen.Interface {
		return listen.Interface{Name: name, Prefixes: prefixes(list...)}
	}
	bridge := card("br0", "192.168.1.5/24")
	bridge.Kind = listen.Bridge
	tunnel := card("wg0", "10.8.0.2/24")
	tunnel.Kind = listen.Tunnel
	for _, tt := range []struct {
		name        string
		net         listen.Network
		peer, local string
		want        listen.Origin
	}{
		{
			"a public IPv4 prefix is never home",
			listen.Network{Interfaces: []listen.Interface{card("eth0", "203.0.113.5/24")}, Routes: []listen.Route{defaultRoute("eth0", "203.0.113.1", 0)}},
			"203.0.113.20", "203.0.113.5", listen.Far,
		},
		{
			"carrier-grade addresses are public to us",
			listen.Network{Interfaces: []listen.Interface{card("eth0", "100.64.0.5/24")}, Routes: []listen.Route{defaultRoute("eth0", "100.64.0.1", 0)}},
			"100.64.0.20", "100.64.0.5", listen.Far,
		},
		{
			"a laboratory may count a range as private",
			listen.Network{Interfaces: []listen.Interface{card("eth0", "203.0.113.5/24")}, Routes: []listen.Route{defaultRoute("eth0", "203.0.113.1", 0)}, Test: prefixes("203.0.113.0/24")},
			"203.0.113.20", "203.0.113.5", listen.Home,
		},
		{
			"IPv6 beside a public IPv4 prefix is a rented server's",
			listen.Network{Interfaces: []listen.Interface{card("eth0", "203.0.113.5/24", "fd00::5/64")}, Routes: []listen.Route{defaultRoute("eth0", "203.0.113.1", 0)}},
			"fd00::20", "fd00::5", listen.Far,
		},
		{
			"public IPv6 without private IPv4 is nobody's home for sure",
			listen.Network{Interfaces: []listen.Interface{card("eth0", "2001:db8::5/64")}, Routes: []listen.Route{defaultRoute("eth0", "fe80::1", 0)}},
			"2001:db8::20", "2001:db8::5", listen.Far,
		},
		{
			"a public IPv6 link wider than /64 is a provider's",
			listen.Network{Interfaces: []listen.Interface{card("eth0", "192.168.1.5/24", "2001:db8::5/48")}, Routes: []listen.Route{defaultRoute("eth0", "192.168.1.1", 0)}},
			"2001:db8::20", "2001:db8::5", listen.Far,
		},
		{
			"the second card is not home",
			listen.Network{Interfaces: []listen.Interface{card("eth0", "192.168.1.5/24"), card("eth1", "192.168.2.5/24")}, Routes: []listen.Route{defaultRoute("eth0", "192.168.1.1", 0)}},
			"192.168.2.20", "192.168.2.5", listen.Far,
		},
		{
			"the worse of two default routes is not home",
			listen.Network{Interfaces: []listen.Interface{card("eth0", "192.168.1.5/24"), card("eth1", "192.168.2.5/24")}, Routes: []listen.Route{defaultRoute("eth1", "192.168.2.1", 200), defaultRoute("eth0", "192.168.1.1", 100)}},
			"192.168.2.20", "192.168.2.5", listen.Far,
		},
		{
			"cable and wireless on one network are both home",
			listen.Network{Interfaces: []listen.Interface{card("eth0", "192.168.1.5/24"), card("wlan0", "192.168.1.6/24")}, Routes: []listen.Route{defaultRoute("wlan0", "192.168.1.1", 600), defaultRoute("eth0", "192.168.1.1", 100)}},
			"192.168.1.20", "192.168.1.6", listen.Home,
		},
		{
			"a VPN that takes the default route leaves the card's own",
			listen.Network{Interfaces: []listen.Interface{tunnel, card("eth0", "192.168.1.5/24")}, Routes: []listen.Route{defaultRoute("wg0", "10.8.0.1", 0), defaultRoute("eth0", "192.168.1.1", 100)}},
			"192.168.1.20", "192.168.1.5", listen.Home,
		},
		{
			"a VPN that alone has a default route makes nothing home",
			listen.Network{Interfaces: []listen.Interface{tunnel, card("eth0", "192.168.1.5/24")}, Routes: []listen.Route{defaultRoute("wg0", "10.8.0.1", 0)}},
			"192.168.1.20", "192.168.1.5", listen.Far,
		},
		{
			"a bridge without a card is not home, default route or not",
			listen.Network{Interfaces: []listen.Interface{bridge}, Routes: []listen.Route{defaultRoute("br0", "192.168.1.1", 0)}},
			"192.168.1.20", "192.168.1.5", listen.Far,
		},
		{
			"without any default route the only private card is home",
			listen.Network{Interfaces: []listen.Interface{card("eth0", "192.168.1.5/24"), tunnel}},
			"192.168.1.20", "192.168.1.5", listen.Home,
		},
		{
			"a direct cable with self-given addresses is home",
			listen.Network{Interfaces: []listen.Interface{card("eth0", "169.254.1.5/16"), card("eth1", "fe80::7/64")}},
			"169.254.9.9", "169.254.1.5", listen.Home,
		},
		{
			"without any default route two private cards are none",
			listen.Network{Interfaces: []listen.Interface{card("eth0", "192.168.1.5/24"), card("eth1", "10.0.0.5/24")}},
			"192.168.1.20", "192.168.1.5", listen.Far,
		},
		{
			"without any default route a public prefix is not home",
			listen.Network{Interfaces: []listen.Interface{card("eth0", "203.0.113.5/24")}},
			"203.0.113.20", "203.0.113.5", listen.Far,
		},
		{
			"without any default route a router of another route is none of us",
			listen.Network{Interfaces: []listen.Interface{card("eth0", "192.168.1.5/24")}, Routes: []listen.Route{{Interface: "eth0", To: netip.MustParsePrefix("10.0.0.0/8"), Gateway: addr("192.168.1.20")}}},
			"192.168.1.20", "192.168.1.5", listen.Far,
		},
		{
			"a router remembered by its hardware stays the router",
			listen.Network{
				Interfaces: []listen.Interface{card("eth0", "192.168.1.5/24")}, Routes: []listen.Route{defaultRoute("eth0", "192.168.1.1", 0)},
				Neighbours: map[netip.Addr]string{addr("192.168.1.20"): "02:00:00:00:00:01"}, Routers: []string{"02:00:00:00:00:01"},
			},
			"192.168.1.20", "192.168.1.5", listen.Far,
		},
		{
			"a host address has no link",
			listen.Network{Interfaces: []listen.Interface{card("eth0", "192.168.1.5/32")}, Routes: []listen.Route{defaultRoute("eth0", "192.168.1.1", 0)}},
			"192.168.1.20", "192.168.1.5", listen.Far,
		},
		{
			"this machine's own address is not a peer, where neighbours can't be listed",
			listen.Network{Interfaces: []listen.Interface{card("eth0", "192.168.1.5/24")}, Routes: []listen.Route{defaultRoute("eth0", "192.168.1.1", 0)}},
			"192.168.1.5", "192.168.1.5", listen.Far,
		},
		{
			"without any default route a card with nobody on its link leaves the other",
			listen.Network{Interfaces: []listen.Interface{card("eth0", "192.168.1.5/24"), card("eth1", "10.0.0.5/32")}},
			"192.168.1.20", "192.168.1.5", listen.Home,
		},
		{"a machine without a network", listen.Network{}, "192.168.1.20", "192.168.1.5", listen.Far},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.net.Names = []string{"pi.local"}
			got := listen.Judge(listen.Call{Peer: addr(tt.peer), Local: addr(tt.local), Host: "pi.local"}, tt.net)
			if got.Origin != tt.want {
				t.Errorf("Judge = %s (%s), want %s", got.Origin, got.Why, tt.want)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	got := house().Addresses()
	if len(got) != 2 || got[0] != addr("192.168.1.5") || got[1] != addr("fd00::5") {
		t.Errorf("Addresses() = %v, want the private IPv4, then the unique local one", got)
	}
}

func FuzzJudge(f *testing.F) {
	f.Add("192.168.1.20", "192.168.1.5", "pi.local:8443", "Via")
	f.Add("fe80::20%eth0", "fe80::5%eth0", "[fe80::5]", "")
	f.Add("127.0.0.1", "127.0.0.1", "localhost", "X-Forwarded-For")
	f.Add("", "", "", "")
	n := house()
	f.Fuzz(func(t *testing.T, peer, local, host, header string) {
		p, _ := netip.ParseAddr(peer)
		l, _ := netip.ParseAddr(local)
		v := listen.Judge(listen.Call{Peer: p, Local: l, Host: host, Header: http.Header{header: {"x"}}}, n)
		if v.Origin == listen.Home && !p.IsLoopback() && n.Neighbours[p.WithZone("")] != "02:00:00:00:00:20" {
			t.Errorf("%q is home (%s)", peer, v.Why)
		}
	})
}

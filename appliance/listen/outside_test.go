package listen_test

import (
	"net/http"
	"net/netip"
	"testing"

	"latchkey/appliance/listen"
)

func TestFromOutside(t *testing.T) {
	lab := prefixes("203.0.113.0/24", "198.51.100.0/24", "2001:db8::/32")
	own := []netip.Addr{addr("203.0.113.10"), addr("2001:db8:77::5")}
	net := house()
	net.Test = lab
	net.Routes = append(net.Routes,
		listen.Route{Interface: "eth0", To: netip.MustParsePrefix("198.51.100.128/25"), Gateway: addr("192.168.1.9")},
		listen.Route{Interface: "tailscale0", To: netip.MustParsePrefix("128.0.0.0/1")})
	net.Neighbours[addr("198.51.100.99")] = "02:00:00:00:00:99"
	for _, tt := range []struct {
		name, peer string
		header     http.Header
		door       listen.Door
		want       bool
	}{
		{"a phone on mobile data", "198.51.100.20", nil, listen.DoorTLS, true},
		{"a phone on mobile data by IPv6", "2001:db8:51::20", nil, listen.DoorTLS, true},
		{"a real public address", "8.8.8.8", nil, listen.DoorTLS, true},
		{"an address in the form of IPv4 in IPv6", "::ffff:198.51.100.20", nil, listen.DoorTLS, true},
		{"by another door", "198.51.100.20", nil, listen.DoorPlain, false},
		{"by no door", "198.51.100.20", nil, "", false},
		{"a laptop at home", "192.168.1.20", nil, listen.DoorTLS, false},
		{"the gateway, which may speak for strangers", "192.168.1.1", nil, listen.DoorTLS, false},
		{"the gateway by link-local IPv6", "fe80::1%eth0", nil, listen.DoorTLS, false},
		{"our own public address, looped back", "203.0.113.10", nil, listen.DoorTLS, false},
		{"a neighbour by public IPv6", "2001:db8:77::20", nil, listen.DoorTLS, false},
		{"another network of the same household", "2001:db8:77:8::20", nil, listen.DoorTLS, false},
		{"this machine itself", "2001:db8:77::5", nil, listen.DoorTLS, false},
		{"behind another router of the house", "198.51.100.200", nil, listen.DoorTLS, false},
		{"seen on the link", "198.51.100.99", nil, listen.DoorTLS, false},
		{"over the default route that a VPN cut in two", "198.18.0.9", nil, listen.DoorTLS, false}, // benchmarking, RFC 2544
		{"an address that such a VPN would carry", "151.101.1.9", nil, listen.DoorTLS, true},
		{"carrier-grade NAT", "100.64.0.9", nil, listen.DoorTLS, false},
		{"another documentation range", "192.0.2.9", nil, listen.DoorTLS, false},
		{"a unique local address", "fd12::9", nil, listen.DoorTLS, false},
		{"loopback", "127.0.0.1", nil, listen.DoorTLS, false},
		{"no address", "", nil, listen.DoorTLS, false},
		{"a proxy that nobody declared", "198.51.100.20", http.Header{"X-Forwarded-For": {"198.51.100.21"}}, listen.DoorTLS, false},
		{"a content network in between", "198.51.100.20", http.Header{"Cf-Ray": {"x"}}, listen.DoorTLS, false},
		{"by way of a declared proxy", "192.168.1.250", http.Header{"X-Forwarded-For": {"198.51.100.20"}}, listen.DoorTLS, true},
		{"from home by way of a declared proxy", "192.168.1.250", http.Header{"X-Forwarded-For": {"192.168.1.20"}}, listen.DoorTLS, false},
		{"looped back by way of a declared proxy", "192.168.1.250", http.Header{"X-Forwarded-For": {"203.0.113.10"}}, listen.DoorTLS, false},
		{"a declared proxy of two minds", "192.168.1.250", http.Header{"X-Forwarded-For": {"198.51.100.20"}, "Forwarded": {"for=198.51.100.21"}}, listen.DoorTLS, false},
		{"a declared proxy by itself", "192.168.1.250", nil, listen.DoorTLS, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := listen.Call{Door: tt.door, Peer: addr(tt.peer), Local: addr("192.168.1.5"), Host: "keys.example.org", Header: tt.header}
			if got := listen.FromOutside(c, net, own); got != tt.want {
				t.Errorf("FromOutside = %v, want %v", got, tt.want)
			}
		})
	}
	t.Run("without a laboratory its ranges are nobody's", func(t *testing.T) {
		net.Test = nil
		c := listen.Call{Door: listen.DoorTLS, Peer: addr("198.51.100.20"), Local: addr("192.168.1.5"), Host: "keys.example.org"}
		if listen.FromOutside(c, net, own) {
			t.Error("a documentation address is outside")
		}
	})
	t.Run("a declared proxy with a public address is not the client", func(t *testing.T) {
		net.Test, net.Proxies = lab, prefixes("198.51.100.20/32")
		c := listen.Call{Door: listen.DoorTLS, Peer: addr("198.51.100.20"), Local: addr("192.168.1.5"), Host: "keys.example.org"}
		if listen.FromOutside(c, net, own) {
			t.Error("the proxy itself is outside")
		}
	})
}

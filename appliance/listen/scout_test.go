package listen

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestScoutLooksAgain(t *testing.T) {
	peer := netip.MustParseAddr("192.168.1.20")
	looks := 0
	s := NewScout(ScoutConfig{
		Names: func() []string { return []string{"pi.local"} },
		read: func() Network {
			looks++
			n := Network{
				Interfaces: []Interface{{Name: "eth0", Prefixes: []netip.Prefix{netip.MustParsePrefix("192.168.1.5/24")}}},
				Routes:     []Route{{Interface: "eth0", To: netip.MustParsePrefix("0.0.0.0/0"), Gateway: netip.MustParseAddr("192.168.1.1")}},
				Neighbours: map[netip.Addr]string{},
			}
			if looks == 2 {
				n.Neighbours[peer] = "02:00:00:00:00:20"
			}
			return n
		},
	})
	s.Network()
	local := &net.TCPAddr{IP: net.IPv4(192, 168, 1, 5), Port: 8443}
	r := httptest.NewRequest(http.MethodGet, "https://pi.local/", nil)
	r = r.WithContext(context.WithValue(WithDoor(r.Context(), DoorTLS), http.LocalAddrContextKey, local))
	r.RemoteAddr = "[::ffff:192.168.1.20]:50000"
	if v := s.Verdict(r); v.Origin != Home {
		t.Errorf("a peer that just became a neighbour is %s (%s)", v.Origin, v.Why)
	}
	if s.Verdict(r); looks != 2 {
		t.Errorf("it looked %d times, want two", looks)
	}
}

func TestScoutKnowsAProxyOnThisComputer(t *testing.T) {
	declared := []netip.Prefix{}
	s := NewScout(ScoutConfig{Proxies: func() []netip.Prefix { return declared }})
	r := httptest.NewRequest(http.MethodGet, "https://localhost/", nil)
	r = r.WithContext(context.WithValue(WithDoor(r.Context(), DoorTLS), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8443}))
	r.RemoteAddr = "127.0.0.1:50000"
	if v := s.Verdict(r); v.Origin != Home {
		t.Errorf("before it is declared: %+v", v)
	}
	declared = append(declared, netip.MustParsePrefix("127.0.0.0/8"))
	r.Header.Set("X-Forwarded-For", "198.51.100.20")
	if v := s.Verdict(r); v.Origin != Far {
		t.Errorf("what it passes on: %+v", v)
	}
	if c := s.Client(r); c.Addr != netip.MustParseAddr("198.51.100.20") || !c.Proxied {
		t.Errorf("Client = %+v", c)
	}
	r.Header.Del("X-Forwarded-For")
	if v := s.Verdict(r); v.Origin != Far {
		t.Errorf("what it passes on in silence: %+v", v)
	}
}

func TestKind(t *testing.T) {
	const usual = net.FlagUp | net.FlagBroadcast | net.FlagMulticast
	for _, tt := range []struct {
		name  string
		flags net.Flags
		files []string
		want  Kind
	}{
		{"a card", usual, nil, Card},
		{"loopback", net.FlagUp | net.FlagLoopback, nil, Loopback},
		{"point to point", usual | net.FlagPointToPoint, nil, Tunnel},
		{"one without broadcast", net.FlagUp, nil, Tunnel},
		{"a tap of a VPN", usual, []string{"x0/tun_flags"}, Tunnel},
		{"a bridge of containers", usual, []string{"x0/bridge/id", "x0/brif/veth1", "veth1/uevent"}, Bridge},
		{"a bridge with no port", usual, []string{"x0/bridge/id"}, Bridge},
		{"a bridge over the card", usual, []string{"x0/bridge/id", "x0/brif/veth1", "x0/brif/eth0", "eth0/device/vendor"}, Card},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			for _, f := range tt.files {
				path := filepath.Join(root, "sys/class/net", f)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			s := NewScout(ScoutConfig{root: root})
			if got := s.kind(net.Interface{Name: "x0", Flags: tt.flags}); got != tt.want {
				t.Errorf("kind = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestKindOf(t *testing.T) {
	for _, tt := range []struct {
		name, uevent string
		want         Kind
	}{
		{"a wired card", "INTERFACE=eth0\nIFINDEX=2\n", Card},
		{"a wireless card", "DEVTYPE=wlan\nINTERFACE=wlan0\n", Card},
		{"WireGuard", "DEVTYPE=wireguard\nINTERFACE=wg0\n", Tunnel},
		{"a mobile modem", "DEVTYPE=wwan\n", Tunnel},
		{"a bridge", "DEVTYPE=bridge", Bridge},
		{"nothing told", "", Card},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := kindOf(tt.uevent); got != tt.want {
				t.Errorf("kindOf = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestStrangeRouters(t *testing.T) {
	n := Network{
		Interfaces: []Interface{{Name: "eth0"}, {Name: "wg0", Kind: Tunnel}},
		Routes: []Route{
			{Interface: "eth0", Gateway: netip.MustParseAddr("192.168.1.1")},
			{Interface: "eth0", Gateway: netip.MustParseAddr("192.168.1.2")},
			{Interface: "eth0", Gateway: netip.MustParseAddr("fe80::1")},
			{Interface: "wg0", Gateway: netip.MustParseAddr("10.8.0.1")},
			{Interface: "eth0"},
		},
		Neighbours: map[netip.Addr]string{netip.MustParseAddr("192.168.1.1"): "02:00:00:00:00:01"},
	}
	want := []netip.Addr{netip.MustParseAddr("192.168.1.2"), netip.MustParseAddr("fe80::1%eth0")}
	if got := strangeRouters(n); !slices.Equal(got, want) {
		t.Errorf("strangeRouters = %v, want %v", got, want)
	}
}

func TestWhoSpeaksForMany(t *testing.T) {
	s := NewScout(ScoutConfig{
		Names:   func() []string { return nil },
		Proxies: func() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("192.168.1.7/32")} },
		read: func() Network {
			return Network{
				Interfaces: []Interface{{Name: "eth0", Prefixes: []netip.Prefix{netip.MustParsePrefix("192.168.1.5/24")}}},
				Routes:     []Route{{Interface: "eth0", To: netip.MustParsePrefix("0.0.0.0/0"), Gateway: netip.MustParseAddr("192.168.1.1")}},
				Neighbours: map[netip.Addr]string{
					netip.MustParseAddr("192.168.1.1"): "02:00:00:00:00:01", netip.MustParseAddr("fe80::1"): "02:00:00:00:00:01",
					netip.MustParseAddr("192.168.1.20"): "02:00:00:00:00:20",
				},
			}
		},
	})
	for who, c := range map[string]struct {
		addr string
		want bool
	}{
		"this computer":            {"127.0.0.1", true},
		"this computer by IPv6":    {"::1", true},
		"the gateway":              {"192.168.1.1", true},
		"the router's IPv6":        {"fe80::1%eth0", true},
		"a declared proxy":         {"192.168.1.7", true},
		"somebody of the house":    {"192.168.1.20", false},
		"somebody on the internet": {"203.0.113.9", false},
	} {
		if got := s.Shared(netip.MustParseAddr(c.addr)); got != c.want {
			t.Errorf("%s (%s): %v, want %v", who, c.addr, got, c.want)
		}
	}
	for name, c := range map[string]struct {
		peer, header string
		want         bool
	}{
		"a proxy that was declared": {"192.168.1.7", "X-Forwarded-For", false},
		"one that was not":          {"192.168.1.8", "X-Forwarded-For", true},
		"no proxy":                  {"192.168.1.8", "Accept", false},
	} {
		r := httptest.NewRequest(http.MethodGet, "https://pi.local/", nil)
		r.RemoteAddr = c.peer + ":5000"
		r.Header.Set(c.header, "198.51.100.20")
		if got := s.Undeclared(r); got != c.want {
			t.Errorf("%s: undeclared %v, want %v", name, got, c.want)
		}
	}
}

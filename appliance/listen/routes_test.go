package listen

import (
	"net/netip"
	"slices"
	"testing"
)

// Captured on Debian 12, with rows of our own where the lab has none.
const routeTable = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0101A8C0	0003	0	0	100	00000000	0	0	0
eth0	0001A8C0	00000000	0001	0	0	100	00FFFFFF	0	0	0
wlan0	00000000	0101A8C0	0003	0	0	600	00000000	0	0	0
lo	0000FEA9	00000000	0201	0	0	0	0000FFFF	0	0	0
eth0	000AA8C0	00000000	0000	0	0	0	00FFFFFF	0	0	0
eth0	000BA8C0	00000000	0001	0	0	0	00FF00FF	0	0	0
eth0	broken
`

const route6Table = `fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000002 00000000 00000003     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
fd000000000000000000000000000002 ff 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000003 00000000 80200001     eth0
`

func TestParseRoutes(t *testing.T) {
	want4 := []Route{
		{"eth0", netip.MustParsePrefix("0.0.0.0/0"), netip.MustParseAddr("192.168.1.1"), 100},
		{"eth0", netip.MustParsePrefix("192.168.1.0/24"), netip.Addr{}, 100},
		{"wlan0", netip.MustParsePrefix("0.0.0.0/0"), netip.MustParseAddr("192.168.1.1"), 600},
	}
	if got := parseRoutes4([]byte(routeTable)); !slices.Equal(got, want4) {
		t.Errorf("IPv4: got %v\nwant %v", got, want4)
	}
	want6 := []Route{
		{"eth0", netip.MustParsePrefix("fd00::/64"), netip.Addr{}, 256},
		{"eth0", netip.MustParsePrefix("::/0"), netip.MustParseAddr("fe80::1"), 1024},
	}
	if got := parseRoutes6([]byte(route6Table)); !slices.Equal(got, want6) {
		t.Errorf("IPv6: got %v\nwant %v", got, want6)
	}
}

func FuzzParseRoutes(f *testing.F) {
	f.Add([]byte(routeTable))
	f.Add([]byte(route6Table))
	f.Add([]byte("a b c d e f g h i j\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, table []byte) {
		for _, r := range append(parseRoutes4(table), parseRoutes6(table)...) {
			if !r.To.IsValid() || r.To != r.To.Masked() || r.Interface == "" {
				t.Errorf("a route makes no sense: %+v", r)
			}
		}
	})
}

const tcpTable = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:20FB 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 100 0 0 10 0
   2: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0000000000000000 100 0 0 10 0
`

func TestListenersOn(t *testing.T) {
	if got := listenersOn([]byte(tcpTable), 8443); !slices.Equal(got, []string{"4711"}) {
		t.Errorf("listenersOn = %q, want the one that listens on 8443", got)
	}
}

func FuzzListenersOn(f *testing.F) {
	f.Add([]byte(tcpTable), uint16(8443))
	f.Add([]byte("0: :0 x 0A 1 2 3 4 5 6"), uint16(0))
	f.Fuzz(func(t *testing.T, table []byte, port uint16) {
		for _, inode := range listenersOn(table, port) {
			if inode == "" {
				t.Error("an empty inode")
			}
		}
	})
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

package uplink_test

import (
	"net/netip"
	"slices"
	"testing"

	"latchkey/dyndns/uplink"
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
	want4 := []uplink.Row{
		{Interface: "eth0", To: netip.MustParsePrefix("0.0.0.0/0"), Gateway: netip.MustParseAddr("192.168.1.1"), Metric: 100},
		{Interface: "eth0", To: netip.MustParsePrefix("192.168.1.0/24"), Gateway: netip.Addr{}, Metric: 100},
		{Interface: "wlan0", To: netip.MustParsePrefix("0.0.0.0/0"), Gateway: netip.MustParseAddr("192.168.1.1"), Metric: 600},
	}
	if got := uplink.ParseTable4([]byte(routeTable)); !slices.Equal(got, want4) {
		t.Errorf("IPv4: got %v\nwant %v", got, want4)
	}
	want6 := []uplink.Row{
		{Interface: "eth0", To: netip.MustParsePrefix("fd00::/64"), Gateway: netip.Addr{}, Metric: 256},
		{Interface: "eth0", To: netip.MustParsePrefix("::/0"), Gateway: netip.MustParseAddr("fe80::1"), Metric: 1024},
	}
	if got := uplink.ParseTable6([]byte(route6Table)); !slices.Equal(got, want6) {
		t.Errorf("IPv6: got %v\nwant %v", got, want6)
	}
}

func FuzzParseRoutes(f *testing.F) {
	f.Add([]byte(routeTable))
	f.Add([]byte(route6Table))
	f.Add([]byte("a b c d e f g h i j\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, table []byte) {
		for _, r := range append(uplink.ParseTable4(table), uplink.ParseTable6(table)...) {
			if !r.To.IsValid() || r.To != r.To.Masked() || r.Interface == "" {
				t.Errorf("a route makes no sense: %+v", r)
			}
		}
	})
}

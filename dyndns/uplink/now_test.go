package uplink

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// machine writes the parts of /proc and /sys that a test speaks of.
func machine(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		write(t, root, name, text)
	}
	return root
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

const (
	head   = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
	eth4   = "eth0 00000000 0101A8C0 0003 0 0 100 00000000 0 0 0\n"
	eth9   = "eth9 00000000 0101A8C0 0003 0 0 50 00000000 0 0 0\n"
	wlan4  = "wlan0 00000000 0102A8C0 0003 0 0 600 00000000 0 0 0\n"
	wg4    = "wg0 00000000 00000000 0001 0 0 0 00000000 0 0 0\n"
	tap4   = "tap0 00000000 0202000A 0003 0 0 0 00000000 0 0 0\n"
	zeros  = "00000000000000000000000000000000"
	eth6   = zeros + " 00 " + zeros + " 00 fe800000000000000000000000000001 00000400 00000002 00000000 00000003 eth0\n"
	sit6   = zeros + " 00 " + zeros + " 00 " + zeros + " 00000400 00000002 00000000 00000001 he0\n"
	global = "20010db8007700000000000000000010 02 40 00 80 eth0\n"
)

func cards(name string) card {
	return map[string]card{
		"eth0": {index: 2, running: true, prefixes: []netip.Prefix{
			netip.MustParsePrefix("10.9.9.9/24"), netip.MustParsePrefix("192.168.1.5/24"), netip.MustParsePrefix("fe80::5/64"),
		}},
		"wlan0": {index: 3, running: true, prefixes: []netip.Prefix{netip.MustParsePrefix("192.168.2.6/24")}},
		"wg0":   {index: 4, running: true, prefixes: []netip.Prefix{netip.MustParsePrefix("10.8.0.2/32")}},
		"tap0":  {index: 5, running: true, prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.2.100/24")}},
		"he0":   {index: 6, running: true},
		"eth9":  {index: 9, prefixes: []netip.Prefix{netip.MustParsePrefix("192.168.1.9/24")}},
	}[name]
}

func TestNow(t *testing.T) {
	eth := Route{
		Interface: "eth0", Index: 2, Gateway4: addr("192.168.1.1"),
		Address4: addr("192.168.1.5"), Prefix4: netip.MustParsePrefix("192.168.1.0/24"),
	}
	with := func(r Route, change func(*Route)) Route { change(&r); return r }
	for _, tt := range []struct {
		name           string
		route4, route6 string
		inet6          string
		sys            map[string]string
		want           Route
	}{
		{name: "nothing at all", route4: head, want: Route{}},
		{name: "one card; the address is the one on the gateway's link", route4: head + eth4, want: eth},
		{name: "the lower metric wins", route4: head + wlan4 + eth4, want: eth},
		{
			name: "a pulled cable loses to the radio, whatever its metric", route4: head + eth9 + wlan4,
			want: Route{
				Interface: "wlan0", Index: 3, Gateway4: addr("192.168.2.1"), Address4: addr("192.168.2.6"),
				Prefix4: netip.MustParsePrefix("192.168.2.0/24"),
			},
		},
		{
			name: "a VPN over all of it does not win", route4: head + wg4 + eth4,
			sys: map[string]string{"wg0/uevent": "DEVTYPE=wireguard\nINTERFACE=wg0\n"}, want: eth,
		},
		{
			name: "a VPN as the only way is told", route4: head + wg4,
			sys:  map[string]string{"wg0/tun_flags": "0x1001\n"},
			want: Route{Interface: "wg0", Index: 4, Tunnel: true, Address4: addr("10.8.0.2"), Prefix4: netip.MustParsePrefix("10.8.0.2/32")},
		},
		{
			name: "the tap of a rootless container is a network", route4: head + tap4,
			sys: map[string]string{"tap0/tun_flags": "0x1002\n"},
			want: Route{
				Interface: "tap0", Index: 5, Gateway4: addr("10.0.2.2"), Address4: addr("10.0.2.100"), Prefix4: netip.MustParsePrefix("10.0.2.0/24"),
			},
		},
		{
			name: "IPv6 beside IPv4; the link-local gateway has its zone", route4: head + eth4, route6: eth6, inet6: global,
			want: with(eth, func(r *Route) {
				r.Interface6, r.Gateway6, r.Global6 = "eth0", addr("fe80::1%eth0"), []netip.Addr{addr("2001:db8:77::10")}
			}),
		},
		{
			name: "IPv6 alone", route4: head, route6: eth6, inet6: global,
			want: Route{
				Interface: "eth0", Index: 2, Interface6: "eth0", Gateway6: addr("fe80::1%eth0"), Global6: []netip.Addr{addr("2001:db8:77::10")},
			},
		},
		{
			name: "IPv6 by a tunnel broker", route4: head + eth4, route6: sit6, inet6: global + "20010db8004600000000000000000002 09 40 00 80 he0\n",
			want: with(eth, func(r *Route) {
				r.Interface6, r.Global6 = "he0", []netip.Addr{addr("2001:db8:46::2")}
			}),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{
				"proc/self/net/route": tt.route4, "proc/self/net/ipv6_route": tt.route6, "proc/self/net/if_inet6": tt.inet6,
			}
			for name, text := range tt.sys {
				files["sys/class/net/"+name] = text
			}
			got, err := New(Config{Root: machine(t, files), card: cards}).Now()
			if err != nil || !got.Equal(tt.want) {
				t.Errorf("Now() = %+v, %v\nwant %+v", got, err, tt.want)
			}
			if got.Up() != (tt.want.Interface != "") {
				t.Errorf("Up() = %v", got.Up())
			}
		})
	}

	t.Run("a system without /proc is an error and not an empty network", func(t *testing.T) {
		if _, err := New(Config{Root: t.TempDir()}).Now(); err == nil {
			t.Error("no error")
		}
	})
}

func TestStable(t *testing.T) {
	row := func(address, flags string) string {
		return hex6(address) + " 02 40 00 " + flags + " eth0\n"
	}
	for _, tt := range []struct {
		name, rows string
		want       []netip.Addr
		settling   bool
	}{
		{"a fixed one", row("2001:db8::5", "80"), []netip.Addr{addr("2001:db8::5")}, false},
		{"one of autoconfiguration", row("2001:db8::5", "00"), []netip.Addr{addr("2001:db8::5")}, false},
		{"a temporary one", row("2001:db8::5", "01"), nil, false},
		{"a temporary one that is being checked", row("2001:db8::5", "41"), nil, false},
		{"a deprecated one", row("2001:db8::5", "20"), nil, false},
		{"a tentative one settles", row("2001:db8::5", "40"), nil, true},
		{"an optimistic one settles", row("2001:db8::5", "04"), nil, true},
		{"a duplicate is nobody's", row("2001:db8::5", "c8"), nil, false},
		{"unique local", row("fd00::5", "80"), nil, false},
		{"link-local", row("fe80::5", "80"), nil, false},
		{"NAT64's prefix is no address of ours", row("64:ff9b::5", "80"), nil, false},
		{"another card's", hex6("2001:db8::5") + " 03 40 00 80 wlan0\n", nil, false},
		{
			"several, in order",
			row("2001:db8:78::5", "00") + row("2001:db8:77::5", "00") + row("2001:db8:77::99", "01"),
			[]netip.Addr{addr("2001:db8:77::5"), addr("2001:db8:78::5")},
			false,
		},
		{"rows that make no sense", "x\n" + row("2001:db8::5", "zz") + "20010db8 02 40 00 80 eth0\n" + row("2001:db8::5", "80") + "\n", []netip.Addr{addr("2001:db8::5")}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, settling := stable(parseInet6([]byte(tt.rows)), "eth0")
			if !slices.Equal(got, tt.want) || settling != tt.settling {
				t.Errorf("stable = %v, %v; want %v, %v", got, settling, tt.want, tt.settling)
			}
		})
	}
}

func hex6(a string) string {
	const digits = "0123456789abcdef"
	var out []byte
	for _, b := range addr(a).As16() {
		out = append(out, digits[b>>4], digits[b&0xf])
	}
	return string(out)
}

func FuzzParseInet6(f *testing.F) {
	f.Add([]byte(global + "fe8000000000000000fc00fffe000001 04 40 20 80     eth0\n"))
	f.Add([]byte("20010db8007700000000000000000010 02 ff 00 80 eth0\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, table []byte) {
		got, _ := stable(parseInet6(table), "eth0")
		for i, a := range got {
			if !globalUnicast.Contains(a) || a.Zone() != "" || i > 0 && !got[i-1].Less(a) {
				t.Errorf("unfit: %v", got)
			}
		}
	})
}

package publicip_test

import (
	"net/netip"
	"strings"
	"testing"

	. "latchkey/dyndns/publicip"
)

func TestSpecial(t *testing.T) {
	for a, want := range map[string]string{
		// The first and the last address of each range, and the neighbours that are free.
		"0.0.0.0": "RFC 791", "0.255.255.255": "RFC 791", "1.0.0.0": "",
		"9.255.255.255": "", "10.0.0.0": "RFC 1918", "10.255.255.255": "RFC 1918", "11.0.0.0": "",
		"100.63.255.255": "", "100.64.0.0": "RFC 6598", "100.127.255.255": "RFC 6598", "100.128.0.0": "",
		"126.255.255.255": "", "127.0.0.1": "RFC 1122", "128.0.0.0": "",
		"169.253.255.255": "", "169.254.1.1": "RFC 3927", "169.255.0.0": "",
		"172.15.255.255": "", "172.16.0.0": "RFC 1918", "172.31.255.255": "RFC 1918", "172.32.0.0": "",
		"192.0.0.2": "RFC 7335", "192.0.0.9": "RFC 6890", "192.0.1.0": "", "192.0.2.5": "RFC 5737",
		"192.31.196.1": "RFC 7535", "192.52.193.1": "RFC 7450", "192.88.99.1": "RFC 7526",
		"192.167.255.255": "", "192.168.0.0": "RFC 1918", "192.168.255.255": "RFC 1918", "192.169.0.0": "",
		"192.175.48.1": "RFC 7534", "198.17.255.255": "", "198.18.0.0": "RFC 2544", "198.19.255.255": "RFC 2544", "198.20.0.0": "",
		"198.51.100.7": "RFC 5737", "203.0.113.255": "RFC 5737", "203.0.114.0": "",
		"223.255.255.255": "", "224.0.0.1": "RFC 5771", "239.255.255.250": "RFC 5771",
		"240.0.0.1": "RFC 1112", "255.255.255.255": "RFC 919",

		"::": "RFC 4291", "::1": "loopback", "::ffff:8.8.8.8": "IPv4 written as IPv6", "::8.8.8.8": "not handed out",
		"64:ff9b::1": "RFC 6052", "64:ff9b:1::1": "RFC 8215", "100::1": "RFC 6666", "100:0:0:1::1": "RFC 9780",
		"2001::1": "RFC 4380", "2001:2::1": "RFC 5180", "2001:3::1": "RFC 7450", "2001:4:112::1": "RFC 7535", "2001:1::1": "RFC 2928",
		"2001:10::1": "RFC 4843", "2001:20::1": "RFC 7343", "2001:30::1": "RFC 9374", "2001:200::1": "",
		"2001:db7:ffff::1": "", "2001:db8::1": "RFC 3849", "2001:db9::1": "",
		"2002:808:808::1": "RFC 3056", "2003::1": "", "2620:4f:8000::1": "RFC 7534", "2a00:1450::1": "",
		"3ffe::1": "", "3fff::1": "RFC 9637", "3fff:1000::1": "", "4000::1": "not handed out", "5f00::1": "RFC 9602",
		"fc00::1": "RFC 4193", "fd12::1": "RFC 4193", "fe80::1": "RFC 4291", "fec0::1": "RFC 3879", "ff02::1": "RFC 4291",
		"fe80::1%eth0": "RFC 4007", "2a00:1450::1%eth0": "RFC 4007",
	} {
		what, special := Special(addr(a), nil)
		if special != (want != "") || !strings.Contains(what, want) || special != (what != "") {
			t.Errorf("Special(%s) = %q, %v; want %q", a, what, special, want)
		}
	}
	if what, special := Special(netip.Addr{}, nil); !special || what != "no address" {
		t.Errorf("no address: %q, %v", what, special)
	}
	lab := []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}
	if _, special := Special(addr("203.0.113.10"), lab); special {
		t.Error("a test range is not let through")
	}
	if _, special := Special(addr("198.51.100.1"), lab); !special {
		t.Error("another range is let through too")
	}
}

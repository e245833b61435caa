package publicip

import "net/netip"

type specialRange struct {
	prefix netip.Prefix
	what   string
}

// specialRanges are IANA's registries of special-purpose addresses
// (https://www.iana.org/assignments/iana-ipv4-special-registry and
// iana-ipv6-special-registry, kept by RFC 6890), with multicast and what is
// reserved. Those of them that are globally reachable (anycast relays, AS112)
// are services and never a house either. The narrower stands before the wider.
var specialRanges = []specialRange{
	{netip.MustParsePrefix("0.0.0.0/8"), "this network (RFC 791)"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private (RFC 1918)"},
	{netip.MustParsePrefix("100.64.0.0/10"), "carrier-grade NAT (RFC 6598)"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback (RFC 1122)"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local (RFC 3927)"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private (RFC 1918)"},
	{netip.MustParsePrefix("192.0.0.0/29"), "DS-Lite (RFC 7335)"},
	{netip.MustParsePrefix("192.0.0.0/24"), "protocol assignment (RFC 6890)"},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation (RFC 5737)"},
	{netip.MustParsePrefix("192.31.196.0/24"), "AS112 service (RFC 7535)"},
	{netip.MustParsePrefix("192.52.193.0/24"), "multicast relay (RFC 7450)"},
	{netip.MustParsePrefix("192.88.99.0/24"), "6to4 relay (RFC 7526)"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private (RFC 1918)"},
	{netip.MustParsePrefix("192.175.48.0/24"), "AS112 service (RFC 7534)"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking (RFC 2544)"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation (RFC 5737)"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation (RFC 5737)"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast (RFC 5771)"},
	{netip.MustParsePrefix("255.255.255.255/32"), "broadcast (RFC 919)"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved (RFC 1112)"},

	{netip.MustParsePrefix("::/128"), "unspecified (RFC 4291)"},
	{netip.MustParsePrefix("::1/128"), "loopback (RFC 4291)"},
	{netip.MustParsePrefix("::ffff:0:0/96"), "IPv4 written as IPv6 (RFC 4291)"},
	{netip.MustParsePrefix("64:ff9b::/96"), "IPv4 translated (RFC 6052)"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "IPv4 translated (RFC 8215)"},
	{netip.MustParsePrefix("100::/64"), "discard (RFC 6666)"},
	{netip.MustParsePrefix("100:0:0:1::/64"), "dummy prefix (RFC 9780)"},
	{netip.MustParsePrefix("2001::/32"), "Teredo (RFC 4380)"},
	{netip.MustParsePrefix("2001:2::/48"), "benchmarking (RFC 5180)"},
	{netip.MustParsePrefix("2001:3::/32"), "multicast relay (RFC 7450)"},
	{netip.MustParsePrefix("2001:4:112::/48"), "AS112 service (RFC 7535)"},
	{netip.MustParsePrefix("2001:10::/28"), "ORCHID (RFC 4843)"},
	{netip.MustParsePrefix("2001:20::/28"), "ORCHIDv2 (RFC 7343)"},
	{netip.MustParsePrefix("2001:30::/28"), "drone identifier (RFC 9374)"},
	{netip.MustParsePrefix("2001::/23"), "protocol assignment (RFC 2928)"},
	{netip.MustParsePrefix("2001:db8::/32"), "documentation (RFC 3849)"},
	{netip.MustParsePrefix("2002::/16"), "6to4 (RFC 3056)"},
	{netip.MustParsePrefix("2620:4f:8000::/48"), "AS112 service (RFC 7534)"},
	{netip.MustParsePrefix("3fff::/20"), "documentation (RFC 9637)"},
	{netip.MustParsePrefix("5f00::/16"), "segment routing (RFC 9602)"},
	{netip.MustParsePrefix("fc00::/7"), "unique local (RFC 4193)"},
	{netip.MustParsePrefix("fe80::/10"), "link-local (RFC 4291)"},
	{netip.MustParsePrefix("fec0::/10"), "site-local (RFC 3879)"},
	{netip.MustParsePrefix("ff00::/8"), "multicast (RFC 4291)"},
}

// allocated6 is the only part of IPv6 that houses get addresses from.
var allocated6 = netip.MustParsePrefix("2000::/3")

// Special reports whether an address must never be published, and why: the
// range with its RFC. Ranges in test are let through, for laboratories that
// are built of documentation addresses.
func Special(a netip.Addr, test []netip.Prefix) (what string, special bool) {
	switch {
	case !a.IsValid():
		return "no address", true
	case a.Zone() != "":
		return "link-local (RFC 4007)", true
	}
	for _, p := range test {
		if p.Contains(a) {
			return "", false
		}
	}
	for _, r := range specialRanges {
		if r.prefix.Contains(a) {
			return r.what, true
		}
	}
	if a.Is6() && !allocated6.Contains(a) {
		return "not handed out (RFC 4291)", true
	}
	return "", false
}

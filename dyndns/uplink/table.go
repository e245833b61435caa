package uplink

import (
	"bytes"
	"encoding/hex"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Row is one row of the kernel's routing table.
type Row struct {
	Interface string
	To        netip.Prefix
	Gateway   netip.Addr // zero where the route is the link itself
	Metric    uint32
}

// Flags of a route, from linux/route.h and linux/ipv6_route.h.
const (
	routeUp     = 0x1
	routeReject = 0x200
	routeCached = 0x01000000
)

// ParseTable4 reads /proc/net/route: addresses in the machine's byte order,
// which is little endian on all that we run on. Rows that make no sense are
// passed over.
func ParseTable4(table []byte) []Row {
	var rows []Row
	for line := range bytes.Lines(table) {
		f := strings.Fields(string(line))
		if len(f) < 8 {
			continue
		}
		to, ok1 := address4(f[1])
		gateway, ok2 := address4(f[2])
		flags, err1 := strconv.ParseUint(f[3], 16, 32)
		metric, err2 := strconv.ParseUint(f[6], 10, 32)
		mask, ok3 := address4(f[7])
		if !ok1 || !ok2 || !ok3 || err1 != nil || err2 != nil || !usable(flags) {
			continue
		}
		length, ok := maskLength(mask.As4())
		if !ok {
			continue
		}
		rows = append(rows, row(f[0], netip.PrefixFrom(to, length), gateway, uint32(metric)))
	}
	return rows
}

// ParseTable6 reads /proc/net/ipv6_route.
func ParseTable6(table []byte) []Row {
	var rows []Row
	for line := range bytes.Lines(table) {
		f := strings.Fields(string(line))
		if len(f) < 10 {
			continue
		}
		to, ok1 := address6(f[0])
		length, err1 := strconv.ParseUint(f[1], 16, 8)
		gateway, ok2 := address6(f[4])
		metric, err2 := strconv.ParseUint(f[5], 16, 32)
		flags, err3 := strconv.ParseUint(f[8], 16, 32)
		if !ok1 || !ok2 || err1 != nil || err2 != nil || err3 != nil || length > 128 || !usable(flags) {
			continue
		}
		rows = append(rows, row(f[9], netip.PrefixFrom(to, int(length)), gateway, uint32(metric)))
	}
	return rows
}

func row(name string, to netip.Prefix, gateway netip.Addr, metric uint32) Row {
	if gateway.IsUnspecified() {
		gateway = netip.Addr{}
	}
	return Row{Interface: name, To: to.Masked(), Gateway: gateway, Metric: metric}
}

func usable(flags uint64) bool {
	return flags&routeUp != 0 && flags&routeReject == 0 && flags&routeCached == 0
}

func address4(s string) (netip.Addr, bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 4 {
		return netip.Addr{}, false
	}
	slices.Reverse(b)
	return netip.AddrFrom4([4]byte(b)), true
}

func address6(s string) (netip.Addr, bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 16 {
		return netip.Addr{}, false
	}
	return netip.AddrFrom16([16]byte(b)), true
}

// maskLength counts the ones of a netmask; false where they are not in a row.
func maskLength(m [4]byte) (int, bool) {
	v := uint32(m[0])<<24 | uint32(m[1])<<16 | uint32(m[2])<<8 | uint32(m[3])
	ones := bits.LeadingZeros32(^v)
	return ones, v<<ones == 0
}

package uplink

import (
	"bytes"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Flags of an IPv6 address, the low eight bits as /proc/net/if_inet6 shows
// them, from linux/if_addr.h.
const (
	flagTemporary  = 0x01 // a privacy address, RFC 8981
	flagOptimistic = 0x04
	flagDuplicate  = 0x08 // somebody else has it
	flagDeprecated = 0x20
	flagTentative  = 0x40 // being checked for duplicates
)

// globalUnicast is all that IANA has begun to hand out (RFC 4291 2.4 and the
// registry of IPv6 address space). Unique local, link-local and multicast
// addresses lie outside.
var globalUnicast = netip.MustParsePrefix("2000::/3")

// address6Row is one row of /proc/net/if_inet6.
type address6Row struct {
	Addr      netip.Addr
	Length    int
	Flags     uint64
	Interface string
}

// parseInet6 reads /proc/net/if_inet6: address, index, prefix length, scope and
// flags in hex, then the name. Rows that make no sense are passed over.
func parseInet6(table []byte) []address6Row {
	var rows []address6Row
	for line := range bytes.Lines(table) {
		f := strings.Fields(string(line))
		if len(f) != 6 {
			continue
		}
		a, ok := address6(f[0])
		length, err1 := strconv.ParseUint(f[2], 16, 8)
		flags, err2 := strconv.ParseUint(f[4], 16, 32)
		if !ok || err1 != nil || err2 != nil || length > 128 {
			continue
		}
		rows = append(rows, address6Row{Addr: a, Length: int(length), Flags: flags, Interface: f[5]})
	}
	return rows
}

// stable picks the addresses of an interface that are fit to be published, in
// ascending order, so that the same ones always come in the same order.
func stable(rows []address6Row, name string) (global []netip.Addr, settling bool) {
	for _, r := range rows {
		if r.Interface != name || !globalUnicast.Contains(r.Addr) || r.Flags&flagTemporary != 0 {
			continue
		}
		if r.Flags&flagDuplicate == 0 && r.Flags&(flagTentative|flagOptimistic) != 0 {
			settling = true
			continue
		}
		if r.Flags&(flagDeprecated|flagDuplicate) == 0 {
			global = append(global, r.Addr)
		}
	}
	slices.SortFunc(global, netip.Addr.Compare)
	return slices.Compact(global), settling
}

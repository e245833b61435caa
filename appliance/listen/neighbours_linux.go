package listen

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// Of linux/neighbour.h.
const (
	neighbourHead     = 12 // struct ndmsg
	neighbourAddress  = 1  // NDA_DST
	neighbourHardware = 2  // NDA_LLADDR
)

// neighbours asks the kernel whom it knows on its links.
func neighbours() (map[netip.Addr]string, error) {
	table, err := syscall.NetlinkRIB(syscall.RTM_GETNEIGH, syscall.AF_UNSPEC)
	if err != nil {
		return nil, fmt.Errorf("asking for neighbours: %w", err)
	}
	messages, err := syscall.ParseNetlinkMessage(table)
	if err != nil {
		return nil, fmt.Errorf("reading neighbours: %w", err)
	}
	found := make(map[netip.Addr]string)
	for _, m := range messages {
		if m.Header.Type != syscall.RTM_NEWNEIGH {
			continue
		}
		if a, hw, ok := parseNeighbour(m.Data); ok {
			found[a] = hw
		}
	}
	return found, nil
}

// parseNeighbour reads one neighbour message; false where it lacks an address
// or a hardware address (one that was asked for and did not answer).
func parseNeighbour(data []byte) (a netip.Addr, hardware string, ok bool) {
	if len(data) < neighbourHead {
		return a, "", false
	}
	for rest := data[neighbourHead:]; len(rest) >= syscall.SizeofRtAttr; {
		length := int(binary.NativeEndian.Uint16(rest))
		if length < syscall.SizeofRtAttr || length > len(rest) {
			return a, "", false
		}
		value := rest[syscall.SizeofRtAttr:length]
		switch binary.NativeEndian.Uint16(rest[2:]) {
		case neighbourAddress:
			a, _ = netip.AddrFromSlice(value)
		case neighbourHardware:
			hardware = net.HardwareAddr(value).String()
		}
		rest = rest[min(len(rest), (length+3)&^3):] // attributes are aligned to four
	}
	return a, hardware, a.IsValid() && hardware != ""
}

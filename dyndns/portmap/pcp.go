package portmap

import (
	"encoding/binary"
	"net/netip"
)

// PCP, RFC 6887: opcodes and sizes of sections 7, 11 and 14.1; results of 7.4.
const (
	pcpVersion  = 2
	pcpAnnounce = 0
	pcpMap      = 1

	pcpHeader      = 24
	pcpMapSize     = 60
	pcpMax         = 1100
	pcpTCP         = 6
	pcpPreferFail  = 2 // option PREFER_FAILURE, section 13.2
	pcpResponseBit = 0x80

	pcpOK              = 0
	pcpBadVersion      = 1
	pcpNotAuthorized   = 2
	pcpMalformed       = 3
	pcpBadOpcode       = 4
	pcpBadOption       = 5
	pcpMalformedOpt    = 6
	pcpNetwork         = 7
	pcpNoResources     = 8
	pcpBadProtocol     = 9
	pcpQuota           = 10
	pcpCannotProvide   = 11
	pcpAddressMismatch = 12
)

// nonce proves to the router that a mapping is ours (RFC 6887, section 11.2).
type nonce [12]byte

// pcpReply is an answer of a PCP server; everything from nonce on is of MAP only.
type pcpReply struct {
	op       byte
	result   byte
	lifetime uint32 // seconds; of an error: how long it is expected to last
	epoch    uint32 // seconds
	nonce    nonce
	protocol byte
	internal uint16
	external uint16
	address  netip.Addr // outside; invalid where the server says ::
}

func pcpRequest(op byte, self netip.Addr, lifetime uint32, size int) []byte {
	b := make([]byte, size)
	b[0], b[1] = pcpVersion, op
	binary.BigEndian.PutUint32(b[4:], lifetime)
	own := self.WithZone("").As16()
	copy(b[8:], own[:])
	return b
}

// pcpAnnounceRequest asks for nothing but the epoch (section 14.1).
func pcpAnnounceRequest(self netip.Addr) []byte {
	return pcpRequest(pcpAnnounce, self, 0, pcpHeader)
}

// pcpMapRequest asks for a TCP mapping; lifetime 0 takes it away. preferFailure
// makes a server that can't give exactly that port say so, instead of giving
// another.
func pcpMapRequest(self netip.Addr, n nonce, internal, external uint16, lifetime uint32, preferFailure bool) []byte {
	size := pcpMapSize
	if preferFailure {
		size += 4
	}
	b := pcpRequest(pcpMap, self, lifetime, size)
	copy(b[24:], n[:])
	b[36] = pcpTCP
	binary.BigEndian.PutUint16(b[40:], internal)
	binary.BigEndian.PutUint16(b[42:], external)
	if self.Is4() { // "any address" of the family that is wanted
		b[54], b[55] = 0xff, 0xff
	}
	if preferFailure {
		b[60] = pcpPreferFail
	}
	return b
}

// parsePCP reads an answer. Options after it are passed over.
func parsePCP(b []byte) (pcpReply, error) {
	if len(b) < pcpHeader || len(b) > pcpMax || len(b)%4 != 0 || b[0] != pcpVersion || b[1]&pcpResponseBit == 0 {
		return pcpReply{}, errMalformed
	}
	r := pcpReply{
		op:       b[1] &^ pcpResponseBit,
		result:   b[3],
		lifetime: binary.BigEndian.Uint32(b[4:]),
		epoch:    binary.BigEndian.Uint32(b[8:]),
	}
	if r.op != pcpMap {
		return r, nil
	}
	if len(b) < pcpMapSize {
		if r.result != pcpOK {
			return r, nil
		}
		return pcpReply{}, errMalformed
	}
	r.nonce = nonce(b[24:36])
	r.protocol = b[36]
	r.internal = binary.BigEndian.Uint16(b[40:])
	r.external = binary.BigEndian.Uint16(b[42:])
	if a := netip.AddrFrom16([16]byte(b[44:60])).Unmap(); !a.IsUnspecified() {
		r.address = a
	}
	return r, nil
}

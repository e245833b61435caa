package portmap

import (
	"encoding/binary"
	"errors"
	"net/netip"
)

// NAT-PMP, RFC 6886: opcodes, results and sizes of section 3.
const (
	gatewayPort = 5351 // NAT-PMP and PCP share it

	natpmpAddress = 0
	natpmpMapTCP  = 2

	natpmpOK            = 0
	natpmpBadVersion    = 1
	natpmpNotAuthorized = 2
	natpmpNetwork       = 3
	natpmpNoResources   = 4
	natpmpBadOpcode     = 5
)

var errMalformed = errors.New("malformed answer")

// natpmpReply is any answer of a NAT-PMP gateway. Which fields mean something
// depends on Op and Result.
type natpmpReply struct {
	op       byte // the request's, without the answer bit
	result   uint16
	epoch    uint32 // seconds
	address  netip.Addr
	internal uint16
	external uint16
	lifetime uint32 // seconds
}

// natpmpAddressRequest asks for the address outside (section 3.2).
func natpmpAddressRequest() []byte { return []byte{0, natpmpAddress} }

// natpmpMapRequest asks for a TCP mapping (section 3.3); lifetime 0 with
// external 0 takes it away (section 3.4).
func natpmpMapRequest(internal, external uint16, lifetime uint32) []byte {
	b := make([]byte, 12)
	b[1] = natpmpMapTCP
	binary.BigEndian.PutUint16(b[4:], internal)
	binary.BigEndian.PutUint16(b[6:], external)
	binary.BigEndian.PutUint32(b[8:], lifetime)
	return b
}

// parseNATPMP reads an answer. Answers with a result other than success may be
// as short as their header.
func parseNATPMP(b []byte) (natpmpReply, error) {
	if len(b) < 8 || len(b) > 1100 || b[0] != 0 || b[1] < 128 {
		return natpmpReply{}, errMalformed
	}
	r := natpmpReply{
		op:     b[1] - 128,
		result: binary.BigEndian.Uint16(b[2:]),
		epoch:  binary.BigEndian.Uint32(b[4:]),
	}
	if r.result != natpmpOK {
		return r, nil
	}
	switch {
	case r.op == natpmpAddress && len(b) >= 12:
		r.address = netip.AddrFrom4([4]byte(b[8:12]))
	case r.op == natpmpMapTCP && len(b) >= 16:
		r.internal = binary.BigEndian.Uint16(b[8:])
		r.external = binary.BigEndian.Uint16(b[10:])
		r.lifetime = binary.BigEndian.Uint32(b[12:])
	default:
		return natpmpReply{}, errMalformed
	}
	return r, nil
}

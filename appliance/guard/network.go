package guard

import (
	"encoding/binary"
	"net/netip"
)

// netID is a network in few bytes: the first eight of its address are all that
// a /32 of IPv4 or a /64 of IPv6 has.
type netID struct {
	bytes [8]byte
	bits  uint8 // of the prefix
	four  bool
}

// nat64 is the well-known prefix behind which translators show all of IPv4
// (RFC 6052): one network for all of it would be far too wide.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// Prefix is what counts as one place: an IPv4 address, or an IPv6 /64, which
// is what a single home gets at least (RFC 6177). An address that is not valid
// gives the zero prefix, one place for all.
func Prefix(a netip.Addr) netip.Prefix {
	a = plainAddr(a)
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}

// plainAddr takes off what says nothing of the place: a zone, and the clothes
// of an IPv4 address in IPv6.
func plainAddr(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is6() && nat64.Contains(a) {
		b := a.As16()
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return a
}

// netOf gives the network of p, which is no longer than a place.
func netOf(p netip.Prefix) netID {
	if !p.IsValid() {
		return netID{}
	}
	n := netID{bits: uint8(p.Bits()), four: p.Addr().Is4()}
	if n.four {
		b := p.Addr().As4()
		copy(n.bytes[:], b[:])
	} else {
		b := p.Addr().As16()
		copy(n.bytes[:], b[:8])
	}
	return n
}

// prefix is the way back.
func (n netID) prefix() netip.Prefix {
	switch {
	case n == netID{}:
		return netip.Prefix{}
	case n.four:
		return netip.PrefixFrom(netip.AddrFrom4([4]byte(n.bytes[:4])), int(n.bits))
	}
	var b [16]byte
	copy(b[:], n.bytes[:])
	return netip.PrefixFrom(netip.AddrFrom16(b), int(n.bits))
}

// The widths at which IPv6 networks are counted: what one link gets, what a
// home gets, what a company gets or a hoster rents out (RFC 6177).
const (
	linkBits = 64
	homeBits = 56
	siteBits = 48
)

// widths gives the networks that n counts to, the narrowest first: itself, and
// for IPv6 the /56 and the /48 around it.
func (n netID) widths(to *[3]netID) []netID {
	to[0] = n
	if n.four || n.bits != linkBits {
		return to[:1]
	}
	to[1], to[2] = n, n
	to[1].bits, to[1].bytes[7] = homeBits, 0
	to[2].bits, to[2].bytes[7], to[2].bytes[6] = siteBits, 0, 0
	return to[:]
}

// valid reports whether n is one that widths can give.
func (n netID) valid() bool {
	rest := binary.BigEndian.Uint64(n.bytes[:])
	switch {
	case n == netID{}:
		return true
	case n.four:
		return n.bits == 32 && rest<<32 == 0
	}
	return (n.bits == linkBits || n.bits == homeBits || n.bits == siteBits) && rest<<n.bits == 0
}

package main

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// crowd is where strangers come from: some addresses of an IPv4 network, and a whole IPv6 /48.
type crowd struct {
	four  netip.Prefix
	count uint32
	six   netip.Prefix
	came  *atomic.Uint32
}

func newCrowd(four, six string, count uint) (crowd, error) {
	c := crowd{count: uint32(count), came: new(atomic.Uint32)}
	var errs [2]error
	c.four, errs[0] = netip.ParsePrefix(four)
	c.six, errs[1] = netip.ParsePrefix(six)
	if err := errors.Join(errs[:]...); err != nil {
		return c, err
	}
	if !c.four.Addr().Is4() || uint64(count) > 1<<(32-c.four.Bits()) || c.six.Bits() != 48 {
		return c, fmt.Errorf("%s has no %d addresses, or %s is no /48", four, count, six)
	}
	return c, nil
}

// somebody is an address: three of four times the next of the IPv4 ones in turn, else any of the /48.
func (c crowd) somebody() netip.Addr {
	if n := c.came.Add(1); n%4 != 0 {
		raw := c.four.Addr().As4()
		binary.BigEndian.PutUint32(raw[:], binary.BigEndian.Uint32(raw[:])+(n-n/4)%c.count)
		return netip.AddrFrom4(raw)
	}
	raw := c.six.Addr().As16()
	_, _ = rand.Read(raw[6:])
	return netip.AddrFrom16(raw)
}

// borrow lets a socket use an address that no interface has: a route of the kind "local" leads what comes for it
// here (ip-route(8)).
func borrow(_, _ string, raw syscall.RawConn) error {
	var err error
	if failed := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_FREEBIND, 1) }); failed != nil {
		return failed
	}
	return err
}

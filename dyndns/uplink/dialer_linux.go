package uplink

import (
	"fmt"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// bind ties a socket that is not connected yet to an interface and an address.
func bind(c syscall.RawConn, device string, source netip.Addr) error {
	var failed error
	err := c.Control(func(handle uintptr) {
		fd := int(handle)
		// Refused to all but root before Linux 5.7; the address alone has to
		// do then.
		_ = unix.SetsockoptString(fd, unix.SOL_SOCKET, unix.SO_BINDTODEVICE, device)
		// The port is chosen at connect, so that many connections may share one.
		_ = unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		if source.Is4() {
			failed = unix.Bind(fd, &unix.SockaddrInet4{Addr: source.As4()})
		} else {
			failed = unix.Bind(fd, &unix.SockaddrInet6{Addr: source.As16()})
		}
	})
	if err != nil {
		return err
	}
	if failed != nil {
		return fmt.Errorf("leaving from %s: %w", source, failed)
	}
	return nil
}

package uplink

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// groups are the kernel's announcements of what a Route is made of.
const groups = unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV4_ROUTE |
	unix.RTMGRP_IPV6_IFADDR | unix.RTMGRP_IPV6_ROUTE

// systemChanges hears from the kernel (rtnetlink(7)) that something changed.
// What it was is not read: Now looks at the whole anyway, and a message that
// got lost in a full buffer tells as much as one that came. The channel closes
// when ctx ends or the socket fails.
func systemChanges(ctx context.Context) (<-chan struct{}, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("opening a netlink socket: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("joining the kernel's announcements: %w", err)
	}
	socket := os.NewFile(uintptr(fd), "netlink")
	stop := context.AfterFunc(ctx, func() { socket.Close() })
	changes := make(chan struct{}, 1)
	go func() {
		defer close(changes)
		defer socket.Close()
		defer stop()
		buffer := make([]byte, 1<<16)
		for {
			_, err := socket.Read(buffer)
			if err != nil && !errors.Is(err, unix.ENOBUFS) {
				return
			}
			select {
			case changes <- struct{}{}:
			default: // one is waiting to be seen
			}
		}
	}()
	return changes, nil
}

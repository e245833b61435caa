package listen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"latchkey/appliance/problem"
)

// firstFD is where handed-over sockets begin (SD_LISTEN_FDS_START).
const firstFD = 3

// maxFDs bounds what we believe of LISTEN_FDS; a unit has a handful.
const maxFDs = 64

// inherit takes over what systemd opened for us. A Unix socket becomes the
// machine's, a TCP socket named "plain" (FileDescriptorName=) the plain one, one
// named "redirect" that which only sends on, and any other the main door: first
// the one named "https", since its address needs no port, then "main".
// systemd hands them over in no order of its own.
func (s *Sockets) inherit(_ context.Context, cfg Config) error {
	if cfg.Env == nil {
		return nil
	}
	names, err := handedOver(os.Getpid(), cfg.Env)
	if err != nil {
		return badActivation(err)
	}
	for _, i := range byRank(names) {
		name := names[i]
		f := os.NewFile(uintptr(firstFD+i), name)
		l, err := net.FileListener(f) // a copy that children do not inherit
		f.Close()
		if err != nil {
			return badActivation(fmt.Errorf("taking socket %d (%q): %w", firstFD+i, name, err))
		}
		if err := s.adopt(l, name); err != nil {
			l.Close()
			return badActivation(err)
		}
	}
	return nil
}

// byRank orders the sockets of these names as the main door wants its
// addresses.
func byRank(names []string) []int {
	rank := func(i int) int {
		switch names[i] {
		case "https":
			return 0
		case "main":
			return 1
		}
		return 2
	}
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return rank(a) - rank(b) })
	return order
}

func (s *Sockets) adopt(l net.Listener, name string) error {
	switch a := l.Addr().(type) {
	case *net.UnixAddr:
		l.(*net.UnixListener).SetUnlinkOnClose(false) // systemd's to remove
		s.socket = append(s.socket, l)
		s.bound.Socket = a.Name
	case *net.TCPAddr:
		return s.adoptTCP(l, a, name)
	default:
		return fmt.Errorf("a socket of kind %s is of no use here", l.Addr().Network())
	}
	return nil
}

func (s *Sockets) adoptTCP(l net.Listener, a *net.TCPAddr, name string) error {
	switch name {
	case "plain":
		if !a.IP.IsLoopback() {
			return errors.New("the socket named plain is open to others than this computer")
		}
		s.plain = append(s.plain, l)
		s.bound.Plain = a.AddrPort().Port()
	case "redirect":
		s.redirect = append(s.redirect, l)
		s.bound.Redirect = a.AddrPort().Port()
	default:
		s.tls = append(s.tls, l)
		s.bound.TLS = append(s.bound.TLS, unmapped(a))
	}
	return nil
}

// handedOver reads LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES and answers one
// name for each socket, "" where it has none. What is meant for another process
// is nothing to us.
func handedOver(pid int, env func(string) string) ([]string, error) {
	if env("LISTEN_FDS") == "" || env("LISTEN_PID") == "" {
		return nil, nil
	}
	meant, err := strconv.Atoi(env("LISTEN_PID"))
	if err != nil || meant <= 0 {
		return nil, fmt.Errorf("LISTEN_PID is %q", env("LISTEN_PID"))
	}
	if meant != pid {
		return nil, nil
	}
	n, err := strconv.Atoi(env("LISTEN_FDS"))
	if err != nil || n < 0 || n > maxFDs {
		return nil, fmt.Errorf("LISTEN_FDS is %q", env("LISTEN_FDS"))
	}
	names := make([]string, n)
	if given := env("LISTEN_FDNAMES"); given != "" {
		parts := strings.Split(given, ":")
		if len(parts) != n {
			return nil, fmt.Errorf("LISTEN_FDNAMES names %d sockets of %d", len(parts), n)
		}
		copy(names, parts)
	}
	return names, nil
}

func badActivation(err error) error {
	return problem.New(problem.Unavailable, "listen.systemd",
		"The sockets that systemd handed over can't be used.",
		"Compare latchkey.socket with the one that `latchkey install` writes.").Because(err)
}

package listen

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"latchkey/appliance/problem"
)

// extraPort is one port of the main door that was opened later.
type extraPort struct {
	listeners []net.Listener
	bound     []netip.AddrPort
	doors     []*door // while Serve works
}

func (x *extraPort) close() {
	for _, l := range x.listeners {
		l.Close()
	}
}

// Extra makes ports the main door's further ones: those of them that it does
// not have are opened, on the addresses of the main door, and the extra ones
// that are no longer named take no more connections and drain behind our back.
// Either all new ports open or nothing changes; what a person can mend comes as
// a problem.Problem, as from Open. It may be called before Serve and while it
// works.
func (s *Sockets) Extra(ctx context.Context, ports []uint16) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return net.ErrClosed
	}
	want := make(map[uint16]bool, len(ports))
	for _, port := range ports {
		want[port] = true
	}
	opened := make(map[uint16]*extraPort)
	for _, port := range ports {
		if s.extra[port] != nil || opened[port] != nil {
			continue
		}
		x, err := s.openExtra(ctx, port)
		if err != nil {
			for _, x := range opened {
				x.close()
			}
			return err
		}
		if x != nil {
			opened[port] = x
		}
	}
	for port, x := range s.extra {
		if !want[port] {
			delete(s.extra, port)
			s.shutLocked(x)
		}
	}
	for port, x := range opened {
		s.extra[port] = x
		s.startLocked(x)
	}
	return nil
}

// openExtra opens port wherever the main door is open but not on it; nil where
// it has that port already.
func (s *Sockets) openExtra(ctx context.Context, port uint16) (*extraPort, error) {
	if port == 0 {
		return nil, problem.New(problem.Refused, "listen.address", "Port 0 is none.", "Choose a port between 1 and 65535.")
	}
	x := &extraPort{}
	for _, host := range s.hosts(port) {
		address := net.JoinHostPort(host, strconv.Itoa(int(port)))
		l, err := bind(ctx, address)
		if err != nil {
			x.close()
			return nil, bindProblem(address, err)
		}
		x.listeners = append(x.listeners, l)
		x.bound = append(x.bound, unmapped(l.Addr().(*net.TCPAddr)))
	}
	if len(x.listeners) == 0 {
		return nil, nil //nolint:nilnil // nothing to open is no error
	}
	return x, nil
}

// hosts are the addresses on which port is missing: "" for all, where the main
// door is open on all, or is not there. Next to a port on all addresses one on
// a single address was meant to be there alone, and stays so.
func (s *Sockets) hosts(port uint16) []string {
	all := len(s.bound.TLS) == 0
	var hosts, have []string
	for _, b := range s.bound.TLS {
		host := b.Addr().String()
		if b.Addr().IsUnspecified() {
			all, host = true, ""
		}
		if b.Port() == port {
			have = append(have, host)
		}
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	if all && len(have) > 0 {
		return nil
	}
	if all {
		return []string{""}
	}
	return slices.DeleteFunc(hosts, func(host string) bool { return slices.Contains(have, host) })
}

// startLocked serves x, if Serve works.
func (s *Sockets) startLocked(x *extraPort) {
	if s.run == nil {
		return
	}
	for _, l := range x.listeners {
		d := s.mainDoor(l, s.run)
		d.start(s.run)
		x.doors = append(x.doors, d)
	}
}

// shutLocked closes x: at once for new connections, behind our back for those
// that it has.
func (s *Sockets) shutLocked(x *extraPort) {
	if s.run == nil {
		x.close()
		return
	}
	s.run.drains.Go(func() {
		if err := stop(x.doors); err != nil && !errors.Is(err, net.ErrClosed) {
			s.log.Debug("draining a port", "error", err)
		}
	})
	for _, d := range x.doors {
		<-d.closed // so that the port is free when Extra returns
	}
}

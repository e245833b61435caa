package listen

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"syscall"

	"latchkey/appliance/problem"
)

// openMain opens the configured addresses of the main door.
func (s *Sockets) openMain(ctx context.Context, cfg Config) error {
	if len(s.tls) > 0 {
		return nil // systemd's
	}
	for _, address := range cfg.Addresses {
		host, _, err := net.SplitHostPort(address)
		if err != nil || !bindable(host) {
			return badAddress(address, err)
		}
		l, err := bind(ctx, address)
		if err != nil {
			return bindProblem(address, err)
		}
		s.tls = append(s.tls, l)
		s.bound.TLS = append(s.bound.TLS, unmapped(l.Addr().(*net.TCPAddr)))
	}
	return nil
}

// bindable keeps names out: a name may stand for several addresses, of which
// only one would be opened.
func bindable(host string) bool {
	_, err := netip.ParseAddr(host)
	return host == "" || err == nil
}

// openPlain opens the plain door on both loopback addresses: a browser tries
// either for localhost, and must not meet another program there.
func (s *Sockets) openPlain(ctx context.Context, cfg Config) error {
	if len(s.plain) > 0 || cfg.Plain == "" || cfg.Plain == "off" {
		return nil
	}
	host, port, err := net.SplitHostPort(cfg.Plain)
	hosts := loopbacks(host)
	if err != nil || hosts == nil {
		return badPlain(cfg.Plain)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return badPlain(cfg.Plain)
	}
	ls, err := bindAll(ctx, hosts, port)
	for tries := 0; err != nil && taken(err) && tries < 10; tries++ {
		ls, err = bindAll(ctx, hosts, "0")
	}
	if err != nil {
		return bindProblem(cfg.Plain, err)
	}
	s.plain = ls
	s.bound.Plain = unmapped(ls[0].Addr().(*net.TCPAddr)).Port()
	return nil
}

func loopbacks(host string) []string {
	if host == "localhost" {
		return []string{"127.0.0.1", "::1"}
	}
	if a, err := netip.ParseAddr(host); err == nil && a.IsLoopback() {
		return []string{host}
	}
	return nil
}

// bindAll opens the same port on all hosts, or none; with port 0 the first
// picks. A machine without IPv6 has no ::1, and then no browser tries it.
func bindAll(ctx context.Context, hosts []string, port string) ([]net.Listener, error) {
	var ls []net.Listener
	for _, host := range hosts {
		l, err := bind(ctx, net.JoinHostPort(host, port))
		if absent(err) && len(ls) > 0 {
			continue
		}
		if err != nil {
			for _, l := range ls {
				l.Close()
			}
			return nil, err
		}
		ls = append(ls, l)
		port = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	}
	return ls, nil
}

func bind(ctx context.Context, address string) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", address)
}

func taken(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }

func absent(err error) bool {
	return errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)
}

func unmapped(a *net.TCPAddr) netip.AddrPort {
	p := a.AddrPort()
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
}

// bindProblem says why an address can't be opened, and what to do.
func bindProblem(address string, err error) error {
	_, port, _ := net.SplitHostPort(address)
	var p *problem.Problem
	switch {
	case taken(err):
		p = takenProblem(port)
	case errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM):
		p = problem.New(problem.Unavailable, "listen.denied",
			"This system does not let Latchkey open port "+port+".",
			"Ports below 1024 need systemd's socket (latchkey install) or CAP_NET_BIND_SERVICE; or choose a higher one by --listen.")
	case absent(err):
		p = problem.New(problem.Unavailable, "listen.absent",
			"This machine has no address "+address+".",
			"Set listen in config.toml, or --listen, to an address of this machine, or to :"+port+" for all of them.")
	default:
		return badAddress(address, err)
	}
	return p.With("address", address).With("port", port).Because(err)
}

func takenProblem(port string) *problem.Problem {
	who := holder(port)
	if who == "" {
		return problem.New(problem.Unavailable, "listen.taken",
			"Port "+port+" is in use by another program, perhaps a Latchkey that runs already.",
			"See who holds it by: sudo ss -ltnp 'sport = :"+port+"' ; then stop that, or choose another port by --listen.")
	}
	return problem.New(problem.Unavailable, "listen.taken",
		"Port "+port+" is in use by "+who+".",
		"Stop that program, or choose another port by --listen.").With("holder", who)
}

func badAddress(address string, err error) error {
	return problem.New(problem.Refused, "listen.address",
		"The listen address "+strconv.Quote(address)+" can't be used.",
		"Write an address as :8443, 192.168.1.5:8443 or [fd00::2]:8443.").With("address", address).Because(err)
}

func badPlain(address string) error {
	return problem.New(problem.Refused, "listen.address",
		"The plain address "+strconv.Quote(address)+" is not one of this computer alone.",
		`Write it as localhost:8080, or "off".`).With("address", address)
}

// Package listen owns the sockets and what can be told of a caller before a
// byte of the request's meaning is read: through which door it came, and
// whether from home or from afar. What callers may do is decided elsewhere.
//
// There are three doors. The main one speaks TLS on the configured addresses
// or on what systemd hands over; the plain one speaks HTTP to this computer
// alone, so that a newcomer's first minute shows no certificate warning; and
// the socket in the data folder is for commands on the machine.
package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"
)

// Config says what to open. Sockets that systemd hands over stand in for the
// configured ones of their door.
type Config struct {
	// Addresses are those of the main door: ":8443", "192.168.1.5:443",
	// "[fd00::2]:8443". Port 0 picks a free one.
	Addresses []string
	// Plain is the plain door: "localhost:8080" (both loopback addresses on
	// that port, or on a free one where it is taken), "127.0.0.1:0", or "" and
	// "off" for none.
	Plain string
	// Socket is the path of the machine's socket; "" for none.
	Socket string
	// Env reads the environment (os.Getenv) for what systemd handed over, by
	// the protocol of sd_listen_fds(3); nil where nothing can be.
	Env func(string) string
	// Log hears of connections gone wrong, TLS handshakes at debug; nil is
	// silent.
	Log *slog.Logger
}

// Bound tells what was opened.
type Bound struct {
	TLS    []netip.AddrPort // the main door's; an unspecified address means all
	Plain  uint16           // the plain door's port on localhost; 0 where there is none
	Socket string           // the machine's socket; "" where there is none
}

// Port is the main door's port, 0 where there is no such door.
func (b Bound) Port() uint16 {
	if len(b.TLS) == 0 {
		return 0
	}
	return b.TLS[0].Port()
}

// Sockets are open and wait for Serve. Connections made earlier wait with
// them.
type Sockets struct {
	log    *slog.Logger
	tls    []net.Listener
	plain  []net.Listener
	socket []net.Listener
	bound  Bound
}

// Open opens everything, or nothing. What a person can mend comes as a
// problem.Problem: listen.taken, listen.denied, listen.absent, listen.address,
// listen.running, listen.socket, listen.systemd.
func Open(ctx context.Context, cfg Config) (*Sockets, error) {
	s := &Sockets{log: cfg.Log}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	for _, step := range []func(context.Context, Config) error{s.inherit, s.openMain, s.openPlain, s.openSocket} {
		if err := step(ctx, cfg); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// Bound tells what was opened.
func (s *Sockets) Bound() Bound {
	b := s.bound
	b.TLS = slices.Clone(b.TLS)
	return b
}

// Close closes what Serve has not taken over; needed only where Serve is never
// called.
func (s *Sockets) Close() {
	for _, l := range slices.Concat(s.tls, s.plain, s.socket) {
		l.Close()
	}
}

// drain is how long requests under way may take to end when we stop.
const drain = 10 * time.Second

// Serve answers all doors with handler, the main one under config (see
// certs.TLS), until ctx ends; then it takes no more, lets requests under way
// end for 10 s, and returns nil. It returns an error when a door breaks.
// The handler learns the door by Through.
func (s *Sockets) Serve(ctx context.Context, handler http.Handler, config *tls.Config) error {
	doors := s.doors(handler, config)
	broken := make(chan error, len(doors))
	for _, d := range doors {
		go func() { broken <- d.serve() }()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-broken:
	}
	return errors.Join(err, stop(doors))
}

// stop drains all doors at once.
func stop(doors []door) error {
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	done := make(chan error, len(doors))
	for _, d := range doors {
		go func() {
			err := d.server.Shutdown(ctx)
			if errors.Is(err, context.DeadlineExceeded) {
				err = d.server.Close()
			}
			done <- err
		}()
	}
	var err error
	for range doors {
		err = errors.Join(err, <-done)
	}
	return err
}

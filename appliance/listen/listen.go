// Package listen owns the sockets and what can be told of a caller before a
// byte of the request's meaning is read: through which door it came, and
// whether from home or from afar. What callers may do is decided elsewhere.
//
// There are three doors. The main one speaks TLS on the configured addresses
// or on what systemd hands over, and on further ports that are chosen while it
// serves; the plain one speaks HTTP to this computer alone, so that a newcomer's
// first minute shows no certificate warning; and the socket in the data folder
// is for commands on the machine. Beside them, who types no https:// at home is
// sent on from port 80.
package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
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
	// Redirect is what waits where browsers look without https://.
	Redirect Redirect
	// Env reads the environment (os.Getenv) for what systemd handed over, by
	// the protocol of sd_listen_fds(3); nil where nothing can be.
	Env func(string) string
	// Log hears of connections gone wrong, TLS handshakes at debug; nil is
	// silent.
	Log *slog.Logger
}

// Bound tells what was opened.
type Bound struct {
	TLS      []netip.AddrPort // the main door's, extra ports last; an unspecified address means all
	Plain    uint16           // the plain door's port on localhost; 0 where there is none
	Redirect uint16           // the port that only sends on; 0 where there is none
	Socket   string           // the machine's socket; "" where there is none
}

// Port is the main door's first port, 0 where there is no such door.
func (b Bound) Port() uint16 {
	if len(b.TLS) == 0 {
		return 0
	}
	return b.TLS[0].Port()
}

// Sockets are open and wait for Serve. Connections made earlier wait with
// them. Bound and Extra are safe for concurrent use.
type Sockets struct {
	log      *slog.Logger
	tls      []net.Listener
	plain    []net.Listener
	socket   []net.Listener
	redirect []net.Listener
	sendOn   Redirect
	slots    *slots // of all of the main door
	bound    Bound  // without the extra ports; fixed once Open returns

	mu    sync.Mutex
	extra map[uint16]*extraPort
	run   *running // while Serve works
	ended bool     // Serve or Close has taken everything away
}

// Open opens everything, or nothing. What a person can mend comes as a
// problem.Problem: listen.taken, listen.denied, listen.absent, listen.address,
// listen.running, listen.socket, listen.systemd.
func Open(ctx context.Context, cfg Config) (*Sockets, error) {
	s := &Sockets{
		log: cfg.Log, sendOn: cfg.Redirect, extra: make(map[uint16]*extraPort), slots: newSlots(maxConnections, maxPerNeighbour),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	for _, step := range []func(context.Context, Config) error{s.inherit, s.openMain, s.openPlain, s.openSocket, s.openRedirect} {
		if err := step(ctx, cfg); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// Bound tells what is open now.
func (s *Sockets) Bound() Bound {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.bound
	b.TLS = slices.Clone(b.TLS)
	for _, port := range slices.Sorted(maps.Keys(s.extra)) {
		b.TLS = append(b.TLS, s.extra[port].bound...)
	}
	return b
}

// Close closes what Serve has not taken over; needed only where Serve is never
// called.
func (s *Sockets) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for _, l := range slices.Concat(s.tls, s.plain, s.socket, s.redirect) {
		l.Close()
	}
	for _, x := range s.extra {
		x.close()
	}
	clear(s.extra)
}

// drain is how long requests under way may take to end when we stop.
const drain = 10 * time.Second

// running is what Serve was given, for doors that open later.
type running struct {
	handler http.Handler
	config  *tls.Config
	broken  chan error     // hears of the first door that breaks
	drains  sync.WaitGroup // of doors that were shut meanwhile
}

// Serve answers all doors with handler, the main one under config (see
// certs.TLS), until ctx ends; then it takes no more, lets requests under way
// end for 10 s, and returns nil. It returns an error when a door breaks.
// The handler learns the door by Through.
func (s *Sockets) Serve(ctx context.Context, handler http.Handler, config *tls.Config) error {
	run := &running{handler: handler, config: config, broken: make(chan error, 1)}
	doors := s.doors(run)
	for _, d := range doors {
		d.start(run)
	}
	s.mu.Lock()
	s.run = run
	for _, x := range s.extra {
		s.startLocked(x)
	}
	s.mu.Unlock()
	var err error
	select {
	case <-ctx.Done():
	case err = <-run.broken:
	}
	err = errors.Join(err, stop(append(doors, s.end()...)))
	run.drains.Wait() // each is bounded by drain
	return err
}

// end takes the extra doors away; none opens any more.
func (s *Sockets) end() []*door {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.run, s.ended = nil, true
	var doors []*door
	for _, x := range s.extra {
		doors = append(doors, x.doors...)
	}
	clear(s.extra)
	return doors
}

// stop drains all doors at once.
func stop(doors []*door) error {
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

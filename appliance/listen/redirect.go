package listen

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Redirect is what waits on port 80: it sends callers at home on to https://,
// and closes the connection of anybody else without a byte.
type Redirect struct {
	// Address is where it waits, ":80"; "" and "off" for nowhere. Where it
	// can't be opened, the house goes on without it (Bound.Redirect is 0).
	Address string
	// Scout tells who is at home; without it nothing is opened.
	Scout *Scout
	// Public is where callers are sent who used a name that is none of ours:
	// "https://NAME" or "https://NAME:PORT", "" for the address that they
	// reached. nil is "".
	Public func() string
}

// The limits: a request that a person's browser makes by itself is small, and
// nobody else has business here.
const (
	redirectTimeout = 5 * time.Second
	redirectHeader  = 4 << 10 // to which net/http adds 4 KB
	redirectTotal   = 64
	redirectEach    = 8
)

func (s *Sockets) openRedirect(ctx context.Context, cfg Config) error {
	address := cfg.Redirect.Address
	if len(s.redirect) > 0 && cfg.Redirect.Scout == nil {
		return badActivation(errors.New("nobody can tell who is at home"))
	}
	if len(s.redirect) > 0 || cfg.Redirect.Scout == nil || address == "" || address == "off" {
		return nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil || !bindable(host) {
		return badAddress(address, err)
	}
	l, err := bind(ctx, address)
	if err != nil {
		s.log.Debug("nobody will be sent on to https", "address", address, "error", err)
		return nil
	}
	s.redirect = []net.Listener{l}
	s.bound.Redirect = unmapped(l.Addr().(*net.TCPAddr)).Port()
	return nil
}

func (s *Sockets) redirectDoor(l net.Listener) *door {
	server := &http.Server{
		Handler:           http.HandlerFunc(s.sendOnward),
		ReadHeaderTimeout: redirectTimeout,
		ReadTimeout:       redirectTimeout,
		WriteTimeout:      redirectTimeout,
		MaxHeaderBytes:    redirectHeader,
		ErrorLog:          errorLog(s.log.With("door", "redirect")),
	}
	server.SetKeepAlivesEnabled(false)
	limited := newSlots(redirectTotal, redirectEach).limit(l)
	return &door{server: server, listener: nearOnly{limited, s.sendOn.Scout}, spare: true}
}

// nearOnly hangs up on whoever is not at home. The question may take a moment,
// so each connection asks it in its own goroutine.
type nearOnly struct {
	net.Listener
	scout *Scout
}

func (l nearOnly) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &nearConn{Conn: c, near: sync.OnceValue(func() bool {
		return l.scout.near(addrOf(c.RemoteAddr()), addrOf(c.LocalAddr()))
	})}, nil
}

type nearConn struct {
	net.Conn
	near func() bool
}

// Read ends at once for callers from afar: net/http answers nothing then.
func (c *nearConn) Read(p []byte) (int, error) {
	if !c.near() {
		return 0, io.EOF
	}
	return c.Conn.Read(p)
}

// sendOnward answers one request. It never reads a body.
func (s *Sockets) sendOnward(w http.ResponseWriter, r *http.Request) {
	if forwarded(r.Header) {
		panic(http.ErrAbortHandler) // a proxy's: not from home, so not a byte
	}
	w.Header().Set("Cache-Control", "no-store")
	path := r.URL.RequestURI()
	to := s.sendOn.to(r, s.Bound())
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if !reads || to == "" || !strings.HasPrefix(path, "/") {
		// A program that sends data in clear should not be helped to go on.
		http.Error(w, "Nothing is served without TLS. Use an address that begins with https://", http.StatusForbidden)
		return
	}
	w.Header().Set("Location", to+path)
	w.WriteHeader(http.StatusTemporaryRedirect) // never kept: ports and names change
}

// to is the origin to send r to: the same host where it is one of ours, since
// that was found from here; "" where the main door is not open there.
func (d Redirect) to(r *http.Request, b Bound) string {
	local := CallOf(r).Local.WithZone("")
	host, err := ParseHost(r.Host)
	public := ""
	if d.Public != nil {
		public = d.Public()
	}
	mine := err == nil && (ours(host, local, d.Scout.cfg.Names()) || local.IsLoopback() && host.Name == "localhost")
	if !mine && public != "" {
		return public
	}
	port, ok := bestPort(b, local)
	if !ok {
		return public
	}
	if mine && host.Name != "" {
		return "https://" + host.Name + portOf(port, 443)
	}
	return "https://" + bracketed(local) + portOf(port, 443)
}

// bestPort is the main door's port on local: 443 before others.
func bestPort(b Bound, local netip.Addr) (uint16, bool) {
	var ports []uint16
	for _, l := range b.TLS {
		if l.Addr().IsUnspecified() || l.Addr().WithZone("") == local {
			ports = append(ports, l.Port())
		}
	}
	if slices.Contains(ports, 443) {
		return 443, true
	}
	if len(ports) == 0 {
		return 0, false
	}
	return ports[0], true
}

package target

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync/atomic"
	"time"
)

const (
	// Connecting takes longer than this only where nobody answers.
	dialPatience = 15 * time.Second
	// Long enough for a disk that wakes and a cloud that puts a large file in its place.
	defaultPatience = 3 * time.Minute
	// A piece of a write that a slow line sends within the patience.
	pieceBytes = 16 << 10
)

var errPublic = errors.New("a public address without TLS")

// patient is a connection that ends when nothing moves in either direction for so long. net/http reads while it
// writes, so a deadline for reading alone would end a long upload.
type patient struct {
	net.Conn
	patience time.Duration
	moved    atomic.Int64 // Unix nanoseconds
}

func (p *patient) Read(b []byte) (int, error) {
	entered := time.Now()
	for {
		since := time.Unix(0, max(p.moved.Load(), entered.UnixNano()))
		if err := p.SetReadDeadline(since.Add(p.patience)); err != nil {
			return 0, err
		}
		n, err := p.Conn.Read(b)
		if n > 0 {
			p.moved.Store(time.Now().UnixNano())
			return n, err
		}
		if errors.Is(err, os.ErrDeadlineExceeded) && p.moved.Load() > since.UnixNano() {
			continue
		}
		return n, err
	}
}

func (p *patient) Write(b []byte) (int, error) {
	done := 0
	for {
		piece := b[done:min(len(b), done+pieceBytes)]
		if err := p.SetWriteDeadline(time.Now().Add(p.patience)); err != nil {
			return done, err
		}
		n, err := p.Conn.Write(piece)
		done += n
		if n > 0 {
			p.moved.Store(time.Now().UnixNano())
		}
		if err != nil || done == len(b) {
			return done, err
		}
	}
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// patiently gives every connection of dial its patience. With privateOnly it leaves public addresses alone: the
// name was resolved by then, so that no answer of DNS can lead a password out of the house.
func patiently(dial dialer, patience time.Duration, privateOnly bool) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if privateOnly && !atHome(conn.RemoteAddr()) {
			conn.Close()
			return nil, errPublic
		}
		return &patient{Conn: conn, patience: patience}, nil
	}
}

func (e Env) patience() time.Duration {
	if e.Patience > 0 {
		return e.Patience
	}
	return defaultPatience
}

func dialPlainly(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{Timeout: dialPatience}).DialContext(ctx, network, address)
}

// roundTripper is how S3 and WebDAV reach their server. HTTP/1.1 only: there a connection carries one request at
// a time, so that its silence is the request's.
func (e Env) roundTripper(privateOnly bool) http.RoundTripper {
	t := &http.Transport{TLSHandshakeTimeout: dialPatience}
	if e.HTTP != nil && e.HTTP.Transport != nil {
		given, ours := e.HTTP.Transport.(*http.Transport)
		if !ours {
			return e.HTTP.Transport
		}
		t = given.Clone()
	}
	dial := dialer(t.DialContext)
	if dial == nil {
		dial = dialPlainly
	}
	if privateOnly {
		t.Proxy = nil // behind one, the address that is looked at would be its own
	}
	t.DialContext = patiently(dial, e.patience(), privateOnly)
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	t.ForceAttemptHTTP2 = false
	t.TLSNextProto = nil
	t.DisableCompression = true // bytes are wanted as they lie there
	t.ExpectContinueTimeout = 3 * time.Second
	t.MaxIdleConnsPerHost = 2
	t.IdleConnTimeout = 30 * time.Second
	return t
}

// shared is the range of carrier-grade NAT (RFC 6598), in which mesh VPNs live, too.
func shared() netip.Prefix { return netip.MustParsePrefix("100.64.0.0/10") }

// atHome reports whether an address can't be somebody's on the internet.
func atHome(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return a != nil && a.Network() != "tcp" // a pipe of a test
	}
	ip := tcp.AddrPort().Addr().Unmap()
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || shared().Contains(ip)
}

package listen

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	"latchkey/appliance/problem"
)

func noCertificate() *tls.Config {
	return &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("none") }}
}

// anyCertificate is one that nobody trusts.
func anyCertificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plan := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, plan, plan, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// growing is a set of sockets that serves.
type growing struct {
	*Sockets
	t    *testing.T
	stop func() error
}

func grow(t *testing.T, s *Sockets, handler http.HandlerFunc) *growing {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, handler, anyCertificate(t)) }()
	g := &growing{s, t, sync.OnceValue(func() error { cancel(); return <-done })}
	t.Cleanup(func() { g.stop() })
	return g
}

func opened(t *testing.T, addresses ...string) *Sockets {
	t.Helper()
	s, err := Open(t.Context(), Config{Addresses: addresses})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func (g *growing) extra(ports ...uint16) {
	g.t.Helper()
	if err := g.Extra(g.t.Context(), ports); err != nil {
		g.t.Fatal(err)
	}
}

// body is what the door on port answers, or "" where it is shut.
func (g *growing) body(port uint16) string {
	g.t.Helper()
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true, // nobody trusts it, and nothing is asked but whether it answers
	}}
	resp, err := client.Get(fmt.Sprintf("https://127.0.0.1:%d/", port))
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		g.t.Error(err)
	}
	return string(b)
}

func tellDoor(w http.ResponseWriter, r *http.Request) { io.WriteString(w, string(Through(r))) }

// freePorts are n ports that nothing holds just now.
func freePorts(t *testing.T, n int) []uint16 {
	t.Helper()
	var ports []uint16
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, uint16(l.Addr().(*net.TCPAddr).Port))
	}
	return ports
}

func TestExtra(t *testing.T) {
	t.Run("a port opens while it serves and closes again", func(t *testing.T) {
		g := grow(t, opened(t, "127.0.0.1:0"), tellDoor)
		p := freePorts(t, 2)
		g.extra(p...)
		for _, port := range append(p, g.Bound().Port()) {
			if got := g.body(port); got != "tls" {
				t.Errorf("port %d answers %q", port, got)
			}
		}
		g.extra(p[1])
		if got := [2]string{g.body(p[0]), g.body(p[1])}; got != [2]string{"", "tls"} {
			t.Errorf("after one was taken back they answer %q", got)
		}
		g.extra()
		if b := g.Bound(); len(b.TLS) != 1 || g.body(p[1]) != "" {
			t.Errorf("at the end %v is bound", b.TLS)
		}
		again, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(int(p[1])))
		if err != nil {
			t.Fatalf("the port is still held: %v", err)
		}
		again.Close()
	})
	t.Run("Bound tells of it, behind the first port", func(t *testing.T) {
		g := grow(t, opened(t, "127.0.0.1:0"), tellDoor)
		first := g.Bound().TLS[0]
		p := freePorts(t, 1)
		g.extra(p...)
		if b := g.Bound().TLS; len(b) != 2 || b[0] != first || b[1] != netip.AddrPortFrom(loopback4, p[0]) {
			t.Errorf("bound are %v", b)
		}
	})
	t.Run("named before it serves, it is served", func(t *testing.T) {
		s := opened(t, "127.0.0.1:0")
		p := freePorts(t, 1)
		if err := s.Extra(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if got := grow(t, s, tellDoor).body(p[0]); got != "tls" {
			t.Errorf("it answers %q", got)
		}
	})
	t.Run("a port that the main door has is not opened twice", func(t *testing.T) {
		g := grow(t, opened(t, "127.0.0.1:0"), tellDoor)
		g.extra(g.Bound().Port())
		if b := g.Bound().TLS; len(b) != 1 || g.body(b[0].Port()) != "tls" {
			t.Errorf("bound are %v", b)
		}
		g.extra()
		if g.body(g.Bound().Port()) != "tls" {
			t.Error("the main door was closed with it")
		}
	})
	t.Run("a door on all addresses grows on all", func(t *testing.T) {
		g := grow(t, opened(t, ":0"), tellDoor)
		p := freePorts(t, 1)
		g.extra(p...)
		if b := g.Bound().TLS; len(b) != 2 || !b[1].Addr().IsUnspecified() || g.body(p[0]) != "tls" {
			t.Errorf("bound are %v", b)
		}
	})
	t.Run("sockets of systemd grow like others", func(t *testing.T) {
		s := opened(t)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.adopt(l, "latchkey.socket"); err != nil {
			t.Fatal(err)
		}
		g := grow(t, s, tellDoor)
		p := freePorts(t, 1)
		g.extra(p...)
		if g.body(p[0]) != "tls" || g.body(g.Bound().Port()) != "tls" {
			t.Errorf("bound are %v", g.Bound().TLS)
		}
	})
	t.Run("where one of them is taken nothing changes", func(t *testing.T) {
		g := grow(t, opened(t, "127.0.0.1:0"), tellDoor)
		p := freePorts(t, 2)
		g.extra(p[0])
		other, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		err = g.Extra(t.Context(), []uint16{p[1], uint16(other.Addr().(*net.TCPAddr).Port)})
		if got := problem.Of(err).Code; got != "listen.taken" {
			t.Errorf("Extra: %v", err)
		}
		again, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(int(p[1])))
		if err != nil {
			t.Fatalf("what was opened on the way is still held: %v", err)
		}
		again.Close()
		if b := g.Bound().TLS; len(b) != 2 || g.body(p[0]) != "tls" {
			t.Errorf("bound are %v", b)
		}
	})
	t.Run("a port named twice is opened once", func(t *testing.T) {
		g := grow(t, opened(t, "127.0.0.1:0"), tellDoor)
		p := freePorts(t, 1)
		g.extra(p[0], p[0])
		if b := g.Bound().TLS; len(b) != 2 {
			t.Errorf("bound are %v", b)
		}
	})
	t.Run("port 0 is none", func(t *testing.T) {
		if err := opened(t, "127.0.0.1:0").Extra(t.Context(), []uint16{0}); problem.Of(err).Code != "listen.address" {
			t.Errorf("Extra: %v", err)
		}
	})
	t.Run("after the end nothing opens", func(t *testing.T) {
		g := grow(t, opened(t, "127.0.0.1:0"), tellDoor)
		p := freePorts(t, 2)
		g.extra(p[0])
		if err := g.stop(); err != nil {
			t.Errorf("Serve: %v", err)
		}
		if err := g.Extra(t.Context(), p); !errors.Is(err, net.ErrClosed) || g.body(p[0]) != "" {
			t.Errorf("Extra: %v", err)
		}
	})
}

func TestExtraDrains(t *testing.T) {
	entered, leave := make(chan bool, 1), make(chan bool)
	g := grow(t, opened(t, "127.0.0.1:0"), func(w http.ResponseWriter, _ *http.Request) {
		entered <- true
		<-leave
		io.WriteString(w, "kept")
	})
	p := freePorts(t, 1)
	g.extra(p...)
	got := make(chan string, 1)
	go func() { got <- g.body(p[0]) }()
	<-entered
	g.extra() // returns though a request is under way
	if c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(int(p[0]))); err == nil {
		c.Close()
		t.Error("the closed port takes connections")
	}
	stopped := make(chan error, 1)
	go func() { stopped <- g.stop() }()
	select {
	case err := <-stopped:
		close(leave)
		t.Fatalf("Serve ended with a request under way: %v", err)
	case <-time.After(100 * time.Millisecond): // without the request it ends at once
	}
	leave <- true
	if b := <-got; b != "kept" {
		t.Errorf("the request under way got %q", b)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestExtraFromManySides(t *testing.T) {
	g := grow(t, opened(t, "127.0.0.1:0"), tellDoor)
	p := freePorts(t, 4)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 10 {
				if err := g.Extra(t.Context(), p[:(i+j)%len(p)]); err != nil {
					t.Error(err)
				}
				g.Bound()
			}
		})
	}
	wg.Wait()
	g.extra(p...)
	for _, port := range p {
		if got := g.body(port); got != "tls" {
			t.Errorf("port %d answers %q", port, got)
		}
	}
}

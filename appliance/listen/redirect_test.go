package listen

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// seenFrom makes every connection look as if it came from peer to local.
type seenFrom struct {
	net.Listener
	peer, local net.Addr
}

type seenConn struct {
	net.Conn
	peer, local net.Addr
}

func (l seenFrom) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return seenConn{c, l.peer, l.local}, err
}

func (c seenConn) RemoteAddr() net.Addr { return c.peer }
func (c seenConn) LocalAddr() net.Addr  { return c.local }

func tcp(s string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(s)) }

// homeScout sees an ordinary house, with a proxy beside it.
func homeScout() *Scout {
	return NewScout(ScoutConfig{
		Names:   func() []string { return []string{"pi", "pi.local", "lan.keys.example.org", "keys.example.org"} },
		Proxies: func() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("192.168.1.250/32")} },
		read: func() Network {
			return Network{
				Interfaces: []Interface{{Name: "eth0", Prefixes: []netip.Prefix{netip.MustParsePrefix("192.168.1.5/24"), netip.MustParsePrefix("fd00::5/64")}}},
				Routes:     []Route{{Interface: "eth0", To: netip.MustParsePrefix("0.0.0.0/0"), Gateway: netip.MustParseAddr("192.168.1.1")}},
				Neighbours: map[netip.Addr]string{
					netip.MustParseAddr("192.168.1.1"): "02:00:00:00:00:01", netip.MustParseAddr("192.168.1.20"): "02:00:00:00:00:20",
					netip.MustParseAddr("fd00::20"): "02:00:00:00:00:20", netip.MustParseAddr("192.168.1.250"): "02:00:00:00:00:fa",
				},
			}
		},
	})
}

// onward runs a redirect that sees its callers come from peer to local, beside
// a main door on bound.
func onward(t *testing.T, peer, local, public string, bound ...string) net.Addr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Sockets{log: slog.New(slog.DiscardHandler), sendOn: Redirect{Scout: homeScout(), Public: func() string { return public }}}
	for _, b := range bound {
		s.bound.TLS = append(s.bound.TLS, netip.MustParseAddrPort(b))
	}
	d := s.redirectDoor(seenFrom{l, tcp(peer), tcp(local)})
	go d.serve()
	t.Cleanup(func() { d.server.Close() })
	return l.Addr()
}

// ask sends a request in clear and gives all that comes back.
func ask(t *testing.T, to net.Addr, request string) string {
	t.Helper()
	c, err := net.Dial("tcp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(c, request) // it may be hung up on before
	all, _ := io.ReadAll(c)    // a reset is an end, too
	return string(all)
}

func TestRedirect(t *testing.T) {
	const laptop, us, everywhere = "192.168.1.20:50000", "192.168.1.5:80", "[::]:8443"
	for _, tt := range []struct {
		name          string
		peer, local   string
		public, bound string
		request       string
		want          string // status, and where to
	}{
		{"by a local name", laptop, us, "", everywhere, "GET /a?b=c HTTP/1.1\r\nHost: pi.local\r\n\r\n", "307 https://pi.local:8443/a?b=c"},
		{"by an address", laptop, us, "", everywhere, "GET / HTTP/1.1\r\nHost: 192.168.1.5:80\r\n\r\n", "307 https://192.168.1.5:8443/"},
		{"by IPv6", "[fd00::20]:50000", "[fd00::5]:80", "", everywhere, "HEAD / HTTP/1.1\r\nHost: [fd00::5]\r\n\r\n", "307 https://[fd00::5]:8443/"},
		{"by the name for the home network", laptop, us, "https://keys.example.org", "[::]:443", "GET / HTTP/1.1\r\nHost: lan.keys.example.org\r\n\r\n", "307 https://lan.keys.example.org/"},
		{"by the public name, found at home", laptop, us, "https://keys.example.org:50443", everywhere, "GET / HTTP/1.1\r\nHost: keys.example.org\r\n\r\n", "307 https://keys.example.org:8443/"},
		{"by a name of others, with a public name", laptop, us, "https://keys.example.org:8443", everywhere, "GET /x HTTP/1.1\r\nHost: nas.home\r\n\r\n", "307 https://keys.example.org:8443/x"},
		{"by a name of others, without", laptop, us, "", everywhere, "GET /x HTTP/1.1\r\nHost: nas.home\r\n\r\n", "307 https://192.168.1.5:8443/x"},
		{"by another address than was dialled", laptop, us, "", everywhere, "GET / HTTP/1.1\r\nHost: 192.168.1.6\r\n\r\n", "307 https://192.168.1.5:8443/"},
		{"without a Host", laptop, us, "", everywhere, "GET / HTTP/1.0\r\n\r\n", "307 https://192.168.1.5:8443/"},
		{"on this computer", "127.0.0.1:50000", "127.0.0.1:80", "", everywhere, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "307 https://localhost:8443/"},
		{"as to a proxy", laptop, us, "", everywhere, "GET http://evil.example/x HTTP/1.1\r\nHost: pi.local\r\n\r\n", "307 https://192.168.1.5:8443/x"},
		{"where the main door is elsewhere", laptop, us, "", "127.0.0.1:8443", "GET / HTTP/1.1\r\nHost: pi.local\r\n\r\n", "403 "},
		{"a form", laptop, us, "", everywhere, "POST /identity HTTP/1.1\r\nHost: pi.local\r\nContent-Length: 6\r\n\r\nsecret", "403 "},
		{"a tunnel", laptop, us, "", everywhere, "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", "403 "},
		{"a long header", laptop, us, "", everywhere, "GET / HTTP/1.1\r\nHost: pi.local\r\nX: " + strings.Repeat("a", 10<<10) + "\r\n\r\n", "431 "},

		{"from the internet", "203.0.113.9:50000", us, "https://keys.example.org", everywhere, "GET / HTTP/1.1\r\nHost: keys.example.org\r\n\r\n", ""},
		{"from the gateway, for whomever", "192.168.1.1:50000", us, "", everywhere, "GET / HTTP/1.1\r\nHost: pi.local\r\n\r\n", ""},
		{"from a declared proxy", "192.168.1.250:50000", us, "", everywhere, "GET / HTTP/1.1\r\nHost: pi.local\r\n\r\n", ""},
		{"from ourselves", "192.168.1.5:50000", us, "", everywhere, "GET / HTTP/1.1\r\nHost: pi.local\r\n\r\n", ""},
		{"from another network", "192.168.2.20:50000", us, "", everywhere, "GET / HTTP/1.1\r\nHost: pi.local\r\n\r\n", ""},
		{"from loopback to a home address", "127.0.0.1:50000", us, "", everywhere, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", ""},
		{"nonsense from the internet", "203.0.113.9:50000", us, "", everywhere, "NONSENSE\r\n\r\n", ""},
		{"passed on by a proxy", laptop, us, "", everywhere, "GET / HTTP/1.1\r\nHost: pi.local\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(t, onward(t, tt.peer, tt.local, tt.public, tt.bound), tt.request)
			if tt.want == "" {
				if got != "" {
					t.Errorf("a caller from afar got %q", got)
				}
				return
			}
			resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(got)), &http.Request{Method: strings.Fields(tt.request)[0]})
			if err != nil {
				t.Fatalf("%q: %v", got, err)
			}
			resp.Body.Close()
			if told := fmt.Sprintf("%d %s", resp.StatusCode, resp.Header.Get("Location")); told != tt.want || !resp.Close {
				t.Errorf("got %q (closing: %v), want %q", told, resp.Close, tt.want)
			}
		})
	}
}

func TestRedirectOpens(t *testing.T) {
	t.Run("beside the other doors, and ends with them", func(t *testing.T) {
		s, err := Open(t.Context(), Config{Addresses: []string{"127.0.0.1:0"}, Redirect: Redirect{Address: "127.0.0.1:0", Scout: homeScout()}})
		if err != nil {
			t.Fatal(err)
		}
		at := netip.AddrPortFrom(loopback4, s.Bound().Redirect)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Serve(ctx, http.NotFoundHandler(), noCertificate()) }()
		got := ask(t, net.TCPAddrFromAddrPort(at), "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n")
		if want := fmt.Sprintf("Location: https://localhost:%d/a\r\n", s.Bound().Port()); !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Run("where its port is taken, all else goes on", func(t *testing.T) {
		other, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		s, err := Open(t.Context(), Config{Redirect: Redirect{Address: other.Addr().String(), Scout: homeScout()}})
		if err != nil || s.Bound().Redirect != 0 {
			t.Fatalf("%v, %+v", err, s)
		}
		s.Close()
	})
	t.Run("only where it is wanted and somebody can tell who is at home", func(t *testing.T) {
		for _, r := range []Redirect{{}, {Address: "off", Scout: homeScout()}, {Address: "127.0.0.1:0"}} {
			s, err := Open(t.Context(), Config{Redirect: r})
			if err != nil || s.Bound().Redirect != 0 {
				t.Errorf("%+v: %v", r, err)
			}
			s.Close()
		}
	})
	t.Run("never on an address that makes no sense", func(t *testing.T) {
		if _, err := Open(t.Context(), Config{Redirect: Redirect{Address: "localhost:80", Scout: homeScout()}}); err == nil {
			t.Error("taken")
		}
	})
}

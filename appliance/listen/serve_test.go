package listen_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"latchkey/appliance/certs"
	"latchkey/appliance/listen"
	"latchkey/appliance/problem"
)

type memory struct{ blob []byte }

func (m *memory) Load(context.Context) ([]byte, error)      { return m.blob, nil }
func (m *memory) Save(_ context.Context, blob []byte) error { m.blob = blob; return nil }

// served is a running set of sockets with a client that trusts it.
type served struct {
	listen.Bound
	client *http.Client
	stop   func() error
}

// tell answers with the door and, for the socket, whether the caller is known.
func tell(w http.ResponseWriter, r *http.Request) {
	_, known := listen.Caller(r)
	fmt.Fprintf(w, "%s %v", listen.Through(r), known)
}

func serve(t *testing.T, cfg listen.Config, handler http.Handler) *served {
	t.Helper()
	house, err := certs.Open(t.Context(), certs.Config{Keep: &memory{}})
	if err != nil {
		t.Fatal(err)
	}
	sockets, err := listen.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- sockets.Serve(ctx, handler, certs.TLS(house.GetCertificate, "")) }()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(house.RootPEM())
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			var d net.Dialer // on ::1 the same port may be another program's
			return d.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
		},
	}
	s := &served{Bound: sockets.Bound(), client: &http.Client{Transport: transport}}
	s.stop = func() error { cancel(); return <-done }
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		cancel()
	})
	return s
}

func get(t *testing.T, c *http.Client, url string) (int, string) {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func socketClient(path string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return listen.DialMachine(ctx, path)
		},
	}}
}

func TestDoors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "latchkey.sock")
	s := serve(t, listen.Config{Addresses: []string{"127.0.0.1:0"}, Plain: "localhost:0", Socket: path}, http.HandlerFunc(tell))
	main := fmt.Sprintf("https://localhost:%d/", s.Port())
	plain := fmt.Sprintf("http://127.0.0.1:%d/", s.Plain)
	t.Run("the main door speaks TLS and HTTP/2", func(t *testing.T) {
		resp, err := s.client.Get(main)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		if string(body) != "tls false" || resp.ProtoMajor != 2 {
			t.Errorf("got %q over HTTP/%d", body, resp.ProtoMajor)
		}
	})
	t.Run("the plain door answers localhost", func(t *testing.T) {
		for _, host := range []string{"localhost", "localhost:1", "127.0.0.1", "[::1]:9"} {
			if status, body := getAs(t, plain, host); status != 200 || body != "plain false" {
				t.Errorf("%s: %d %q", host, status, body)
			}
		}
	})
	t.Run("the plain door refuses any other name", func(t *testing.T) {
		for _, host := range []string{"evil.example", "pi.local", "127.0.0.2", "localhost.evil.example"} {
			if status, _ := getAs(t, plain, host); status != http.StatusMisdirectedRequest {
				t.Errorf("%s: %d, want 421", host, status)
			}
		}
	})
	t.Run("the machine's socket knows its caller", func(t *testing.T) {
		if _, body := get(t, socketClient(path), "http://latchkey/"); body != "socket true" {
			t.Errorf("got %q", body)
		}
	})
	t.Run("the machine's socket is its owner's only", func(t *testing.T) {
		info, err := os.Lstat(path)
		if err != nil || info.Mode() != os.ModeSocket|0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
	})
	t.Run("plain HTTP at the TLS port is sent to https", func(t *testing.T) {
		for _, tt := range []struct{ request, status, location string }{
			{"GET /a?b=c HTTP/1.1\r\nHost: pi.local:8443\r\n\r\n", "307", "https://pi.local:8443/a?b=c"},
			{"HEAD / HTTP/1.1\r\nHost: [fd00::5]:8443\r\n\r\n", "307", "https://[fd00::5]:8443/"},
			{"POST /identity HTTP/1.1\r\nHost: pi.local\r\nContent-Length: 6\r\n\r\nsecret", "400", ""},
			{"GET / HTTP/1.1\r\nHost: evil/x\r\n\r\n", "400", ""},
			{"GET http://evil.example/ HTTP/1.1\r\nHost: pi.local\r\n\r\n", "400", ""},
			{"GET / HTTP/1.0\r\n\r\n", "400", ""},
			{"NONSENSE\r\n\r\n", "400", ""},
			{"GET /" + strings.Repeat("a", 9000) + " HTTP/1.1\r\n\r\n", "400", ""},
		} {
			status, location := raw(t, s.Port(), tt.request)
			if status != tt.status || location != tt.location {
				t.Errorf("%.40q: %s to %q, want %s to %q", tt.request, status, location, tt.status, tt.location)
			}
		}
	})
	t.Run("a header larger than any client sends is refused", func(t *testing.T) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, plain, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Large", strings.Repeat("a", 40<<10))
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("status %d, want 431", resp.StatusCode)
		}
	})
	t.Run("when it stops, the socket's file goes and nothing is an error", func(t *testing.T) {
		s.client.CloseIdleConnections()
		if err := s.stop(); err != nil {
			t.Errorf("Serve: %v", err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket's file: %v", err)
		}
	})
}

func getAs(t *testing.T, url, host string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body)
}

// raw sends bytes to the port in clear and reads the answer's head.
func raw(t *testing.T, port uint16, request string) (status, location string) {
	t.Helper()
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, request) // the answer may come before the end
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: strings.Fields(request)[0]})
	if err != nil {
		t.Fatalf("%.40q: %v", request, err)
	}
	defer resp.Body.Close()
	return strconv.Itoa(resp.StatusCode), resp.Header.Get("Location")
}

func TestDrain(t *testing.T) {
	entered, leave := make(chan bool, 1), make(chan bool)
	s := serve(t, listen.Config{Addresses: []string{"127.0.0.1:0"}}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		entered <- true
		<-leave
		io.WriteString(w, "kept")
	}))
	body := make(chan string, 1)
	go func() {
		resp, err := s.client.Get(fmt.Sprintf("https://127.0.0.1:%d/", s.Port()))
		if err != nil {
			body <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		body <- fmt.Sprint(string(b), err)
	}()
	<-entered
	stopped := make(chan error)
	go func() { stopped <- s.stop() }()
	for { // until no more are taken
		c, err := net.Dial("tcp", s.TLS[0].String())
		if err != nil {
			break
		}
		c.Close()
	}
	select {
	case err := <-stopped:
		t.Fatalf("Serve ended with a request under way: %v", err)
	case leave <- true:
	}
	if got := <-body; got != "kept<nil>" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func code(err error) string {
	var p *problem.Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return fmt.Sprint(err)
}

func TestOpen(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	taken := other.Addr().String()
	for _, tt := range []struct {
		name string
		cfg  listen.Config
		want string
	}{
		{"a taken main port", listen.Config{Addresses: []string{taken}}, "listen.taken"},
		{"an address of another machine", listen.Config{Addresses: []string{"192.0.2.200:0"}}, "listen.absent"},
		{"an address without a port", listen.Config{Addresses: []string{"127.0.0.1"}}, "listen.address"},
		{"a name", listen.Config{Addresses: []string{"localhost:0"}}, "listen.address"},
		{"a port that is none", listen.Config{Addresses: []string{":99999"}}, "listen.address"},
		{"a plain door open to others", listen.Config{Plain: ":8080"}, "listen.address"},
		{"a plain door on a home address", listen.Config{Plain: "192.168.1.5:8080"}, "listen.address"},
		{"a plain port that is none", listen.Config{Plain: "localhost:http"}, "listen.address"},
		{"a socket in a folder that is not there", listen.Config{Socket: "/nonexistent/latchkey.sock"}, "listen.socket"},
	} {
		t.Run(tt.name+" is a problem", func(t *testing.T) {
			s, err := listen.Open(t.Context(), tt.cfg)
			if err == nil {
				s.Close()
			}
			if got := code(err); got != tt.want {
				t.Errorf("Open: %s, want %s", got, tt.want)
			}
		})
	}
	t.Run("a taken main port names who holds it", func(t *testing.T) {
		_, err := listen.Open(t.Context(), listen.Config{Addresses: []string{taken}})
		if p := problem.Of(err); !strings.Contains(p.Text, fmt.Sprintf("process %d", os.Getpid())) {
			t.Errorf("it says %q", p.Text)
		}
	})
	t.Run("a taken plain port gives way to a free one", func(t *testing.T) {
		s, err := listen.Open(t.Context(), listen.Config{Plain: "localhost:" + strconv.Itoa(other.Addr().(*net.TCPAddr).Port)})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if p := s.Bound().Plain; p == 0 || p == uint16(other.Addr().(*net.TCPAddr).Port) {
			t.Errorf("the port is %d", p)
		}
	})
	t.Run("what was opened before a failure is closed again", func(t *testing.T) {
		free, _ := net.Listen("tcp", "127.0.0.1:0")
		address := free.Addr().String()
		free.Close()
		if _, err := listen.Open(t.Context(), listen.Config{Addresses: []string{address, taken}}); err == nil {
			t.Fatal("Open went on")
		}
		again, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatalf("it is still held: %v", err)
		}
		again.Close()
	})
	t.Run("nothing configured opens nothing", func(t *testing.T) {
		s, err := listen.Open(t.Context(), listen.Config{Plain: "off"})
		if err != nil {
			t.Fatal(err)
		}
		if b := s.Bound(); b.Port() != 0 || b.Plain != 0 || b.Socket != "" {
			t.Errorf("Bound() = %+v", b)
		}
	})
}

func TestMachineSocket(t *testing.T) {
	t.Run("one that nobody answers is replaced", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "latchkey.sock")
		dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		dead.SetUnlinkOnClose(false)
		dead.Close()
		s := serve(t, listen.Config{Socket: path}, http.HandlerFunc(tell))
		if _, body := get(t, socketClient(path), "http://latchkey/"); body != "socket true" {
			t.Errorf("got %q", body)
		}
		s.stop()
	})
	t.Run("one that answers stops the start and lives on", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "latchkey.sock")
		s := serve(t, listen.Config{Socket: path}, http.HandlerFunc(tell))
		_, err := listen.Open(t.Context(), listen.Config{Socket: path})
		if got := code(err); got != "listen.running" {
			t.Errorf("Open: %s", got)
		}
		if _, body := get(t, socketClient(path), "http://latchkey/"); body != "socket true" {
			t.Errorf("got %q", body)
		}
		s.stop()
	})
	t.Run("a file that is no socket is left alone", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "latchkey.sock")
		if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := listen.Open(t.Context(), listen.Config{Socket: path}); code(err) != "listen.socket" {
			t.Errorf("Open: %v", err)
		}
		if text, _ := os.ReadFile(path); string(text) != "mine" {
			t.Errorf("the file holds %q", text)
		}
	})
	t.Run("a path longer than a socket's address works", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), strings.Repeat("long", 40))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "latchkey.sock")
		s := serve(t, listen.Config{Socket: path}, http.HandlerFunc(tell))
		if _, body := get(t, socketClient(path), "http://latchkey/"); body != "socket true" {
			t.Errorf("got %q", body)
		}
		s.stop()
		if files, _ := os.ReadDir(dir); len(files) != 0 {
			t.Errorf("%d files are left", len(files))
		}
	})
}

func TestScoutOverLoopback(t *testing.T) {
	scout := listen.NewScout(listen.ScoutConfig{})
	s := serve(t, listen.Config{Addresses: []string{"127.0.0.1:0"}, Plain: "localhost:0"}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, scout.Origin(r))
	}))
	if _, got := get(t, s.client, fmt.Sprintf("https://localhost:%d/", s.Port())); got != "home" {
		t.Errorf("https://localhost is %s", got)
	}
	if _, got := get(t, s.client, fmt.Sprintf("https://127.0.0.1:%d/", s.Port())); got != "far" {
		t.Errorf("https://127.0.0.1 is %s", got)
	}
	if _, got := getAs(t, fmt.Sprintf("http://127.0.0.1:%d/", s.Plain), "localhost"); got != "home" {
		t.Errorf("http://localhost is %s", got)
	}
}

func TestLinks(t *testing.T) {
	all := []netip.AddrPort{netip.MustParseAddrPort("[::]:8443")}
	home := []netip.Addr{netip.MustParseAddr("192.168.1.5"), netip.MustParseAddr("fd00::5")}
	for _, tt := range []struct {
		name  string
		bound listen.Bound
		host  string
		addrs []netip.Addr
		want  string
	}{
		{"all three", listen.Bound{TLS: all, Plain: 8080}, "pi", home, "here http://localhost:8080/#/x host https://pi.local:8443/#/x address https://192.168.1.5:8443/#/x"},
		{"usual ports are not written", listen.Bound{TLS: []netip.AddrPort{netip.MustParseAddrPort("[::]:443")}, Plain: 80}, "pi", home, "here http://localhost/#/x host https://pi.local/#/x address https://192.168.1.5/#/x"},
		{"no plain door", listen.Bound{TLS: all}, "pi", home, "here https://localhost:8443/#/x host https://pi.local:8443/#/x address https://192.168.1.5:8443/#/x"},
		{"no host name", listen.Bound{TLS: all, Plain: 8080}, "", home, "here http://localhost:8080/#/x address https://192.168.1.5:8443/#/x"},
		{"no network", listen.Bound{TLS: all, Plain: 8080}, "pi", nil, "here http://localhost:8080/#/x"},
		{"open to this computer only", listen.Bound{TLS: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:8443")}}, "pi", home, "here https://localhost:8443/#/x"},
		{"open on the IPv6 address only", listen.Bound{TLS: []netip.AddrPort{netip.MustParseAddrPort("[fd00::5]:8443")}, Plain: 8080}, "pi", home, "here http://localhost:8080/#/x host https://pi.local:8443/#/x address https://[fd00::5]:8443/#/x"},
		{"nothing open", listen.Bound{}, "pi", home, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, l := range listen.Links(tt.bound, tt.host, tt.addrs, "/#/x") {
				got = append(got, string(l.Kind), l.URL)
				if len(l.QR) < 21 {
					t.Errorf("the QR code of %s has %d rows", l.URL, len(l.QR))
				}
			}
			if g := strings.Join(got, " "); g != tt.want {
				t.Errorf("Links = %s\nwant    %s", g, tt.want)
			}
		})
	}
}

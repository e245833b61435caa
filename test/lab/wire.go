package lab

import (
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
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"
)

// dialPatience is for one connection: nothing in the lab is far away, and what is dropped has no answer.
const dialPatience = 2 * time.Second

// Dial gives a function that connects from a namespace. Names are looked up at the resolver, and their addresses
// tried one after the other.
func (l *Lab) Dial(ns string) func(ctx context.Context, network, address string) (net.Conn, error) {
	return l.DialFrom(ns, netip.Addr{})
}

// DialFrom is Dial with an address to come from, such as one of the crowd's, which no interface has. The zero Addr
// leaves it to the system. Addresses of the other family are left out.
func (l *Lab) DialFrom(ns string, from netip.Addr) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		if from.IsValid() {
			network = map[bool]string{true: "tcp6", false: "tcp4"}[from.Is6()]
		}
		addresses := []string{host}
		switch {
		case host == "localhost":
			addresses = []string{"127.0.0.1"}
		case net.ParseIP(host) == nil:
			if addresses, err = l.lookUp(ctx, ns, network, host); err != nil {
				return nil, err
			}
		}
		var failed []error
		for _, a := range addresses {
			conn, err := l.connectFrom(ctx, ns, from, network, net.JoinHostPort(a, port))
			if err == nil {
				return conn, nil
			}
			failed = append(failed, err)
		}
		return nil, errors.Join(failed...)
	}
}

func (l *Lab) lookUp(ctx context.Context, ns, network, host string) ([]string, error) {
	var found []string
	for _, kind := range []string{"AAAA", "A"} {
		if kind == "AAAA" && network == "tcp4" || kind == "A" && network == "tcp6" {
			continue
		}
		answer, err := l.query(ctx, ns, l.Plan["RESOLVER"], host, kind)
		if err != nil {
			return nil, err
		}
		found = append(found, data(answer)...)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("looking up %s: no such name", host)
	}
	return found, nil
}

// connect makes a connection on a thread that has entered the namespace, and that ends with its goroutine: a
// socket stays in the namespace where it was made.
func (l *Lab) connect(ctx context.Context, ns, network, address string) (net.Conn, error) {
	return l.connectFrom(ctx, ns, netip.Addr{}, network, address)
}

func (l *Lab) connectFrom(ctx context.Context, ns string, from netip.Addr, network, address string) (conn net.Conn, err error) {
	dialer := &net.Dialer{Timeout: dialPatience}
	if from.IsValid() {
		dialer.LocalAddr, dialer.Control = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), borrow
	}
	done := make(chan struct{})
	var enter func()
	enter = func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			// The first thread can't end, and the process would seem to be in the namespace with it. While this
			// one is held, the next goroutine gets another.
			defer runtime.UnlockOSThread()
			go enter()
			<-done
			return
		}
		defer close(done)
		there, failed := os.Open("/run/netns/" + l.prefix + ns)
		if failed != nil {
			err = failed
			return
		}
		defer there.Close()
		if failed := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); failed != nil {
			err = fmt.Errorf("entering %s: %w", ns, failed)
			return
		}
		conn, err = dialer.DialContext(ctx, network, address)
	}
	go enter()
	<-done
	return conn, err
}

// borrow lets a socket use an address that no interface has, as tool attack does.
func borrow(_, _ string, raw syscall.RawConn) error {
	var err error
	if failed := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_FREEBIND, 1) }); failed != nil {
		return failed
	}
	return err
}

func (l *Lab) query(ctx context.Context, ns, server, name, kind string) (*dns.Msg, error) {
	conn, err := l.connect(ctx, ns, "tcp", net.JoinHostPort(server, "53"))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.StringToType[kind])
	client := &dns.Client{Net: "tcp", Timeout: dialPatience}
	answer, _, err := client.ExchangeWithConnContext(ctx, question, &dns.Conn{Conn: conn})
	return answer, err
}

// data is what the records of an answer say, sorted, without aliases.
func data(answer *dns.Msg) []string {
	found := []string{}
	for _, rr := range answer.Answer {
		switch rr := rr.(type) {
		case *dns.A:
			found = append(found, rr.A.String())
		case *dns.AAAA:
			found = append(found, rr.AAAA.String())
		case *dns.TXT:
			found = append(found, strings.Join(rr.Txt, ""))
		}
	}
	slices.Sort(found)
	return found
}

// Known is what the authoritative server says of a name: A, AAAA or TXT.
func (l *Lab) Known(name, kind string) ([]string, error) {
	answer, err := l.query(context.Background(), Inet, l.Plan["NAMES"], name, kind)
	if err != nil {
		return nil, err
	}
	return data(answer), nil
}

// Remembered is what the resolver says to somebody far away, with the seconds for which it will go on saying it.
func (l *Lab) Remembered(name, kind string) (found []string, left time.Duration, err error) {
	answer, err := l.query(context.Background(), Roam, l.Plan["RESOLVER"], name, kind)
	if err != nil {
		return nil, 0, err
	}
	for _, rr := range answer.Answer {
		left = time.Duration(rr.Header().Ttl) * time.Second
	}
	return data(answer), left, nil
}

// Client speaks HTTP from a namespace and trusts the roots in some files, and nobody else. It makes a new
// connection for each request and follows no redirects.
func (l *Lab) Client(ns string, roots ...string) *http.Client {
	l.t.Helper()
	return l.client("tcp", l.Dial(ns), roots)
}

// ClientFrom is Client with an address to come from (DialFrom).
func (l *Lab) ClientFrom(ns string, from netip.Addr, roots ...string) *http.Client {
	l.t.Helper()
	return l.client("tcp", l.DialFrom(ns, from), roots)
}

func (l *Lab) client(network string, dial func(context.Context, string, string) (net.Conn, error), roots []string) *http.Client {
	l.t.Helper()
	pool := x509.NewCertPool()
	for _, file := range roots {
		text, err := os.ReadFile(file)
		if err != nil {
			l.t.Fatal(err)
		}
		pool.AppendCertsFromPEM(text)
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
				return dial(ctx, network, address)
			},
			TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true, ForceAttemptHTTP2: true,
		},
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Get reads a page from a namespace.
func (l *Lab) Get(ns, url string, roots ...string) (string, error) {
	return read(l.Client(ns, roots...), url)
}

// Get4 is Get over IPv4 alone, and Get6 over IPv6.
func (l *Lab) Get4(ns, url string, roots ...string) (string, error) {
	return read(l.client("tcp4", l.Dial(ns), roots), url)
}

// Get6 is Get over IPv6 alone.
func (l *Lab) Get6(ns, url string, roots ...string) (string, error) {
	return read(l.client("tcp6", l.Dial(ns), roots), url)
}

func read(client *http.Client, url string) (string, error) {
	answer, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return string(body), fmt.Errorf("GET %s: %s", url, answer.Status)
	}
	return string(body), nil
}

// Answers reports whether an address answers for a name over TLS with a certificate of the authority, from a
// namespace, without asking any DNS.
func (l *Lab) Answers(ns, address, name string) error {
	root, err := os.ReadFile(l.Root())
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(root)
	ctx, cancel := context.WithTimeout(context.Background(), dialPatience)
	defer cancel()
	conn, err := l.connect(ctx, ns, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	return tls.Client(conn, &tls.Config{RootCAs: pool, ServerName: name}).HandshakeContext(ctx)
}

// pollEvery is how often a wait looks again.
const pollEvery = 50 * time.Millisecond

// Within waits until a look is content and gives the time that it took; after the limit it fails the test with
// what the last look had to say.
func Within(t testing.TB, limit time.Duration, what string, look func() error) time.Duration {
	t.Helper()
	begun := time.Now()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := look()
		if err == nil {
			return time.Since(begun)
		}
		if time.Since(begun) > limit {
			t.Fatalf("%s: not within %v: %v", what, limit, err)
		}
		<-tick.C
	}
}

// Update changes the household's zone behind the house's back, by knsupdate under the household's own key.
func (l *Lab) Update(lines ...string) {
	l.t.Helper()
	command := l.Command(Inet, "knsupdate", "-y", l.Plan["TSIG_ALG"]+":"+l.Plan["HOME_KEY"]+":"+l.Plan["HOME_SECRET"])
	command.Stdin = strings.NewReader("server " + l.Plan["NAMES"] + "\nzone home.test\n" + strings.Join(lines, "\n") + "\nsend\n")
	if out, err := command.CombinedOutput(); err != nil {
		l.t.Fatalf("changing the zone: %v\n%s", err, out)
	}
}

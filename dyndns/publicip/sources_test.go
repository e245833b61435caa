package publicip

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"latchkey/dyndns/uplink"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestHTTPSEcho(t *testing.T) {
	var hits atomic.Int32
	mux := http.NewServeMux()
	for path, body := range map[string]string{
		"/plain":   "93.184.215.14\n",
		"/mapped":  "::ffff:93.184.215.14",
		"/trace":   "fl=4f4\nh=1.1.1.1\nip=93.184.215.14\nts=1.5\nvisit_scheme=https\n",
		"/json":    `{"ip": "93.184.215.14", "country": "X"}`,
		"/portal":  "<html><body>Welcome! Your address is 10.0.0.7.\n<form></form></body></html>",
		"/twice":   "ip=93.184.215.14\nip=8.8.4.4\n",
		"/six":     "2606:4700::5",
		"/empty":   " \n",
		"/long":    strings.Repeat("x", 5000),
		"/zone":    "fe80::1%eth0",
		"/notjson": `{"ip": 5}`,
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { hits.Add(1); w.Write([]byte(body)) })
	}
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/plain", http.StatusFound) })
	mux.HandleFunc("/down", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	server := httptest.NewTLSServer(mux)
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	dial := func(ctx context.Context, f Family, network, address string) (net.Conn, error) {
		if address != net.JoinHostPort("example.com", port) { // the certificate of httptest knows example.com
			return nil, errors.New("dialled " + address)
		}
		return new(net.Dialer).DialContext(ctx, networkOf(V4, network), server.Listener.Addr().String())
	}
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")

	for _, tt := range []struct {
		name, path string
		family     Family
		want, why  string
	}{
		{"a bare address", "/plain", V4, "93.184.215.14", ""},
		{"a bare address, seen by a socket for both families", "/mapped", V4, "93.184.215.14", ""},
		{"lines of which one is ip=", "/trace", V4, "93.184.215.14", ""},
		{"JSON", "/json", V4, "93.184.215.14", ""},
		{"IPv6", "/six", V6, "2606:4700::5", ""},
		{"a login page with status 200", "/portal", V4, "", "a page without an address"},
		{"two addresses", "/twice", V4, "", "without an address"},
		{"IPv6 where IPv4 was asked", "/six", V4, "", "no IPv4 address"},
		{"IPv4 where IPv6 was asked", "/plain", V6, "", "no IPv6 address"},
		{"a mapped one is no IPv6", "/mapped", V6, "", "no IPv6 address"},
		{"a zone", "/zone", V6, "", "zone"},
		{"nothing", "/empty", V4, "", "empty"},
		{"too much", "/long", V4, "", "too long"},
		{"JSON of another shape", "/notjson", V4, "", "JSON without an address"},
		{"a redirect is not followed", "/moved", V4, "", "status 302"},
		{"an error with a page", "/down", V4, "", "status 502"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := ParseHTTPS("https://example.com:"+port+tt.path, Options{Dial: dial, Roots: roots})
			if err != nil {
				t.Fatal(err)
			}
			got := s.Ask(t.Context(), tt.family)
			switch {
			case tt.want == "" && (got.State != Unknown || !strings.Contains(got.Why, tt.why)):
				t.Errorf("got %+v, want why %q", got, tt.why)
			case tt.want != "" && (got.State != Known || got.Addr != addr(tt.want)):
				t.Errorf("got %+v, want %s", got, tt.want)
			}
		})
	}
	t.Run("a certificate of somebody else", func(t *testing.T) {
		before := hits.Load()
		s, _ := ParseHTTPS("https://example.com:"+port+"/plain", Options{Dial: dial, Roots: x509.NewCertPool()})
		if got := s.Ask(t.Context(), V4); got.State != Unknown || !strings.Contains(got.Why, "not trusted") || hits.Load() != before {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("only a VPN leads out", func(t *testing.T) {
		s, _ := ParseHTTPS("https://example.com/", Options{Dial: func(context.Context, Family, string, string) (net.Conn, error) { return nil, errTunnel }})
		if got := s.Ask(t.Context(), V4); !strings.Contains(got.Why, "the only way out is a VPN") {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("no way out for that family", func(t *testing.T) {
		s, _ := ParseHTTPS("https://example.com/", Options{Dial: func(context.Context, Family, string, string) (net.Conn, error) { return nil, uplink.ErrNoWay }})
		if got := s.Ask(t.Context(), V6); got.Why != uplink.ErrNoWay.Error() {
			t.Errorf("got %+v", got)
		}
	})
}

func TestParseHTTPS(t *testing.T) {
	for text, want := range map[string]string{
		"https://a.example/ip":            "4 6",
		" https://a.example:8443 ":        "4 6",
		"https://1.1.1.1/cdn-cgi/trace":   "4",
		"https://[2606:4700::1111]/trace": "6",
		"http://a.example/":               "",
		"https://":                        "",
		"https://user:pw@a.example/":      "",
		"https://[::ffff:1.1.1.1]/":       "",
		"a.example":                       "",
		"https://a b/":                    "",
		"":                                "",
	} {
		s, err := ParseHTTPS(text, Options{})
		if (err == nil) != (want != "") {
			t.Errorf("ParseHTTPS(%q): %v", text, err)
		}
		if err == nil && serving(s) != want {
			t.Errorf("ParseHTTPS(%q) serves %q, want %q", text, serving(s), want)
		}
	}
}

func serving(s Source) string {
	var list []string
	for f, name := range map[Family]string{V4: "4", V6: "6"} {
		if s.(Serves).Serves(f) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func TestParseDNS(t *testing.T) {
	for text, want := range map[string]string{
		"myip.opendns.com A @208.67.222.222":               "4 208.67.222.222:53",
		"myip.opendns.com. aaaa @2620:119:35::35":          "6 [2620:119:35::35]:53",
		"whoami.cloudflare CH TXT @[2606:4700::1111]:5353": "6 [2606:4700::1111]:5353",
		"o-o.myaddr.l.google.com TXT @ns1.google.com":      "4 6 ns1.google.com:53",
		"name TXT @server.test:5300":                       "4 6 server.test:5300",
		"name A @2620:119:35::35":                          "", // of the other family
		"name MX @192.0.2.1":                               "",
		"name A 192.0.2.1":                                 "",
		"name A @":                                         "",
		"name A @server:0":                                 "",
		"name A @server:99999":                             "",
		"name A @fe80::1%eth0":                             "",
		"name IN A @192.0.2.1":                             "",
		". TXT @192.0.2.1":                                 "",
		"a..b TXT @192.0.2.1":                              "",
		"":                                                 "",
	} {
		s, err := ParseDNS(text, Options{})
		if (err == nil) != (want != "") {
			t.Errorf("ParseDNS(%q): %v", text, err)
			continue
		}
		if err != nil {
			continue
		}
		got := serving(s)
		for _, q := range s.(*dnsEcho).ask {
			got += " " + q.server
			break
		}
		if got != want {
			t.Errorf("ParseDNS(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestDNSEcho(t *testing.T) {
	rr := func(text string) dns.RR {
		r, err := dns.NewRR(text)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	answers := map[string][]dns.RR{
		"a.test.":      {rr("a.test. 0 IN A 93.184.215.14")},
		"aaaa.test.":   {rr("aaaa.test. 0 IN AAAA 2606:4700::5")},
		"txt.test.":    {rr(`txt.test. 0 IN TXT "93.184.215.14"`)},
		"google.test.": {rr(`google.test. 0 IN TXT "93.184.215.14"`), rr(`google.test. 0 IN TXT "edns0-client-subnet 93.184.215.0/24"`)},
		"chaos.test.":  {rr(`chaos.test. 0 CH TXT "93.184.215.14"`)},
		"two.test.":    {rr("two.test. 0 IN A 93.184.215.14"), rr("two.test. 0 IN A 8.8.4.4")},
		"other.test.":  {rr("elsewhere.test. 0 IN A 93.184.215.14")},
		"words.test.":  {rr(`words.test. 0 IN TXT "hello"`)},
		"empty.test.":  {},
	}
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{PacketConn: packets, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, m *dns.Msg) {
		reply := new(dns.Msg).SetReply(m)
		found, ok := answers[strings.ToLower(m.Question[0].Name)]
		if !ok {
			reply.Rcode = dns.RcodeNameError
		}
		reply.Answer = found
		w.WriteMsg(reply)
	})}
	go server.ActivateAndServe()
	t.Cleanup(func() { server.Shutdown() })

	for _, tt := range []struct {
		name, question string
		family         Family
		want, why      string
	}{
		{"an A record", "a.test A", V4, "93.184.215.14", ""},
		{"an AAAA record", "aaaa.test AAAA", V6, "2606:4700::5", ""},
		{"a TXT record", "txt.test TXT", V4, "93.184.215.14", ""},
		{"a TXT record beside one about the subnet", "google.test TXT", V4, "93.184.215.14", ""},
		{"a TXT record of class CHAOS", "chaos.test CH TXT", V4, "93.184.215.14", ""},
		{"TXT of the other family", "txt.test TXT", V6, "", "no IPv6 address"},
		{"an A record of another name", "other.test A", V4, "", "no IPv4 address"},
		{"two addresses", "two.test A", V4, "", "two addresses"},
		{"a TXT record without an address", "words.test TXT", V4, "", "no IPv4 address"},
		{"no record", "empty.test A", V4, "", "no IPv4 address"},
		{"no such name: somebody else answered", "absent.test A", V4, "", "NXDOMAIN"},
		{"a family that it does not serve", "a.test A", V6, "", "knows nothing of IPv6"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := ParseDNS(tt.question+" @echo.test", Options{Dial: func(ctx context.Context, _ Family, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, packets.LocalAddr().String())
			}})
			if err != nil {
				t.Fatal(err)
			}
			got := s.Ask(t.Context(), tt.family)
			switch {
			case tt.want == "" && (got.State != Unknown || !strings.Contains(got.Why, tt.why)):
				t.Errorf("got %+v, want why %q", got, tt.why)
			case tt.want != "" && (got.State != Known || got.Addr != addr(tt.want)):
				t.Errorf("got %+v, want %s", got, tt.want)
			}
		})
	}
}

func TestInterfaces(t *testing.T) {
	up := uplink.Route{Interface: "eth0", Gateway4: addr("192.168.1.1"), Address4: addr("192.168.1.5")}
	with := func(change func(*uplink.Route)) uplink.Route { r := up; change(&r); return r }
	for _, tt := range []struct {
		name   string
		route  uplink.Route
		family Family
		want   []State
	}{
		{"behind a router", up, V4, []State{Unknown}},
		{"a public address", with(func(r *uplink.Route) { r.Address4 = addr("93.184.215.14") }), V4, []State{Known}},
		{"carrier-grade NAT", with(func(r *uplink.Route) { r.Address4 = addr("100.64.0.9") }), V4, []State{Unknown}},
		{"no network", uplink.Route{}, V4, []State{Unknown}},
		{"no network is no reason to withdraw IPv6", uplink.Route{}, V6, []State{Unknown}},
		{"only a VPN", with(func(r *uplink.Route) { r.Tunnel = true }), V6, []State{Unknown}},
		{"a network without IPv6", up, V6, []State{None}},
		{"an address is being checked", with(func(r *uplink.Route) { r.Settling = true }), V6, []State{Unknown}},
		{"two prefixes", with(func(r *uplink.Route) { r.Global6 = []netip.Addr{addr("2606:4700::5"), addr("2606:4701::5")} }), V6, []State{Known, Known}},
		{"IPv6 alone", uplink.Route{Interface: "eth0", Interface6: "eth0", Gateway6: addr("fe80::1%eth0")}, V4, []State{None}},
		{"IPv4 has not come yet", with(func(r *uplink.Route) { r.Address4 = netip.Addr{} }), V4, []State{Unknown}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &interfaces{now: func() (uplink.Route, error) { return tt.route, nil }}
			var got []State
			for _, a := range s.AskAll(t.Context(), tt.family) {
				got = append(got, a.State)
				if (a.State == Known) != a.Addr.IsValid() || (a.State == Known) == (a.Why != "") {
					t.Errorf("%+v", a)
				}
			}
			if !slices.Equal(got, tt.want) || s.Ask(t.Context(), tt.family).State != tt.want[0] {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	s := &interfaces{now: func() (uplink.Route, error) { return uplink.Route{}, errors.New("hidden") }}
	if got := s.Ask(t.Context(), V6); got.State != Unknown || got.Why != "hidden" {
		t.Errorf("got %+v", got)
	}
}

func TestDialFrom(t *testing.T) {
	route := uplink.Route{Global6: []netip.Addr{addr("2606:4700::1"), addr("2606:4700::2"), addr("2606:4700::3"), addr("2606:4700::4")}}
	if n := len(sources(route, V4)); n != 1 {
		t.Errorf("IPv4 is tried %d times", n)
	}
	for _, tt := range []struct {
		name string
		dead []bool // does not answer; otherwise answers in 50 ms
		want string // the address that won
		took time.Duration
	}{
		{"the first answers", []bool{false, false, false}, "2606:4700::1", 50 * time.Millisecond},
		{"the first belongs to a prefix that is gone", []bool{true, false, false}, "2606:4700::2", 350 * time.Millisecond},
		{"so does the second", []bool{true, true, false}, "2606:4700::3", 650 * time.Millisecond},
		{"none answers", []bool{true, true, true}, "", 3 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				var open atomic.Int32
				began := time.Now()
				conn, err := dialFrom(ctx, sources(route, V6), func(ctx context.Context, r uplink.Route) (net.Conn, error) {
					i := slices.Index(route.Global6, r.Global6[0])
					wait := 50 * time.Millisecond
					if tt.dead[i] {
						wait = time.Hour
					}
					select {
					case <-time.After(wait):
					case <-ctx.Done():
						return nil, ctx.Err()
					}
					open.Add(1)
					return &counted{name: r.Global6[0].String(), open: &open}, nil
				})
				if took := time.Since(began); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				synctest.Wait()
				if tt.want == "" {
					if err == nil || open.Load() != 0 {
						t.Errorf("got %v, %d open", err, open.Load())
					}
					return
				}
				if err != nil || conn.(*counted).name != tt.want || open.Load() != 1 {
					t.Errorf("got %v, %v, %d open", conn, err, open.Load())
				}
			})
		})
	}
	t.Run("all fail at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			_, err := dialFrom(t.Context(), sources(route, V6), func(context.Context, uplink.Route) (net.Conn, error) { return nil, uplink.ErrNoWay })
			if !errors.Is(err, uplink.ErrNoWay) || time.Since(began) != 0 {
				t.Errorf("%v after %v", err, time.Since(began))
			}
		})
	})
}

type counted struct {
	net.Conn
	name string
	open *atomic.Int32
}

func (c *counted) Close() error { c.open.Add(-1); return nil }

package publicip

import (
	"net/netip"
	"testing"

	"github.com/miekg/dns"

	"latchkey/dyndns/query"
)

func TestDefaults(t *testing.T) {
	count := map[Kind]map[Family]map[string]bool{}
	for _, s := range Defaults(Options{}) {
		for _, f := range []Family{V4, V6} {
			if !s.(Serves).Serves(f) {
				continue
			}
			if count[s.Kind()] == nil {
				count[s.Kind()] = map[Family]map[string]bool{V4: {}, V6: {}}
			}
			count[s.Kind()][f][s.Name()] = true
		}
	}
	for _, k := range []Kind{HTTPS, DNS} {
		for _, f := range []Family{V4, V6} {
			if n := len(count[k][f]); n < 3 {
				t.Errorf("%s has %d operators for %s, want three", k, n, f)
			}
		}
	}
	for _, p := range httpsOperators { // what we ship, the configuration could say as well
		for _, url := range []string{p.url4, p.url6} {
			if url == "" {
				continue
			}
			if _, err := ParseHTTPS(url, Options{}); err != nil {
				t.Errorf("%s: %v", p.name, err)
			}
		}
	}
}

func TestConfigured(t *testing.T) {
	names := func(https, dns []string) (list []string) {
		all, err := Configured(https, dns, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			list = append(list, s.Name())
		}
		return list
	}
	if got := names(nil, nil); len(got) != len(httpsOperators)+len(dnsOperators) {
		t.Errorf("nothing configured: %q", got)
	}
	if got := names([]string{"https://checkip.test/"}, nil); len(got) != 1+len(dnsOperators) || got[0] != "checkip.test" {
		t.Errorf("a page configured: %q", got)
	}
	if got := names([]string{"https://checkip.test/"}, []string{"me.test TXT @192.0.2.1"}); len(got) != 2 || got[1] != "192.0.2.1" {
		t.Errorf("both configured: %q", got)
	}
	for _, bad := range [][2][]string{{{"http://x/"}, nil}, {nil, {"x"}}} {
		if _, err := Configured(bad[0], bad[1], Options{}); err == nil {
			t.Errorf("%q passed", bad)
		}
	}
}

func FuzzParseEcho(f *testing.F) {
	for _, seed := range []string{
		"93.184.215.14\n", "fl=1\nip=2606:4700::5\nts=1", `{"ip":"8.8.4.4"}`, "<html>\n10.0.0.1\n</html>", "::ffff:8.8.4.4", "fe80::1%eth0", "",
		`{"ip":"8.8.4.4","ip":"8.8.8.8"}`, "ip=8.8.4.4\nip=8.8.8.8",
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, six bool) {
		family := V4
		if six {
			family = V6
		}
		if a, err := parseEcho(body, family); err == nil && (!family.Of(a) || a.Zone() != "") {
			t.Errorf("read %v out of %q for %s", a, body, family)
		}
	})
}

func FuzzEchoed(f *testing.F) {
	q := query.Question{Name: "me.test", Type: dns.TypeTXT}
	for _, text := range []string{`me.test. 0 IN TXT "8.8.4.4"`, `me.test. 0 IN TXT "x" "2606:4700::5"`, "me.test. 0 IN A 8.8.4.4", "me.test. 0 IN CNAME x.test."} {
		rr, err := dns.NewRR(text)
		if err != nil {
			f.Fatal(err)
		}
		m := new(dns.Msg)
		m.SetQuestion("me.test.", dns.TypeTXT)
		m.Response, m.Answer = true, []dns.RR{rr}
		packet, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packet)
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		m := new(dns.Msg)
		if m.Unpack(packet) != nil {
			return
		}
		for _, family := range []Family{V4, V6} {
			for _, kind := range []uint16{dns.TypeTXT, dns.TypeA, dns.TypeAAAA} {
				q.Type = kind
				if a, err := echoed(m, q, family); err == nil && (!family.Of(a) || a.Zone() != "") {
					t.Errorf("read %v for %s", a, family)
				}
			}
		}
	})
}

func FuzzConfigured(f *testing.F) {
	f.Add("https://checkip.test/ip")
	f.Add("https://[2606:4700::1111]:443/x?y")
	f.Add("whoami.cloudflare CH TXT @[2606:4700:4700::1111]:53")
	f.Add("me.test A @server")
	f.Add("me AAAA @::1")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := ParseHTTPS(text, Options{}); err == nil && serving(s) == "" {
			t.Errorf("%q serves nobody", text)
		}
		s, err := ParseDNS(text, Options{})
		if err != nil {
			return
		}
		for family, q := range s.(*dnsEcho).ask {
			host, port, ok := server(q.server)
			if !ok || port == "" || host == "" {
				t.Errorf("%q is asked of %q", text, q.server)
			}
			if a, err := netip.ParseAddr(host); err == nil && !family.Of(a) {
				t.Errorf("%q asks %s for %s", text, a, family)
			}
		}
	})
}

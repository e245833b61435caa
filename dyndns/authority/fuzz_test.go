package authority

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func FuzzRead(f *testing.F) {
	for _, text := range []string{
		"vault.home.test. 60 IN A 203.0.113.10",
		"vault.home.test. 60 IN CNAME x.home.test.\nx.home.test. 60 IN AAAA 2001:db8::5",
		"vault.home.test. 60 IN CNAME vault.home.test.",
		"a.test. 60 IN CNAME vault.home.test.\nvault.home.test. 60 IN CNAME a.test.",
		`vault.home.test. 60 IN TXT "a\\" "\200"`,
		"home.test. 60 IN SOA a. b. 1 1 1 1 1\nhome.test. 60 IN NS ns.home.test.",
	} {
		m := new(dns.Msg)
		m.SetQuestion("vault.home.test.", dns.TypeA)
		m.Response = true
		for line := range strings.Lines(text) {
			rr, err := dns.NewRR(line)
			if err != nil {
				f.Fatal(err)
			}
			m.Answer, m.Ns = append(m.Answer, rr), append(m.Ns, rr)
		}
		packet, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packet)
	}
	const name = "vault.home.test"
	f.Fuzz(func(t *testing.T, packet []byte) {
		m := new(dns.Msg)
		if m.Unpack(packet) != nil {
			return
		}
		for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
			said := read(m, name, kind)
			if !slices.IsSortedFunc(said.Addrs, netip.Addr.Compare) || said.TTL < 0 {
				t.Errorf("read %+v", said)
			}
			for _, a := range said.Addrs {
				if !a.IsValid() || !said.Exists {
					t.Errorf("read %+v", said)
				}
			}
		}
		if cut := referral(m, "home.test", name); cut != "" && (!within(cut, name) || !within("home.test", cut)) {
			t.Errorf("delegated to %q", cut)
		}
		if soa := startOf(m, name); soa != nil && !within(canonical(soa.Hdr.Name), name) {
			t.Errorf("the zone %q does not hold the name", soa.Hdr.Name)
		}
		readTexts(m, name)
		nameServers(m.Ns, "home.test")
	})
}

func FuzzParseResolvConf(f *testing.F) {
	f.Add([]byte("# by DHCP\nsearch lan\nnameserver 192.168.1.1\nnameserver fe80::1%eth0\noptions edns0\n"))
	f.Add([]byte("nameserver\nnameserver x\nnameserver 1.1.1.1 # x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list := parseResolvConf(text)
		if len(list) > maxResolvers {
			t.Errorf("%d resolvers", len(list))
		}
		for _, at := range list {
			if _, err := netip.ParseAddrPort(at); err != nil {
				t.Errorf("%q: %v", at, err)
			}
		}
	})
}

func FuzzClean(f *testing.F) {
	for _, name := range []string{"Vault.Home.Test.", "m\u00fcller.example", "_acme-challenge.x.test", "*.x.test", "a..b", "co.uk", " x.test", "x.test:443"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, err := clean(name)
		if err != nil {
			return
		}
		if _, ok := dns.IsDomainName(got); !ok || got != canonical(got) || !strings.Contains(got, ".") {
			t.Errorf("clean(%q) = %q", name, got)
		}
		if again, err := clean(got); err != nil || again != got {
			t.Errorf("clean(%q) = %q, and that again %q, %v", name, got, again, err)
		}
		if r := registry(got); !within(r, got) || !within(r, below(got, r)) || !within(below(got, r), got) {
			t.Errorf("registry(%q) = %q, below it %q", got, r, below(got, r))
		}
	})
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"vault.example.co.uk": "example.co.uk", "vault.foo.duckdns.org": "duckdns.org", "foo.dynv6.net": "dynv6.net",
		"vault.home.test": "home.test", "home.test": "home.test", "a.b.example.de": "example.de",
	} {
		if got := below(name, registry(name)); got != want {
			t.Errorf("%s is registered as %q, want %q", name, got, want)
		}
	}
	if got, err := clean("M\u00dcLLER.example"); err != nil || got != "xn--mller-kva.example" {
		t.Errorf("got %q, %v", got, err)
	}
}

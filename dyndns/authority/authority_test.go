package authority

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

type addrs = []netip.Addr

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestZone(t *testing.T) {
	w, _, _, _ := usual(t)
	for _, tt := range []struct {
		name, asked, want string
		err               error
	}{
		{"a name in it", "vault.home.test", "home.test", nil},
		{"a name that is not there", "absent.home.test", "home.test", nil},
		{"a name far below", "_acme-challenge.a.b.vault.home.test", "home.test", nil},
		{"the apex itself", "home.test", "home.test", nil},
		{"an alias", "www.home.test", "home.test", nil},
		{"any case, and a dot at the end", " VAULT.Home.Test. ", "home.test", nil},
		{"a name that nobody has registered", "vault.hoem.test", "", ErrNoZone},
		{"a top level that does not exist", "vault.home.tset", "", ErrNoZone},
		{"a top level itself", "test", "", ErrNoZone},
		{"a public suffix", "co.uk", "", ErrNoZone},
		{"a suffix of a provider", "duckdns.org", "", ErrNoZone},
		{"no name", "", "", ErrNoZone},
		{"a URL", "https://vault.home.test/", "", ErrNoZone},
		{"an address with a port", "vault.home.test:443", "", ErrNoZone},
		{"an empty label", "vault..test", "", ErrNoZone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			z, err := w.authority().Zone(t.Context(), tt.asked)
			if !errors.Is(err, tt.err) || z.Name != tt.want {
				t.Fatalf("got %q, %v; want %q, %v", z.Name, err, tt.want, tt.err)
			}
			if tt.err != nil {
				return
			}
			if z.Primary != "ns1.home.test" || z.Negative != time.Minute || len(z.Servers) != 2 || z.Trouble != nil {
				t.Errorf("got %+v", z)
			}
			if z.Servers[0].Addrs[0].String() != "192.0.2.2:53" || z.Servers[1].Addrs[0].String() != "192.0.2.3:53" {
				t.Errorf("servers: %+v", z.Servers)
			}
		})
	}

	t.Run("the resolver is never asked for the name, nor for what lies between", func(t *testing.T) {
		w.forgetQuestions()
		a := w.authority()
		for _, name := range []string{"a.b.absent.home.test", "_acme-challenge.vault.home.test", "absent.home.test"} {
			if _, err := a.Zone(t.Context(), name); err != nil {
				t.Fatal(err)
			}
			if _, err := a.Addresses(t.Context(), name, 4); err != nil {
				t.Fatal(err)
			}
			if _, err := a.Texts(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
		for _, q := range w.questions("192.0.2.53") {
			if q != "NS test +rd" && !strings.HasSuffix(q, " ns2.elsewhere.test +rd") && !strings.HasSuffix(q, " ns.nic.test +rd") {
				t.Errorf("the resolver was asked for %s", q)
			}
		}
	})

	t.Run("it is remembered for five minutes", func(t *testing.T) {
		now := time.Unix(1e9, 0)
		a := w.authority()
		a.cfg.Now = func() time.Time { return now }
		w.forgetQuestions()
		for range 3 {
			a.Zone(t.Context(), "vault.home.test")
		}
		if n := len(w.questions("192.0.2.1")); n != 1 {
			t.Errorf("the top level was asked %d times", n)
		}
		now = now.Add(5 * time.Minute)
		a.Zone(t.Context(), "vault.home.test")
		if n := len(w.questions("192.0.2.1")); n != 2 {
			t.Errorf("after that %d times", n)
		}
	})

	t.Run("a resolver that knows no top levels", func(t *testing.T) {
		w, _, _, resolver := usual(t)
		w.change(func() { delete(resolver.zones, "test") })
		w.change(func() { resolver.zones["elsewhere.test"] = zone(t, "ns2.elsewhere.test. 3600 IN A 192.0.2.3") })
		if z, err := w.authority().Zone(t.Context(), "vault.home.test"); err != nil || z.Name != "home.test" {
			t.Errorf("got %+v, %v", z, err)
		}
	})

	t.Run("no resolver answers", func(t *testing.T) {
		if _, err := New(Config{Resolvers: []string{"192.0.2.99"}, Dial: w.dial}).Zone(t.Context(), "vault.home.test"); !errors.Is(err, ErrUnreachable) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAddresses(t *testing.T) {
	w, first, second, _ := usual(t)
	a := w.authority()
	for _, tt := range []struct {
		name, asked string
		family      int
		want        Answer
	}{
		{"IPv4", "vault.home.test", 4, Answer{Addrs: addrs{addr("203.0.113.10")}, TTL: time.Minute, Exists: true}},
		{"IPv6", "vault.home.test", 6, Answer{Addrs: addrs{addr("2001:db8::5")}, TTL: time.Minute, Exists: true}},
		{"a name that is not there", "absent.home.test", 4, Answer{}},
		{"a name with other records only", "texts.home.test", 4, Answer{Exists: true}},
		{"an alias within the zone", "www.home.test", 4, Answer{TTL: 5 * time.Minute, Exists: true, CNAME: "vault.home.test"}},
		{"an alias to elsewhere", "away.home.test", 4, Answer{TTL: 5 * time.Minute, Exists: true, CNAME: "name.other.test"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := a.Addresses(t.Context(), tt.asked, tt.family)
			tt.want.Servers, tt.want.Agree = 2, 2
			if err != nil || !same(got, tt.want) {
				t.Errorf("got %+v, %v\nwant %+v", got, err, tt.want)
			}
		})
	}

	other := zone(t, "home.test. 3600 IN SOA ns1.home.test. x. 8 1 1 1 60\nvault.home.test. 60 IN A 203.0.113.99")
	t.Run("where the servers differ, the primary counts among equals", func(t *testing.T) {
		old := second.zones["home.test"]
		w.change(func() { second.zones["home.test"] = other })
		got, err := a.Addresses(t.Context(), "vault.home.test", 4)
		if err != nil || got.Addrs[0] != addr("203.0.113.10") || got.Servers != 2 || got.Agree != 1 {
			t.Errorf("got %+v, %v", got, err)
		}
		w.change(func() { second.zones["home.test"], first.zones["home.test"] = old, other })
		got, err = a.Addresses(t.Context(), "vault.home.test", 4)
		if err != nil || got.Addrs[0] != addr("203.0.113.99") || got.Servers != 2 || got.Agree != 1 {
			t.Errorf("got %+v, %v", got, err)
		}
		w.change(func() { first.zones["home.test"] = old })
	})

	t.Run("a server that is down does not count", func(t *testing.T) {
		w.change(func() { delete(w.at, "192.0.2.3:53") })
		defer w.put("192.0.2.3", second)
		got, err := a.Addresses(t.Context(), "vault.home.test", 4)
		if err != nil || len(got.Addrs) != 1 || got.Servers != 1 || got.Agree != 1 {
			t.Errorf("got %+v, %v", got, err)
		}
	})

	t.Run("a lame server does not count", func(t *testing.T) {
		w.change(func() { second.meddle = func(_, reply *dns.Msg) *dns.Msg { reply.Authoritative = false; return reply } })
		defer w.change(func() { second.meddle = nil })
		got, err := a.Addresses(t.Context(), "vault.home.test", 4)
		if err != nil || got.Servers != 1 {
			t.Errorf("got %+v, %v", got, err)
		}
	})

	t.Run("no server answers", func(t *testing.T) {
		w.change(func() { delete(w.at, "192.0.2.2:53"); delete(w.at, "192.0.2.3:53") })
		defer w.put("192.0.2.2", first)
		defer w.put("192.0.2.3", second)
		if got, err := a.Addresses(t.Context(), "vault.home.test", 4); !errors.Is(err, ErrUnreachable) {
			t.Errorf("got %+v, %v", got, err)
		}
	})

	t.Run("the zone moves to other servers: once the old ones refuse, the next question finds the new ones", func(t *testing.T) {
		w, first, second, top, _ := usualWithTop(t)
		a := w.authority()
		if _, err := a.Addresses(t.Context(), "vault.home.test", 4); err != nil {
			t.Fatal(err)
		}
		w.put("192.0.2.4", &node{zones: map[string][]dns.RR{"home.test": zone(t, `home.test. 3600 IN SOA ns9.home.test. x. 9 1 1 1 60
			home.test. 3600 IN NS ns9.home.test.
			ns9.home.test. 3600 IN A 192.0.2.4
			vault.home.test. 60 IN A 203.0.113.44`)}})
		delegation := zone(t, "test. 3600 IN SOA ns.nic.test. x. 1 1 1 1 300\nhome.test. 3600 IN NS ns9.home.test.\nns9.home.test. 3600 IN A 192.0.2.4")
		w.change(func() { first.zones, second.zones, top.zones["test"] = nil, nil, delegation })
		if got, err := a.Addresses(t.Context(), "vault.home.test", 4); !errors.Is(err, ErrUnreachable) {
			t.Errorf("the old servers: %+v, %v", got, err)
		}
		got, err := a.Addresses(t.Context(), "vault.home.test", 4)
		if err != nil || !slices.Equal(got.Addrs, addrs{addr("203.0.113.44")}) {
			t.Errorf("the new server: %+v, %v", got, err)
		}
	})
}

func same(a, b Answer) bool {
	return slices.Equal(a.Addrs, b.Addrs) && a.TTL == b.TTL && a.Exists == b.Exists && a.CNAME == b.CNAME && a.Servers == b.Servers && a.Agree == b.Agree
}

func TestInterception(t *testing.T) {
	t.Run("every question goes to a resolver", func(t *testing.T) {
		w, _, _, _ := usual(t)
		for _, ip := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"} {
			w.change(func() { w.at[ip+":53"] = w.at["192.0.2.53:53"] })
		}
		a := w.authority()
		if got, err := a.Addresses(t.Context(), "vault.home.test", 4); !errors.Is(err, ErrIntercepted) {
			t.Errorf("Addresses: %+v, %v", got, err)
		}
		z, err := a.Zone(t.Context(), "vault.home.test")
		if err != nil || z.Name != "home.test" || !errors.Is(z.Trouble, ErrIntercepted) {
			t.Errorf("Zone: %+v, %v", z, err)
		}
		got, err := a.Resolve(t.Context(), "vault.home.test", 4)
		if err != nil || len(got.Addrs) != 1 {
			t.Errorf("Resolve: %+v, %v", got, err)
		}
	})

	t.Run("it begins while we know the zone", func(t *testing.T) {
		w, first, second, _ := usual(t)
		a := w.authority()
		if _, err := a.Zone(t.Context(), "vault.home.test"); err != nil {
			t.Fatal(err)
		}
		w.change(func() { first.meddle, second.meddle = recursive, recursive })
		if got, err := a.Addresses(t.Context(), "vault.home.test", 4); !errors.Is(err, ErrIntercepted) {
			t.Errorf("got %+v, %v", got, err)
		}
	})

	t.Run("somebody has an address for a name that can't exist", func(t *testing.T) {
		w, first, second, _ := usual(t)
		forge := func(asked, reply *dns.Msg) *dns.Msg {
			if strings.HasSuffix(canonical(asked.Question[0].Name), ".invalid") {
				reply = new(dns.Msg).SetReply(asked)
				reply.Authoritative = true
				reply.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: asked.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: []byte{10, 0, 0, 1}}}
			}
			return reply
		}
		w.change(func() { first.meddle, second.meddle = forge, forge })
		if got, err := w.authority().Addresses(t.Context(), "vault.home.test", 4); !errors.Is(err, ErrIntercepted) {
			t.Errorf("got %+v, %v", got, err)
		}
	})

	t.Run("port 53 is closed: the zone is still known, its servers are not", func(t *testing.T) {
		w, _, _, _ := usual(t)
		for _, ip := range []string{"192.0.2.1:53", "192.0.2.2:53", "192.0.2.3:53"} {
			w.change(func() { delete(w.at, ip) })
		}
		a := w.authority()
		for _, name := range []string{"new.home.test", "new.below.home.test", "home.test"} {
			z, err := a.Zone(t.Context(), name)
			if err != nil || z.Name != "home.test" || !errors.Is(z.Trouble, ErrUnreachable) {
				t.Errorf("Zone(%s): %+v, %v", name, z, err)
			}
			if _, err := a.Addresses(t.Context(), name, 4); !errors.Is(err, ErrUnreachable) {
				t.Errorf("Addresses(%s): %v", name, err)
			}
		}
		for _, q := range w.questions("192.0.2.53") {
			if strings.HasSuffix(q, "below.home.test +rd") || strings.HasSuffix(q, "new.home.test +rd") {
				t.Errorf("the resolver was asked for %s, and will remember its absence", q)
			}
		}
	})

	t.Run("a server that says nothing costs its time and no more", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w, _, second, _ := usual(t)
			a := w.authority()
			a.cfg.Timeout = 2 * time.Second
			if _, err := a.Zone(t.Context(), "vault.home.test"); err != nil {
				t.Fatal(err)
			}
			w.change(func() { second.meddle = func(_, _ *dns.Msg) *dns.Msg { return nil } })
			began := time.Now()
			got, err := a.Addresses(t.Context(), "vault.home.test", 4)
			if took := time.Since(began); err != nil || got.Servers != 1 || took != 2*time.Second {
				t.Errorf("got %+v, %v after %v", got, err, took)
			}
		})
	})
}

func TestTexts(t *testing.T) {
	w, first, second, _ := usual(t)
	a := w.authority()
	got, err := a.Texts(t.Context(), "texts.home.test")
	if want := []string{"one", "two parts", "quote \" and \\ and \xc8"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	t.Run("what one server has not got is not there yet", func(t *testing.T) {
		more := zone(t, `texts.home.test. 60 IN TXT "three"`)
		w.change(func() { second.zones["home.test"] = append(slices.Clone(second.zones["home.test"]), more...) })
		if got, err := a.Texts(t.Context(), "texts.home.test"); err != nil || len(got) != 3 {
			t.Errorf("got %q, %v", got, err)
		}
	})
	t.Run("an alias into another zone", func(t *testing.T) {
		alias := zone(t, "_acme-challenge.home.test. 60 IN CNAME x.elsewhere.test.")
		w.change(func() { first.zones["home.test"] = append(first.zones["home.test"], alias...) })
		w.change(func() { second.zones["home.test"] = append(second.zones["home.test"], alias...) })
		there := zone(t, `elsewhere.test. 60 IN NS ns2.elsewhere.test.
			ns2.elsewhere.test. 60 IN A 192.0.2.3
			x.elsewhere.test. 60 IN TXT "proof"`)
		w.change(func() { second.zones["elsewhere.test"] = append(second.zones["elsewhere.test"], there...) })
		if got, err := a.Texts(t.Context(), "_acme-challenge.home.test"); err != nil || !slices.Equal(got, []string{"proof"}) {
			t.Errorf("got %q, %v", got, err)
		}
	})
	t.Run("nothing there", func(t *testing.T) {
		if got, err := a.Texts(t.Context(), "absent.home.test"); err != nil || len(got) != 0 {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func TestResolve(t *testing.T) {
	w, first, second, resolver := usual(t)
	a := w.authority()
	t.Run("the remaining TTL is the resolver's", func(t *testing.T) {
		got, err := a.Resolve(t.Context(), "vault.home.test", 4)
		if want := (Answer{Addrs: addrs{addr("203.0.113.10")}, TTL: 41 * time.Second, Exists: true, Servers: 1, Agree: 1}); err != nil || !same(got, want) {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("a name that is not there is asked for without recursion only", func(t *testing.T) {
		var recursed atomic.Bool
		w.change(func() {
			resolver.meddle = func(asked, reply *dns.Msg) *dns.Msg {
				if asked.RecursionDesired && strings.Contains(canonical(asked.Question[0].Name), "absent") {
					recursed.Store(true)
				}
				return recursive(asked, reply)
			}
		})
		got, err := a.Resolve(t.Context(), "absent.home.test", 4)
		if err != nil || !same(got, Answer{}) || recursed.Load() {
			t.Errorf("got %+v, %v, recursed %v", got, err, recursed.Load())
		}
	})
	t.Run("an address that is gone, but remembered", func(t *testing.T) {
		gone := zone(t, "home.test. 3600 IN SOA ns1.home.test. x. 8 1 1 1 60\ntexts.home.test. 60 IN TXT \"x\"")
		before := first.zones["home.test"]
		w.change(func() { first.zones["home.test"], second.zones["home.test"] = gone, gone })
		defer w.change(func() { first.zones["home.test"], second.zones["home.test"] = before, before })
		got, err := a.Resolve(t.Context(), "vault.home.test", 4)
		if err != nil || len(got.Addrs) != 1 || got.TTL != 41*time.Second {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("a resolver that hides private addresses", func(t *testing.T) {
		w.change(func() {
			resolver.meddle = func(asked, reply *dns.Msg) *dns.Msg {
				reply = recursive(asked, reply)
				reply.Answer = nil
				return reply
			}
		})
		defer w.change(func() { resolver.meddle = recursive })
		a.Zone(t.Context(), "vault.home.test")
		got, err := a.Resolve(t.Context(), "vault.home.test", 4)
		if err != nil || len(got.Addrs) != 0 || !got.Exists {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("the second resolver helps where the first fails", func(t *testing.T) {
		w.put("192.0.2.54", &node{meddle: func(_, reply *dns.Msg) *dns.Msg { reply.Rcode = dns.RcodeServerFailure; return reply }})
		a := New(Config{Resolvers: []string{"192.0.2.54", "192.0.2.53:53"}, Timeout: time.Minute, Dial: w.dial})
		if got, err := a.Resolve(t.Context(), "vault.home.test", 4); err != nil || len(got.Addrs) != 1 {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("resolv.conf is read again", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "resolv.conf")
		a := New(Config{Timeout: time.Minute, Dial: w.dial, resolvConf: path})
		if _, err := a.Resolve(t.Context(), "vault.home.test", 4); !errors.Is(err, ErrUnreachable) {
			t.Errorf("without a file: %v", err)
		}
		for _, tt := range []struct {
			text string
			err  error
		}{{"# none\n", ErrUnreachable}, {"search x\nnameserver 192.0.2.53\n", nil}, {"nameserver 192.0.2.98\n", ErrUnreachable}} {
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := a.Resolve(t.Context(), "vault.home.test", 4); !errors.Is(err, tt.err) {
				t.Errorf("%q: %v, want %v", tt.text, err, tt.err)
			}
		}
	})
}

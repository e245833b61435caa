package listen_test

import (
	"math/rand/v2"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"latchkey/appliance/listen"
)

// proxied is a call that a peer makes with headers, as "Name: value" lines.
func proxied(peer string, lines ...string) listen.Call {
	h := http.Header{}
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ": ")
		h.Add(name, value)
	}
	return listen.Call{Door: listen.DoorTLS, Peer: addr(peer), Local: addr("192.168.1.5"), Host: "keys.example.org", Header: h}
}

func TestClientOf(t *testing.T) {
	const proxy = "192.168.1.250" // declared, as is 10.9.0.0/16
	declared := prefixes("192.168.1.250/32", "10.9.0.0/16", "fd00:9::/64")
	for _, tt := range []struct {
		name  string
		peer  string
		lines []string
		want  string // address
		doubt string // part of it
	}{
		{"nobody's proxy is the client itself", "203.0.113.9", nil, "203.0.113.9", ""},
		{"a stranger is not believed", "203.0.113.9", []string{"X-Forwarded-For: 198.51.100.7", "Forwarded: for=198.51.100.7"}, "203.0.113.9", ""},
		{"a peer in the form of IPv4 in IPv6 is the proxy", "::ffff:192.168.1.250", []string{"X-Forwarded-For: 198.51.100.7"}, "198.51.100.7", ""},
		{"a peer with a zone keeps none", "fe80::20%eth0", nil, "fe80::20", ""},

		{"one address", proxy, []string{"X-Forwarded-For: 198.51.100.7"}, "198.51.100.7", ""},
		{"what the client wrote itself stands left", proxy, []string{"X-Forwarded-For: 1.1.1.1, 198.51.100.7"}, "198.51.100.7", ""},
		{"in a header of its own too", proxy, []string{"X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 198.51.100.7"}, "198.51.100.7", ""},
		{"through two declared proxies", proxy, []string{"X-Forwarded-For: 1.1.1.1, 198.51.100.7, 10.9.0.3"}, "198.51.100.7", ""},
		{"through two declared proxies in two headers", proxy, []string{"X-Forwarded-For: 198.51.100.7", "X-Forwarded-For: 10.9.0.3,fd00:9::7"}, "198.51.100.7", ""},
		{"a proxy that is not declared ends the trust", proxy, []string{"X-Forwarded-For: 198.51.100.7, 10.8.0.3"}, "10.8.0.3", ""},
		{"with a port", proxy, []string{"X-Forwarded-For: 198.51.100.7:4711"}, "198.51.100.7", ""},
		{"IPv6", proxy, []string{"X-Forwarded-For: 2001:db8:1::9"}, "2001:db8:1::9", ""},
		{"IPv6 in brackets", proxy, []string{"X-Forwarded-For: [2001:db8:1::9]"}, "2001:db8:1::9", ""},
		{"IPv6 in brackets with a port", proxy, []string{"X-Forwarded-For: [2001:db8:1::9]:443"}, "2001:db8:1::9", ""},
		{"IPv4 written as IPv6", proxy, []string{"X-Forwarded-For: ::ffff:198.51.100.7"}, "198.51.100.7", ""},
		{"tabs, spaces and empty elements", proxy, []string{"X-Forwarded-For: ,\t 198.51.100.7 \t,, "}, "198.51.100.7", ""},
		{"a household's own address by way of a proxy", proxy, []string{"X-Forwarded-For: 192.168.1.20"}, "192.168.1.20", ""},

		{"no header at all", proxy, nil, proxy, "does not say"},
		{"an empty header", proxy, []string{"X-Forwarded-For: "}, proxy, "none but declared"},
		{"unknown", proxy, []string{"X-Forwarded-For: 198.51.100.7, unknown"}, proxy, "no address in X-Forwarded-For"},
		{"nonsense", proxy, []string{"X-Forwarded-For: 198.51.100.7.8"}, proxy, "no address"},
		{"a port that is none", proxy, []string{"X-Forwarded-For: 198.51.100.7:port"}, proxy, "no address"},
		{"an open bracket", proxy, []string{"X-Forwarded-For: [2001:db8:1::9"}, proxy, "no address"},
		{"IPv4 in brackets", proxy, []string{"X-Forwarded-For: [198.51.100.7]"}, proxy, "no address"},
		{"the unspecified address", proxy, []string{"X-Forwarded-For: 0.0.0.0"}, proxy, "no address"},
		{"a group's address", proxy, []string{"X-Forwarded-For: 224.0.0.1"}, proxy, "no address"},
		{"only proxies", proxy, []string{"X-Forwarded-For: 10.9.0.3"}, proxy, "none but declared"},
		{"unknown left of the client does not matter", proxy, []string{"X-Forwarded-For: unknown, 198.51.100.7"}, "198.51.100.7", ""},

		{"Forwarded", proxy, []string{"Forwarded: for=198.51.100.7"}, "198.51.100.7", ""},
		{"Forwarded with all that it can say", proxy, []string{`Forwarded: By=10.9.0.3;FOR="198.51.100.7:4711";proto=https;host="a,b;c"`}, "198.51.100.7", ""},
		{"Forwarded IPv6 in quotes", proxy, []string{`Forwarded: for="[2001:db8:1::9]:4711"`}, "2001:db8:1::9", ""},
		{"Forwarded IPv6 with a hidden port", proxy, []string{`Forwarded: for="[2001:db8:1::9]:_x"`}, "2001:db8:1::9", ""},
		{"Forwarded IPv6 without the quotes it needs", proxy, []string{`Forwarded: for=[2001:db8:1::9]:80`}, "2001:db8:1::9", ""},
		{"Forwarded with an escape", proxy, []string{`Forwarded: for="198.51.100\.7"`}, "198.51.100.7", ""},
		{"Forwarded over several elements", proxy, []string{"Forwarded: for=1.1.1.1, for=198.51.100.7 ; proto=http , for=10.9.0.3"}, "198.51.100.7", ""},
		{"Forwarded over several headers", proxy, []string{"Forwarded: for=1.1.1.1", "Forwarded: for=198.51.100.7"}, "198.51.100.7", ""},
		{"Forwarded with empty elements", proxy, []string{"Forwarded: ,, for=198.51.100.7;;proto=https, "}, "198.51.100.7", ""},
		{"Forwarded unknown", proxy, []string{"Forwarded: for=unknown"}, proxy, "no address in Forwarded"},
		{"Forwarded hidden", proxy, []string{`Forwarded: for="_gazonk:_p"`}, proxy, "no address in Forwarded"},
		{"Forwarded without for", proxy, []string{"Forwarded: for=1.1.1.1, proto=https"}, proxy, "no address in Forwarded"},
		{"Forwarded with for twice", proxy, []string{"Forwarded: for=198.51.100.7;for=1.1.1.1"}, proxy, "no address in Forwarded"},
		{"Forwarded with nothing behind for", proxy, []string{"Forwarded: for="}, proxy, "no address in Forwarded"},
		{"Forwarded with a space inside", proxy, []string{"Forwarded: for= 198.51.100.7"}, proxy, "no address in Forwarded"},
		{"Forwarded that a client left in quotes", proxy, []string{`Forwarded: for="1.1.1.1, for=198.51.100.7`}, proxy, "no address in Forwarded"},
		{"Forwarded that a client left in quotes before quotes", proxy, []string{`Forwarded: for="1.1.1.1, for="[2001:db8:1::9]"`}, proxy, "no address in Forwarded"},
		{"Forwarded that a client broke off in a header before", proxy, []string{`Forwarded: for="1.1.1.1`, `Forwarded: for=198.51.100.7`}, "198.51.100.7", ""},

		{"both agree", proxy, []string{"X-Forwarded-For: 1.1.1.1, 198.51.100.7", `Forwarded: for="198.51.100.7:80"`}, "198.51.100.7", ""},
		{"a client's Forwarded beside the proxy's X-Forwarded-For", proxy, []string{"X-Forwarded-For: 198.51.100.7", "Forwarded: for=1.1.1.1"}, proxy, "X-Forwarded-For and Forwarded"},
		{"a client's X-Forwarded-For beside the proxy's Forwarded", proxy, []string{"X-Forwarded-For: 1.1.1.1", "Forwarded: for=198.51.100.7"}, proxy, "disagree"},
		{"one says, the other hides", proxy, []string{"X-Forwarded-For: 198.51.100.7", "Forwarded: for=unknown"}, proxy, "disagree"},
		{"both hide", proxy, []string{"X-Forwarded-For: unknown", "Forwarded: for=_hidden"}, proxy, "no address in Forwarded"},
		{"other headers are nobody's word", proxy, []string{"X-Real-Ip: 1.1.1.1", "Cf-Connecting-Ip: 1.1.1.1", "X-Forwarded-Host: evil.example"}, proxy, "does not say"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := proxied(tt.peer, tt.lines...)
			got := listen.ClientOf(c, declared)
			if got.Addr != addr(tt.want) || (got.Doubt == "") != (tt.doubt == "") || !strings.Contains(got.Doubt, tt.doubt) {
				t.Errorf("got %+v, want %s with a doubt of %q", got, tt.want, tt.doubt)
			}
			if got.Proxied != slices.ContainsFunc(declared, func(p netip.Prefix) bool { return p.Contains(c.Peer.Unmap()) }) {
				t.Errorf("Proxied = %v", got.Proxied)
			}
		})
	}
}

// TestWhatAClientSendsNeverNamesIt lets clients prepend what they like to what
// an honest proxy appends.
func TestWhatAClientSendsNeverNamesIt(t *testing.T) {
	declared := prefixes("192.168.1.250/32")
	const client = "198.51.100.7"
	rnd := rand.New(rand.NewPCG(7, 7))
	bits := []string{"for=", "1.1.1.1", `"`, `\`, ",", ";", " ", "=", "[", "]", ":", "::1", "unknown", "_x", "proto=https", "\t", "192.168.1.250", "for=\"1.1.1.1\"", "x"}
	talk := func() string {
		var b strings.Builder
		for range rnd.IntN(8) {
			b.WriteString(bits[rnd.IntN(len(bits))])
		}
		return b.String()
	}
	for range 20_000 {
		said := talk()
		lines := []string{"X-Forwarded-For: " + said + ", " + client}
		if rnd.IntN(2) == 0 {
			lines[0] = "Forwarded: " + said + `, for="` + client + `:80";proto=https`
		}
		got := listen.ClientOf(proxied("192.168.1.250", lines...), declared)
		if got.Doubt == "" && got.Addr != addr(client) || got.Doubt != "" && got.Addr != addr("192.168.1.250") {
			t.Fatalf("%q makes the client %s (%s)", lines, got.Addr, got.Doubt)
		}
	}
}

func TestAProxysCallIsNeverFromHome(t *testing.T) {
	n := house()
	n.Names = append(n.Names, "keys.example.org", "lan.keys.example.org")
	for _, tt := range []struct {
		name string
		call listen.Call
		why  string
	}{
		{"for a neighbour", proxied("192.168.1.250", "X-Forwarded-For: 192.168.1.20"), "declared proxy"},
		{"without a word for whom", proxied("192.168.1.250"), "does not say"},
		{"with two words", proxied("192.168.1.250", "X-Forwarded-For: 192.168.1.20", "Forwarded: for=192.168.1.21"), "disagree"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if v := listen.Judge(tt.call, n); v.Origin != listen.Far || !strings.Contains(v.Why, tt.why) {
				t.Errorf("Judge = %+v, want far because %q", v, tt.why)
			}
		})
	}
	t.Run("over loopback, with the Host that some proxies send", func(t *testing.T) {
		n.Proxies = prefixes("127.0.0.1/32")
		c := listen.Call{Door: listen.DoorTLS, Peer: addr("127.0.0.1"), Local: addr("127.0.0.1"), Host: "localhost:8443", Header: http.Header{}}
		if v := listen.Judge(c, n); v.Origin != listen.Far {
			t.Errorf("Judge = %+v", v)
		}
		if v := listen.Judge(c, house()); v.Origin != listen.Home {
			t.Errorf("without the declaration Judge = %+v", v)
		}
	})
}

func FuzzClientOf(f *testing.F) {
	for _, seed := range [][2]string{
		{"198.51.100.7", ""},
		{"1.1.1.1, [2001:db8::1]:80 ,unknown", `for="[2001:db8::1]:80";proto=https`},
		{"::ffff:1.2.3.4", `for="a\"b", for=_x;by="c,d"`},
		{",,,", `;;;,for=`},
		{"[]:1", `for="`},
		{"fe80::1%eth0", `for="[fe80::1%eth0]"`},
	} {
		f.Add(seed[0], seed[1])
	}
	declared := prefixes("192.168.1.250/32", "10.9.0.0/16")
	peer := addr("192.168.1.250")
	f.Fuzz(func(t *testing.T, xff, rfc string) {
		for _, h := range []http.Header{{"X-Forwarded-For": {xff}}, {"Forwarded": {rfc}}, {"X-Forwarded-For": {xff}, "Forwarded": {rfc}}} {
			c := listen.Call{Door: listen.DoorTLS, Peer: peer, Header: h}
			got := listen.ClientOf(c, declared)
			switch {
			case !got.Proxied || !got.Addr.IsValid() || got.Addr.Zone() != "" || got.Addr.Is4In6():
				t.Errorf("%v: %+v", h, got)
			case got.Doubt != "" && got.Addr != peer:
				t.Errorf("%v: a doubtful client is %s", h, got.Addr)
			case got.Doubt == "" && (got.Addr == peer || declared[1].Contains(got.Addr)):
				t.Errorf("%v: a proxy is the client: %s", h, got.Addr)
			}
			if direct := listen.ClientOf(listen.Call{Peer: addr("203.0.113.9"), Header: h}, declared); direct.Addr != addr("203.0.113.9") {
				t.Errorf("%v: a stranger is believed: %+v", h, direct)
			}
		}
	})
}

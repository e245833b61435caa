package publicip_test

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	. "latchkey/dyndns/publicip"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// say is a report in short: "router pcp 8.8.4.4", "https a ?", "interface - none".
func say(t testing.TB, line string) Report {
	t.Helper()
	f := strings.Fields(line)
	if len(f) != 3 {
		t.Fatalf("%q is no report", line)
	}
	r := Report{Kind: Kind(f[0]), Source: f[1]}
	switch f[2] {
	case "?":
		r.Answer.Why = "no answer in time"
	case "none":
		r.Answer.State = None
	default:
		r.Answer = Answer{State: Known, Addr: addr(f[2])}
	}
	return r
}

func say4(t testing.TB, lines string) []Report {
	t.Helper()
	var all []Report
	for _, line := range strings.Split(lines, ",") {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, say(t, line))
		}
	}
	return all
}

func TestJudge(t *testing.T) {
	// A and B stand for two public addresses of each family.
	names4 := strings.NewReplacer("A", "93.184.215.14", "B", "8.8.4.4", "CG", "100.64.0.10", "LAN", "192.168.1.2", "DOC", "203.0.113.10")
	names6 := strings.NewReplacer("A", "2a00:1450:4001::5", "TEMP", "2a00:1450:4001::dead:beef", "B", "2606:4700::5", "ULA", "fd00::5", "MAPPED", "::ffff:8.8.4.4", "DOC", "2001:db8::5")
	for _, tt := range []struct {
		name    string
		family  Family
		rule    Rule
		reports string
		want    string // "known A", "none", "unknown"
		odd     string // sources
		behind  Behind
		why     string // a part of it
	}{
		// Two kinds, one of them the router or HTTPS.
		{"nobody", V4, Two, "", "unknown", "", "", "nobody could tell"},
		{"router and HTTPS agree", V4, Two, "router pcp A, https a A", "known A", "", "", ""},
		{"router and DNS agree", V4, Two, "router pcp A, dns a A", "known A", "", "", ""},
		{"HTTPS and DNS agree", V4, Two, "https a A, dns a A", "known A", "", "", ""},
		{"HTTPS and our own card agree: no router in between", V4, Two, "https a A, interface - A", "known A", "", "", ""},
		{"all four agree", V4, Two, "router pcp A, https a A, dns a A, interface - A", "known A", "", "", ""},
		{"DNS and our card alone are not enough", V4, Two, "dns a A, interface - A", "unknown", "", "", "the router or HTTPS has to say so too"},
		{"the router alone is not enough", V4, Two, "router pcp A, https a ?, dns a ?", "unknown", "", "", "a second kind"},
		{"two protocols of one router are one kind", V4, Two, "router pcp A, router upnp A", "unknown", "", "", "a second kind"},
		{"HTTPS alone is not enough", V4, Two, "https a A, https b A", "unknown", "", "", "only HTTPS (a) says 93.184.215.14"},
		{"an unknown rule is the strict one", V4, "what", "https a A, https b A", "unknown", "", "", "a second kind"},
		{"nobody answers, and the first reason is told", V4, Two, "https a ?, dns b ?", "unknown", "", "", "HTTPS (a): no answer in time"},

		// Contradictions.
		{"the router contradicts HTTPS", V4, Two, "router pcp A, https a B, dns a B", "unknown", "", "", "the router (pcp) says 93.184.215.14, but HTTPS (a) says 8.8.4.4"},
		{"two kinds agree, HTTPS contradicts", V4, Two, "router pcp A, dns a A, https a B", "unknown", "", "", "but"},
		{"two kinds agree, the router contradicts", V4, Two, "https a A, dns a A, router pcp B", "unknown", "", "", "but"},
		{"one router, two protocols, two addresses", V4, Two, "router pcp A, router upnp B, https a A, dns a A", "unknown", "", "", "but"},
		{"HTTPS against HTTPS", V4, Two, "https a A, https b B, dns a A", "unknown", "", "", "HTTPS (a) says"},
		{"one liar among three of HTTPS is odd", V4, Two, "https a A, https b A, https liar B, dns a A", "known A", "liar", "", ""},
		{"two liars among four are not", V4, Two, "https a A, https b A, https c B, https d B, dns a A", "unknown", "", "", "but"},
		{"two liars of one mind among five are not outvoted", V4, Two, "https a A, https b A, https c A, https d B, https e B, dns a A", "unknown", "", "", "but"},
		{"a majority of HTTPS alone is still one kind", V4, Two, "https a A, https b A, https liar B, dns a B", "unknown", "", "", "a second kind"},
		{"a liar with the router on its side holds back", V4, Two, "https a A, https b A, https c B, router pcp B, dns a A", "unknown", "", "", "but"},
		{"DNS alone against two: an intercepted port 53 is odd", V4, Two, "router pcp A, https a A, dns a B", "known A", "a", "", ""},
		{"all of DNS against two", V4, Two, "router pcp A, https a A, dns one B, dns two B", "known A", "one two", "", ""},
		{"our card against two is odd", V4, Two, "router pcp A, https a A, interface - B", "known A", "-", "", ""},
		{"a VPN's exit: HTTPS and DNS against the router", V4, Two, "https a B, https b B, dns a B, router upnp A", "unknown", "", "", "but"},
		{"a VPN's exit where no router speaks can't be told", V4, Two, "https a B, dns a B", "known B", "", "", ""},

		// The other rules.
		{"rule https: two operators", V4, HTTPSAlone, "https a A, https b A", "known A", "", "", ""},
		{"rule https: one operator, as only one was asked", V4, HTTPSAlone, "https a A, dns b ?", "known A", "", "", ""},
		{"rule https: one operator of two", V4, HTTPSAlone, "https a A, https b ?", "unknown", "", "", "a second operator"},
		{"rule https: one operator and DNS", V4, HTTPSAlone, "https a A, https b ?, dns c A", "known A", "", "", ""},
		{"rule https: the router alone is not HTTPS", V4, HTTPSAlone, "router pcp A", "unknown", "", "", "a second kind"},
		{"rule https: the router contradicts", V4, HTTPSAlone, "https a A, https b A, router pcp B", "unknown", "", "", "but"},
		{"rule router: the router alone", V4, RouterOnly, "router pcp A", "known A", "", "", ""},
		{"rule router: HTTPS alone is no router", V4, RouterOnly, "https a A, https b A", "unknown", "", "", "a second kind"},
		{"rule router: HTTPS contradicts", V4, RouterOnly, "router pcp A, https a B", "unknown", "", "", "but"},
		{"rule router: DNS does not", V4, RouterOnly, "router pcp A, dns a B", "known A", "a", "", ""},

		// What stands in between.
		{"carrier-grade NAT, and the world sees an address", V4, Two, "router pcp CG, https a A, dns a A", "known A", "", CGNAT, ""},
		{"carrier-grade NAT of DS-Lite", V4, Two, "router pcp 192.0.0.2, https a A, dns a A", "known A", "", CGNAT, ""},
		{"carrier-grade NAT, and nobody outside answers", V4, Two, "router pcp CG, https a ?", "unknown", "", CGNAT, "no answer"},
		{"double NAT", V4, Two, "router upnp LAN, https a A, dns a A", "known A", "", Double, ""},
		{"double NAT by link-local", V4, Two, "router upnp 169.254.3.4, https a A, dns a A", "known A", "", Double, ""},
		{"both views of one router: the worse is told", V4, Two, "router pcp CG, router upnp LAN, https a A, dns a A", "known A", "", CGNAT, ""},
		{"a router whose UPnP names its inside, but whose PCP the truth", V4, Two, "router pcp A, router upnp LAN, https a A", "known A", "upnp", Open, ""},
		{"a router that names the private and a wrong one", V4, Two, "router pcp B, router upnp LAN, https a A, dns a A", "unknown", "", Double, "but"},
		{"the router answers without an address", V4, Two, "router upnp none, https a A, dns a A", "known A", "", Hidden, ""},
		{"the router says 0.0.0.0", V4, Two, "router upnp 0.0.0.0, https a A, dns a A", "known A", "", Hidden, ""},
		{"no address by one protocol, but by another", V4, Two, "router pcp none, router upnp A, https a A", "known A", "", Open, ""},
		{"the router has no address, and nobody else knows", V4, Two, "router upnp none, https a ?", "unknown", "", Open, "no answer"},
		{"the router can't tell", V4, Two, "router upnp ?, https a A, dns a A", "known A", "", Open, ""},
		{"carrier-grade NAT proves nothing for rule router", V4, RouterOnly, "router pcp CG", "unknown", "", CGNAT, ""},

		// What can't be an address.
		{"HTTPS answers private: a captive portal", V4, Two, "https a LAN, dns a LAN", "unknown", "a a", "", "private (RFC 1918)"},
		{"HTTPS answers private, others know", V4, Two, "https a LAN, router pcp A, dns b A", "known A", "a", "", ""},
		{"HTTPS answers a documentation address", V4, Two, "https a DOC, dns b DOC", "unknown", "a b", "", "RFC 5737"},
		{"DNS answers carrier-grade NAT: the echo is inside the provider", V4, Two, "dns x CG, https a A, router pcp A", "known A", "x", "", ""},
		{"the router answers loopback", V4, Two, "router upnp 127.0.0.1, https a A, dns a A", "known A", "upnp", "", ""},
		{"an IPv6 address for IPv4", V4, Two, "https x 2606:4700::5, https a A, dns a A", "known A", "x", "", ""},
		{"IPv4 written as IPv6", V4, Two, "https x ::ffff:93.184.215.14, https a A, dns a A", "known A", "x", "", ""},
		{"broadcast", V4, RouterOnly, "router upnp 255.255.255.255", "unknown", "upnp", "", "broadcast"},

		// IPv6.
		{"v6: HTTPS and our card agree", V6, Two, "https a A, interface - A", "known A", "", "", ""},
		{"v6: the router and our card agree", V6, Two, "router pcp A, interface - A", "known A", "", "", ""},
		{"v6: the router and our card agree, but nobody outside sees us", V6, Two, "router pcp A, interface - A, https a ?, dns a ?", "unknown", "", "", "lead nowhere"},
		{"v6: a DNS echo outside is enough beside them", V6, Two, "router pcp A, interface - A, https a ?, dns a A", "known A", "", "", ""},
		{"v6: the router alone where that is the rule", V6, RouterOnly, "router pcp A, interface - A, https a ?", "known A", "", "", ""},
		{"v6: a router without IPv6 of its own hides nothing", V6, Two, "router upnp none, https a A, interface - A", "known A", "", Open, ""},
		{"v6: DNS and our card only", V6, Two, "dns a A, interface - A", "unknown", "", "", "the router or HTTPS"},
		{"v6: our card only", V6, Two, "interface - A, https a ?", "unknown", "", "", "the router or HTTPS"},
		{"v6: the world sees a temporary address", V6, Two, "https a TEMP, dns a TEMP, interface - A", "unknown", "", "", "temporary"},
		{"v6: even where HTTPS suffices", V6, HTTPSAlone, "https a TEMP, https b TEMP, interface - A", "unknown", "", "", "temporary"},
		{"v6: two addresses, both our own", V6, Two, "https a A, https b B, dns a A, interface - A, interface - B", "known A", "", "", ""},
		{"v6: two of our own with equal support: always the same one", V6, Two, "https a A, https b B, interface - A, interface - B", "known B", "", "", ""},
		{"v6: one of two is not our own", V6, Two, "https a A, https b B, interface - A", "unknown", "", "", "but"},
		{"v6: a prefix translated on the way (RFC 6296)", V6, Two, "https a B, dns a B, interface - A", "known B", "", "", ""},
		{"v6: no address of our own", V6, Two, "interface - none, https a ?, dns a ?", "none", "", "", "no IPv6 address"},
		{"v6: no address of our own, but the world names one", V6, Two, "interface - none, https a A", "unknown", "", "", "a second kind"},
		{"v6: no address of our own, and DNS names one", V6, Two, "interface - none, dns a A", "unknown", "", "", "the router or HTTPS"},
		{"v6: our card does not know", V6, Two, "interface - ?, https a ?", "unknown", "", "", "no answer"},
		{"v6: only the router has none", V6, Two, "router pcp none, https a ?", "unknown", "", "", "no answer"},
		{"v6: unique local", V6, Two, "https a ULA, interface - ULA", "unknown", "a -", "", "RFC 4193"},
		{"v6: mapped", V6, HTTPSAlone, "https a MAPPED", "unknown", "a", "", "IPv4 written as IPv6"},
		{"v6: a private router address is nonsense here", V6, Two, "router pcp ULA, https a A, interface - A", "known A", "pcp", "", ""},
		{"v6: 6to4", V6, HTTPSAlone, "https a 2002:808:404::1", "unknown", "a", "", "6to4"},
		{"v6: with a zone", V6, HTTPSAlone, "https a fe80::1%eth0", "unknown", "a", "", "link-local"},

		// None for IPv4.
		{"v4: a network without IPv4, says the router too", V4, Two, "interface - none, router pcp none", "none", "", "", "no IPv4 address"},
		{"v4: our card alone", V4, Two, "interface - none, https a ?", "unknown", "", "", "no answer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			names := names4
			if tt.family == V6 {
				names = names6
			}
			// "a" and "-" are names of sources; only the last word is an address.
			var lines []string
			for _, line := range strings.Split(tt.reports, ",") {
				if f := strings.Fields(line); len(f) == 3 {
					lines = append(lines, f[0]+" "+f[1]+" "+names.Replace(f[2]))
				}
			}
			reports := say4(t, strings.Join(lines, ","))
			v := Judge(tt.rule, nil, tt.family, reports)

			got := v.State.String()
			if v.State == Known {
				got += " " + v.Addr.String()
			}
			var odd []string
			for _, r := range v.Odd {
				odd = append(odd, r.Source)
			}
			if got != names.Replace(tt.want) || strings.Join(odd, " ") != tt.odd || v.Behind != tt.behind {
				t.Errorf("got %s, odd %q, behind %q; want %s, %q, %q", got, odd, v.Behind, names.Replace(tt.want), tt.odd, tt.behind)
			}
			if !strings.Contains(v.Why, tt.why) || (v.State == Known) != (v.Why == "") {
				t.Errorf("why: %q, want %q", v.Why, tt.why)
			}
			if len(v.Reports) != len(reports) {
				t.Errorf("%d of %d reports are told", len(v.Reports), len(reports))
			}
		})
	}
}

func TestJudgeLetsTestRangesThrough(t *testing.T) {
	lab := []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8::/32")}
	reports := say4(t, "router pcp 203.0.113.10, https a 203.0.113.10")
	if v := Judge(Two, lab, V4, reports); v.State != Known {
		t.Errorf("with the range: %v %s", v.State, v.Why)
	}
	if v := Judge(Two, nil, V4, reports); v.State != Unknown || len(v.Odd) != 2 {
		t.Errorf("without: %v, %d odd", v.State, len(v.Odd))
	}
	reports = say4(t, "interface - 2001:db8::5, https a 2001:db8::5")
	if v := Judge(Two, lab, V6, reports); v.State != Known {
		t.Errorf("IPv6: %v %s", v.State, v.Why)
	}
}

// FuzzJudge holds the laws that every verdict obeys, whatever is reported.
func FuzzJudge(f *testing.F) {
	f.Add([]byte("\x00\x12\x22\x32"), false)
	f.Add([]byte("\x01\x12\x13\x24\x35\x46\x57\x60"), true)
	f.Add([]byte("\x02\x02\x12\x22\x32\x13\x16\x17"), true)
	kinds := []Kind{Router, DNS, HTTPS, Interface}
	pool := []netip.Addr{
		{},
		addr("93.184.215.14"), addr("8.8.4.4"), addr("100.64.0.10"), addr("192.168.1.2"), addr("203.0.113.10"),
		addr("2a00:1450:4001::5"), addr("2a00:1450:4001::6"), addr("2606:4700::5"), addr("fd00::5"), addr("::ffff:8.8.4.4"), addr("fe80::1%eth0"),
	}
	f.Fuzz(func(t *testing.T, data []byte, six bool) {
		if len(data) == 0 || len(data) > 24 {
			return
		}
		family, rule := V4, []Rule{Two, HTTPSAlone, RouterOnly}[data[0]%3]
		if six {
			family = V6
		}
		var reports []Report
		for _, b := range data[1:] {
			r := Report{Kind: kinds[b>>4&3], Source: string('a' + rune(b>>6))}
			switch n := int(b & 0xf); {
			case n == 14:
				r.Answer.State = None
			case n < len(pool):
				r.Answer = Answer{State: Known, Addr: pool[n]}
			}
			reports = append(reports, r)
		}
		v := Judge(rule, nil, family, reports)
		lawful(t, rule, family, reports, v)

		mixed := slices.Clone(reports)
		rand.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if w := Judge(rule, nil, family, mixed); w.State != v.State || w.Addr != v.Addr || w.Behind != v.Behind || len(w.Odd) != len(v.Odd) {
			t.Errorf("another order, another verdict: %v %v and %v %v", v.State, v.Addr, w.State, w.Addr)
		}
	})
}

func lawful(t *testing.T, rule Rule, f Family, reports []Report, v Verdict) {
	t.Helper()
	if (v.State == Known) != (v.Why == "") || (v.State == Known) != v.Addr.IsValid() {
		t.Errorf("state %v with address %v and why %q", v.State, v.Addr, v.Why)
	}
	if v.State != Known {
		return
	}
	if what, special := Special(v.Addr, nil); special || !f.Of(v.Addr) {
		t.Errorf("believed %v, %s", v.Addr, what)
	}
	support := map[Kind]bool{}
	own := map[netip.Addr]bool{}
	for _, r := range reports {
		if r.Answer.State != Known {
			continue
		}
		if r.Answer.Addr == v.Addr {
			support[r.Kind] = true
		}
		if r.Kind == Interface {
			own[r.Answer.Addr] = true
		}
	}
	if !support[Router] && !support[HTTPS] {
		t.Errorf("believed %v, which neither the router nor HTTPS names", v.Addr)
	}
	if rule == Two && len(support) < 2 {
		t.Errorf("believed %v by one kind", v.Addr)
	}
	for _, r := range reports {
		_, special := Special(r.Answer.Addr, nil)
		if r.Kind == Router && r.Answer.State == Known && r.Answer.Addr != v.Addr && f.Of(r.Answer.Addr) && !special && !(f == V6 && own[r.Answer.Addr]) {
			t.Errorf("believed %v though the router says %v", v.Addr, r.Answer.Addr)
		}
	}
}

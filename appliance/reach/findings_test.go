package reach_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/certs"
	"latchkey/appliance/health"
	"latchkey/appliance/problem"
	"latchkey/appliance/reach"
	"latchkey/appliance/settings"
	"latchkey/dyndns/authority"
	"latchkey/dyndns/portmap"
	"latchkey/dyndns/publicip"
)

func TestExamine(t *testing.T) {
	wrongToken := problem.New(problem.Refused, "provider.token", "Cloudflare does not know this token.", "Make a new one.")
	other := netip.MustParseAddr("198.18.0.99")
	for _, tt := range []struct {
		name  string
		wrong func(s *stage) // called with the house well and the lock held
		code  string
		state health.State
		says  []string // parts of text and hint
	}{
		{"nothing is wrong", func(*stage) {}, "", health.OK, nil},
		{"wrong token", func(s *stage) { s.proveErr = wrongToken }, reach.FindToken, health.Bad, []string{"does not know this token", "Make a new one"}},
		{"stale record", func(s *stage) {
			s.keeper.Records[0].Have, s.keeper.Records[0].True = []netip.Addr{other}, false
		}, reach.FindRecord, health.Bad, []string{"198.18.0.99", "198.18.0.7"}},
		{"a record's trouble is told in its own words", func(s *stage) {
			s.keeper.Records[0].Trouble = problem.New(problem.Refused, "dns.contested", "Somebody changes it back.", "Stop ddclient.")
		}, reach.FindRecord, health.Bad, []string{"changes it back", "ddclient"}},
		{"proxied record", func(s *stage) { s.proxied = true }, reach.FindProxied, health.Bad, []string{"orange cloud", "grey cloud"}},
		{"resolver caching an old answer", func(s *stage) {
			s.resolved[name] = authority.Answer{Addrs: []netip.Addr{other}, TTL: 40 * time.Second, Exists: true}
		}, reach.FindCache, health.Warn, []string{"198.18.0.99", "40 seconds"}},
		{"port closed: the router does not open it", func(s *stage) { s.mapper.V4, s.mapper.Trouble = nil, portmap.Off }, reach.FindDoor, health.Bad, []string{"switched off", "by hand"}},
		{"no router answers", func(s *stage) { s.mapper.V4, s.mapper.Trouble = nil, portmap.Silent }, reach.FindDoor, health.Bad, []string{"No router answers", "192.168.1.1"}},
		{"the router maps in vain", func(s *stage) { s.mapper.V4.External = netip.AddrPortFrom(other, 443) }, reach.FindDoor, health.Bad, []string{"198.18.0.99", "198.18.0.7", "bridge mode"}},
		{"port taken", func(s *stage) { s.mapper.V4, s.mapper.Trouble = nil, portmap.Conflict }, reach.FindPort, health.Bad, []string{"Another device at home"}},
		{"rebind protection hides lan.NAME", func(s *stage) { delete(s.resolved, "lan."+name) }, reach.FindRebind, health.Bad, []string{"lan." + name, "rebind", "192.168.1.5"}},
		{"CGNAT", func(s *stage) { s.keeper.Verdict4.Behind = publicip.CGNAT }, reach.FindNAT, health.Bad, []string{"CGNAT", "Three ways out"}},
		{"CGNAT refutes the door as well", func(s *stage) { s.keeper.Verdict4.Behind = publicip.CGNAT }, reach.FindDoor, health.Bad, []string{"CGNAT"}},
		{"double NAT", func(s *stage) { s.keeper.Verdict4.Behind = publicip.Double }, reach.FindNAT, health.Bad, []string{"double NAT", "bridge mode"}},
		{"a router that names no address", func(s *stage) { s.keeper.Verdict4.Behind = publicip.Hidden }, reach.FindNAT, health.Bad, []string{"names no address"}},
		{"an odd source", func(s *stage) {
			s.keeper.Verdict4.Odd = []publicip.Report{{Kind: publicip.DNS, Source: "dns.example", Answer: publicip.Answer{State: publicip.Known, Addr: other}}}
		}, reach.FindSources, health.Warn, []string{"dns.example", "198.18.0.99"}},
		{"IPv6 filtered", func(s *stage) {
			s.keeper.Verdict6 = publicip.Verdict{State: publicip.Known, Addr: netip.MustParseAddr("2001:db8::5")}
			s.ports = []uint16{443}
		}, reach.FindIPv6, health.Warn, []string{"does not let IPv6 in"}},
		{"certificate about to expire", func(s *stage) {
			s.certs.Names[0].NotAfter = s.now.Add(50 * time.Hour)
			s.certs.Names[0].NotBefore = s.now.AddDate(0, 0, -88)
			s.certs.Names[0].Problem = problem.New(problem.Unavailable, "cert.ca", "The certificate authority did not answer.", "")
		}, reach.FindCertificate, health.Warn, []string{"ends in 50 hours", "did not answer"}},
		{"certificate expired", func(s *stage) { s.certs.Names[1].NotAfter = s.now.Add(-time.Hour) }, reach.FindCertificate, health.Bad, []string{"lan." + name, "expired"}},
		{"CA limit reached", func(s *stage) {
			s.certs.Names[0] = certs.NameState{Name: name, Problem: problem.New(problem.Unavailable, "cert.limit", "The certificate authority's limit is reached.", "It goes on by itself."), Next: s.now.Add(3 * time.Hour)}
		}, reach.FindLimit, health.Bad, []string{"limit is reached", "3 hours"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t)
			s.well()
			s.do(func() { tt.wrong(s) })
			found := s.Examine(t.Context())
			if len(found) < 13 {
				t.Fatalf("only %d findings", len(found))
			}
			told := tt.code == ""
			for _, f := range found {
				told = told || f.Code == tt.code
				if f.Code != tt.code {
					if tt.code == "" && f.State == health.Bad {
						t.Errorf("%s is bad: %s", f.Code, f.Text)
					}
					continue
				}
				if f.State != tt.state {
					t.Errorf("%s is %s: %s", f.Code, f.State, f.Text)
				}
				for _, part := range tt.says {
					if !strings.Contains(f.Text+" "+f.Hint, part) {
						t.Errorf("%s does not say %q: %s / %s", f.Code, part, f.Text, f.Hint)
					}
				}
			}
			if !told {
				t.Errorf("nothing is told of %s", tt.code)
			}
		})
	}
	t.Run("at home only there is nothing to tell", func(t *testing.T) {
		s := newStage(t)
		if got := s.Examine(t.Context()); got != nil {
			t.Errorf("told %v", got)
		}
	})
}

// The house looks at itself through its own name: who answers there is told by
// the certificate.
func TestWhoAnswersAtHome(t *testing.T) {
	loopback := netip.MustParseAddr("127.0.0.1")
	for _, tt := range []struct {
		name    string
		listens bool
		ours    bool
		code    string
		state   health.State
		says    string
	}{
		{"the router loops back to us", true, true, reach.FindHairpin, health.OK, "also opens at home"},
		{"no hairpin", false, false, reach.FindHairpin, health.Warn, "does not loop back"},
		{"somebody else answers at our port", true, false, reach.FindPort, health.Bad, "Something else answers"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t)
			at, print := answers(t)
			port := at.Port()
			if !tt.listens {
				port = 1 // nobody listens there
			}
			s.well()
			s.do(func() {
				s.resolved[name] = authority.Answer{Addrs: []netip.Addr{loopback}, Exists: true}
				s.keeper.Records[0].Have = []netip.Addr{loopback}
				s.certs.Names[0].Fingerprint = "AA"
				if tt.ours {
					s.certs.Names[0].Fingerprint = print
				}
			})
			if err := s.OpenDoor(t.Context(), reach.DoorWish{Door: reach.DoorManual, Port: int64(port)}); err != nil {
				t.Fatal(err)
			}
			for _, f := range s.Examine(t.Context()) {
				if f.Code == tt.code && (f.State != tt.state || !strings.Contains(f.Text, tt.says)) {
					t.Errorf("%s is %s: %s", f.Code, f.State, f.Text)
				}
			}
		})
	}
}

func TestSecretsStayOutOfEverythingTold(t *testing.T) {
	s := newStage(t)
	s.well()
	token := choice().Credentials["token"]
	for what, text := range map[string]string{
		"overview": asJSON(t, s.Overview()), "findings": asJSON(t, s.Examine(t.Context())), "log": s.logged.String(), "board": asJSON(t, s.board.List()),
		"solver": s.managed.Solver.ID,
	} {
		if strings.Contains(text, token) {
			t.Errorf("%s holds the token", what)
		}
	}
	if s.settings.Secret(settings.ReachCredentials) == "" {
		t.Error("the token is not kept")
	}
}

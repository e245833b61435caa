package reach_test

import (
	"net/netip"
	"strings"
	"testing"

	"latchkey/appliance/problem"
	"latchkey/appliance/reach"
	"latchkey/dyndns/authority"
)

func TestCheck(t *testing.T) {
	type want struct {
		code  string // of the refusal; "" where there is a plan
		lan   string
		cert  bool
		notes []string // codes
		finds []string // parts of the findings' texts
	}
	for _, tt := range []struct {
		name   string
		choice reach.Choice
		stage  func(s *stage)
		want   want
	}{
		{"a domain at Cloudflare", choice(), nil, want{lan: "lan." + name, cert: true, notes: []string{"ttl"}}},
		{"a URL is taken for its name", reach.Choice{Name: " HTTPS://Vault.Example.org:8443/x ", Provider: "cloudflare"}, nil, want{lan: "lan." + name, cert: true, notes: []string{"ttl"}}},
		{"an empty name", reach.Choice{Provider: "cloudflare"}, nil, want{code: "reach.name"}},
		{"an address is no name", reach.Choice{Name: "192.168.1.5", Provider: "cloudflare"}, nil, want{code: "reach.name"}},
		{"a name of the home network", reach.Choice{Name: "pi.local", Provider: "cloudflare"}, nil, want{code: "reach.name"}},
		{"a public suffix is everybody's", reach.Choice{Name: "duckdns.org", Provider: "duckdns"}, nil, want{code: "reach.name"}},
		{"an underscore", reach.Choice{Name: "my_vault.example.org", Provider: "cloudflare"}, nil, want{code: "reach.name"}},
		{"an unknown provider", reach.Choice{Name: name, Provider: "nosuch"}, nil, want{code: "reach.provider"}},
		{"an unknown door", reach.Choice{Name: name, Provider: "cloudflare", Door: "window"}, nil, want{code: "reach.door.unknown"}},
		{"a port out of range", reach.Choice{Name: name, Provider: "cloudflare", Door: reach.DoorManual, Port: 70000}, nil, want{code: "reach.port"}},
		{"DuckDNS holds no name below", reach.Choice{Name: "mill.duckdns.org", Provider: "duckdns"}, nil, want{cert: true, notes: []string{"ttl", "no-lan", "no-v6"}}},
		{"a router keeps the name: no certificate, said at once", reach.Choice{Name: name, Provider: reach.Watch}, nil, want{notes: []string{"watch", "no-certificate"}}},
		{"a router keeps the name, another holds the proof", reach.Choice{Name: name, Provider: reach.Watch, Challenge: "desec", ChallengeName: "proof.example.net"}, nil, want{cert: true, notes: []string{"watch"}}},
		{"a proxy in front needs no provider", reach.Choice{Name: name, Door: reach.DoorProxy}, nil, want{notes: []string{"proxy"}}},
		{"nobody knows the domain", choice(), func(s *stage) { s.zoneErr = authority.ErrNoZone }, want{lan: "lan." + name, cert: true, notes: []string{"ttl"}, finds: []string{"Nobody on the internet knows"}}},
		{"the name is an alias", choice(), func(s *stage) { s.told[name] = authority.Answer{CNAME: "pages.example.net", Exists: true} }, want{lan: "lan." + name, cert: true, notes: []string{"ttl"}, finds: []string{"alias of pages.example.net"}}},
		{"a website lives there", choice(), func(s *stage) {
			s.told[name] = authority.Answer{Addrs: []netip.Addr{netip.MustParseAddr("198.18.0.42")}, Exists: true}
		}, want{lan: "lan." + name, cert: true, notes: []string{"ttl"}, finds: []string{"198.18.0.42", "website"}}},
		{"the domain is kept elsewhere", reach.Choice{Name: name, Provider: "desec"}, func(s *stage) {
			s.zone.Servers = []authority.Server{{Name: "ada.ns.cloudflare.com"}}
		}, want{lan: "lan." + name, cert: true, finds: []string{"kept at Cloudflare"}}},
		{"a key of another kind", choice(), func(s *stage) {
			s.openErr = problem.New(problem.Refused, "provider.globalkey", "This is the Global API Key.", "Make a token.")
		}, want{lan: "lan." + name, cert: true, notes: []string{"ttl"}, finds: []string{"Global API Key"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t)
			if tt.stage != nil {
				tt.stage(s)
			}
			plan, found, err := s.Check(t.Context(), tt.choice)
			if tt.want.code != "" {
				refused(t, err, tt.want.code)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if plan.Lan != tt.want.lan || plan.Certificate != tt.want.cert {
				t.Errorf("lan %q, certificate %v", plan.Lan, plan.Certificate)
			}
			var codes []string
			for _, n := range plan.Notes {
				codes = append(codes, n.Code)
			}
			if tt.want.notes != nil && strings.Join(codes, " ") != strings.Join(tt.want.notes, " ") {
				t.Errorf("notes %q, want %q", codes, tt.want.notes)
			}
			text := asJSON(t, found)
			for _, part := range tt.want.finds {
				if !strings.Contains(text, part) {
					t.Errorf("the findings lack %q: %s", part, text)
				}
			}
			if len(tt.want.finds) == 0 && len(found) != 0 {
				t.Errorf("found %s", text)
			}
		})
	}
	t.Run("the zone's servers tell the provider where none was chosen", func(t *testing.T) {
		s := newStage(t)
		s.zone.Servers = []authority.Server{{Name: "ada.ns.cloudflare.com"}}
		plan, _, err := s.Check(t.Context(), reach.Choice{Name: name})
		if err != nil || plan.Provider != "cloudflare" {
			t.Errorf("provider %q, %v", plan.Provider, err)
		}
	})
}

func TestApplyKeepsAllOrNothing(t *testing.T) {
	s := newStage(t)
	s.openErr = problem.New(problem.Refused, "provider.token", "Too short.", "")
	err := s.Apply(t.Context(), choice())
	refused(t, err, "provider.token")
	if got := s.settings.Text("reach.name"); got != "" {
		t.Errorf("kept %q though it was refused", got)
	}
	s.openErr = nil
	if err := s.Apply(t.Context(), choice()); err != nil {
		t.Fatal(err)
	}
	t.Run("left-out credentials stay those of the same provider", func(t *testing.T) {
		c := choice()
		c.Credentials, c.Name = nil, "other.example.org"
		if err := s.Apply(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if got := s.opened[len(s.opened)-1].Credentials["token"]; got != choice().Credentials["token"] {
			t.Errorf("opened with %q", got)
		}
	})
	t.Run("and are not another provider's", func(t *testing.T) {
		c := reach.Choice{Name: name, Provider: "desec"}
		if err := s.Apply(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if got := s.opened[len(s.opened)-1].Credentials; len(got) != 0 {
			t.Errorf("deSEC was opened with %d credentials of Cloudflare", len(got))
		}
	})
}

func FuzzCheck(f *testing.F) {
	for _, seed := range []string{"vault.example.org", "https://vault.example.org:8443/", "a..b", "xn--bcher-kva.example", ".", "[::1]:80", strings.Repeat("a.", 130) + "org", "\x00.org"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		s := newStage(t)
		plan, _, err := s.Check(t.Context(), reach.Choice{Name: typed, Provider: "cloudflare"})
		if err != nil {
			return
		}
		if strings.ContainsAny(plan.Name, " /:@[]\x00") || !strings.Contains(plan.Name, ".") || plan.Name != strings.ToLower(plan.Name) {
			t.Errorf("%q became the name %q", typed, plan.Name)
		}
	})
}

package provider_test

import (
	"slices"
	"strings"
	"testing"

	"latchkey/dyndns/provider"
)

func TestTable(t *testing.T) {
	tested := []string{}
	for _, g := range rigs() {
		tested = append(tested, g.id)
	}
	seen := map[string]bool{}
	for _, info := range provider.Table() {
		t.Run(info.ID+" is whole and passes the suite", func(t *testing.T) {
			if seen[info.ID] || strings.Trim(info.ID, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
				t.Errorf("the ID %q is there twice or is no plain word", info.ID)
			}
			seen[info.ID] = true
			if !slices.Contains(tested, info.ID) {
				t.Error("no rig plays it")
			}
			if info.Title == "" || info.TokenHelp == "" || len(info.Fields) == 0 || info.MinTTL <= 0 || info.Propagation <= 0 {
				t.Errorf("not whole: %+v", info)
			}
			if info.Site != "" && !strings.HasPrefix(info.Site, "https://") {
				t.Errorf("the site is %q", info.Site)
			}
			if info.Proves && info.TXT == 0 {
				t.Error("nothing to prove with")
			}
			if info.V6 && !info.Clears {
				t.Error("an IPv6 address that can't be taken away stays when the door shuts")
			}
			secrets := 0
			for _, f := range info.Fields {
				if f.Key == "" || f.Title == "" {
					t.Errorf("not whole: %+v", f)
				}
				if f.Secret {
					secrets++
				}
			}
			if secrets == 0 {
				t.Error("no field is secret")
			}
			for _, s := range []string{info.TokenHelp, info.Title} {
				if strings.Contains(s, "%") || strings.TrimSpace(s) != s {
					t.Errorf("a text that will look odd: %q", s)
				}
			}
		})
	}
	t.Run("an unknown provider is told as that", func(t *testing.T) {
		if _, ok := provider.Find("nobody"); ok {
			t.Error("found nobody")
		}
		if _, err := provider.Open("nobody", provider.Options{}); err == nil {
			t.Error("opened nobody")
		}
	})
}

func TestGuess(t *testing.T) {
	cases := []struct {
		name string
		ns   []string
		want string
	}{
		{"Cloudflare's servers have names of people", []string{"ada.ns.cloudflare.com.", "bob.ns.cloudflare.com."}, "cloudflare"},
		{"Amazon's servers are numbered", []string{"ns-1024.awsdns-00.org", "ns-1.awsdns-12.co.uk"}, "route53"},
		{"Google's servers have letters", []string{"ns-cloud-a1.googledomains.com"}, "googleclouddns"},
		{"Azure's servers are numbered", []string{"ns1-05.azure-dns.com"}, "azure"},
		{"Hetzner's servers have the names of three", []string{"helium.ns.hetzner.de", "oxygen.ns.hetzner.com"}, "hetzner"},
		{"GoDaddy's servers are called otherwise", []string{"ns07.domaincontrol.com"}, "godaddy"},
		{"Namecheap's too", []string{"dns1.registrar-servers.com"}, "namecheap"},
		{"IONOS's too", []string{"ns1045.ui-dns.de"}, "ionos"},
		{"OVH's are found", []string{"dns19.ovh.net"}, "ovh"},
		{"Gandi's are found", []string{"ns-12-a.gandi.net"}, "gandi"},
		{"Porkbun's are found", []string{"curitiba.ns.porkbun.com"}, "porkbun"},
		{"netcup's are found", []string{"root-dns.netcup.net"}, "netcup"},
		{"DigitalOcean's are found", []string{"ns1.digitalocean.com"}, "digitalocean"},
		{"Linode's are found", []string{"ns1.linode.com"}, "linode"},
		{"dynv6's are found", []string{"ns1.dynv6.com"}, "dynv6"},
		{"Hurricane Electric's are found", []string{"ns2.he.net"}, "he"},
		{"case and dots don't matter", []string{"NS1.DESEC.IO."}, "desec"},
		{"DuckDNS serves itself", []string{"ns1.duckdns.org"}, "duckdns"},
		{"a stranger is not guessed", []string{"ns1.example.org"}, ""},
		{"a name that only ends alike is not guessed", []string{"ns1.notdesec.io"}, ""},
		{"nothing is not guessed", nil, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := provider.Guess(c.ns); got != c.want {
				t.Errorf("Guess(%v) = %q, want %q", c.ns, got, c.want)
			}
		})
	}
}

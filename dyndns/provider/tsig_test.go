package provider

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

const (
	keySecret1  = "c2VjcmV0LXdpdGgtc2xhc2g//+Y3ODlhYmNkZWZnaGk="
	bindBlock   = "# made by tsig-keygen\nkey \"home-key\" {\n\talgorithm hmac-sha256;\n\tsecret \"" + keySecret1 + "\"; // keep\n};\n"
	bindOneLine = "key home-key. { algorithm HMAC-SHA512; secret " + keySecret1 + "; };"
	bindComment = "/* key \"old\" { secret \"b2xk\"; }; */ key \"home-key\" { algorithm hmac-sha256; secret \"" + keySecret1 + "\"; };"
	knotBlock   = "# hmac-sha256:home-key:" + keySecret1 + "\nkey:\n- id: home-key\n  algorithm: hmac-sha256\n  secret: " + keySecret1 + "\n"
	knotWide    = "key:\n  - id: \"home-key\"\n    algorithm: hmac-sha384\n    secret: '" + keySecret1 + "'\n"
	certbotIni  = "dns_rfc2136_server = 192.0.2.53\ndns_rfc2136_name = home-key.\ndns_rfc2136_secret = " + keySecret1 + "\ndns_rfc2136_algorithm = HMAC-SHA512\n"
)

func TestParseKey(t *testing.T) {
	cases := []struct{ name, pasted, algorithm, server string }{
		{"a block of BIND", bindBlock, dns.HmacSHA256, ""},
		{"a block of BIND on one line", bindOneLine, dns.HmacSHA512, ""},
		{"a block behind an old one in a comment", bindComment, dns.HmacSHA256, ""},
		{"what keymgr -t prints", knotBlock, dns.HmacSHA256, ""},
		{"knot's YAML with quotes", knotWide, dns.HmacSHA384, ""},
		{"certbot's file", certbotIni, dns.HmacSHA512, "192.0.2.53"},
		{"the option of nsupdate", "hmac-sha256:home-key:" + keySecret1, dns.HmacSHA256, ""},
		{"the option without an algorithm", "home-key:" + keySecret1, dns.HmacSHA256, ""},
		{"the option with its letter", "-y hmac-sha1:home-key:" + keySecret1, dns.HmacSHA1, ""},
		{"the option with a server", "hmac-sha224:Home-Key.:" + keySecret1 + "@ns1.example.org:5353", dns.HmacSHA224, "ns1.example.org:5353"},
		{"the oldest algorithm", "hmac-md5:home-key:" + keySecret1, dns.HmacMD5, ""},
	}
	for _, c := range cases {
		t.Run(c.name+" is read", func(t *testing.T) {
			k, err := parseKey(c.pasted)
			if err != nil {
				t.Fatal(err)
			}
			want := tsigKey{Name: "home-key", Algorithm: c.algorithm, Secret: keySecret1, Server: c.server}
			if k != want {
				t.Errorf("got %+v, want %+v", k, want)
			}
			// A field of one line makes a blank of each line end.
			if k, err := parseKey(strings.Join(strings.Fields(c.pasted), " ")); err != nil || k != want {
				t.Errorf("on one line: got %+v, %v, want %+v", k, err, want)
			}
		})
	}
	for name, pasted := range map[string]string{
		"nothing":                 "",
		"a text":                  "my key is good",
		"a secret that is cut":    "home-key:" + keySecret1[:10],
		"an algorithm of nobody":  "rot13:home-key:" + keySecret1,
		"a name of strange signs": "hmac-sha256:ho me;key:" + keySecret1,
		"a key without a name":    "key { algorithm hmac-sha256; secret \"" + keySecret1 + "\"; };",
		"a whole book":            strings.Repeat("key ", mostKey),
	} {
		t.Run(name+" is refused without repeating it", func(t *testing.T) {
			k, err := parseKey(pasted)
			if err == nil {
				t.Fatalf("got %+v", k)
			}
			if strings.Contains(err.Error(), keySecret1[:10]) {
				t.Errorf("the error %v holds the secret", err)
			}
		})
	}
}

func FuzzParseKey(f *testing.F) {
	for _, s := range []string{bindBlock, bindOneLine, bindComment, knotBlock, knotWide, certbotIni, "hmac-sha256:a:YQ==@[::1]:53", "key key key", "/*", "-y", "secret secret:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, pasted string) {
		k, err := parseKey(pasted)
		if err != nil {
			return
		}
		if _, err := base64.StdEncoding.DecodeString(k.Secret); err != nil || !isName(k.Name) || k.Algorithm == "" {
			t.Errorf("parseKey(%q) = %+v", pasted, k)
		}
		again, err := parseKey(strings.TrimSuffix(k.Algorithm, ".") + ":" + k.Name + ":" + k.Secret)
		if err != nil || again.Name != k.Name || again.Secret != k.Secret || again.Algorithm != k.Algorithm {
			t.Errorf("%+v is read back as %+v, %v", k, again, err)
		}
	})
}

func FuzzHostPort(f *testing.F) {
	for _, s := range []string{"ns1.example.org", "192.0.2.1:53", "[2001:db8::1]:53", "2001:db8::1", ":53", "a:b:c", "a:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := hostPort(s)
		if err != nil {
			return
		}
		if again, err := hostPort(got); err != nil || again != got {
			t.Errorf("hostPort(%q) = %q, and that is %q, %v", s, got, again, err)
		}
	})
}

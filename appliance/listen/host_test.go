package listen_test

import (
	"net/netip"
	"testing"

	"latchkey/appliance/listen"
)

func TestParseHost(t *testing.T) {
	for _, tt := range []struct {
		name, header string
		want         listen.Host
		bad          bool
	}{
		{"a name", "pi.local", listen.Host{Name: "pi.local"}, false},
		{"a name with a port", "pi.local:8443", listen.Host{Name: "pi.local", Port: 8443}, false},
		{"upper case and a final dot", "PI.Local.:1", listen.Host{Name: "pi.local", Port: 1}, false},
		{"IPv4", "192.168.1.5:8443", listen.Host{Addr: netip.MustParseAddr("192.168.1.5"), Port: 8443}, false},
		{"IPv6", "[fd00::5]", listen.Host{Addr: netip.MustParseAddr("fd00::5")}, false},
		{"IPv6 with a port", "[::1]:8080", listen.Host{Addr: netip.MustParseAddr("::1"), Port: 8080}, false},
		{"IPv4 in IPv6 is IPv4", "[::ffff:192.168.1.5]", listen.Host{Addr: netip.MustParseAddr("192.168.1.5")}, false},
		{"nothing", "", listen.Host{}, true},
		{"a port alone", ":8443", listen.Host{}, true},
		{"port zero", "pi:0", listen.Host{}, true},
		{"a port too large", "pi:65536", listen.Host{}, true},
		{"a port that is no number", "pi:http", listen.Host{}, true},
		{"IPv6 without brackets", "fd00::5", listen.Host{}, true},
		{"IPv4 in brackets", "[192.168.1.5]", listen.Host{}, true},
		{"a bracket that does not close", "[fd00::5", listen.Host{}, true},
		{"a zone", "[fe80::1%eth0]", listen.Host{}, true},
		{"a user before the name", "localhost@evil.example", listen.Host{}, true},
		{"a space", "localhost evil", listen.Host{}, true},
		{"an empty label", "pi..local", listen.Host{}, true},
		{"two dots at the end", "localhost..", listen.Host{}, true},
		{"a slash", "localhost/x", listen.Host{}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := listen.ParseHost(tt.header)
			if (err != nil) != tt.bad || got != tt.want {
				t.Errorf("ParseHost(%q) = %+v, %v; want %+v, bad = %v", tt.header, got, err, tt.want, tt.bad)
			}
		})
	}
}

func FuzzParseHost(f *testing.F) {
	for _, s := range []string{"pi.local:8443", "[fd00::5]:1", "192.168.1.5", "[::1", ":", "a:b:c", "[fe80::1%25eth0]:443"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		h, err := listen.ParseHost(header)
		if err != nil {
			return
		}
		if (h.Name == "") == !h.Addr.IsValid() {
			t.Fatalf("ParseHost(%q) = %+v: exactly one of name and address is set", header, h)
		}
		if h.Addr.IsValid() {
			return
		}
		again, err := listen.ParseHost(h.Name)
		if err != nil || again.Name != h.Name {
			t.Errorf("ParseHost(%q) = %+v, %v after %+v", h.Name, again, err, h)
		}
	})
}

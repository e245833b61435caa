package portmap

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// The layouts are those of RFC 6886, section 3, and RFC 6887, sections 7, 11, 13.2 and 14.
func TestQuestions(t *testing.T) {
	n := nonce{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	four, six := netip.MustParseAddr("192.168.1.10"), netip.MustParseAddr("2001:db8::10")
	for _, tc := range []struct {
		name string
		got  []byte
		want string
	}{
		{"NAT-PMP asks for the address", natpmpAddressRequest(), "0000"},
		{"NAT-PMP maps TCP", natpmpMapRequest(8443, 443, 1800), "0002 0000 20fb 01bb 00000708"},
		{"PCP asks for the epoch", pcpAnnounceRequest(four), "02 00 0000 00000000 00000000000000000000ffffc0a8010a"},
		{
			"PCP maps TCP over IPv4 and wants that port or none", pcpMapRequest(four, n, 8443, 443, 1800, true),
			"02 01 0000 00000708 00000000000000000000ffffc0a8010a 0102030405060708090a0b0c 06 000000 20fb 01bb 00000000000000000000ffff00000000 02 00 0000",
		},
		{
			"PCP opens TCP over IPv6", pcpMapRequest(six, n, 443, 443, 1800, false),
			"02 01 0000 00000708 20010db8000000000000000000000010 0102030405060708090a0b0c 06 000000 01bb 01bb 00000000000000000000000000000000",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if want := unhex(t, tc.want); !bytes.Equal(tc.got, want) {
				t.Errorf("got  %x\nwant %x", tc.got, want)
			}
		})
	}
}

const (
	pcpAnswer    = "02 81 0000 00000708 0000002a 000000000000000000000000 0102030405060708090a0b0c 06 000000 20fb 01bb 00000000000000000000ffffcb00710a"
	natpmpAnswer = "00 82 0000 0000002a 20fb 01bb 00000708"
)

func TestAnswers(t *testing.T) {
	r, err := parsePCP(unhex(t, pcpAnswer))
	if err != nil || r.epoch != 42 || r.lifetime != 1800 || r.internal != 8443 || r.external != 443 || r.address.String() != "203.0.113.10" || r.nonce[11] != 12 {
		t.Errorf("PCP: %+v, %v", r, err)
	}
	p, err := parseNATPMP(unhex(t, natpmpAnswer))
	if err != nil || p.epoch != 42 || p.lifetime != 1800 || p.internal != 8443 || p.external != 443 {
		t.Errorf("NAT-PMP: %+v, %v", p, err)
	}
	for _, bad := range []string{"", "00", "0000 0000 00000000", "0082 0000 0000002a 20fb", "02 01 0000 00000000 0000002a 000000000000000000000000", "02 81 0000 00000708 0000002a 000000000000000000000000", "03 80 0000 00000000 0000002a 000000000000000000000000"} {
		if _, err := parsePCP(unhex(t, bad)); err == nil {
			t.Errorf("PCP took %q", bad)
		}
		if _, err := parseNATPMP(unhex(t, bad)); err == nil {
			t.Errorf("NAT-PMP took %q", bad)
		}
	}
}

func TestWhatIsHeard(t *testing.T) {
	from := netip.MustParseAddr("192.168.1.1")
	for _, tc := range []struct {
		name string
		port uint16
		text []byte
		want newsKind
		ok   bool
	}{
		{"NAT-PMP announces an address", clientPort, unhex(t, "00 80 0000 00000001 cb00710b"), announce, true},
		{"PCP announces a new epoch", clientPort, unhex(t, "02 80 0000 00000000 00000001 000000000000000000000000"), announce, true},
		{"a question of another client is no news", clientPort, natpmpAddressRequest(), 0, false},
		{"a router says goodbye", ssdpPort, []byte("NOTIFY * HTTP/1.1\r\nNT: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nNTS: ssdp:byebye\r\n\r\n"), byebye, true},
		{"a router says where it is", ssdpPort, []byte("NOTIFY * HTTP/1.1\nnt:urn:schemas-upnp-org:service:WANIPConnection:1\nnts:ssdp:alive\nlocation:http://192.168.1.1/d\n"), alive, true},
		{"a television is no router", ssdpPort, []byte("NOTIFY * HTTP/1.1\r\nNT: urn:schemas-upnp-org:device:MediaRenderer:1\r\nNTS: ssdp:alive\r\n\r\n"), 0, false},
		{"a search of another client is no news", ssdpPort, search("239.255.255.250:1900", searched[0]), 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n, ok := understand(tc.port, from, tc.text)
			if ok != tc.ok || ok && n.kind != tc.want {
				t.Errorf("got %+v, %v", n, ok)
			}
		})
	}
}

func TestLatin1IsRead(t *testing.T) {
	u, _ := url.Parse("http://192.168.1.1/d")
	b := []byte("junk<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><root><device><manufacturer>T\xe9l\xe9com</manufacturer><modelName>Box &</modelName></device></root>\x00\x00")
	d, err := parseDescription(b, u, fence{gateways: []netip.Addr{netip.MustParseAddr("192.168.1.1")}})
	if err != nil || d.name != "Télécom Box &" {
		t.Errorf("name %q, %v", d.name, err)
	}
	if got := utf8XML([]byte("\r\n<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><a>\xe9</a>")); string(got) != "<a>é</a>" {
		t.Errorf("an answer became %q", got)
	}
}

func FuzzPCP(f *testing.F) {
	f.Add(unhex(f, pcpAnswer))
	f.Add(unhex(f, "02 80 0000 00000000 00000001 000000000000000000000000"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parsePCP(b)
		if err == nil && (len(b) < pcpHeader || r.op == pcpMap && r.result == pcpOK && len(b) < pcpMapSize) {
			t.Errorf("took %x", b)
		}
	})
}

func FuzzNATPMP(f *testing.F) {
	f.Add(unhex(f, natpmpAnswer))
	f.Add(unhex(f, "00 80 0000 00000001 cb00710b"))
	f.Add(unhex(f, "00 00 0001 00000001"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := parseNATPMP(b); err == nil && r.result == natpmpOK && r.op == natpmpAddress && !r.address.Is4() {
			t.Errorf("took %x", b)
		}
	})
}

func FuzzSSDP(f *testing.F) {
	for _, s := range samples(f) {
		if text := s.parts["ssdp"]; text != "" {
			f.Add([]byte(text))
			f.Add([]byte(strings.ReplaceAll(text, "\n", "\r\n")))
		}
	}
	within := fence{links: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")}}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, ok := parseSSDP(b)
		if !ok {
			return
		}
		if _, at, err := within.place(m.location); err == nil && !within.allows(at) {
			t.Errorf("let %v through", at)
		}
	})
}

func FuzzDescription(f *testing.F) {
	for _, s := range samples(f) {
		if text := s.parts["description"]; text != "" {
			f.Add([]byte(text))
		}
	}
	u, _ := url.Parse("http://192.168.1.1:5000/rootDesc.xml")
	within := fence{gateways: []netip.Addr{netip.MustParseAddr("192.168.1.1")}}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := parseDescription(b, u, within)
		if err != nil {
			return
		}
		if len(d.services) > servicesMost || len(d.name) > 80 {
			t.Errorf("%d services, name of %d bytes", len(d.services), len(d.name))
		}
		for _, s := range d.services {
			if _, _, err := within.place(s.control.String()); err != nil {
				t.Errorf("control URL %q: %v", s.control.String(), err)
			}
		}
	})
}

func FuzzLedger(f *testing.F) {
	f.Add([]byte(`{"version":1,"entries":[{"protocol":"pcp","router":"192.168.1.1","internal":"192.168.1.10:8443","external":443}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := readLedger(b)
		for _, e := range all {
			if err == nil && (e == nil || !e.Internal.IsValid()) {
				t.Errorf("took %q", b)
			}
		}
	})
}

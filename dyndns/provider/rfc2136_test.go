package provider_test

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"latchkey/dyndns/provider"
)

const (
	tsigSecret  = "Y2FuYXJ5LWtleS1vZi10aGUtdGVzdC0xMjM0NTY3ODk="
	otherSecret = "YW5vdGhlci1rZXktb2YtdGhlLXRlc3QtMTIzNDU2Nzg="
	keyBlock    = "key \"home-key\" {\n\talgorithm hmac-sha256;\n\tsecret \"" + tsigSecret + "\";\n};\n"
)

// The server is a real one of miekg/dns on loopback, with TSIG (RFC 8945) and
// updates (RFC 2136, section 2.5) done on the fake zone.
func rfc2136Rig() rig {
	return rig{
		id: "rfc2136", foreign: provider.CodeZone,
		cred:  map[string]string{"key": keyBlock},
		wrong: map[string]string{"key": "hmac-sha256:home-key:" + otherSecret},
		open: func(t *testing.T, z *fakeZone, o provider.Options) provider.Options {
			o.Primary = dnsServer(t, &updates{z: z})
			return o
		},
	}
}

func dnsServer(t *testing.T, h dns.Handler) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan struct{})
	s := &dns.Server{
		Listener: listener, Handler: h, TsigSecret: map[string]string{"home-key.": tsigSecret},
		NotifyStartedFunc: func() { close(started) },
		MsgAcceptFunc:     func(dns.Header) dns.MsgAcceptAction { return dns.MsgAccept }, // the usual one refuses updates
	}
	go func() { _ = s.ActivateAndServe() }()
	<-started
	t.Cleanup(func() { _ = s.Shutdown() })
	return listener.Addr().String()
}

type updates struct {
	z       *fakeZone
	silent  bool // refuses questions, as a hidden primary does
	rcode   int  // for updates, if not 0
	badTime bool // the server's clock is another
}

func (u *updates) ServeDNS(w dns.ResponseWriter, r *dns.Msg) {
	m := new(dns.Msg)
	m.SetReply(r)
	defer func() { _ = w.WriteMsg(m) }()
	if r.IsTsig() == nil {
		m.Rcode = dns.RcodeRefused
		return
	}
	m.SetTsig(r.IsTsig().Hdr.Name, r.IsTsig().Algorithm, 300, time.Now().Unix())
	if u.badTime {
		m.Rcode, m.IsTsig().Error = dns.RcodeNotAuth, dns.RcodeBadTime
		return
	}
	if w.TsigStatus() != nil {
		m.Rcode, m.IsTsig().Error = dns.RcodeNotAuth, dns.RcodeBadSig
		return
	}
	name := strings.TrimSuffix(r.Question[0].Name, ".")
	switch {
	case !strings.HasSuffix("."+name, "."+u.z.name):
		m.Rcode = dns.RcodeNotAuth
	case r.Opcode == dns.OpcodeUpdate && u.rcode != 0:
		m.Rcode = u.rcode
	case r.Opcode == dns.OpcodeUpdate:
		for _, rr := range r.Ns {
			u.apply(rr)
		}
	case u.silent:
		m.Rcode = dns.RcodeRefused
	default:
		for _, f := range u.z.find("", name, dns.TypeToString[r.Question[0].Qtype]) {
			rr, err := dns.NewRR(strings.Join([]string{f.Name + ".", "300 IN", f.Type, quotedTXT(f.Type, f.Value)}, " "))
			if err == nil {
				rr.Header().Ttl = uint32(f.TTL)
				m.Answer = append(m.Answer, rr)
			}
		}
	}
}

// apply is RFC 2136, section 3.4.2.
func (u *updates) apply(rr dns.RR) {
	h := rr.Header()
	name, typ := strings.TrimSuffix(h.Name, "."), dns.TypeToString[h.Rrtype]
	value := strings.TrimPrefix(rr.String(), h.String())
	if txt, ok := rr.(*dns.TXT); ok {
		value = strings.Join(txt.Txt, "")
	}
	switch h.Class {
	case dns.ClassANY:
		if len(u.z.find("", name, typ)) > 0 {
			u.z.replace(name, typ, 0)
		}
	case dns.ClassNONE:
		for _, f := range u.z.find("", name, typ) {
			if f.Value == value {
				u.z.remove(f.id())
			}
		}
	default:
		if !slices.Contains(u.z.lines(), name+" "+typ+" "+value) {
			u.z.create(&fakeRecord{Name: name, Type: typ, Value: value, TTL: int(h.Ttl)})
		}
	}
}

func TestRFC2136(t *testing.T) {
	with := func(t *testing.T, u *updates) *world {
		g := rfc2136Rig()
		w := g.start(t)
		u.z = w.zoneData
		w.rig.open = func(t *testing.T, z *fakeZone, o provider.Options) provider.Options {
			o.Primary = dnsServer(t, u)
			return o
		}
		return w
	}
	t.Run("a server that answers no questions can be written to", func(t *testing.T) {
		w := with(t, &updates{silent: true})
		c := w.client(t)
		must(t, "Set", c.Set(ctx(t), w.name, first, time.Minute))
		must(t, "Prove", c.Prove(ctx(t), w.name))
		if got := w.zoneData.find("", w.name, "A"); len(got) != 1 {
			t.Errorf("the zone holds %v", w.zoneData.lines())
		}
	})
	for rcode, code := range map[int]string{
		dns.RcodeRefused: provider.CodePermission, dns.RcodeNotZone: provider.CodeZone, dns.RcodeNotAuth: provider.CodePermission,
		dns.RcodeServerFailure: provider.CodeUnreachable, dns.RcodeYXDomain: provider.CodeRejected,
	} {
		t.Run("the refusal "+dns.RcodeToString[rcode]+" is told", func(t *testing.T) {
			w := with(t, &updates{rcode: rcode})
			w.coded(t, w.client(t).Set(ctx(t), w.name, first, time.Minute), code)
		})
	}
	t.Run("another clock is told as that", func(t *testing.T) {
		w := with(t, &updates{badTime: true})
		if p := w.coded(t, w.client(t).Set(ctx(t), w.name, first, time.Minute), provider.CodeToken); !strings.Contains(p.Text, "clock") {
			t.Errorf("the text is %q", p.Text)
		}
	})
	t.Run("nobody there is told as that", func(t *testing.T) {
		w := rfc2136Rig().start(t)
		o := w.options(t, map[string]string{"key": keyBlock, "server": "127.0.0.1:1"})
		w.coded(t, w.clientWith(t, o).Set(ctx(t), w.name, first, time.Minute), provider.CodeUnreachable)
	})
	t.Run("no server at all is told when it is wanted, and the shape is checked before", func(t *testing.T) {
		w := rfc2136Rig().start(t)
		c := w.clientWith(t, provider.Options{Credentials: map[string]string{"key": keyBlock}, Zone: "example.org"})
		w.coded(t, c.Set(ctx(t), w.name, first, time.Minute), provider.CodeZone)
		w.coded(t, c.Prove(ctx(t), w.name), provider.CodeZone)
		_, err := c.DeleteRecords(ctx(t), "example.org", w.challengeFor("x"))
		w.coded(t, err, provider.CodeZone)
		_, err = provider.Open("rfc2136", provider.Options{Credentials: map[string]string{"key": "nonsense"}, Zone: "example.org"})
		w.coded(t, err, provider.CodeToken)
	})
	t.Run("the server in the key is asked before the primary, and the field before both", func(t *testing.T) {
		w := rfc2136Rig().start(t)
		real := w.options(t, w.cred).Primary
		for _, o := range []provider.Options{
			{Credentials: map[string]string{"key": "home-key:" + tsigSecret + "@" + real}, Primary: "127.0.0.1:1"},
			{Credentials: map[string]string{"key": "home-key:" + tsigSecret + "@127.0.0.1:1", "server": real}, Primary: "127.0.0.1:1"},
		} {
			o.Zone = w.zone
			must(t, "Set", w.clientWith(t, o).Set(ctx(t), w.name, first, time.Minute))
		}
	})
}

func TestServers(t *testing.T) {
	cases := []struct {
		name, server string
		fine         bool
	}{
		{"a name", "ns1.example.org.", true},
		{"a name with a port", "ns1.example.org:5353", true},
		{"an address", "192.0.2.53", true},
		{"an IPv6 address", "2001:db8::53", true},
		{"an IPv6 address with a port", "[2001:db8::53]:53", true},
		{"a port that can't be", "ns1.example.org:99999", false},
		{"a web address", "https://ns1.example.org/", false},
		{"half a bracket", "X::]", false},
	}
	for _, c := range cases {
		t.Run(c.name+" as a server is judged", func(t *testing.T) {
			_, err := provider.Open("rfc2136", provider.Options{Zone: "example.org", Credentials: map[string]string{"key": keyBlock, "server": c.server}})
			if (err == nil) != c.fine {
				t.Errorf("%q gives %v", c.server, err)
			}
		})
	}
}

package provider

import (
	"net"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"
)

func TestResolver(t *testing.T) {
	t.Run("names are looked up at the resolvers that were named", func(t *testing.T) {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var asked atomic.Int32
		started := make(chan struct{})
		s := &dns.Server{PacketConn: conn, NotifyStartedFunc: func() { close(started) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
			asked.Add(1)
			m := new(dns.Msg)
			m.SetReply(q)
			if q.Question[0].Qtype == dns.TypeA {
				m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}, A: net.IPv4(192, 0, 2, 53)}}
			}
			_ = w.WriteMsg(m)
		})}
		go func() { _ = s.ActivateAndServe() }()
		<-started
		t.Cleanup(func() { _ = s.Shutdown() })

		c, err := Open("rfc2136", Options{
			Zone: "example.org", Primary: "ns1.example.org", Resolvers: []string{conn.LocalAddr().String()},
			Credentials: map[string]string{"key": bindBlock},
		})
		if err != nil {
			t.Fatal(err)
		}
		z := c.backend.(*rfc2136Zone)
		if err := z.here(t.Context()); err != nil || z.module.Server != "192.0.2.53:53" || asked.Load() == 0 {
			t.Errorf("got %q, %v after %d questions", z.module.Server, err, asked.Load())
		}
	})
}

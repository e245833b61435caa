package acme

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/libdns/libdns"
	"github.com/miekg/dns"
)

// zone is the authoritative server of one zone on loopback, and the provider
// that changes it.
type zone struct {
	name    string // with a dot at its end
	address string // host:port, UDP and TCP

	mu     sync.Mutex
	texts  map[string][]string // by name with a dot
	set    []string            // each value that was ever set, in order
	forge  string              // answered instead of what was set, where not empty
	append func(context.Context) error
}

// serve starts the server of a zone.
func serve(t *testing.T, name string) *zone {
	t.Helper()
	z := &zone{name: name, texts: make(map[string][]string)}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	z.address = tcp.Addr().String()
	udp, err := net.ListenPacket("udp", z.address)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*dns.Server{{Listener: tcp, Handler: z}, {PacketConn: udp, Handler: z}} {
		up := make(chan struct{})
		s.NotifyStartedFunc = func() { close(up) }
		go func() { _ = s.ActivateAndServe() }()
		<-up
		t.Cleanup(func() { _ = s.Shutdown() })
	}
	return z
}

// ServeDNS answers SOA, NS and TXT; all else does not exist.
func (z *zone) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	m := new(dns.Msg)
	m.SetReply(q)
	m.Authoritative = true
	asked := strings.ToLower(q.Question[0].Name)
	header := func(name string, kind uint16) dns.RR_Header {
		return dns.RR_Header{Name: name, Rrtype: kind, Class: dns.ClassINET, Ttl: 1}
	}
	soa := &dns.SOA{Hdr: header(z.name, dns.TypeSOA), Ns: "ns." + z.name, Mbox: "admin." + z.name, Serial: 1, Refresh: 60, Retry: 60, Expire: 60, Minttl: 1}
	z.mu.Lock()
	texts, forged := z.texts[asked], z.forge
	z.mu.Unlock()
	switch kind := q.Question[0].Qtype; {
	case kind == dns.TypeSOA && asked == z.name:
		m.Answer = append(m.Answer, soa)
	case kind == dns.TypeNS && asked == z.name:
		m.Answer = append(m.Answer, &dns.NS{Hdr: header(z.name, kind), Ns: "ns." + z.name})
	case kind == dns.TypeTXT:
		for _, text := range texts {
			if forged != "" {
				text = forged
			}
			m.Answer = append(m.Answer, &dns.TXT{Hdr: header(asked, kind), Txt: []string{text}})
		}
	}
	if len(m.Answer) == 0 {
		m.Ns = append(m.Ns, soa)
		if len(texts) == 0 && asked != z.name {
			m.Rcode = dns.RcodeNameError
		}
	}
	_ = w.WriteMsg(m)
}

// AppendRecords is the provider's.
func (z *zone) AppendRecords(ctx context.Context, in string, records []libdns.Record) ([]libdns.Record, error) {
	z.mu.Lock()
	wait := z.append
	z.mu.Unlock()
	if wait != nil {
		if err := wait(ctx); err != nil {
			return nil, err
		}
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	for _, r := range records {
		rr := r.RR()
		name := strings.ToLower(libdns.AbsoluteName(rr.Name, in))
		z.texts[name] = append(z.texts[name], rr.Data)
		z.set = append(z.set, rr.Data)
	}
	return records, nil
}

// DeleteRecords is the provider's.
func (z *zone) DeleteRecords(_ context.Context, in string, records []libdns.Record) ([]libdns.Record, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	for _, r := range records {
		rr := r.RR()
		name := strings.ToLower(libdns.AbsoluteName(rr.Name, in))
		var left []string
		for _, text := range z.texts[name] {
			if text != rr.Data {
				left = append(left, text)
			}
		}
		z.texts[name] = left
	}
	return records, nil
}

// look is how the house asks the authoritative server.
func (z *zone) look(ctx context.Context, name string) ([]string, error) {
	q := new(dns.Msg)
	q.SetQuestion(dns.Fqdn(name), dns.TypeTXT)
	m, _, err := new(dns.Client).ExchangeContext(ctx, q, z.address)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, rr := range m.Answer {
		if t, ok := rr.(*dns.TXT); ok {
			texts = append(texts, strings.Join(t.Txt, ""))
		}
	}
	return texts, nil
}

// ever lists each value that was set so far.
func (z *zone) ever() []string {
	z.mu.Lock()
	defer z.mu.Unlock()
	return append([]string(nil), z.set...)
}

// left counts the records that are still there.
func (z *zone) left() (n int) {
	z.mu.Lock()
	defer z.mu.Unlock()
	for _, texts := range z.texts {
		n += len(texts)
	}
	return n
}

func (z *zone) change(fn func(*zone)) {
	z.mu.Lock()
	defer z.mu.Unlock()
	fn(z)
}

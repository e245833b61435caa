package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"

	"github.com/miekg/dns"
)

// echo answers each request with the address that it came from. A lie makes it name another one.
func echo(c *control) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from := netip.MustParseAddrPort(r.RemoteAddr).Addr().Unmap()
		w.Header().Set("Content-Type", "text/plain")
		_, _ = fmt.Fprintln(w, c.lie("https", from))
	})
}

// dnsEcho answers questions for whoami.lab.test with the address that they came from, as A, AAAA or TXT.
type dnsEcho struct{ control *control }

// ServeDNS answers one question.
func (e dnsEcho) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	answer := new(dns.Msg).SetReply(q)
	answer.Authoritative = true
	defer func() { _ = w.WriteMsg(answer) }()
	if len(q.Question) != 1 || dns.CanonicalName(q.Question[0].Name) != "whoami.lab.test." {
		answer.Rcode = dns.RcodeRefused
		return
	}
	from := e.control.lie("dns", netip.MustParseAddrPort(w.RemoteAddr().String()).Addr().Unmap())
	head := dns.RR_Header{Name: q.Question[0].Name, Rrtype: q.Question[0].Qtype, Class: dns.ClassINET}
	switch head.Rrtype {
	case dns.TypeA:
		if from.Is4() {
			answer.Answer = []dns.RR{&dns.A{Hdr: head, A: net.IP(from.AsSlice())}}
		}
	case dns.TypeAAAA:
		if from.Is6() {
			answer.Answer = []dns.RR{&dns.AAAA{Hdr: head, AAAA: net.IP(from.AsSlice())}}
		}
	case dns.TypeTXT:
		answer.Answer = []dns.RR{&dns.TXT{Hdr: head, Txt: []string{from.String()}}}
	}
}

// serveDNS answers at an address over UDP and TCP until ctx ends.
func serveDNS(ctx context.Context, address string, h dns.Handler) error {
	ended := make(chan error, 2)
	for _, network := range []string{"udp", "tcp"} {
		s := &dns.Server{Addr: net.JoinHostPort(address, "53"), Net: network, Handler: h}
		go func() { ended <- s.ListenAndServe() }()
		context.AfterFunc(ctx, func() { _ = s.Shutdown() })
	}
	return errors.Join(<-ended, <-ended)
}

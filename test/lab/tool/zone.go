package main

import (
	"fmt"
	"net"
	"time"

	"github.com/miekg/dns"
)

// zones changes what the authoritative server says, by RFC 2136 under the providers' own key.
type zones struct {
	server, key, algorithm, secret string
}

func newZones(p plan) *zones {
	return &zones{net.JoinHostPort(p["NAMES"], "53"), dns.Fqdn(p["STUB_KEY"]), dns.Fqdn(p["TSIG_ALG"]), p["STUB_SECRET"]}
}

// replace makes a set of records exactly these, each given as its data; none removes it.
func (z *zones) replace(zone, name, kind string, ttl int, data ...string) error {
	m := new(dns.Msg).SetUpdate(dns.Fqdn(zone))
	m.RemoveRRset([]dns.RR{&dns.ANY{Hdr: dns.RR_Header{Name: dns.Fqdn(name), Rrtype: dns.StringToType[kind]}}})
	for _, d := range data {
		rr, err := dns.NewRR(fmt.Sprintf("%s %d IN %s %s", dns.Fqdn(name), ttl, kind, d))
		if err != nil {
			return fmt.Errorf("making a record: %w", err)
		}
		m.Insert([]dns.RR{rr})
	}
	m.SetTsig(z.key, z.algorithm, 300, time.Now().Unix())
	client := &dns.Client{Net: "tcp", Timeout: 3 * time.Second, TsigSecret: map[string]string{z.key: z.secret}}
	answer, _, err := client.Exchange(m, z.server)
	if err != nil {
		return fmt.Errorf("updating %s: %w", name, err)
	}
	if answer.Rcode != dns.RcodeSuccess {
		return fmt.Errorf("updating %s: %s", name, dns.RcodeToString[answer.Rcode])
	}
	return nil
}

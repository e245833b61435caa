package authority

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// nameServers are the targets of the NS records of a zone.
func nameServers(section []dns.RR, zone string) []string {
	var names []string
	for _, rr := range section {
		ns, ok := rr.(*dns.NS)
		if !ok || canonical(ns.Hdr.Name) != zone {
			continue
		}
		if name := canonical(ns.Ns); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// referral is the zone below zone, on the way to name, that an answer delegates
// to; "" where it is no delegation.
func referral(reply *dns.Msg, zone, name string) string {
	if reply.Authoritative || reply.Rcode != dns.RcodeSuccess || len(reply.Answer) > 0 {
		return ""
	}
	for _, rr := range reply.Ns {
		if ns, ok := rr.(*dns.NS); ok {
			cut := canonical(ns.Hdr.Name)
			if cut != "" && cut != zone && within(zone, cut) && within(cut, name) {
				return cut
			}
		}
	}
	return ""
}

// startOf is the SOA of the zone that asked lies in: the answer itself at the
// apex, else in the authority section (RFC 2308 2).
func startOf(reply *dns.Msg, asked string) *dns.SOA {
	if alias(reply.Answer, asked) != "" {
		return nil
	}
	for _, rr := range append(slices.Clone(reply.Answer), reply.Ns...) {
		if soa, ok := rr.(*dns.SOA); ok && within(canonical(soa.Hdr.Name), asked) && soa.Hdr.Name != "." {
			return soa
		}
	}
	return nil
}

// alias is the target of name's CNAME, "" without one.
func alias(section []dns.RR, name string) string {
	for _, rr := range section {
		if c, ok := rr.(*dns.CNAME); ok && canonical(c.Hdr.Name) == name {
			return canonical(c.Target)
		}
	}
	return ""
}

func addressIn(rr dns.RR) netip.Addr {
	var a netip.Addr
	switch rr := rr.(type) {
	case *dns.A:
		a, _ = netip.AddrFromSlice(rr.A.To4())
	case *dns.AAAA:
		a, _ = netip.AddrFromSlice(rr.AAAA)
	}
	return a
}

// read takes the addresses of a name out of an answer, along its aliases as far
// as the answer holds them.
func read(reply *dns.Msg, name string, kind uint16) Answer {
	said := Answer{Exists: reply.Rcode == dns.RcodeSuccess, CNAME: alias(reply.Answer, name)}
	owner := name
	ttl := uint32(1<<32 - 1)
	for range maxAliases {
		next := alias(reply.Answer, owner)
		for _, rr := range reply.Answer {
			head := rr.Header()
			if canonical(head.Name) != owner || head.Rrtype != kind && head.Rrtype != dns.TypeCNAME {
				continue
			}
			ttl = min(ttl, head.Ttl)
			if a := addressIn(rr); a.IsValid() {
				said.Addrs = append(said.Addrs, a)
			}
		}
		if next == "" {
			break
		}
		owner = next
	}
	if len(said.Addrs) > 0 || said.CNAME != "" {
		said.Exists = true // NXDOMAIN speaks of the end of the chain (RFC 6604)
		said.TTL = time.Duration(ttl) * time.Second
	}
	slices.SortFunc(said.Addrs, netip.Addr.Compare)
	said.Addrs = slices.Compact(said.Addrs)
	return said
}

// readTexts takes the TXT records of a name out of an answer.
func readTexts(reply *dns.Msg, name string) []string {
	var texts []string
	for _, rr := range reply.Answer {
		if t, ok := rr.(*dns.TXT); ok && canonical(t.Hdr.Name) == name {
			texts = append(texts, plain(strings.Join(t.Txt, "")))
		}
	}
	return texts
}

// plain undoes the escapes that dns writes into texts: \DDD and \c (RFC 1035 5.1).
func plain(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			out.WriteByte(text[i])
			continue
		}
		if i+3 < len(text) {
			if n, err := strconv.ParseUint(text[i+1:i+4], 10, 8); err == nil {
				out.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		i++
		out.WriteByte(text[i])
	}
	return out.String()
}

func shuffle(names []string) {
	rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
}

package publicip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/miekg/dns"

	"latchkey/dyndns/query"
)

// dnsEcho asks a name whose answer is the asker's address, of the operator's own
// servers and not of a resolver, which would learn the resolver's address.
type dnsEcho struct {
	name string
	ask  map[Family]dnsQuestion
	dial Dial
}

type dnsQuestion struct {
	query.Question
	server string // host:port
}

var (
	_ Source = (*dnsEcho)(nil)
	_ Serves = (*dnsEcho)(nil)
)

// ParseDNS makes a source of "NAME TYPE @SERVER", as the configuration gives it:
// TYPE is A, AAAA or TXT, with CH before it for the class CHAOS; SERVER is an
// address or a name, with a port where it is not 53.
//
//	myip.opendns.com A @208.67.222.222
//	whoami.cloudflare CH TXT @[2606:4700:4700::1111]:53
func ParseDNS(text string, o Options) (Source, error) {
	refuse := func(why string) (Source, error) { return nil, fmt.Errorf("%q: %s", text, why) }
	f := strings.Fields(text)
	q := dnsQuestion{}
	q.Recursive = true // some of these servers are resolvers; the others don't mind
	if len(f) == 4 && strings.EqualFold(f[1], "CH") {
		q.Class = dns.ClassCHAOS
		f = append(f[:1], f[2:]...)
	}
	if len(f) != 3 || !strings.HasPrefix(f[2], "@") {
		return refuse("want NAME TYPE @SERVER")
	}
	q.Name = strings.TrimSuffix(f[0], ".")
	if _, ok := dns.IsDomainName(q.Name); !ok || q.Name == "" {
		return refuse("the name is none")
	}
	families := []Family{V4, V6}
	switch strings.ToUpper(f[1]) {
	case "A":
		q.Type, families = dns.TypeA, []Family{V4}
	case "AAAA":
		q.Type, families = dns.TypeAAAA, []Family{V6}
	case "TXT":
		q.Type = dns.TypeTXT
	default:
		return refuse("the type is none of A, AAAA and TXT")
	}
	host, port, ok := server(f[2][1:])
	if !ok {
		return refuse("the server is no address or name")
	}
	q.server = net.JoinHostPort(host, port)
	s := &dnsEcho{name: host, ask: map[Family]dnsQuestion{}, dial: o.dial()}
	a, err := netip.ParseAddr(host)
	for _, family := range families {
		if err != nil || family.Of(a) {
			s.ask[family] = q
		}
	}
	if len(s.ask) == 0 {
		return refuse("the server is of the other family")
	}
	return s, nil
}

// server splits "host", "host:port", "[v6]:port" or a bare IPv6 address.
func server(text string) (host, port string, ok bool) {
	host, port = text, "53"
	if a, err := netip.ParseAddr(text); err == nil {
		return a.String(), port, a.Zone() == "" && !a.Is4In6()
	}
	if h, p, err := net.SplitHostPort(text); err == nil {
		host, port = h, p
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", "", false
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return a.String(), port, a.Zone() == "" && !a.Is4In6()
	}
	_, ok = dns.IsDomainName(host)
	return host, port, ok && host != "" && !strings.ContainsAny(host, "[]:/@%")
}

func (s *dnsEcho) Kind() Kind           { return DNS }
func (s *dnsEcho) Name() string         { return s.name }
func (s *dnsEcho) Serves(f Family) bool { _, ok := s.ask[f]; return ok }

func (s *dnsEcho) Ask(ctx context.Context, f Family) Answer {
	q, ok := s.ask[f]
	if !ok {
		return Answer{Why: "it knows nothing of " + f.String()}
	}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		return s.dial(ctx, f, network, address)
	}
	reply, err := query.Ask(ctx, dial, q.server, q.Question)
	if errors.Is(err, query.ErrForged) {
		return Answer{Why: "the answers are to other questions; something on the way meddles with DNS"}
	}
	if err != nil {
		return Answer{Why: reason(err)}
	}
	a, err := echoed(reply, q.Question, f)
	if err != nil {
		return Answer{Why: err.Error()}
	}
	return Answer{State: Known, Addr: a}
}

// echoed reads the one address out of an answer. TXT records that are none are
// passed over: Google adds one about the client subnet where it knows it.
func echoed(reply *dns.Msg, q query.Question, f Family) (netip.Addr, error) {
	if reply.Rcode != dns.RcodeSuccess {
		return netip.Addr{}, fmt.Errorf("it answered %s", dns.RcodeToString[reply.Rcode])
	}
	var found netip.Addr
	for _, rr := range reply.Answer {
		head := rr.Header()
		if head.Rrtype != q.Type || !strings.EqualFold(strings.TrimSuffix(head.Name, "."), strings.TrimSuffix(q.Name, ".")) {
			continue
		}
		var a netip.Addr
		switch rr := rr.(type) {
		case *dns.A:
			a, _ = netip.AddrFromSlice(rr.A.To4())
		case *dns.AAAA:
			a, _ = netip.AddrFromSlice(rr.AAAA)
		case *dns.TXT:
			a, _ = parseAddr(strings.Join(rr.Txt, ""), f)
		}
		if !f.Of(a) || a == found {
			continue
		}
		if found.IsValid() {
			return netip.Addr{}, errors.New("its answer is two addresses")
		}
		found = a
	}
	if !found.IsValid() {
		return netip.Addr{}, fmt.Errorf("its answer is no %s address", f)
	}
	return found, nil
}

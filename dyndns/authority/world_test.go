package authority

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// world is an internet of DNS servers within the test: each has an address that
// only the world's dialer knows.
type world struct {
	t  *testing.T
	mu sync.Mutex
	at map[string]*node // by "192.0.2.1:53"
	// asked is what reached each server: "192.0.2.1 SOA name", and "+rd" where
	// recursion was asked for.
	asked []string
}

// node is one server. zones are those it serves with authority.
type node struct {
	zones map[string][]dns.RR
	// meddle changes or replaces an answer, nil drops it.
	meddle func(asked, reply *dns.Msg) *dns.Msg
}

func newWorld(t *testing.T) *world { return &world{t: t, at: map[string]*node{}} }

// authority makes an Authority in the world, whose resolver is 192.0.2.53.
func (w *world) authority() *Authority {
	return New(Config{Resolvers: []string{"192.0.2.53"}, Timeout: time.Minute, Dial: w.dial})
}

// dial connects by a pipe, which keeps the borders of packets.
func (w *world) dial(_ context.Context, network, address string) (net.Conn, error) {
	w.mu.Lock()
	n := w.at[address]
	w.mu.Unlock()
	if n == nil {
		return nil, fmt.Errorf("no route to %s", address)
	}
	client, server := net.Pipe()
	go w.serve(n, strings.TrimSuffix(address, ":53"), network, server)
	return client, nil
}

func (w *world) serve(n *node, ip, network string, conn net.Conn) {
	defer conn.Close()
	stream := &dns.Conn{Conn: conn} // for TCP, with lengths
	buffer := make([]byte, dns.MaxMsgSize)
	for {
		read, write := stream.Read, stream.Write
		if network == "udp" {
			read, write = conn.Read, conn.Write
		}
		size, err := read(buffer)
		if err != nil {
			return
		}
		asked := new(dns.Msg)
		if err := asked.Unpack(buffer[:size]); err != nil {
			w.t.Errorf("a question that is none: %v", err)
			return
		}
		reply := w.reply(n, ip, asked)
		if reply == nil {
			continue
		}
		packet, err := reply.Pack()
		if err != nil {
			w.t.Errorf("packing %v: %v", reply, err)
			return
		}
		if _, err := write(packet); err != nil {
			return
		}
	}
}

func (w *world) reply(n *node, ip string, asked *dns.Msg) *dns.Msg {
	w.mu.Lock()
	defer w.mu.Unlock()
	q := asked.Question[0]
	line := fmt.Sprintf("%s %s %s", ip, dns.TypeToString[q.Qtype], canonical(q.Name))
	if asked.RecursionDesired {
		line += " +rd"
	}
	w.asked = append(w.asked, line)
	reply := n.answer(asked)
	if n.meddle != nil {
		reply = n.meddle(asked, reply)
	}
	return reply
}

// change is how a test changes servers that may be answering just now.
func (w *world) change(what func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	what()
}

func (w *world) put(ip string, n *node) *node {
	w.change(func() { w.at[net.JoinHostPort(ip, "53")] = n })
	return n
}

// questions are what a server was asked.
func (w *world) questions(ip string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []string
	for _, line := range w.asked {
		if rest, ok := strings.CutPrefix(line, ip+" "); ok {
			list = append(list, rest)
		}
	}
	return list
}

func (w *world) forgetQuestions() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = nil
}

// zone reads records, one a line.
func zone(t *testing.T, text string) []dns.RR {
	t.Helper()
	var all []dns.RR
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rr)
	}
	return all
}

// answer is what an authoritative server answers.
func (n *node) answer(asked *dns.Msg) *dns.Msg {
	q := asked.Question[0]
	name := canonical(q.Name)
	reply := new(dns.Msg).SetReply(asked)
	var records []dns.RR
	best := "-"
	for z := range n.zones {
		if within(z, name) && len(z) > len(best) || within(z, name) && best == "-" {
			best, records = z, n.zones[z]
		}
	}
	if best == "-" {
		reply.Rcode = dns.RcodeRefused
		return reply
	}
	for _, rr := range records { // a delegation
		if cut := canonical(rr.Header().Name); rr.Header().Rrtype == dns.TypeNS && cut != best && within(cut, name) {
			reply.Ns = append(reply.Ns, rr)
			reply.Extra = append(reply.Extra, addressesAmong(records, rr.(*dns.NS).Ns)...)
		}
	}
	if len(reply.Ns) > 0 {
		return reply
	}
	reply.Authoritative = true
	exists := false
	for _, rr := range records {
		head := rr.Header()
		exists = exists || within(name, canonical(head.Name))
		if canonical(head.Name) == name && (head.Rrtype == q.Qtype || head.Rrtype == dns.TypeCNAME) {
			reply.Answer = append(reply.Answer, rr)
			if ns, ok := rr.(*dns.NS); ok {
				reply.Extra = append(reply.Extra, addressesAmong(records, ns.Ns)...)
			}
		}
	}
	if !exists {
		reply.Rcode = dns.RcodeNameError
	}
	if len(reply.Answer) == 0 {
		for _, rr := range records {
			if rr.Header().Rrtype == dns.TypeSOA {
				reply.Ns = append(reply.Ns, rr)
			}
		}
	}
	return reply
}

func addressesAmong(records []dns.RR, name string) []dns.RR {
	var found []dns.RR
	for _, rr := range records {
		if rr.Header().Name == name && addressIn(rr).IsValid() {
			found = append(found, rr)
		}
	}
	return found
}

// recursive makes a node into a resolver: no authority, and recursion available.
func recursive(_, reply *dns.Msg) *dns.Msg {
	reply.Authoritative, reply.RecursionAvailable = false, true
	if reply.Rcode == dns.RcodeRefused {
		reply.Rcode = dns.RcodeNameError
	}
	return reply
}

// usual is a small internet: .test at 192.0.2.1, home.test at .2 and .3, and the
// resolver at .53, which knows the same.
func usual(t *testing.T) (w *world, first, second, resolver *node) {
	w, first, second, _, resolver = usualWithTop(t)
	return w, first, second, resolver
}

func usualWithTop(t *testing.T) (w *world, first, second, nic, resolver *node) {
	w = newWorld(t)
	top := `test. 3600 IN SOA ns.nic.test. x. 1 1 1 1 300
		test. 3600 IN NS ns.nic.test.
		ns.nic.test. 3600 IN A 192.0.2.1
		home.test. 3600 IN NS ns1.home.test.
		home.test. 3600 IN NS ns2.elsewhere.test.
		ns1.home.test. 3600 IN A 192.0.2.2
		elsewhere.test. 3600 IN NS ns2.elsewhere.test.
		ns2.elsewhere.test. 3600 IN A 192.0.2.3`
	home := `home.test. 3600 IN SOA ns1.home.test. x. 7 1 1 1 60
		home.test. 3600 IN NS ns1.home.test.
		home.test. 3600 IN NS ns2.elsewhere.test.
		ns1.home.test. 3600 IN A 192.0.2.2
		vault.home.test. 60 IN A 203.0.113.10
		vault.home.test. 60 IN AAAA 2001:db8::5
		www.home.test. 300 IN CNAME vault.home.test.
		away.home.test. 300 IN CNAME name.other.test.
		texts.home.test. 60 IN TXT "one"
		texts.home.test. 60 IN TXT "two" " parts"
		texts.home.test. 60 IN TXT "quote \" and \\ and \200"`
	nic = w.put("192.0.2.1", &node{zones: map[string][]dns.RR{"test": zone(t, top)}})
	first = w.put("192.0.2.2", &node{zones: map[string][]dns.RR{"home.test": zone(t, home)}})
	second = w.put("192.0.2.3", &node{zones: map[string][]dns.RR{"home.test": zone(t, home), "elsewhere.test": zone(t, "elsewhere.test. 3600 IN SOA ns2.elsewhere.test. x. 1 1 1 1 60")}})
	resolver = w.put("192.0.2.53", &node{meddle: recursive, zones: map[string][]dns.RR{
		"":          zone(t, ". 3600 IN SOA a. x. 1 1 1 1 300"),
		"test":      zone(t, "test. 3600 IN SOA ns.nic.test. x. 1 1 1 1 300\ntest. 3600 IN NS ns.nic.test.\nns.nic.test. 3600 IN A 192.0.2.1\nns2.elsewhere.test. 3600 IN A 192.0.2.3"),
		"home.test": zone(t, strings.ReplaceAll(home, "60 IN A", "41 IN A")),
	}})
	return w, first, second, nic, resolver
}

// Package query asks one DNS server one question and makes sure that the answer
// is one to that question. What the answer means is its callers' affair.
package query

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Question is what to ask.
type Question struct {
	Name  string // fully qualified, with or without the dot at the end
	Type  uint16 // dns.TypeA ...
	Class uint16 // IN where zero
	// Recursive asks the server to find out (RD=1): for resolvers. Without it
	// a server says what it knows itself.
	Recursive bool

	plain bool // without EDNS (RFC 6891)
}

// Dial connects to a server; network is "udp" or "tcp", address host:port.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

const (
	// bufferSize fits unfragmented into any path (DNS flag day 2020).
	bufferSize = 1232
	// Timeout is for a question whose context has no deadline.
	Timeout = 2 * time.Second
)

// ErrForged: answers came, but none to the question that was asked.
var ErrForged = errors.New("the answers were to another question")

// Ask asks over UDP, with one repetition, and over TCP where the answer did not
// fit, did not come or looked forged. Any rcode is an answer. The question's id
// and the case of its letters are random (RFC 5452, draft-vixie-dnsext-dns0x20),
// so that who can't see it can hardly answer it.
func Ask(ctx context.Context, dial Dial, server string, q Question) (*dns.Msg, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, Timeout)
		defer cancel()
	}
	if _, ok := dns.IsDomainName(q.Name); !ok {
		return nil, fmt.Errorf("asking for %q: not a name", q.Name)
	}
	reply, err := overUDP(ctx, dial, server, q)
	if err == nil && !q.plain && reply.IsEdns0() == nil &&
		(reply.Rcode == dns.RcodeFormatError || reply.Rcode == dns.RcodeNotImplemented) {
		q.plain = true
		return Ask(ctx, dial, server, q)
	}
	if err == nil && !reply.Truncated {
		return reply, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	whole, err2 := overTCP(ctx, dial, server, q)
	if err2 != nil {
		if err == nil {
			err = errors.New("the answer did not fit")
		}
		return nil, fmt.Errorf("asking %s over UDP: %w, and over TCP: %w", server, err, err2)
	}
	return whole, nil
}

// overUDP spends at most three fifths of the time that there is, and leaves the
// rest to TCP.
func overUDP(ctx context.Context, dial Dial, server string, q Question) (*dns.Msg, error) {
	end, _ := ctx.Deadline()
	patience := time.Until(end) * 3 / 10
	conn, err := dial(ctx, "udp", server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	asked := message(q)
	packet, err := asked.Pack()
	if err != nil {
		return nil, fmt.Errorf("packing the question: %w", err)
	}
	forged := false
	buffer := make([]byte, 1<<16)
	for range 2 {
		if _, err := conn.Write(packet); err != nil {
			return nil, err
		}
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return nil, err
		}
		for {
			n, err := conn.Read(buffer)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return nil, err
			}
			if reply := accept(asked, buffer[:n]); reply != nil {
				return reply, nil
			}
			forged = true // perhaps only noise: the true answer may still come
		}
	}
	if forged {
		return nil, ErrForged
	}
	return nil, os.ErrDeadlineExceeded
}

func overTCP(ctx context.Context, dial Dial, server string, q Question) (*dns.Msg, error) {
	conn, err := dial(ctx, "tcp", server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if end, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(end); err != nil {
			return nil, err
		}
	}
	asked := message(q)
	stream := &dns.Conn{Conn: conn}
	if err := stream.WriteMsg(asked); err != nil {
		return nil, err
	}
	// dns.Conn frames by length whatever is no packet connection.
	buffer := make([]byte, dns.MaxMsgSize)
	n, err := stream.Read(buffer)
	if err != nil {
		return nil, err
	}
	if reply := accept(asked, buffer[:n]); reply != nil {
		return reply, nil
	}
	return nil, ErrForged
}

func message(q Question) *dns.Msg {
	m := new(dns.Msg)
	m.SetQuestion(mixCase(dns.Fqdn(q.Name)), q.Type)
	m.RecursionDesired = q.Recursive
	if q.Class != 0 {
		m.Question[0].Qclass = q.Class
	}
	if !q.plain {
		m.SetEdns0(bufferSize, false)
	}
	return m
}

func mixCase(name string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			if rand.IntN(2) == 0 { // math/rand/v2 is seeded by the system and not to be guessed
				return r ^ 0x20
			}
		}
		return r
	}, name)
}

// accept reads an answer; nil where it is none to what was asked. A server too
// old for EDNS answers FORMERR, perhaps without the question (RFC 6891 7).
func accept(asked *dns.Msg, packet []byte) *dns.Msg {
	reply := new(dns.Msg)
	if err := reply.Unpack(packet); err != nil {
		return nil
	}
	if !reply.Response || reply.Id != asked.Id || reply.Opcode != dns.OpcodeQuery {
		return nil
	}
	if len(reply.Question) == 0 && reply.Rcode != dns.RcodeSuccess && reply.Rcode != dns.RcodeNameError {
		return reply
	}
	if len(reply.Question) != 1 || reply.Question[0] != asked.Question[0] {
		return nil
	}
	return reply
}

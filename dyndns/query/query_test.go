package query

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func reply(asked *dns.Msg, text string) *dns.Msg {
	m := new(dns.Msg).SetReply(asked)
	m.Answer = []dns.RR{&dns.TXT{
		Hdr: dns.RR_Header{Name: asked.Question[0].Name, Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: 60}, Txt: []string{text},
	}}
	return m
}

// serve answers on loopback over UDP and TCP at one port.
func serve(t *testing.T, udp, tcp dns.HandlerFunc) string {
	t.Helper()
	packets, listener := pair(t)
	for _, s := range []*dns.Server{{PacketConn: packets, Handler: udp}, {Listener: listener, Handler: tcp}} {
		ready := make(chan struct{})
		s.NotifyStartedFunc = func() { close(ready) }
		go s.ActivateAndServe()
		<-ready
		t.Cleanup(func() { s.Shutdown() })
	}
	return packets.LocalAddr().String()
}

// pair opens UDP and TCP at one port.
func pair(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	for range 20 {
		packets, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, listener
		}
		packets.Close() // somebody has the TCP port of that number
	}
	t.Fatal("no port is free for both UDP and TCP")
	return nil, nil
}

func dialer() Dial { return new(net.Dialer).DialContext }

func TestAsk(t *testing.T) {
	says := func(text string) dns.HandlerFunc {
		return func(w dns.ResponseWriter, m *dns.Msg) { w.WriteMsg(reply(m, text)) }
	}
	silent := dns.HandlerFunc(func(dns.ResponseWriter, *dns.Msg) {})
	forger := func(spoil func(*dns.Msg)) dns.HandlerFunc {
		return func(w dns.ResponseWriter, m *dns.Msg) {
			r := reply(m, "udp")
			spoil(r)
			w.WriteMsg(r)
		}
	}
	otherCase := func(r *dns.Msg) {
		name := r.Question[0].Name
		r.Question[0].Name = strings.ToLower(name)
		if r.Question[0].Name == name {
			r.Question[0].Name = strings.ToUpper(name)
		}
	}
	for _, tt := range []struct {
		name     string
		udp, tcp dns.HandlerFunc
		want     string
		err      error
	}{
		{"a plain answer by UDP", says("udp"), says("tcp"), "udp", nil},
		{"an answer that does not fit", forger(func(r *dns.Msg) { r.Truncated = true }), says("tcp"), "tcp", nil},
		{"a lost UDP", silent, says("tcp"), "tcp", nil},
		{"an answer with another id", forger(func(r *dns.Msg) { r.Id++ }), says("tcp"), "tcp", nil},
		{"an answer to another name", forger(func(r *dns.Msg) { r.Question[0].Name = "other.test." }), says("tcp"), "tcp", nil},
		{"an answer in other letters", forger(otherCase), says("tcp"), "tcp", nil},
		{"forged on both ways", forger(otherCase), forger(func(r *dns.Msg) { r.Question[0].Qtype = dns.TypeA }), "", ErrForged},
		{"a question sent back", forger(func(r *dns.Msg) { r.Response = false }), says("tcp"), "tcp", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := serve(t, tt.udp, tt.tcp)
			ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
			defer cancel()
			got, err := Ask(ctx, dialer(), server, Question{Name: "some.long.name.test", Type: dns.TypeTXT})
			if tt.err != nil {
				if !errors.Is(err, tt.err) {
					t.Fatalf("got %v, want %v", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if text := got.Answer[0].(*dns.TXT).Txt[0]; text != tt.want {
				t.Errorf("answered by %q, want %q", text, tt.want)
			}
		})
	}

	t.Run("a true answer after a false one is taken", func(t *testing.T) {
		server := serve(t, func(w dns.ResponseWriter, m *dns.Msg) {
			bad := reply(m, "bad")
			bad.Id++
			w.WriteMsg(bad)
			w.WriteMsg(reply(m, "good"))
		}, says("tcp"))
		got, err := Ask(t.Context(), dialer(), server, Question{Name: "name.test", Type: dns.TypeTXT})
		if err != nil || got.Answer[0].(*dns.TXT).Txt[0] != "good" {
			t.Errorf("got %v, %v", got, err)
		}
	})

	t.Run("a lost first packet is sent again", func(t *testing.T) {
		var seen atomic.Int32
		server := serve(t, func(w dns.ResponseWriter, m *dns.Msg) {
			if seen.Add(1) == 2 {
				w.WriteMsg(reply(m, "second"))
			}
		}, silent)
		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		defer cancel()
		got, err := Ask(ctx, dialer(), server, Question{Name: "name.test", Type: dns.TypeTXT})
		if err != nil || got.Answer[0].(*dns.TXT).Txt[0] != "second" {
			t.Errorf("got %v, %v", got, err)
		}
	})

	t.Run("a server older than EDNS is asked again without it", func(t *testing.T) {
		server := serve(t, func(w dns.ResponseWriter, m *dns.Msg) {
			if m.IsEdns0() != nil {
				refusal := new(dns.Msg).SetRcode(m, dns.RcodeFormatError)
				refusal.Question = nil
				w.WriteMsg(refusal)
				return
			}
			w.WriteMsg(reply(m, "plain"))
		}, silent)
		got, err := Ask(t.Context(), dialer(), server, Question{Name: "name.test", Type: dns.TypeTXT})
		if err != nil || len(got.Answer) != 1 {
			t.Errorf("got %v, %v", got, err)
		}
	})

	t.Run("it ends with its context", func(t *testing.T) {
		server := serve(t, silent, silent)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		if _, err := Ask(ctx, dialer(), server, Question{Name: "name.test", Type: dns.TypeTXT}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})

	t.Run("what is no name is not asked", func(t *testing.T) {
		if _, err := Ask(t.Context(), nil, "", Question{Name: strings.Repeat("a", 64) + ".test"}); err == nil {
			t.Error("no error")
		}
	})

	t.Run("recursion is asked for only where it is meant, and the case is mixed", func(t *testing.T) {
		questions := make(chan *dns.Msg, 2)
		server := serve(t, func(w dns.ResponseWriter, m *dns.Msg) {
			questions <- m
			w.WriteMsg(reply(m, "x"))
		}, silent)
		name := strings.Repeat("abcdefghij.", 4) + "test."
		for _, recursive := range []bool{false, true} {
			if _, err := Ask(t.Context(), dialer(), server, Question{Name: name, Type: dns.TypeTXT, Recursive: recursive}); err != nil {
				t.Fatal(err)
			}
		}
		asked := []*dns.Msg{<-questions, <-questions}
		if asked[0].RecursionDesired || !asked[1].RecursionDesired {
			t.Error("RD is wrong")
		}
		if a, b := asked[0].Question[0].Name, asked[1].Question[0].Name; a == b || a == name || !strings.EqualFold(a, b) {
			t.Errorf("asked for %q, then %q", a, b)
		}
	})
}

func FuzzAccept(f *testing.F) {
	asked := message(Question{Name: "name.test", Type: dns.TypeTXT})
	asked.Id, asked.Question[0].Name = 4711, "nAmE.tEsT."
	good, err := reply(asked, "text").Pack()
	if err != nil {
		f.Fatal(err)
	}
	refused := new(dns.Msg).SetRcode(asked, dns.RcodeFormatError)
	refused.Question = nil
	old, err := refused.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(old)
	f.Add(good[:len(good)-3])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, packet []byte) {
		m := accept(asked, packet)
		if m == nil {
			return
		}
		if m.Id != asked.Id || !m.Response || len(m.Question) == 1 && m.Question[0] != asked.Question[0] {
			t.Errorf("accepted %v", m)
		}
		if len(m.Question) == 0 && len(m.Answer) > 0 && m.Rcode == dns.RcodeSuccess {
			t.Errorf("accepted an answer without a question: %v", m)
		}
	})
}

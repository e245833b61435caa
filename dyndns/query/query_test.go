package query

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
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

// handler answers a question with any number of messages.
type handler func(asked *dns.Msg) []*dns.Msg

// serve dials servers within the test, by pipes, which keep the borders of
// packets and live in a bubble's time.
func serve(t *testing.T, udp, tcp handler) Dial {
	t.Helper()
	return func(_ context.Context, network, _ string) (net.Conn, error) {
		client, server := net.Pipe()
		if network == "udp" {
			go answer(t, server, server, udp)
		} else {
			go answer(t, server, &dns.Conn{Conn: server}, tcp)
		}
		return client, nil
	}
}

func answer(t *testing.T, end io.Closer, conn io.ReadWriter, handle handler) {
	defer end.Close()
	buffer := make([]byte, dns.MaxMsgSize)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		asked := new(dns.Msg)
		if err := asked.Unpack(buffer[:n]); err != nil {
			t.Errorf("a question that is none: %v", err)
			return
		}
		for _, reply := range handle(asked) {
			packet, err := reply.Pack()
			if err != nil {
				t.Errorf("packing: %v", err)
				return
			}
			if _, err := conn.Write(packet); err != nil {
				return
			}
		}
	}
}

// errAny stands for any error: which of two deadlines is first is chance.
var errAny = errors.New("any")

func TestAsk(t *testing.T) {
	says := func(text string) handler {
		return func(m *dns.Msg) []*dns.Msg { return []*dns.Msg{reply(m, text)} }
	}
	silent := handler(func(*dns.Msg) []*dns.Msg { return nil })
	forger := func(spoil func(*dns.Msg)) handler {
		return func(m *dns.Msg) []*dns.Msg {
			r := reply(m, "udp")
			spoil(r)
			return []*dns.Msg{r}
		}
	}
	otherCase := func(r *dns.Msg) {
		name := r.Question[0].Name
		r.Question[0].Name = strings.ToLower(name)
		if r.Question[0].Name == name {
			r.Question[0].Name = strings.ToUpper(name)
		}
	}
	const limit = 2 * time.Second // Timeout
	for _, tt := range []struct {
		name     string
		udp, tcp handler
		want     string
		err      error
		took     time.Duration
	}{
		{"a plain answer by UDP", says("udp"), says("tcp"), "udp", nil, 0},
		{"an answer that does not fit", forger(func(r *dns.Msg) { r.Truncated = true }), says("tcp"), "tcp", nil, 0},
		{"a lost UDP: two tries, then TCP", silent, says("tcp"), "tcp", nil, limit * 6 / 10},
		{"an answer with another id", forger(func(r *dns.Msg) { r.Id++ }), says("tcp"), "tcp", nil, limit * 6 / 10},
		{"an answer to another name", forger(func(r *dns.Msg) { r.Question[0].Name = "other.test." }), says("tcp"), "tcp", nil, limit * 6 / 10},
		{"an answer in other letters", forger(otherCase), says("tcp"), "tcp", nil, limit * 6 / 10},
		{"a question sent back", forger(func(r *dns.Msg) { r.Response = false }), says("tcp"), "tcp", nil, limit * 6 / 10},
		{"forged on both ways", forger(otherCase), forger(func(r *dns.Msg) { r.Question[0].Qtype = dns.TypeA }), "", ErrForged, limit * 6 / 10},
		{"silence", silent, silent, "", errAny, limit},
		{
			"a true answer after a false one is taken",
			func(m *dns.Msg) []*dns.Msg {
				bad := reply(m, "bad")
				bad.Id++
				return []*dns.Msg{bad, reply(m, "good")}
			},
			says("tcp"), "good", nil, 0,
		},
		{
			"a server older than EDNS is asked again without it",
			func(m *dns.Msg) []*dns.Msg {
				if m.IsEdns0() == nil {
					return []*dns.Msg{reply(m, "plain")}
				}
				refusal := new(dns.Msg).SetRcode(m, dns.RcodeFormatError)
				refusal.Question = nil
				return []*dns.Msg{refusal}
			},
			silent, "plain", nil, 0,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				got, err := Ask(t.Context(), serve(t, tt.udp, tt.tcp), "192.0.2.1:53", Question{Name: "some.long.name.test", Type: dns.TypeTXT})
				if took := time.Since(began); took != tt.took {
					t.Errorf("it took %v, want %v", took, tt.took)
				}
				if tt.err != nil {
					if err == nil || tt.err != errAny && !errors.Is(err, tt.err) {
						t.Errorf("got %v, want %v", err, tt.err)
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
		})
	}

	t.Run("a lost first packet is sent again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			seen := 0
			dial := serve(t, func(m *dns.Msg) []*dns.Msg {
				if seen++; seen == 2 {
					return []*dns.Msg{reply(m, "second")}
				}
				return nil
			}, silent)
			got, err := Ask(t.Context(), dial, "192.0.2.1:53", Question{Name: "name.test", Type: dns.TypeTXT})
			if err != nil || got.Answer[0].(*dns.TXT).Txt[0] != "second" {
				t.Errorf("got %v, %v", got, err)
			}
		})
	})

	t.Run("it ends with its context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(20*time.Millisecond, cancel)
			began := time.Now()
			_, err := Ask(ctx, serve(t, silent, silent), "192.0.2.1:53", Question{Name: "name.test", Type: dns.TypeTXT})
			if !errors.Is(err, context.Canceled) || time.Since(began) != 20*time.Millisecond {
				t.Errorf("got %v after %v", err, time.Since(began))
			}
		})
	})

	t.Run("what is no name is not asked", func(t *testing.T) {
		if _, err := Ask(t.Context(), nil, "", Question{Name: strings.Repeat("a", 64) + ".test"}); err == nil {
			t.Error("no error")
		}
	})

	t.Run("recursion is asked for only where it is meant, and the case is mixed", func(t *testing.T) {
		questions := make(chan *dns.Msg, 2)
		dial := serve(t, func(m *dns.Msg) []*dns.Msg {
			questions <- m
			return []*dns.Msg{reply(m, "x")}
		}, silent)
		name := strings.Repeat("abcdefghij.", 4) + "test."
		for _, recursive := range []bool{false, true} {
			if _, err := Ask(t.Context(), dial, "192.0.2.1:53", Question{Name: name, Type: dns.TypeTXT, Recursive: recursive}); err != nil {
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

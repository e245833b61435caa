package targettest

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy stands before a server and can be nasty. Its counts are over all connections.
type Proxy struct {
	Addr string

	up, down   atomic.Int64 // bytes so far, to the server and back
	cutUp      atomic.Int64 // cut every connection when so many bytes went up; 0: never
	cutDown    atomic.Int64
	silent     atomic.Bool // take everything, pass nothing on
	listener   net.Listener
	mu         sync.Mutex
	open       []net.Conn
	background sync.WaitGroup
}

// Before starts a proxy before addr.
func Before(t *testing.T, addr string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Addr: l.Addr().String(), listener: l}
	p.background.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.background.Go(func() { p.serve(conn, addr) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.Cut()
		p.background.Wait()
	})
	return p
}

// Cut ends all connections at once.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.open {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		c.Close()
	}
	p.open = nil
}

// CutUp cuts when n more bytes have gone to the server.
func (p *Proxy) CutUp(n int64) { p.cutUp.Store(p.up.Load() + n) }

// CutDown cuts when n more bytes have come from the server.
func (p *Proxy) CutDown(n int64) { p.cutDown.Store(p.down.Load() + n) }

func (p *Proxy) serve(client net.Conn, addr string) {
	server, err := net.Dial("tcp", addr)
	if err != nil {
		client.Close()
		return
	}
	p.mu.Lock()
	p.open = append(p.open, client, server)
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.pass(server, client, &p.up, &p.cutUp) })
	both.Go(func() { p.pass(client, server, &p.down, &p.cutDown) })
	both.Wait()
}

func (p *Proxy) pass(to, from net.Conn, count, cut *atomic.Int64) {
	defer to.Close()
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			for p.silent.Load() {
				if _, err := from.Read(buf); err != nil {
					return
				}
			}
			if now, limit := count.Add(int64(n)), cut.Load(); limit > 0 && now >= limit {
				cut.Store(0)
				p.Cut()
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

package story

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
)

// A Wire is a TCP forwarder that keeps every byte that passes, in both directions.
type Wire struct {
	Address string

	mu   sync.Mutex
	seen bytes.Buffer
}

// Tap forwards a port of its own to an address until the test ends.
func Tap(t testing.TB, to func() string) *Wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	w := &Wire{Address: listener.Addr().String()}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go w.carry(near, to())
		}
	}()
	return w
}

func (w *Wire) carry(near net.Conn, to string) {
	defer near.Close()
	far, err := net.Dial("tcp", to)
	if err != nil {
		return // the house is down, as the story wants it to be sometimes
	}
	defer far.Close()
	done := make(chan struct{}, 2)
	copying := func(to, from net.Conn) {
		_, _ = io.Copy(to, io.TeeReader(from, w))
		done <- struct{}{}
	}
	go copying(far, near)
	go copying(near, far)
	<-done
}

// Write keeps what passes. The two directions may interleave, but never within one read.
func (w *Wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen.Write(p)
}

// Seen is a copy of all that passed.
func (w *Wire) Seen() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Clone(w.seen.Bytes())
}

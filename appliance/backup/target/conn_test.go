package target

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

const patience = time.Minute

// both gives a patient connection and its peer.
func both(t *testing.T) (net.Conn, net.Conn) {
	near, far := net.Pipe()
	dial := func(context.Context, string, string) (net.Conn, error) { return near, nil }
	conn, err := patiently(dial, patience, true)(t.Context(), "tcp", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return conn, far
}

func TestPatience(t *testing.T) {
	t.Run("a peer that takes a little in time is waited for, and so is the reading beside", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			conn, far := both(t)
			read := make(chan error, 1)
			go func() {
				_, err := conn.Read(make([]byte, 1))
				read <- err
			}()
			const pieces = 20
			go func() {
				for range pieces {
					time.Sleep(patience * 9 / 10)
					_, _ = io.ReadFull(far, make([]byte, pieceBytes))
				}
				_, _ = far.Write([]byte("!"))
			}()
			begun := time.Now()
			if n, err := conn.Write(make([]byte, pieces*pieceBytes)); err != nil || n != pieces*pieceBytes {
				t.Errorf("wrote %d, %v", n, err)
			}
			if err := <-read; err != nil {
				t.Errorf("reading beside a long write: %v", err)
			}
			if took := time.Since(begun); took < 10*patience {
				t.Errorf("it took %v, which was not slow", took)
			}
		})
	})
	t.Run("a peer that says nothing is given up after the patience", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			conn, _ := both(t)
			begun := time.Now()
			_, err := conn.Read(make([]byte, 1))
			if took := time.Since(begun); !errors.Is(err, os.ErrDeadlineExceeded) || took != patience {
				t.Errorf("got %v after %v", err, took)
			}
		})
	})
	t.Run("a peer that takes nothing is given up after the patience", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			conn, _ := both(t)
			begun := time.Now()
			_, err := conn.Write(make([]byte, 1))
			if took := time.Since(begun); !errors.Is(err, os.ErrDeadlineExceeded) || took != patience {
				t.Errorf("got %v after %v", err, took)
			}
		})
	})
	t.Run("a caller that comes late to what has arrived still gets it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			conn, far := both(t)
			go func() { _, _ = far.Write([]byte("ab")) }()
			if _, err := conn.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * patience)
			if _, err := conn.Read(make([]byte, 1)); err != nil {
				t.Error(err)
			}
		})
	})
}

func TestAtHome(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1": true, "::1": true, "192.168.1.20": true, "10.1.2.3": true, "172.16.0.1": true, "169.254.3.4": true, "fe80::1": true,
		"fd00::1": true, "100.64.1.1": true, "::ffff:192.168.1.1": true,
		"8.8.8.8": false, "172.32.0.1": false, "100.128.0.1": false, "2001:db8::1": false, "::ffff:8.8.8.8": false, "0.0.0.0": false,
	} {
		if got := atHome(&net.TCPAddr{IP: net.ParseIP(address), Port: 80}); got != want {
			t.Errorf("atHome(%s) = %v, want %v", address, got, want)
		}
	}
}

func TestPlainHTTPStaysAtHome(t *testing.T) {
	server := make(chan []byte, 1)
	dial := func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			sent, _ := io.ReadAll(far)
			server <- sent
		}()
		return public{near}, nil
	}
	conn, err := patiently(dial, patience, true)(t.Context(), "tcp", "8.8.8.8:80")
	if !errors.Is(err, errPublic) {
		conn.Close()
		t.Fatalf("got %v", err)
	}
	if sent := <-server; len(sent) > 0 {
		t.Errorf("sent %q", sent)
	}
	if c := classify(err); c.code != CodePlain {
		t.Errorf("it is told as %s", c.code)
	}
}

// public is a connection that ends on the internet.
type public struct{ net.Conn }

func (public) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(8, 8, 8, 8), Port: 80} }

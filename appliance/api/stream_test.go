package api

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The server's limits here are those of the house's own doors.
const (
	wholeRequest = 5 * time.Minute
	wholeAnswer  = 10 * time.Minute
)

// pipes is a listener whose connections are made within the process, so that
// time is a bubble's.
type pipes struct {
	conns chan net.Conn
	ended context.Context
	end   context.CancelFunc
}

func newPipes() pipes {
	ended, end := context.WithCancel(context.Background())
	return pipes{make(chan net.Conn), ended, end}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.ended.Done():
		return nil, net.ErrClosed
	}
}
func (p pipes) Close() error   { p.end(); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	p.conns <- there
	return hasty{here}, nil
}

// hasty is a client's end that doesn't wait for its farewell to be read, as no
// socket does: TLS gives it five seconds, which never pass in a bubble where
// others wait for a lock meanwhile.
type hasty struct{ net.Conn }

// SetWriteDeadline takes a short one for past.
func (h hasty) SetWriteDeadline(t time.Time) error {
	if !t.IsZero() && time.Until(t) <= 5*time.Second {
		t = time.Now()
	}
	return h.Conn.SetWriteDeadline(t)
}

// online serves the stage to the machine over TLS, and gives a client of it.
func (s *stage) online(http2 bool) *http.Client {
	s.t.Helper()
	wire := newPipes()
	server := httptest.NewUnstartedServer(s)
	_ = server.Listener.Close() // of the real network
	server.Listener, server.EnableHTTP2 = wire, http2
	server.Config.ReadTimeout, server.Config.WriteTimeout = wholeRequest, wholeAnswer
	server.Config.BaseContext = func(net.Listener) context.Context {
		return context.WithValue(context.Background(), originKey{}, Origin{Machine: true})
	}
	server.StartTLS()
	s.t.Cleanup(server.Close)
	client := server.Client()
	client.Transport.(*http.Transport).DialContext = wire.dial
	return client
}

// overBoth runs a test over HTTP/1.1 and HTTP/2, each in a bubble.
func overBoth(t *testing.T, name string, do func(t *testing.T, s *stage, c *http.Client)) {
	for proto, two := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name+", over "+proto, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				client := s.online(two)
				do(t, s, client)
				client.CloseIdleConnections()
			})
		})
	}
}

// slowly gives pieces with a pause before each.
type slowly struct {
	pause  time.Duration
	pieces int
}

func (s *slowly) Read(p []byte) (int, error) {
	if s.pieces == 0 {
		return 0, io.EOF
	}
	time.Sleep(s.pause)
	s.pieces--
	return copy(p, "piece "), nil
}

const place = "https://example.com/latchkey/"

func send(t *testing.T, c *http.Client, method, path string, body io.Reader) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, place+path, body)
	if err != nil {
		t.Fatal(err)
	}
	return c.Do(r)
}

// taking stands for a restore: take reads what comes.
type taking struct {
	Restore
	take func(context.Context, io.Reader) error
}

func TestUploadsTakeTheirTime(t *testing.T) {
	overBoth(t, "an upload of an hour with a long check behind it is answered", func(t *testing.T, s *stage, c *http.Client) {
		id := s.began()
		s.Restore = taking{s.Restore, func(ctx context.Context, in io.Reader) error {
			got, err := io.ReadAll(in)
			if err != nil || len(got) != 60*6 {
				t.Errorf("read %d bytes, %v", len(got), err)
			}
			time.Sleep(time.Hour) // checking
			return ctx.Err()
		}}
		got, err := send(t, c, "PUT", "restore/"+id+"/file", &slowly{time.Minute, 60})
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(got.Body); err != nil || got.StatusCode != 200 || !strings.Contains(string(text), `"phase":"ready"`) {
			t.Errorf("%d %s, %v", got.StatusCode, text, err)
		}
	})
	overBoth(t, "a slow disk is no reason to end one", func(t *testing.T, s *stage, c *http.Client) {
		id := s.began()
		s.Restore = taking{s.Restore, func(_ context.Context, in io.Reader) error {
			for {
				if _, err := in.Read(make([]byte, 6)); err != nil {
					return ignoringEnd(err)
				}
				time.Sleep(3 * stall)
			}
		}}
		got, err := send(t, c, "PUT", "restore/"+id+"/file", &slowly{time.Minute, 30})
		if err != nil || got.StatusCode != 200 {
			t.Fatalf("%v, %v", got, err)
		}
		_ = got.Body.Close()
	})
	overBoth(t, "one that stands still is given up", func(t *testing.T, s *stage, c *http.Client) {
		id := s.began()
		ended := make(chan error, 1)
		s.Restore = taking{s.Restore, func(_ context.Context, in io.Reader) error {
			_, err := io.Copy(io.Discard, in)
			ended <- err
			return err
		}}
		began := time.Now()
		never, stop := io.Pipe()
		go func() { _, _ = send(t, c, "PUT", "restore/"+id+"/file", never) }()
		if err := <-ended; err == nil || time.Since(began) != stall {
			t.Errorf("it ended after %v with %v", time.Since(began), err)
		}
		_ = stop.Close()
	})
}

func ignoringEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func TestDownloadsTakeTheirTime(t *testing.T) {
	pieces := func(pause time.Duration, n int, last error) func(context.Context, io.Writer) error {
		return func(ctx context.Context, w io.Writer) error {
			for range n {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return err
				}
				time.Sleep(pause)
			}
			return errors.Join(ctx.Err(), last)
		}
	}
	overBoth(t, "one of hours comes whole", func(t *testing.T, s *stage, c *http.Client) {
		s.keeper.write = pieces(3*stall, 30, nil)
		got, err := send(t, c, "POST", "backups/download", nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(got.Body); err != nil || len(body) != 30*64<<10 {
			t.Errorf("%d bytes, %v", len(body), err)
		}
	})
	overBoth(t, "one that breaks off reads as broken", func(t *testing.T, s *stage, c *http.Client) {
		s.keeper.write = pieces(0, 3, errors.New("the disk is gone"))
		got, err := send(t, c, "POST", "backups/download", nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(got.Body); err == nil {
			t.Errorf("%d bytes pass for a whole", len(body))
		}
	})
	overBoth(t, "one that nobody takes is given up", func(t *testing.T, s *stage, c *http.Client) {
		ended := make(chan error, 1)
		began := time.Now()
		s.keeper.write = func(_ context.Context, w io.Writer) error {
			for {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					ended <- err
					return err
				}
			}
		}
		got, err := send(t, c, "POST", "backups/download", nil)
		if err != nil {
			t.Fatal(err)
		}
		// TLS tries for some more seconds to say goodbye.
		if err := <-ended; err == nil || time.Since(began).Truncate(time.Minute) != stall {
			t.Errorf("it ended after %v with %v", time.Since(began), err)
		}
		_ = got.Body.Close()
	})
	overBoth(t, "whoever leaves ends the work", func(t *testing.T, s *stage, c *http.Client) {
		ended := make(chan error, 1)
		s.keeper.write = func(ctx context.Context, w io.Writer) error {
			_, err := w.Write(make([]byte, 64<<10))
			<-ctx.Done()
			ended <- err
			return ctx.Err()
		}
		got, err := send(t, c, "POST", "backups/download", nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = got.Body.Close()
		<-ended
		synctest.Wait()
		if s.events() != "downloaded download.cut" {
			t.Errorf("events %s", s.events())
		}
	})
}

package notify_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/notify"
)

// manager is a service manager that hears.
type manager struct {
	t    *testing.T
	conn *net.UnixConn
	name string
	env  map[string]string
	log  bytes.Buffer
}

func newManager(t *testing.T, name string) *manager {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &manager{t: t, conn: conn, name: name, env: map[string]string{"NOTIFY_SOCKET": name}}
}

func (m *manager) started() *notify.Manager {
	return notify.FromEnv(func(key string) string { return m.env[key] }, slog.New(slog.NewTextHandler(&m.log, nil)))
}

// hears is the next datagram; "" where none comes in time.
func (m *manager) hears(within time.Duration) string {
	m.t.Helper()
	if err := m.conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		m.t.Fatal(err)
	}
	heard := make([]byte, 1024)
	n, err := m.conn.Read(heard)
	if err != nil {
		return ""
	}
	return string(heard[:n])
}

const soon = 5 * time.Second

func TestTell(t *testing.T) {
	for kind, name := range map[string]string{
		"a socket in the file system": filepath.Join(t.TempDir(), "notify"),
		"a socket with no file":       "@latchkey-notify-test-" + strconv.Itoa(os.Getpid()),
	} {
		t.Run(kind, func(t *testing.T) {
			m := newManager(t, name)
			n := m.started()
			for want, tell := range map[string]func(){
				"READY=1\nSTATUS=answers":      func() { n.Ready("answers") },
				"STOPPING=1\nSTATUS=ends":      func() { n.Stopping("ends") },
				"STATUS=two lines":             func() { n.Status("two\nlines") },
				"EXTEND_TIMEOUT_USEC=90000000": func() { n.Needs(90 * time.Second) },
			} {
				if tell(); m.hears(soon) != want {
					t.Errorf("it heard something else than %q", want)
				}
			}
		})
	}
	t.Run("without a service manager nothing is told, and nothing breaks", func(t *testing.T) {
		n := notify.FromEnv(func(string) string { return "" }, slog.New(slog.DiscardHandler))
		n.Ready("x")
		n.Stopping("x")
		n.Status("x")
		n.Needs(time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := n.Watch(ctx, func(context.Context) error { t.Error("it pinged"); return nil }); n != nil || err != nil {
			t.Errorf("a manager %v, %v", n, err)
		}
	})
	t.Run("one that is gone costs a line of the log, and no more", func(t *testing.T) {
		m := newManager(t, filepath.Join(t.TempDir(), "notify"))
		n := m.started()
		m.conn.Close()
		n.Ready("x")
		if !strings.Contains(m.log.String(), "telling the service manager") {
			t.Errorf("the log says %q", m.log.String())
		}
	})
	t.Run("one of another kind is none", func(t *testing.T) {
		m := newManager(t, filepath.Join(t.TempDir(), "notify"))
		m.env["NOTIFY_SOCKET"] = "vsock:2:1234"
		if n := m.started(); n != nil || m.log.Len() == 0 {
			t.Errorf("a manager %v, and the log says %q", n, m.log.String())
		}
	})
}

func TestWatch(t *testing.T) {
	watch := func(t *testing.T, m *manager, ping func(context.Context) error) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		n := m.started()
		go func() {
			defer close(ended)
			if err := n.Watch(ctx, ping); err != nil {
				t.Error(err)
			}
		}()
		t.Cleanup(func() { cancel(); <-ended })
	}
	fresh := func(t *testing.T, every time.Duration) *manager {
		m := newManager(t, filepath.Join(t.TempDir(), "notify"))
		m.env["WATCHDOG_USEC"] = strconv.FormatInt(every.Microseconds(), 10)
		return m
	}
	t.Run("it is told again and again while all is well", func(t *testing.T) {
		m := fresh(t, 20*time.Millisecond)
		watch(t, m, func(context.Context) error { return nil })
		for range 3 {
			if got := m.hears(soon); got != "WATCHDOG=1" {
				t.Fatalf("it heard %q", got)
			}
		}
	})
	t.Run("a ping that fails is silence, and the next good one is heard", func(t *testing.T) {
		m := fresh(t, 20*time.Millisecond)
		pings := 0
		watch(t, m, func(context.Context) error {
			if pings++; pings < 4 {
				return errors.New("the writer is stuck")
			}
			return nil
		})
		if got := m.hears(soon); got != "WATCHDOG=1" || pings < 4 {
			t.Errorf("it heard %q after %d pings", got, pings)
		}
	})
	t.Run("a ping that hangs is silence", func(t *testing.T) {
		m := fresh(t, 20*time.Millisecond)
		gaveUp := make(chan struct{}, 1)
		watch(t, m, func(ctx context.Context) error {
			<-ctx.Done()
			select {
			case gaveUp <- struct{}{}:
			default:
			}
			return ctx.Err()
		})
		<-gaveUp
		if got := m.hears(30 * time.Millisecond); got != "" {
			t.Errorf("it heard %q", got)
		}
	})
	for name, env := range map[string]map[string]string{
		"it is not asked for":          {"WATCHDOG_USEC": ""},
		"it is meant for another":      {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"},
		"the time is no number":        {"WATCHDOG_USEC": "soon"},
		"the time is negative":         {"WATCHDOG_USEC": "-5"},
		"the time is beyond all sense": {"WATCHDOG_USEC": "9223372036854775807"},
	} {
		t.Run("nobody is pinged where "+name, func(t *testing.T) {
			m := fresh(t, time.Millisecond)
			for k, v := range env {
				m.env[k] = v
			}
			watch(t, m, func(context.Context) error { t.Error("it pinged"); return nil })
			if got := m.hears(20 * time.Millisecond); got != "" {
				t.Errorf("it heard %q", got)
			}
		})
	}
}

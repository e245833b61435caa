package logline_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/appliance/logline"
)

// sink counts the writes that reach it, and may be stuck or broken.
type sink struct {
	mu     sync.Mutex
	text   bytes.Buffer
	writes int
	stuck  chan struct{} // writes wait for it; nil: none does
	broken error
}

func (s *sink) Write(p []byte) (int, error) {
	if s.stuck != nil {
		<-s.stuck
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return 0, s.broken
	}
	s.writes++
	return s.text.Write(p)
}

func (s *sink) said() (string, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String(), s.writes
}

func asking(t *testing.T, l *logline.Log) func() {
	t.Helper()
	h := logline.Requests(mux(), l.Logger, from("127.0.0.1"), nil)
	return func() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/silent", nil))
	}
}

func TestWaitingLines(t *testing.T) {
	t.Run("many requests are one write, a moment later", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for _, format := range []string{logline.Text, logline.JSON} {
				s := &sink{}
				ask := asking(t, logline.New(s, format, slog.LevelInfo))
				for range 50 {
					ask()
				}
				if said, writes := s.said(); writes != 0 {
					t.Errorf("%s: %d writes at once: %q", format, writes, said)
				}
				time.Sleep(time.Second)
				if said, writes := s.said(); writes != 1 || strings.Count(said, "\n") != 50 {
					t.Errorf("%s: %d writes: %q", format, writes, said)
				}
				ask()
				time.Sleep(time.Second)
				if said, writes := s.said(); writes != 2 || strings.Count(said, "\n") != 51 {
					t.Errorf("%s: %d writes: %q", format, writes, said)
				}
			}
		})
	})
	t.Run("a full write does not wait for the moment", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &sink{}
			ask := asking(t, logline.New(s, logline.Text, slog.LevelInfo))
			for range 1000 { // some 60 bytes each
				ask()
			}
			synctest.Wait()
			if said, writes := s.said(); writes == 0 || strings.Count(said, "\n") < 250 {
				t.Errorf("%d writes of %d bytes", writes, len(said))
			}
			time.Sleep(time.Second)
			if said, _ := s.said(); strings.Count(said, "\n") != 1000 {
				t.Errorf("%d lines", strings.Count(said, "\n"))
			}
		})
	})
	t.Run("any other line comes at once, after those that wait", func(t *testing.T) {
		for _, format := range []string{logline.Text, logline.JSON} {
			s := &sink{}
			l := logline.New(s, format, slog.LevelInfo)
			asking(t, l)()
			l.Error("disk full")
			said, _ := s.said()
			if lines := strings.Split(said, "\n"); len(lines) != 3 || !strings.Contains(lines[0], "/silent") || !strings.Contains(lines[1], "disk full") {
				t.Errorf("%s: %q", format, said)
			}
		}
	})
	t.Run("a reader who is stuck keeps no request, and hears what is missing", func(t *testing.T) {
		s := &sink{stuck: make(chan struct{})}
		l := logline.New(s, logline.Text, slog.LevelInfo)
		ask := asking(t, l)
		const asked = 20_000 // more than has room
		for range asked {
			ask()
		}
		close(s.stuck)
		if err := l.Flush(); err != nil {
			t.Fatal(err)
		}
		said, _ := s.said()
		got := strings.Count(said, "[REQUEST]")
		if got == 0 || got == asked || !strings.Contains(said, "lines of requests are missing here") {
			t.Fatalf("%d lines; the end is %q", got, said[max(0, len(said)-200):])
		}
		ask()
		_ = l.Flush()
		if said, _ = s.said(); !strings.HasSuffix(said, "GET /silent | 200 [OK] | 127.0.0.1\n") {
			t.Errorf("the end is %q", said[max(0, len(said)-200):])
		}
	})
	t.Run("a writer that is broken stops nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &sink{broken: errors.New("gone")}
			l := logline.New(s, logline.Text, slog.LevelInfo)
			ask := asking(t, l)
			ask()
			time.Sleep(time.Second)
			ask()
			if err := l.Flush(); err == nil {
				t.Error("nobody told")
			}
			s.broken = nil
			ask()
			if err := l.Flush(); err != nil {
				t.Error(err)
			}
			if said, _ := s.said(); strings.Count(said, "\n") != 1 {
				t.Errorf("said %q", said)
			}
		})
	})
	t.Run("many at the same time lose nothing and mix nothing", func(t *testing.T) {
		s := &sink{}
		l := logline.New(s, logline.Text, slog.LevelInfo)
		ask := asking(t, l)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 100 {
					ask()
					l.Warn("between")
				}
			})
		}
		all.Wait()
		_ = l.Flush()
		said, _ := s.said()
		for line := range strings.Lines(said) {
			if !strings.HasSuffix(line, "GET /silent | 200 [OK] | 127.0.0.1\n") && !strings.HasSuffix(line, " between\n") {
				t.Fatalf("line %q", line)
			}
		}
		if n := strings.Count(said, "\n"); n != 1600 {
			t.Errorf("%d lines", n)
		}
	})
}

package appliance

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"latchkey/appliance/listen"
	"latchkey/appliance/logline"
)

var wildcard = regexp.MustCompile(`\{[^}]*\}`)

// TestRequestLines wants the line of each route to tell its pattern, and so
// nothing between the log and the routes to hand a copy of the request on: in
// the copy the pattern would be lost.
func TestRequestLines(t *testing.T) {
	var out bytes.Buffer
	log := logline.New(&out, logline.Text, slog.LevelDebug)
	c := configOf(t)
	c.Log = log.Logger
	a := assemble(t, c)
	defer func() { _ = a.Close() }()
	owned(t, a)
	handler := a.Handler()
	asked := 0
	ask := func(method, path string, door listen.Door) string {
		_ = log.Flush()
		out.Reset()
		r := httptest.NewRequestWithContext(listen.WithDoor(t.Context(), door), method, path+"?token=hunter2", strings.NewReader("{"))
		asked++ // each time somebody else: of one address only so many are listed
		r.RemoteAddr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 18, byte(asked >> 8), byte(asked)}), 4000).String()
		handler.ServeHTTP(httptest.NewRecorder(), r)
		_ = log.Flush()
		for line := range strings.Lines(out.String()) {
			if strings.Contains(line, "hunter2") {
				t.Errorf("%s %s: %s", method, path, line)
			}
			if rest, yes := strings.CutPrefix(line, "[REQUEST] "); yes {
				words := strings.SplitN(rest, " ", 4) // date, time, method, path and what follows
				return words[2] + " " + strings.SplitN(words[3], " |", 2)[0]
			}
		}
		return out.String()
	}
	patterns := a.door.Patterns()
	if len(patterns) < 50 {
		t.Fatalf("only %d patterns", len(patterns))
	}
	for _, pattern := range patterns {
		t.Run(pattern, func(t *testing.T) {
			method, path, _ := strings.Cut(pattern, " ")
			want := method + " " + wildcard.ReplaceAllString(path, "…")
			if got := ask(method, wildcard.ReplaceAllString(path, "hunter2"), listen.DoorTLS); got != want {
				t.Errorf("told %q, want %q", got, want)
			}
		})
	}
	t.Run("what no route takes", func(t *testing.T) {
		if got := ask(http.MethodGet, "/hunter2", listen.DoorTLS); got != "GET …" {
			t.Errorf("told %q", got)
		}
	})
	t.Run("a command's request", func(t *testing.T) {
		if got := ask(http.MethodGet, "/latchkey/people", listen.DoorSocket); got != "GET /latchkey/people" {
			t.Errorf("told %q", got)
		}
	})
}

package logline

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAFloodFillsNoLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		var from netip.Addr
		log := slog.New(newText(&out, slog.LevelInfo))
		h := Requests(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), log, func(*http.Request) netip.Addr { return from }, nil)
		ask := func(n int) {
			for range n {
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
			}
		}
		lines := func() int {
			n := strings.Count(out.String(), "[REQUEST]")
			out.Reset()
			return n
		}
		from = netip.MustParseAddr("203.0.113.7")
		ask(5000)
		if n := lines(); n != perNetwork {
			t.Errorf("%d lines of one address, want %d", n, perNetwork)
		}
		from = netip.MustParseAddr("203.0.113.8")
		ask(1)
		if n := lines(); n != 1 {
			t.Errorf("%d lines of its neighbour", n)
		}
		for i := range 5000 {
			from = netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)})
			ask(1)
		}
		if n := lines(); n != mostNetworks-2+perNetwork { // those beyond share one count
			t.Errorf("%d lines of thousands of addresses", n)
		}
		from = netip.MustParseAddr("127.0.0.1")
		ask(300)
		if n := lines(); n != 300 {
			t.Errorf("%d lines of this computer, want all 300", n)
		}
		time.Sleep(window)
		from = netip.MustParseAddr("2001:db8::1")
		ask(1)
		text := out.String()
		if !strings.Contains(text, "count=9250") || !strings.Contains(text, "203.0.113.7/32") || strings.Count(text, "\n") != 2 {
			t.Errorf("after the minute: %q", text)
		}
		ask(119)
		from = netip.MustParseAddr("2001:db8::2")
		out.Reset()
		ask(1)
		if n := lines(); n != 0 {
			t.Error("the next address of the same /64 starts afresh")
		}
	})
}

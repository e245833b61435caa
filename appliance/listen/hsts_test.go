package listen_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"latchkey/appliance/listen"
)

func TestHSTS(t *testing.T) {
	const age = "max-age=63072000"
	handler := listen.HSTS(http.NotFoundHandler(), func(name string) bool {
		return name == "keys.example.org" || name == "lan.keys.example.org"
	})
	for _, tt := range []struct {
		name, host, shaken string // shaken is the name in the handshake, "-" for no TLS
		door               listen.Door
		want               string
	}{
		{"under the public name", "keys.example.org", "keys.example.org", listen.DoorTLS, age},
		{"under the public name with a port, in upper case", "KEYS.example.org.:8443", "keys.example.org", listen.DoorTLS, age},
		{"under the name for the home network", "lan.keys.example.org", "lan.keys.example.org", listen.DoorTLS, age},
		{"under a name below", "x.keys.example.org", "x.keys.example.org", listen.DoorTLS, ""},
		{"under a local name", "pi.local", "pi.local", listen.DoorTLS, ""},
		{"under localhost", "localhost", "localhost", listen.DoorTLS, ""},
		{"under an address", "192.168.1.5", "", listen.DoorTLS, ""},
		{"under IPv6", "[fd00::5]:8443", "", listen.DoorTLS, ""},
		{"under another name than the certificate's", "keys.example.org", "pi.local", listen.DoorTLS, ""},
		{"under no name in the handshake", "keys.example.org", "", listen.DoorTLS, ""},
		{"under no Host", "", "keys.example.org", listen.DoorTLS, ""},
		{"without TLS", "keys.example.org", "-", listen.DoorPlain, ""},
		{"by the machine's socket", "keys.example.org", "-", listen.DoorSocket, ""},
		{"by no door of ours", "keys.example.org", "keys.example.org", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Host, r.TLS = tt.host, nil
			if tt.shaken != "-" {
				r.TLS = &tls.ConnectionState{ServerName: tt.shaken}
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r.WithContext(listen.WithDoor(r.Context(), tt.door)))
			if got := w.Header().Get("Strict-Transport-Security"); got != tt.want || w.Code != http.StatusNotFound {
				t.Errorf("the header is %q, status %d; want %q", got, w.Code, tt.want)
			}
		})
	}
	t.Run("never before a public certificate is served", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host, r.TLS = "keys.example.org", &tls.ConnectionState{ServerName: "keys.example.org"}
		w := httptest.NewRecorder()
		listen.HSTS(http.NotFoundHandler(), func(string) bool { return false }).ServeHTTP(w, r.WithContext(listen.WithDoor(r.Context(), listen.DoorTLS)))
		if got := w.Header().Get("Strict-Transport-Security"); got != "" {
			t.Errorf("the header is %q", got)
		}
	})
}

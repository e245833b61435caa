package logline_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"latchkey/appliance/logline"
)

// silent answers nothing.
type silent struct{ header http.Header }

func (s silent) Header() http.Header         { return s.header }
func (s silent) Write(p []byte) (int, error) { return len(p), nil }
func (s silent) WriteHeader(int)             {}

// BenchmarkRequests: what a line costs a request, beside the mux alone.
func BenchmarkRequests(b *testing.B) {
	file, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = file.Close() })
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPut, "/api/ciphers/0123", nil)
	client := from("203.0.113.7")
	for name, h := range map[string]http.Handler{
		"without":    mux(),
		"text":       logline.Requests(mux(), logline.New(file, logline.Text, slog.LevelInfo).Logger, client, isFile),
		"json":       logline.Requests(mux(), logline.New(file, logline.JSON, slog.LevelInfo).Logger, client, isFile),
		"below info": logline.Requests(mux(), logline.New(io.Discard, logline.Text, slog.LevelWarn).Logger, client, isFile),
		"unbuffered": logline.Requests(mux(), slog.New(slog.NewTextHandler(file, nil)), client, isFile),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			w := silent{http.Header{}}
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}

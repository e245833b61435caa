package listen

import (
	"bytes"
	"context"
	"log"
	"log/slog"
	"regexp"
	"strings"
)

// errorLog turns the lines of http.Server into our log. Handshakes that fail
// are everyday noise on an open port: scanners, and browsers that don't trust
// us yet.
func errorLog(to *slog.Logger) *log.Logger {
	return log.New(lines{to}, "", 0)
}

type lines struct{ log *slog.Logger }

// Write takes one line, as log.Logger hands it over.
func (l lines) Write(line []byte) (int, error) {
	text := string(bytes.TrimSpace(line))
	l.log.Log(context.Background(), levelOf(text), withoutTheirs(text))
	return len(line), nil
}

func levelOf(text string) slog.Level {
	switch {
	case strings.Contains(text, "panic serving"):
		return slog.LevelError
	case strings.HasPrefix(text, "http: TLS handshake error"),
		strings.HasPrefix(text, "http2: server: error reading preface"),
		strings.HasPrefix(text, "http2: server connection error"):
		return slog.LevelDebug
	}
	return slog.LevelWarn
}

// What net/http and crypto/tls cite of what a caller sent stands in quotes; what
// a handler panicked with stands before the stack. Either could hold anything.
var (
	cited    = regexp.MustCompile(`"(?:[^"\\]|\\.)*"?`)
	panicked = regexp.MustCompile(`(?s)(panic serving \S+): .*?(\ngoroutine |$)`)
)

func withoutTheirs(text string) string {
	return cited.ReplaceAllString(panicked.ReplaceAllString(text, "${1}${2}"), "…")
}

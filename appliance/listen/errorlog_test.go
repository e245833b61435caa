package listen

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestServersLines(t *testing.T) {
	for name, c := range map[string]struct{ line, want string }{
		"a scanner": {
			"http: TLS handshake error from 203.0.113.7:4000: EOF\n",
			`level=DEBUG msg="http: TLS handshake error from 203.0.113.7:4000: EOF"`,
		},
		"a protocol that a client asks for": {
			`http: TLS handshake error from 203.0.113.7:4000: tls: client requested unsupported application protocols (["hunter2" "a\"hunter2"])`,
			`level=DEBUG msg="http: TLS handshake error from 203.0.113.7:4000: tls: client requested unsupported application protocols ([… …])"`,
		},
		"what is no HTTP/2": {
			`http2: server: error reading preface from client 203.0.113.7:4000: bogus greeting "GET /hunter2"`,
			`level=DEBUG msg="http2: server: error reading preface from client 203.0.113.7:4000: bogus greeting …"`,
		},
		"a citation that is cut": {`http: odd "hunter2`, `level=WARN msg="http: odd …"`},
		"something worth a look": {"http: Accept error: too many open files", `level=WARN msg="http: Accept error: too many open files"`},
		"a panic with its stack": {
			"http: panic serving 203.0.113.7:4000: hunter2: hunter2\nhunter2\ngoroutine 7 [running]:\nmain.x()\n",
			`level=ERROR msg="http: panic serving 203.0.113.7:4000\ngoroutine 7 [running]:\nmain.x()"`,
		},
		"a panic without": {"http: panic serving 203.0.113.7:4000: hunter2", `level=ERROR msg="http: panic serving 203.0.113.7:4000"`},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			errorLog(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))).Print(c.line)
			_, got, _ := strings.Cut(strings.TrimSpace(out.String()), " ")
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

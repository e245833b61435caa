package logline

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// request is what a line tells of a request that was answered.
type request struct {
	method  string
	pattern string // of the route, "PUT /api/ciphers/{id}"; "" for a file of the page, and where there is none
	file    string // the path of a file of the page
	status  int    // 0: the connection was given up
	from    netip.Addr
}

var _ slog.LogValuer = (*request)(nil)

// requestMessage is the message of the record.
const requestMessage = "request"

// LogValue is the request for a handler that knows nothing of such lines.
func (q *request) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("method", q.method), slog.String("path", string(q.appendPath(nil))),
		slog.Int("status", q.status), slog.String("address", q.address()),
	)
}

// requestOf gives the request that a record tells of, nil where it is about
// something else.
func requestOf(r slog.Record) (q *request) {
	if r.Message != requestMessage || r.NumAttrs() != 1 {
		return nil
	}
	r.Attrs(func(a slog.Attr) bool {
		if a.Value.Kind() == slog.KindLogValuer {
			q, _ = a.Value.Any().(*request)
		}
		return false
	})
	return q
}

// record is the record of q; its one attribute has no key, so that handlers put
// what it holds beside the message.
func (q *request) record(at time.Time, level slog.Level) slog.Record {
	r := slog.NewRecord(at, level, requestMessage, 0)
	r.AddAttrs(slog.Attr{Value: slog.AnyValue(q)})
	return r
}

func (q *request) appendLine(b []byte, at time.Time) []byte {
	b = append(b, "[REQUEST] "...)
	b = appendTime(b, at)
	b = append(append(b, q.method...), ' ')
	b = append(q.appendPath(b), " | "...)
	b = appendStatus(b, q.status)
	b = append(b, " | "...)
	if q.from.IsValid() {
		b = q.from.AppendTo(b)
	} else {
		b = append(b, machine...)
	}
	return append(b, '\n')
}

// machine stands where an address would, for commands on the machine itself.
const machine = "machine"

func (q *request) address() string {
	if !q.from.IsValid() {
		return machine
	}
	return q.from.String()
}

func appendStatus(b []byte, status int) []byte {
	if status == 0 {
		return append(b, "- [Broken Off]"...)
	}
	b = strconv.AppendInt(b, int64(status), 10)
	if words := http.StatusText(status); words != "" {
		b = append(append(append(b, " ["...), words...), ']')
	}
	return b
}

// hidden stands for what only the caller knows.
const hidden = "…"

// appendPath adds the path as the pattern of the route has it, with hidden for
// each of its wildcards, and for all that no route takes.
func (q *request) appendPath(b []byte) []byte {
	if q.file != "" {
		return appendPlain(b, q.file)
	}
	_, path, _ := strings.Cut(q.pattern, "/")
	if path == "" {
		return append(b, hidden...) // also "/", which takes what nothing else does
	}
	b = append(b, '/')
	for path != "" {
		before, rest, wild := strings.Cut(path, "{")
		b = append(b, before...)
		if !wild {
			break
		}
		var name string
		if name, path, _ = strings.Cut(rest, "}"); name != "$" {
			b = append(b, hidden...)
		}
	}
	return b
}

// methods are those that may be told; any other is the caller's own word.
var methods = []string{
	http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodOptions, http.MethodPatch,
}

func knownMethod(m string) string {
	if !slices.Contains(methods, m) {
		return hidden
	}
	return m
}

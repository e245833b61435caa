package logline

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// text is the handler of lines for people:
//
//	[WARN] 2026/01/31 14:37:38 asking for the time: timeout | server=192.0.2.1
//
// The cause stands behind the message, the other attributes behind a bar.
type text struct {
	w      io.Writer
	level  slog.Leveler
	shared *shared
	ready  []byte // the attributes of With, formatted
	cause  []byte // the cause among them
	prefix string // of the open groups: "group."
}

// shared is one for a handler and all that With made of it.
type shared struct {
	mu    sync.Mutex // lines are written whole
	lines sync.Pool  // of *line
}

var _ slog.Handler = (*text)(nil)

func newText(w io.Writer, level slog.Leveler) *text {
	return &text{w: w, level: level, shared: &shared{lines: sync.Pool{New: func() any { return new(line) }}}}
}

// timeLayout is that of the standard library's log package.
const timeLayout = "2006/01/02 15:04:05"

// Enabled reports whether lines of this level are wanted.
func (h *text) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level.Level() }

// WithAttrs gives a handler that adds attrs to each line.
func (h *text) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	l := line{attrs: slices.Clone(h.ready), cause: slices.Clone(h.cause)}
	for _, a := range attrs {
		l.add(h.prefix, a)
	}
	c.ready, c.cause = l.attrs, l.cause
	return &c
}

// WithGroup gives a handler that puts name and a full stop before the keys that
// follow.
func (h *text) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	c := *h
	c.prefix += name + "."
	return &c
}

// Handle writes one line.
func (h *text) Handle(_ context.Context, r slog.Record) error {
	l := h.shared.lines.Get().(*line)
	defer h.shared.lines.Put(l)
	l.whole, l.attrs, l.cause = l.whole[:0], l.attrs[:0], l.cause[:0]
	asked := requestOf(r)
	if asked != nil {
		l.whole = asked.appendLine(l.whole, r.Time)
	} else {
		l.ordinary(h, r)
	}
	h.shared.mu.Lock()
	defer h.shared.mu.Unlock()
	return write(h.w, l.whole, asked != nil)
}

// line is one line in the making.
type line struct{ whole, attrs, cause []byte }

func (l *line) ordinary(h *text, r slog.Record) {
	l.attrs, l.cause = append(l.attrs, h.ready...), append(l.cause, h.cause...)
	r.Attrs(func(a slog.Attr) bool {
		l.add(h.prefix, a)
		return true
	})
	b := append(l.whole, '[')
	b = append(b, r.Level.String()...)
	b = append(b, "] "...)
	b = appendTime(b, r.Time)
	b = appendPlain(b, hide(r.Message))
	if len(l.cause) > 0 {
		b = append(append(b, ": "...), l.cause...)
	}
	if len(l.attrs) > 0 {
		b = append(append(b, " |"...), l.attrs...)
	}
	l.whole = append(b, '\n')
}

func appendTime(b []byte, at time.Time) []byte {
	if at.IsZero() {
		return b
	}
	return append(at.AppendFormat(b, timeLayout), ' ')
}

// isCause knows the keys whose value is why the message came about; it follows the
// message in plain words.
func isCause(key string) bool {
	return key == "cause" || key == "error" || key == "err" || key == "text"
}

func (l *line) add(prefix string, a slog.Attr) {
	v := a.Value.Resolve()
	switch {
	case a.Equal(slog.Attr{}):
	case v.Kind() == slog.KindGroup:
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, inner := range v.Group() {
			l.add(prefix, inner)
		}
	case len(l.cause) == 0 && prefix == "" && isCause(a.Key):
		l.cause = appendPlain(l.cause, valueText(v))
	default:
		l.attrs = append(l.attrs, ' ')
		l.attrs = appendWord(l.attrs, prefix+a.Key)
		l.attrs = append(l.attrs, '=')
		l.attrs = appendWord(l.attrs, valueText(v))
	}
}

func valueText(v slog.Value) string {
	if v.Kind() == slog.KindTime {
		return v.Time().Format(time.RFC3339)
	}
	return hide(v.String())
}

// appendPlain adds s, in which what could end or disguise a line is escaped.
func appendPlain(b []byte, s string) []byte {
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		if strconv.IsPrint(r) && (r != utf8.RuneError || n > 1) {
			b = append(b, s[:n]...)
		} else {
			quoted := strconv.AppendQuote(nil, s[:n])
			b = append(b, quoted[1:len(quoted)-1]...)
		}
		s = s[n:]
	}
	return b
}

// appendWord adds s as one word, in quotes where it is none.
func appendWord(b []byte, s string) []byte {
	if s == "" || strings.ContainsFunc(s, needsQuotes) || !utf8.ValidString(s) {
		return strconv.AppendQuote(b, s)
	}
	return append(b, s...)
}

func needsQuotes(r rune) bool {
	return r == ' ' || r == '=' || r == '"' || r == '|' || !strconv.IsPrint(r)
}

// Plain is s with everything escaped that could end a line, move a cursor or
// disguise what stands beside it: for texts that others wrote.
func Plain(s string) string { return string(appendPlain(nil, s)) }

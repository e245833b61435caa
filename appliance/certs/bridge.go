package certs

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// spoken are the fields of certmagic's lines that go into our log. All others
// are dropped: accounts, e-mail addresses, tokens and records have no business
// there, and a field that a later version adds does not either.
var spoken = []string{
	"error", "panic", "stack", "identifier", "identifiers", "subject", "subjects", "names", "issuer", "remaining",
	"attempt", "retrying_in", "elapsed", "max_duration", "expiration", "new_expiration", "selected_time",
	"window_start", "window_end", "prev_start", "next_start", "prev_end", "next_end", "next_refresh", "renewal_time",
	"explanation_url", "renewal_cutoff",
}

// bridge is zap's core over slog.
type bridge struct {
	log  *slog.Logger
	with []slog.Attr
}

var _ zapcore.Core = (*bridge)(nil)

// bridged is log as certmagic wants it.
func bridged(log *slog.Logger) *zap.Logger { return zap.New(&bridge{log: log}) }

// quieter takes certmagic's levels one step down: what it did is for debugging,
// what it warns of is worth a line, and its errors are our warnings, since the
// lasting ones among them become conditions.
func quieter(level zapcore.Level) slog.Level {
	switch {
	case level >= zapcore.ErrorLevel:
		return slog.LevelWarn
	case level == zapcore.WarnLevel:
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}

// Enabled asks our log.
func (b *bridge) Enabled(level zapcore.Level) bool {
	return b.log.Enabled(context.Background(), quieter(level))
}

// With gives a bridge that adds fields to each line.
func (b *bridge) With(fields []zapcore.Field) zapcore.Core {
	return &bridge{log: b.log, with: append(slices.Clip(b.with), attrs(fields)...)}
}

// Check adds the bridge to the entry where the line is wanted.
func (b *bridge) Check(e zapcore.Entry, to *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if b.Enabled(e.Level) {
		return to.AddCore(e, b)
	}
	return to
}

// Write hands a line on.
func (b *bridge) Write(e zapcore.Entry, fields []zapcore.Field) error {
	text := e.Message
	if e.LoggerName != "" {
		text = e.LoggerName + ": " + text
	}
	b.log.LogAttrs(context.Background(), quieter(e.Level), text, append(slices.Clip(b.with), attrs(fields)...)...)
	return nil
}

// Sync does nothing: slog's handlers write at once.
func (b *bridge) Sync() error { return nil }

// attrs are the fields that may be said.
func attrs(fields []zapcore.Field) []slog.Attr {
	var out []slog.Attr
	for _, f := range fields {
		if !slices.Contains(spoken, f.Key) {
			continue
		}
		enc := zapcore.NewMapObjectEncoder()
		f.AddTo(enc)
		for key, value := range enc.Fields {
			if key != f.Key {
				continue // errorVerbose and the like
			}
			out = append(out, slog.Attr{Key: key, Value: plainly(value)})
		}
	}
	return out
}

// plainly makes a field's value one that slog prints well.
func plainly(value any) slog.Value {
	switch v := value.(type) {
	case []any:
		words := make([]string, 0, len(v))
		for _, w := range v {
			if s, ok := w.(string); ok {
				words = append(words, s)
			}
		}
		return slog.StringValue(strings.Join(words, " "))
	case time.Duration:
		return slog.DurationValue(v.Round(time.Second))
	}
	return slog.AnyValue(value)
}

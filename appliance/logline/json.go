package logline

import (
	"context"
	"io"
	"log/slog"
)

// jsonLines is slog's own JSON: one object a line, the same facts.
type jsonLines struct {
	slog.Handler              // for what is written at once
	waits        slog.Handler // for requests
}

var _ slog.Handler = jsonLines{}

func newJSON(w io.Writer, level slog.Leveler) slog.Handler {
	return jsonLines{
		slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: hideAttr}),
		slog.NewJSONHandler(later{w}, &slog.HandlerOptions{Level: level}),
	}
}

// Handle writes one line.
func (h jsonLines) Handle(ctx context.Context, r slog.Record) error {
	if requestOf(r) != nil {
		return h.waits.Handle(ctx, r)
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs gives a handler that adds attrs to each line.
func (h jsonLines) WithAttrs(attrs []slog.Attr) slog.Handler {
	return jsonLines{h.Handler.WithAttrs(attrs), h.waits.WithAttrs(attrs)}
}

// WithGroup gives a handler that puts what follows into a group.
func (h jsonLines) WithGroup(name string) slog.Handler {
	return jsonLines{h.Handler.WithGroup(name), h.waits.WithGroup(name)}
}

// later hands each line over to wait.
type later struct{ w io.Writer }

func (l later) Write(line []byte) (int, error) { return len(line), write(l.w, line, true) }

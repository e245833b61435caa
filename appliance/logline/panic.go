package logline

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"time"
)

// mend takes what a handler panicked with (nil: it ended its goroutine), tells
// of it, and answers 500 where nothing was sent yet. It gives what to panic with
// in turn, so that the connection breaks; nil where the answer is whole.
func (q *requests) mend(a *answer, value any) any {
	if value == http.ErrAbortHandler || value == nil { //nolint:errorlint // net/http compares it so, too
		a.status = 0
		return value
	}
	ctx := context.Background()
	if q.log.Enabled(ctx, slog.LevelError) {
		r := slog.NewRecord(time.Now(), slog.LevelError, "a request ran into a mistake of ours", 0)
		r.AddAttrs(slog.String("cause", kindOf(value)), slog.String("where", places()))
		_ = q.log.Handle(ctx, r)
	}
	if a.status != 0 {
		a.status = 0
		return http.ErrAbortHandler
	}
	a.WriteHeader(http.StatusInternalServerError)
	return nil
}

// kindOf says what a panic was about. The runtime's own words (an index out of
// range, a nil pointer) hold numbers and names of types; of everything else
// only the type is told.
func kindOf(value any) string {
	if err, ok := value.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("panic with a %T", value)
}

// depth is how many places of a stack are looked at.
const depth = 48

// places is where a panic came from: functions and lines, the innermost first,
// without the arguments that debug.Stack would show.
func places() string {
	pc := make([]uintptr, depth)
	frames := runtime.CallersFrames(pc[:runtime.Callers(1, pc)])
	var b strings.Builder
	for {
		f, more := frames.Next()
		switch {
		case strings.HasPrefix(f.Function, "runtime."):
			b.Reset() // what stands before is how we got here, not how it came
		case strings.HasSuffix(f.Function, "logline.(*requests).ServeHTTP"):
			return b.String()
		default:
			if b.Len() > 0 {
				b.WriteString(" < ")
			}
			fmt.Fprintf(&b, "%s:%d", f.Function, f.Line)
		}
		if !more {
			return b.String()
		}
	}
}

// Package logline writes what the house says to the console or the journal of
// the machine: one line for each request that was answered,
//
//	[REQUEST] 2026/01/31 14:37:38 PUT /api/ciphers/… | 200 [OK] | 203.0.113.7
//
// and the lines of everybody else's logger, in the same manner or as JSON. It
// owns what may stand in such a line: a request's path is told as the pattern
// of its route, never as it was sent, so that no id, account, query or header
// of a caller gets there, and no text can begin a line of its own. What the
// connection log keeps is not its concern.
package logline

import (
	"io"
	"log/slog"
)

// The formats, as log.format in config.toml names them.
const (
	Text = "text"
	JSON = "json"
)

// Log is a logger whose lines of requests may wait for a fraction of a second;
// all others are written before the call returns. Its methods may be called
// from many goroutines.
type Log struct {
	*slog.Logger
	out *buffer
}

// New gives the log that writes lines of level and above to w, in format Text
// or JSON. Flush it at the end.
func New(w io.Writer, format string, level slog.Leveler) *Log {
	out := &buffer{w: w, own: handler(w, format, level)}
	return &Log{slog.New(handler(out, format, level)), out}
}

// Flush writes what waits.
func (l *Log) Flush() error { return l.out.flush() }

func handler(w io.Writer, format string, level slog.Leveler) slog.Handler {
	if format == JSON {
		return newJSON(w, level)
	}
	return newText(w, level)
}

// patient is a writer that takes lines that may wait.
type patient interface{ later(line []byte) }

// write hands a line over, at once or when it suits.
func write(w io.Writer, line []byte, mayWait bool) error {
	if p, ok := w.(patient); ok && mayWait {
		p.later(line)
		return nil
	}
	_, err := w.Write(line)
	return err
}

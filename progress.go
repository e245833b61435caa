package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// progress is one line on a terminal that says how far something is. A nil one
// shows nothing: where nobody watches, a command says only how it ended. It is
// not safe for concurrent use.
type progress struct {
	w    io.Writer
	next time.Time // not shown anew before
	busy bool      // the line stands there
}

// showEvery is how often the line moves: an eye follows no more.
const showEvery = 100 * time.Millisecond

// newProgress is nil where the errors of a command go anywhere but to a
// terminal.
func newProgress(s streams) *progress {
	if !isTerminal(s.err) {
		return nil
	}
	return &progress{w: s.err}
}

// show writes the line anew, if it has stood long enough.
func (p *progress) show(format string, args ...any) {
	now := time.Now()
	if p == nil || now.Before(p.next) {
		return
	}
	p.next, p.busy = now.Add(showEvery), true
	_, _ = fmt.Fprintf(p.w, "\r%s\x1b[K", printable(fmt.Sprintf(format, args...))) // ESC [ K clears what stood behind
}

// clear takes the line away, for what is to be said next.
func (p *progress) clear() {
	if p != nil && p.busy {
		p.busy, p.next = false, time.Time{}
		_, _ = io.WriteString(p.w, "\r\x1b[K")
	}
}

// isTerminal reports whether a stream of this process ends at a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

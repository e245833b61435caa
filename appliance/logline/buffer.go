package logline

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

// buffer lets the lines of requests wait a moment, so that many of them cost
// one write, and so that a reader who is slow or stuck never keeps a request:
// what exceeds its room is dropped and counted. Every other line is written at
// once, after those that wait.
type buffer struct {
	w       io.Writer
	own     slog.Handler // writes to w: only while writing is held
	writing sync.Mutex   // held while w is written to; taken before mu

	mu      sync.Mutex
	waiting []byte
	spare   []byte // what waiting was before, to be used again
	dropped int
	timer   *time.Timer
	armed   bool // the timer runs, or has just ended
}

var _ patient = (*buffer)(nil)

// patience is how long a line waits at most; enough is how much is worth a
// write before that; room is the most that waits, seconds of a busy house.
const (
	patience = 200 * time.Millisecond
	enough   = 16 << 10
	room     = 256 << 10
)

// Write writes p, and before it all that waits.
func (b *buffer) Write(p []byte) (int, error) {
	b.writing.Lock()
	defer b.writing.Unlock()
	if err := b.drainLocked(); err != nil {
		return 0, err
	}
	return b.w.Write(p)
}

func (b *buffer) flush() error {
	b.writing.Lock()
	defer b.writing.Unlock()
	return b.drainLocked()
}

// later keeps line until it suits. It never waits for w.
func (b *buffer) later(line []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting)+len(line) > room {
		b.dropped++
		return
	}
	before := len(b.waiting)
	b.waiting = append(b.waiting, line...)
	switch {
	case !b.armed:
		b.armed = true
		b.timer = time.AfterFunc(patience, b.work)
	case before < enough && len(b.waiting) >= enough && b.timer.Stop():
		go b.work() // the next one waits for this one's w, and no third begins
	}
}

func (b *buffer) work() { _ = b.flush() } // nobody is left to be told

// drainLocked writes what waits; the caller holds writing.
func (b *buffer) drainLocked() error {
	b.mu.Lock()
	lines, dropped := b.waiting, b.dropped
	b.waiting, b.spare, b.dropped = b.spare[:0], nil, 0
	if b.armed {
		b.timer.Stop()
		b.armed = false
	}
	b.mu.Unlock()
	if len(lines) == 0 {
		return nil
	}
	_, err := b.w.Write(lines)
	b.mu.Lock()
	b.spare = lines
	b.mu.Unlock()
	if dropped > 0 {
		r := slog.NewRecord(time.Now(), slog.LevelWarn, "lines of requests are missing here, because this log is read too slowly", 0)
		r.AddAttrs(slog.Int("count", dropped))
		_ = b.own.Handle(context.Background(), r) // as little to be told as above
	}
	return err
}

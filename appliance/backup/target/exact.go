package target

import (
	"context"
	"errors"
	"io"
	"sync"
)

var (
	errLonger  = errors.New("the source is longer than its size said")
	errShorter = errors.New("the source is shorter than its size said") // not io.ErrUnexpectedEOF, which libraries take for a last piece
	errStopped = errors.New("reading after the end")
)

// exact reads size bytes of a source, no fewer and no more, until ctx ends. What reads it may be left behind in
// the background (net/http does that); after stop nothing of the source is read any more.
type exact struct {
	ctx context.Context

	mu      sync.Mutex
	source  io.Reader
	left    int64
	err     error // what ended it early
	stopped bool
}

func exactly(ctx context.Context, r io.Reader, size int64) *exact {
	e := &exact{ctx: ctx, source: r, left: size}
	if size == 0 {
		e.err = e.atEnd()
	}
	return e
}

// Read implements io.Reader. The last bytes are handed out only when nothing comes after them, so that a target
// never holds as whole what is only the beginning of something longer.
func (e *exact) Read(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.stopped:
		return 0, errStopped
	case e.err != nil:
		return 0, e.err
	case e.ctx.Err() != nil:
		return 0, e.ctx.Err()
	case len(b) == 0:
		return 0, nil
	case e.left == 0:
		return 0, io.EOF
	}
	if int64(len(b)) > e.left {
		b = b[:e.left]
	}
	n, err := e.source.Read(b)
	e.left -= int64(n)
	if e.left == 0 && (err == nil || err == io.EOF) {
		err = e.atEnd()
	} else if err == io.EOF {
		err = errShorter
	}
	if err != nil {
		e.err = err
		return 0, err
	}
	return n, nil
}

// atEnd wants the source to end here.
func (e *exact) atEnd() error {
	var more [1]byte
	for range 100 { // a reader may answer nothing a few times (io.Reader)
		n, err := e.source.Read(more[:])
		switch {
		case n > 0:
			return errLonger
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
	return io.ErrNoProgress
}

// stop ends the reading and tells what the source itself had to complain of; nil: nothing.
func (e *exact) stop() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stopped = true
	if e.ctx.Err() != nil {
		return nil
	}
	return e.err
}

// remaining gives the bytes that were not asked for yet.
func (e *exact) remaining() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.left
}

package store

import (
	"context"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"latchkey/appliance/problem"
)

const (
	// queueLength bounds the waiting writes; who comes later waits to wait.
	queueLength = 1024
	// A group stops taking writes at so many, or at so many bytes, so that
	// the first of it does not wait for ever and the commit stays small.
	groupWrites = 512
	groupBytes  = 4 << 20
)

// writer is the one that changes the file. It runs the waiting writes in turn,
// short ones together in one transaction, each in its own caller's goroutine
// over its own change set.
type writer struct {
	s    *Store
	jobs chan *job
	done chan struct{} // closed when the last write has ended

	mu     sync.RWMutex // held for reading while putting a job into jobs
	closed bool

	broken atomic.Pointer[problem.Problem] // the disk can't be trusted any more
	stuck  atomic.Bool                     // bbolt panicked with its lock held
	told   string                          // code of the refusal that was told last; of the loop alone

	commits, writes, written atomic.Uint64 // see Stats
}

// job is one write on its way.
type job struct {
	alone bool          // wants a transaction to itself
	ping  bool          // wants nothing but an answer
	turn  chan *layer   // the writer hands over what to work on
	gone  chan struct{} // closed by a caller that has stopped waiting for its turn
	ended chan bool     // the caller gives it back; true: keep the changes
	kept  chan error    // the commit's outcome
}

func newWriter(s *Store) *writer {
	return &writer{s: s, jobs: make(chan *job, queueLength), done: make(chan struct{})}
}

// do runs fn in its turn and returns when its changes are durable, or with
// fn's own error when nothing of it is kept.
func (w *writer) do(ctx context.Context, alone bool, fn func(*layer) error) error {
	j := &job{
		alone: alone, turn: make(chan *layer), gone: make(chan struct{}),
		ended: make(chan bool), kept: make(chan error, 1),
	}
	if err := w.enqueue(ctx, j); err != nil {
		return err
	}
	select {
	case l := <-j.turn:
		return j.run(ctx, l, fn)
	case err := <-j.kept: // the transaction could not even be begun
		return err
	case <-ctx.Done():
		close(j.gone)
		return ctx.Err()
	}
}

// ping waits until the writer has come round to it.
func (w *writer) ping(ctx context.Context) error {
	j := &job{ping: true, kept: make(chan error, 1)}
	if err := w.enqueue(ctx, j); err != nil {
		return err
	}
	select {
	case err := <-j.kept:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) enqueue(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return problemClosed()
	}
	if err := w.trouble(); err != nil {
		return err
	}
	select {
	case w.jobs <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run is the caller's part: the function runs in its own goroutine, so that a
// panic, or the end of the goroutine, goes on where it belongs, after the
// writer has been told to keep nothing.
func (j *job) run(ctx context.Context, l *layer, fn func(*layer) error) error {
	err := ctx.Err()
	if err == nil {
		err = j.call(l, fn)
	} else {
		j.ended <- false
	}
	if err != nil {
		return err
	}
	return <-j.kept
}

func (j *job) call(l *layer, fn func(*layer) error) error {
	keep := false
	defer func() {
		l.ended = true
		j.ended <- keep
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	err := fn(l)
	if err == nil {
		err = l.broken
	}
	keep = err == nil
	return err
}

// close takes no more writes, lets the waiting ones run, and returns when all
// have ended.
func (w *writer) close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.jobs)
	}
	w.mu.Unlock()
	<-w.done
}

func (w *writer) loop() {
	defer close(w.done)
	for j := range w.jobs {
		for j != nil {
			j = w.serve(j)
		}
	}
}

// serve runs j and those that may share its transaction, and returns the first
// that may not.
func (w *writer) serve(j *job) (next *job) {
	if j.ping {
		j.kept <- w.trouble()
		return nil
	}
	g, err := w.begin()
	if err != nil {
		w.tell(err)
		j.kept <- err
		return nil
	}
	if j.alone {
		g.takeAlone(j)
	} else {
		next = g.gather(j)
	}
	g.finish()
	return next
}

// tell lets whoever opened the house know whether the disk keeps what it is
// given.
func (w *writer) tell(err error) {
	code, p := "", (*problem.Problem)(nil)
	if err != nil {
		p = problem.Of(err)
		code = p.Code
	}
	if code == w.told {
		return
	}
	w.told = code
	if w.s.refused != nil {
		w.s.refused(p)
	}
}

// trouble is nil, or why nothing can be written any more.
func (w *writer) trouble() error {
	if p := w.broken.Load(); p != nil {
		return p
	}
	if w.stuck.Load() {
		return problemDamaged(w.s.dir)
	}
	return nil
}

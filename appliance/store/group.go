package store

import (
	"errors"
	"fmt"
	"runtime"

	"latchkey/appliance/problem"
	"latchkey/appliance/vault"
)

func (w *writer) begin() (g *group, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = damage{cause: fmt.Sprint("begin: ", r)}
			w.stuck.Store(true)
		}
	}()
	if err := w.trouble(); err != nil {
		return nil, err
	}
	tx, err := w.s.db.Begin(true)
	if err != nil {
		return nil, notKept(err)
	}
	return &group{w: w, base: layer{s: w.s, tx: tx}}, nil
}

// group is one transaction and the writes that share it.
type group struct {
	w       *writer
	base    layer
	waiting []*job
	changed bool
	bytes   int
	says    []vault.Change
	err     error // why the transaction must not be committed
}

// gather runs j and what waits behind it, up to the group's bounds.
func (g *group) gather(j *job) (next *job) {
	for {
		g.take(j)
		if g.err != nil || len(g.waiting) >= groupWrites || g.bytes >= groupBytes {
			return nil
		}
		if j = g.w.poll(); j == nil || j.alone || j.ping {
			return j
		}
	}
}

// poll gives the next waiting job, or nil. Those that are about to queue get
// one chance to do so: a commit costs a thousand times more than a yield.
func (w *writer) poll() *job {
	for range 2 {
		select {
		case j := <-w.jobs:
			return j
		default:
			runtime.Gosched()
		}
	}
	return nil
}

// hand gives l to the job's caller and waits until it is done with it.
func (j *job) hand(l *layer) (keep bool) {
	select {
	case j.turn <- l:
		return <-j.ended
	case <-j.gone:
		return false
	}
}

// take runs one short write and, if it ends well, puts its changes in.
func (g *group) take(j *job) {
	l := &layer{s: g.w.s, tx: g.base.tx, opened: g.base.opened[:len(g.base.opened):len(g.base.opened)], over: &changeSet{}}
	if !j.hand(l) {
		return
	}
	g.waiting = append(g.waiting, j)
	if l.over.empty() {
		return
	}
	g.changed = true
	g.bytes += l.over.bytes
	g.says = append(g.says, l.says...)
	g.err = g.base.apply(l.over)
}

// takeAlone runs a write straight on the transaction.
func (g *group) takeAlone(j *job) {
	l := &layer{s: g.w.s, tx: g.base.tx}
	g.w.s.memo.changed.Store(int64(l.tx.ID()))
	if !j.hand(l) {
		return
	}
	g.waiting, g.changed, g.says = append(g.waiting, j), true, l.says
}

// finish commits, publishes and tells the callers.
func (g *group) finish() {
	if !g.changed && g.err == nil {
		g.rollback()
	} else if g.err == nil {
		g.err = g.commit()
	} else {
		g.rollback()
		g.err = notKept(g.err)
	}
	if g.changed || g.err != nil {
		g.w.tell(g.err)
	}
	if g.err == nil {
		g.w.commits.Add(1)
		g.w.writes.Add(uint64(len(g.waiting)))
		g.w.s.publisher.publish(g.says)
	}
	for _, j := range g.waiting {
		j.kept <- g.err
	}
}

// rollback gives the transaction up. Where even that panics, bbolt's writer
// lock stays held for ever, and Close must not wait for it.
func (g *group) rollback() {
	defer func() {
		if r := recover(); r != nil {
			g.w.stuck.Store(true)
		}
	}()
	_ = g.base.tx.Rollback()
}

// commit makes the transaction durable. After a refusal that may have left the
// new meta page visible but not durable, nothing more is written: what is true
// is decided by opening the file again.
func (g *group) commit() error {
	id := g.base.tx.ID()
	err := g.commitCaught()
	if err == nil {
		// Each page that was allocated is written once, and a meta page.
		pages := g.base.tx.Stats()
		g.w.written.Add(uint64(pages.GetPageAlloc()) + uint64(g.w.s.db.Info().PageSize))
		return nil
	}
	refusal := notKept(err)
	if errors.As(err, new(damage)) || g.w.s.visible(id) {
		refusal = problem.New(problem.Unavailable, "store.stopped", "The disk failed while something was being kept; nothing more is written.",
			hintDisk).Because(err)
		g.w.broken.Store(refusal)
		g.w.s.log.Error("the writer has stopped: the disk failed during a commit", "cause", err)
	}
	return refusal
}

// commitCaught turns a panic of bbolt into an error, and takes its lock back.
func (g *group) commitCaught() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = damage{cause: fmt.Sprint("commit: ", r)}
			g.rollback()
		}
	}()
	return g.base.tx.Commit()
}

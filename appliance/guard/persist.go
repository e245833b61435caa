package guard

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// How what changes is written down. Bans, known devices, admissions and the
// beginning of a siege at once; but while they come by the hundred, as in a
// siege by many thousand addresses, ever more of them in one write, for the sake
// of an SD card. Counters wait for the batch: who can make the machine stop in
// the middle gains a minute of theirs.
const (
	batchEvery = time.Minute
	firstPause = time.Second
	lastPause  = 30 * time.Second
	saveAtOnce = 2048 // rows in one write
	stopTime   = 5 * time.Second
	sweepEvery = 10 * time.Minute
)

// mostDirty bounds what waits to be written while nothing can be; more is not
// written.
const mostDirty = 300_000

// markLocked notes that what stands at i is not what is kept.
func (g *Guard) markLocked(i id) {
	if g.keep != nil && len(g.dirty) < mostDirty {
		g.dirty[i] = struct{}{}
	}
}

// unwriteLocked notes that what stood at i is no more.
func (g *Guard) unwriteLocked(i id, kept bool) {
	if kept {
		g.markLocked(i)
	} else {
		delete(g.dirty, i) // it never came so far
	}
}

// Run remembers what changes, and forgets what no longer matters, until ctx
// ends; then it writes the rest.
func (g *Guard) Run(ctx context.Context) error {
	batch, sweep := time.NewTicker(batchEvery), time.NewTicker(sweepEvery)
	defer batch.Stop()
	defer sweep.Stop()
	again := time.NewTimer(0) // when the next hurry may be heeded
	defer again.Stop()
	pause, hurry := firstPause, g.hurry
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
			defer cancel()
			return g.Flush(last)
		case <-sweep.C:
			g.sweep()
		case <-batch.C:
			g.complain(g.Flush(ctx))
			pause = max(firstPause, pause/2)
		case <-hurry:
			g.complain(g.Flush(ctx))
			again.Reset(pause)
			pause, hurry = min(2*pause, lastPause), nil
		case <-again.C:
			hurry = g.hurry
		}
	}
}

// complain logs that things can't be kept, once until they can be again.
func (g *Guard) complain(err error) {
	g.saving.Lock()
	defer g.saving.Unlock()
	if err != nil && !g.troubled && !errors.Is(err, context.Canceled) {
		g.log.Error("keeping what guard remembers", "cause", err)
	}
	g.troubled = err != nil
}

// Flush makes durable what waits. After an error it waits on.
func (g *Guard) Flush(ctx context.Context) error {
	if g.keep == nil {
		return nil
	}
	g.saving.Lock()
	defer g.saving.Unlock()
	for {
		put, gone, taken := g.take()
		if len(taken) == 0 {
			return nil
		}
		if len(put)+len(gone) == 0 {
			continue
		}
		if err := g.keep.Save(ctx, put, gone); err != nil {
			g.do(func(moment) {
				for _, i := range taken {
					g.markLocked(i)
				}
			})
			return fmt.Errorf("keeping %d rows: %w", len(taken), err)
		}
	}
}

// take takes off what waits as much as one write is to have.
func (g *Guard) take() (put []Row, gone []Key, taken []id) {
	g.do(func(now moment) {
		for i := range g.dirty {
			delete(g.dirty, i)
			taken = append(taken, i)
			body, was := g.encodeLocked(i, now)
			if body != nil {
				put = append(put, Row{g.keyLocked(i), body})
			} else if was {
				gone = append(gone, g.keyLocked(i))
			}
			if len(taken) == saveAtOnce {
				return
			}
		}
	})
	return put, gone, taken
}

// keyLocked is where i stands in the file.
func (g *Guard) keyLocked(i id) Key {
	return Key(g.names.hash(i.append([]byte("row:"))))
}

// encodeLocked writes what stands at i, or gives nil where it is not, or no
// longer, to be remembered; was: it may stand in the file.
func (g *Guard) encodeLocked(i id, now moment) (body []byte, was bool) {
	was = true
	switch i.class {
	case classBan:
		if n, there := g.networks.rows[i]; there {
			was, n.kept = n.kept, n.worthy(i.rule(), now)
			g.networks.rows[i] = n
			if n.kept {
				body = n.append(start(i))
			}
		}
	case classKnown:
		if d, there := g.known[i]; there {
			body = d.append(start(i))
		}
	case classAdmission:
		if a, there := g.admissions[i]; there {
			body = a.append(start(i))
		}
	case classSiege:
		if s := g.sieges[i]; s != nil {
			body = s.append(start(i))
		}
	default:
		rows := g.counters[i.class].rows
		if c, there := rows[i]; there {
			was, c.kept = c.kept, i.rule().worthy(c, now)
			rows[i] = c
			if c.kept {
				body = c.append(start(i))
			}
		}
	}
	return body, was
}

// load reads what was kept. The time goes on from the latest of its moments,
// if the clock has fallen behind that.
func (g *Guard) load(ctx context.Context) error {
	if g.keep == nil {
		return nil
	}
	var rows []row
	bad := 0
	err := g.keep.Load(ctx, func(r Row) error {
		w, err := decodeRow(r.Body)
		if err != nil || g.keyLocked(w.id) != r.Key {
			bad++
			return nil
		}
		g.last = max(g.last, w.counter.at, w.network.at, w.network.since, w.device.used, w.admission.since)
		rows = append(rows, w)
		return nil
	})
	if err != nil && !errors.Is(err, ErrDamaged) {
		return fmt.Errorf("loading what guard remembers: %w", err)
	}
	if err != nil || bad > 0 {
		g.log.Error("some of what guard remembers is lost", "cause", err, "unreadable", bad)
	}
	g.do(func(now moment) {
		for _, w := range rows {
			g.placeLocked(w, now)
		}
		g.endSiegesLocked(now)
		g.swept = now
	})
	return nil
}

// placeLocked puts a loaded row where it belongs. What no longer matters waits
// to be removed.
func (g *Guard) placeLocked(w row, now moment) {
	switch w.id.class {
	case classBan:
		if w.network.spent(w.id.rule(), now) {
			g.markLocked(w.id)
			return
		}
		g.networks.put(w.id, w.network, now)
	case classKnown:
		g.known[w.id] = w.device
	case classAdmission:
		g.admissions[w.id] = w.admission
	case classSiege:
		g.sieges[w.id] = w.siege
	default:
		if w.id.rule().level(w.counter, now) <= 0 {
			g.markLocked(w.id)
			return
		}
		g.counters[w.id.class].put(w.id, w.counter, now)
	}
}

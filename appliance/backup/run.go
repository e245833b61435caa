package backup

import (
	"context"
	"errors"
	"time"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/settings"
)

// The rhythm of Run. It looks often and cheaply, and asks the clock each time,
// so that a clock that jumps is noticed; waiting for one long pause would not.
const (
	tickEvery  = 5 * time.Minute
	startPause = 3 * time.Minute  // a start has better things to do first
	trustPause = 20 * time.Minute // so long a backup waits for the clock to be right
	leastPause = time.Hour        // between two that are made by themselves, whatever the clock says
	brokenWait = 6 * time.Hour    // until the next, after one that could not be opened
	proofEvery = 7 * 24 * time.Hour
	useEvery   = 24 * time.Hour
	endPause   = 15 * time.Second // for what is under way when Run ends
)

// making is how the making of backups goes. Times are monotonic.
type making struct {
	now     bool // one is being made by Run
	trouble *Trouble
	tries   int
	next    time.Time
	last    time.Time // when the last was made
}

// Run makes the backups that are due, brings what was not delivered to its
// targets, proves one copy of each target once a week, and keeps the board true,
// until ctx ends. Nothing that fails ends it.
func (b *Backups) Run(ctx context.Context) error {
	b.mu.Lock()
	b.life = ctx
	b.mu.Unlock()
	defer b.rest()
	started := time.Now()
	if err := b.prepare(func(fn func(*books)) error { return b.change(ctx, fn) }); err != nil {
		b.noteMaking(err)
	}
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		b.tend(ctx, started)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-b.wake:
		}
	}
}

// rest waits for what is under way, but not for a disk that hangs.
func (b *Backups) rest() {
	b.mu.Lock()
	b.life = nil
	b.mu.Unlock()
	done := make(chan struct{})
	go func() {
		b.tasks.Wait()
		close(done)
	}()
	t := time.NewTimer(endPause)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
	}
}

// tend begins what is to be done now.
func (b *Backups) tend(ctx context.Context, started time.Time) {
	if err := b.meetTargets(ctx); err != nil {
		b.c.Log.Warn("the records of backups can't be kept", "err", err)
		return
	}
	k, err := b.read(ctx)
	if err != nil {
		b.c.Log.Warn("the records of backups can't be read", "err", err)
		return
	}
	keys, kit, err := b.c.Kit(ctx)
	if err != nil || !kit {
		b.review(ctx)
		return
	}
	b.chooseHour(ctx)
	if b.mayMake(time.Since(started)) && b.due(k, b.now(), keys) {
		b.makeDaily()
	}
	for _, c := range b.targets() {
		b.serve(k, c.ID)
	}
	b.review(ctx)
}

// mayMake reports whether one may be made by itself now, after Run has gone on
// for so long.
func (b *Backups) mayMake(up time.Duration) bool {
	if up < startPause || up < trustPause && !b.c.Trusted() {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.making
	now := time.Now()
	return !m.now && !now.Before(m.next) && (m.last.IsZero() || now.Sub(m.last) >= leastPause) &&
		(b.job == nil || b.job.job.Ended != nil || b.job.job.Kind != KindBackup)
}

// due reports whether a backup is missing: none since the last slot, none for
// the present kit, or none that is still here and whole. Those dated in the
// future say nothing, and neither does one of how the house was before a
// migration.
func (b *Backups) due(k *books, now time.Time, keys Keys) bool {
	last, _ := slots(now, b.hour(), b.c.House, b.c.Zone)
	newest := k.newestMade()
	switch {
	case newest == nil || newest.Kit != keys.Recipient:
		return true
	case newest.Broken:
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.making.last.IsZero() || time.Since(b.making.last) >= brokenWait
	case newest.place(Here) == nil || !newest.place(Here).there():
		return true
	}
	for _, r := range k.Records {
		if r.Seq > 0 && !r.Broken && r.Why != Migration && !r.Made.Before(last) && !r.Made.After(now.Add(time.Hour)) {
			return false
		}
	}
	return true
}

func (b *Backups) makeDaily() {
	b.mu.Lock()
	b.making.now = true
	b.mu.Unlock()
	b.behind(func(ctx context.Context) {
		defer func() {
			b.mu.Lock()
			b.making.now = false
			b.mu.Unlock()
		}()
		w, fresh, err := b.begin(KindBackup, Daily, true)
		if err != nil || !fresh {
			return // a person proves a copy, or makes one: at the next tick
		}
		if _, err := b.create(ctx, Daily, b.c.Source, w); err != nil && ctx.Err() == nil {
			b.c.Log.Warn("the daily backup was not made", "err", err)
		}
	})
}

// noteMaking takes down how the making of a backup went.
func (b *Backups) noteMaking(err error) {
	pauses := []time.Duration{10 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err == nil:
		b.making.trouble, b.making.tries, b.making.last = nil, 0, time.Now()
		b.making.next = time.Time{}
	case errors.Is(err, context.Canceled):
	default:
		b.making.trouble = troubleOf(err)
		b.making.next = time.Now().Add(pauses[min(b.making.tries, len(pauses)-1)])
		b.making.tries++
	}
}

func (b *Backups) noteRoom(at **shortage, s *shortage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	*at = s
}

// serve begins what a target needs: the newest backup, or a proof.
func (b *Backups) serve(k *books, id string) {
	l := b.lane(id)
	if l.taken() || l.rests() {
		return
	}
	newest, good := k.newestToSend(), k.newestGood(id)
	switch {
	case newest != nil && (newest.place(id) == nil || !newest.place(id).good()):
		name, recipient := newest.Name, newest.Kit
		b.onLane(l, func(ctx context.Context) {
			_ = b.deliver(ctx, id, name, b.keptKit(ctx, recipient), nil) // taken down by itself
		})
	case good != nil && stale(good.place(id).Proved, b.now()):
		name, recipient := good.Name, good.Kit
		b.onLane(l, func(ctx context.Context) { b.proveAgain(ctx, id, name, b.keptKit(ctx, recipient)) })
	}
}

// onLane runs fn in the background, one at a time for a lane.
func (b *Backups) onLane(l *lane, fn func(ctx context.Context)) {
	if !l.claim() {
		return
	}
	b.behind(func(ctx context.Context) {
		defer l.unclaim()
		fn(ctx)
		b.nudge()
	})
}

// newestToSend is the newest whose copy in the spool can be sent.
func (k *books) newestToSend() *Record {
	var newest *Record
	for i := range k.Records {
		r := &k.Records[i]
		if p := r.place(Here); p == nil || !p.there() || r.Broken || r.Seq == 0 {
			continue
		}
		if newest == nil || r.Seq > newest.Seq {
			newest = r
		}
	}
	return newest
}

// stale reports whether a proof is to be made anew: it is old, or of a time that
// has not come.
func stale(proved, now time.Time) bool {
	return now.Sub(proved) >= proofEvery || proved.After(now.Add(ahead))
}

// proveAgain reads the newest good copy at a target once more.
func (b *Backups) proveAgain(ctx context.Context, id, name string, kit *archive.Kit) {
	l := b.lane(id)
	err := b.guarded(ctx, l, func(ctx context.Context) error {
		leave, err := l.enter(ctx)
		if err != nil {
			return err
		}
		defer leave()
		c, known := b.Target(id)
		if !known {
			return errNoTarget
		}
		t, err := b.visit(ctx, c, l)
		if err != nil {
			return err
		}
		defer func() { _ = t.Close() }()
		return b.proveCopy(ctx, reading{name: name, at: id, open: from(t, name), kit: kit, l: l})
	})
	b.noteRound(ctx, id, l, err)
}

// hour is the local hour of the daily backup.
func (b *Backups) hour() int {
	if h := b.c.Settings.Number(settings.BackupHour); h >= 0 {
		return int(h)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.quiet
}

// chooseHour looks once a day when the house is used least.
func (b *Backups) chooseHour(ctx context.Context) {
	b.mu.Lock()
	fresh := !b.looked.IsZero() && time.Since(b.looked) < useEvery
	if !fresh {
		b.looked = time.Now()
	}
	b.mu.Unlock()
	if fresh || b.c.Use == nil {
		return
	}
	use, err := b.c.Use(ctx)
	if err != nil {
		b.c.Log.Warn("the house's use can't be read for a quiet hour", "err", err)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.quiet = quietHour(use, b.c.House)
}

func (b *Backups) plan() Plan {
	n := func(name string) int { return int(b.c.Settings.Number(name)) }
	return Plan{n(settings.BackupDaily), n(settings.BackupWeekly), n(settings.BackupMonthly)}
}

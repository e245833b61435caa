package backup

import (
	"context"
	"errors"
	"time"

	"filippo.io/age"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/backup/target"
)

// Create makes a backup, sends it to every target, reads it back, prunes, and
// waits for that. It succeeds when at least the spool has it; Failed then says
// which targets don't. What waits for a backup before it changes the house
// (Install, Migration, Rotation) is not held up by a slow target: the sending
// goes on behind it.
func (b *Backups) Create(ctx context.Context, why Why) (Record, error) {
	return b.CreateFrom(ctx, why, b.c.Source)
}

// CreateFrom is Create of another source: the house as it was before a
// migration.
func (b *Backups) CreateFrom(ctx context.Context, why Why, source Source) (Record, error) {
	w, _, err := b.begin(KindBackup, why, false)
	if err != nil {
		return Record{}, err
	}
	return b.create(ctx, why, source, w)
}

// Spool makes a backup and opens it, here, and waits for no target: the sending
// goes on behind it, or where Run does not work is left to the next start.
func (b *Backups) Spool(ctx context.Context, why Why) (Record, error) {
	w, _, err := b.begin(KindBackup, why, false)
	if err != nil {
		return Record{}, err
	}
	r, once, err := b.made(ctx, why, b.c.Source, w)
	if err != nil {
		return Record{}, err
	}
	b.openHere(ctx, r.Name, b.kitOf(ctx, once), w)
	b.mu.Lock()
	life := b.life
	b.mu.Unlock()
	if life == nil {
		w.end(nil, nil)
		b.review(ctx)
		return b.asKept(ctx, r)
	}
	b.tasks.Go(func() { b.spread(life, r, once, w) })
	return b.asKept(ctx, r)
}

// patience is how long Create waits for its targets.
func patience(why Why) time.Duration {
	switch why {
	case Install:
		return 5 * time.Minute
	case Migration, Rotation:
		return 20 * time.Second
	}
	return 12 * time.Hour // longer than any line needs for a household's vault
}

func (b *Backups) create(ctx context.Context, why Why, source Source, w *work) (Record, error) {
	r, once, err := b.made(ctx, why, source, w)
	if err != nil {
		return Record{}, err
	}
	failed := make(chan []Failure, 1)
	rest, stop := b.outlive(ctx)
	b.tasks.Go(func() {
		defer stop()
		failed <- b.spread(rest, r, once, w)
	})
	wait := time.NewTimer(patience(why))
	defer wait.Stop()
	select {
	case r.Failed = <-failed:
	case <-wait.C:
		r.Failed = b.unserved(context.WithoutCancel(ctx), r)
	case <-ctx.Done():
		r.Failed = b.unserved(context.WithoutCancel(ctx), r)
	}
	return b.asKept(ctx, r)
}

// made is spool with what that means for the job, the board and Run.
func (b *Backups) made(ctx context.Context, why Why, source Source, w *work) (Record, *age.X25519Identity, error) {
	r, once, err := b.spool(ctx, why, source, w)
	err = b.explained(err)
	b.noteMaking(err)
	if err != nil {
		w.end(err, nil)
		b.review(context.WithoutCancel(ctx))
		return Record{}, nil, err
	}
	if err := b.meetTargets(ctx); err != nil {
		b.c.Log.Warn("the records of backups can't be kept", "err", err)
	}
	return r, once, nil
}

// asKept is r as the books have it by now, with its Failed. One that turned out
// to open no house is none.
func (b *Backups) asKept(ctx context.Context, r Record) (Record, error) {
	k, err := b.read(context.WithoutCancel(ctx))
	if err != nil {
		return r, nil //nolint:nilerr // the backup is there
	}
	if fresh := k.record(r.Name); fresh != nil {
		failed := r.Failed
		r = *fresh
		r.Failed = failed
	}
	if r.Broken {
		return r, errNotOpening
	}
	return r, nil
}

// outlive gives a context for work that goes on when whoever asked is gone: that
// of Run, or where it does not run the asker's own.
func (b *Backups) outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.life != nil {
		return context.WithCancel(b.life)
	}
	return context.WithCancel(ctx)
}

// unserved names the targets that don't have r yet.
func (b *Backups) unserved(ctx context.Context, r Record) []Failure {
	k, err := b.read(ctx)
	if err != nil {
		return nil
	}
	var missing []Failure
	for _, c := range b.targets() {
		if now := k.record(r.Name); now == nil || now.place(c.ID) == nil || !now.place(c.ID).good() {
			missing = append(missing, Failure{Target: c.ID, Name: c.Name, Trouble: *troubleOf(errStillSending)})
		}
	}
	return missing
}

// spread brings r to all targets at the same time, opens it once, forgets the
// identity made for that, and prunes the spool.
func (b *Backups) spread(ctx context.Context, r Record, once *age.X25519Identity, w *work) []Failure {
	key := b.kitOf(ctx, once)
	targets := b.targets()
	results := make([]error, len(targets))
	done := make(chan int)
	for i, c := range targets {
		b.tasks.Go(func() {
			results[i] = b.deliver(ctx, c.ID, r.Name, key, w)
			w.left(c.ID)
			select {
			case done <- i:
			case <-ctx.Done():
			}
		})
	}
	failed := gather(ctx, targets, results, done)
	b.openHere(ctx, r.Name, key, w)
	err := b.pruneSpool(ctx)
	if err != nil && ctx.Err() == nil {
		b.c.Log.Warn("old backups in the spool can't be removed", "err", err)
	}
	b.review(ctx)
	var told *Trouble
	if len(failed) > 0 {
		told = &failed[0].Trouble
	}
	w.end(nil, told)
	return failed
}

func gather(ctx context.Context, targets []target.Config, results []error, done <-chan int) (failed []Failure) {
	served := make([]bool, len(targets))
	for range targets {
		select {
		case i := <-done:
			served[i] = true
		case <-ctx.Done():
		}
	}
	for i, c := range targets {
		switch {
		case !served[i]:
			failed = append(failed, Failure{c.ID, c.Name, *troubleOf(errStillSending)})
		case results[i] != nil && !errors.Is(results[i], errSuperseded):
			failed = append(failed, Failure{c.ID, c.Name, *troubleOf(results[i])})
		}
	}
	return failed
}

// kitOf is what opens a backup made with the identity once: nil where the house
// has no kit any more.
func (b *Backups) kitOf(ctx context.Context, once *age.X25519Identity) *archive.Kit {
	keys, ok, err := b.c.Kit(ctx)
	if err != nil || !ok || once == nil {
		return nil
	}
	return &archive.Kit{Recovery: once, Signer: keys.Public}
}

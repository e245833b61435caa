package backup

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/backup/target"
)

// reading is one proof of one copy.
type reading struct {
	name string
	at   string // Here, or a target's ID
	open func(ctx context.Context) (io.ReadCloser, error)
	kit  *archive.Kit // nil: no key is at hand
	// first says that the copy was just sent: it then counts as deep as another
	// one with the same digest, since those are the same bytes, and where
	// another one is being opened, this one is not opened, too.
	first bool
	w     *work
	l     *lane
}

// Prove reads a copy back and checks it as deep as the keys at hand allow:
// opened where the recovery key is kept, or else by its digest.
func (b *Backups) Prove(ctx context.Context, name, targetID string) (Proof, error) {
	w, _, err := b.begin(KindProve, "", false)
	if err != nil {
		return Proof{}, err
	}
	proof, err := b.prove(ctx, name, targetID, w)
	w.end(err, nil)
	return proof, err
}

func (b *Backups) prove(ctx context.Context, name, targetID string, w *work) (Proof, error) {
	if err := b.prepare(func(fn func(*books)) error { return b.change(ctx, fn) }); err != nil {
		return Proof{}, err
	}
	k, err := b.read(ctx)
	if err != nil {
		return Proof{}, err
	}
	r := k.record(name)
	if r == nil || r.place(targetID) == nil {
		return Proof{}, errNoCopy
	}
	kit := b.keptKit(ctx, r.Kit)
	l := newLane()
	err = b.guarded(ctx, l, func(ctx context.Context) error {
		rd := reading{name: name, at: targetID, kit: kit, open: b.openFile(name), w: w, l: l}
		if targetID == Here {
			return b.proveCopy(ctx, rd)
		}
		c, known := b.Target(targetID)
		if !known {
			return errNoTarget
		}
		t, err := b.c.Reach(ctx, c, b.env())
		if err != nil {
			return err
		}
		defer func() { _ = t.Close() }()
		rd.open = from(t, name)
		return b.proveCopy(ctx, rd)
	})
	b.review(ctx)
	if err != nil {
		return Proof{}, err
	}
	return b.proofOf(ctx, name, targetID)
}

func (b *Backups) proofOf(ctx context.Context, name, targetID string) (Proof, error) {
	k, err := b.read(ctx)
	if err != nil {
		return Proof{}, err
	}
	r := k.record(name)
	if r == nil || r.place(targetID) == nil {
		return Proof{}, errNoCopy
	}
	p := r.place(targetID)
	return Proof{Name: name, Target: targetID, At: p.Proved, Depth: p.Depth, Bytes: r.Bytes}, nil
}

func (b *Backups) openFile(name string) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) { return os.Open(b.path(name)) }
}

func from(t target.Target, name string) func(context.Context) (io.ReadCloser, error) {
	return func(ctx context.Context) (io.ReadCloser, error) { return t.Get(ctx, name) }
}

// proveCopy reads a copy through and takes down what that showed.
func (b *Backups) proveCopy(ctx context.Context, rd reading) error {
	k, err := b.read(ctx)
	if err != nil {
		return err
	}
	r := k.record(rd.name)
	if r == nil {
		return errNoCopy
	}
	rd.w.step(rd.at, Reading, r.Bytes)
	depth, digest, err := b.readBack(ctx, *r, rd)
	now := b.now()
	kept := b.change(ctx, func(k *books) {
		r := k.record(rd.name)
		switch {
		case r == nil:
		case errors.Is(err, errNotOpening):
			r.Broken = true
			for i := range r.Places {
				r.Places[i].Bad = true
			}
		case errors.Is(err, errDamaged):
			r.setPlace(rd.at, func(p *Place) { p.Bad = true })
		case err == nil:
			r.SHA256 = digest
			r.proved(rd.at, depth, rd.first, now)
			k.setStanding(rd.at, func(s *standing) { s.Proved = now })
		}
	})
	return errors.Join(err, kept)
}

// proved takes down that a copy is right. In the first round the depth of one
// copy is that of all.
func (r *Record) proved(id string, depth Depth, first bool, now time.Time) {
	for _, p := range r.Places {
		if first && p.good() && p.Depth == Opened {
			depth = Opened
		}
	}
	r.setPlace(id, func(p *Place) { p.Proved, p.Depth, p.Bad, p.Gone = now, depth, false, time.Time{} })
	for i := range r.Places {
		if p := &r.Places[i]; first && depth == Opened && p.good() {
			p.Depth = Opened
		}
	}
}

// readBack reads all of a copy. It fails with errDamaged when that is not what
// was written, with errNotOpening when it is and can't be opened all the same,
// and else with what kept it from being read.
func (b *Backups) readBack(ctx context.Context, r Record, rd reading) (Depth, string, error) {
	switch {
	case ctx.Err() != nil: // whoever hung until nobody waited for it any more
		return "", "", ctx.Err()
	case r.SHA256 == "" && rd.kit == nil:
		return "", "", errNoDigest
	}
	src, err := rd.open(ctx)
	if err != nil {
		return "", "", err
	}
	defer func() { _ = src.Close() }()
	t := &tracked{r: src, h: sha256.New(), moved: func(n int64) {
		rd.l.move(false)
		rd.w.at(rd.at, n)
	}}
	depth, opening := b.tryOpen(ctx, t, rd)
	rd.l.move(false)
	_, _ = io.Copy(io.Discard, t) // its error is kept in t, as is one that met whoever opened it
	if t.err != nil {
		return "", "", t.err
	}
	switch {
	case r.SHA256 != "" && (t.n != r.Bytes || t.sum() != r.SHA256):
		return "", "", errDamaged.Because(fmt.Errorf("%d bytes instead of %d, or others", t.n, r.Bytes))
	case ctx.Err() != nil:
		return "", "", ctx.Err()
	case opening != nil && r.SHA256 == "":
		return "", "", opening
	case opening != nil:
		return "", "", errNotOpening.Because(opening)
	case depth == Digest && r.SHA256 == "":
		return "", "", errNoDigest
	}
	return depth, t.sum(), nil
}

// tryOpen unpacks a copy into scratch space and has the house in it checked,
// where a key is at hand. Without room it only reads it through.
func (b *Backups) tryOpen(ctx context.Context, src io.Reader, rd reading) (Depth, error) {
	if rd.kit == nil {
		return Digest, nil
	}
	select {
	case b.bench <- struct{}{}:
	default:
		if rd.first {
			return Digest, nil
		}
		rd.l.move(true)
		select {
		case b.bench <- struct{}{}:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	defer func() { <-b.bench }()
	rd.l.move(false)
	a, err := archive.Open(src, *rd.kit, archive.Limits{})
	if err != nil {
		return "", err
	}
	needed := a.Manifest().Total()
	dir, short := b.scratch(needed)
	b.noteRoom(&b.noScratch, short)
	if short != nil {
		return Digest, a.Check(ctx, nil)
	}
	defer func() { _ = os.RemoveAll(dir) }() // or at the next start
	err = a.Unpack(ctx, dir, nil)
	if err == nil {
		rd.l.move(true)
		rd.w.step(rd.at, Checking, 0)
		err = sheltered(func() error { return b.c.Prove(ctx, dir) })
	}
	if diskFails(err) || errors.Is(err, ErrUnchecked) { // which says nothing about the copy
		b.c.Log.Warn("a backup can't be unpacked and checked here", "err", err)
		if noRoom(err) {
			b.noteRoom(&b.noScratch, &shortage{Needed: needed + reserve})
		}
		return Digest, nil
	}
	if err != nil {
		return "", err
	}
	return Opened, nil
}

// openHere opens the spool's own copy where no target's was opened: a backup
// that nothing could be restored from is found on the day that it is made.
func (b *Backups) openHere(ctx context.Context, name string, kit *archive.Kit, w *work) {
	k, err := b.read(ctx)
	if err != nil || ctx.Err() != nil {
		return
	}
	r := k.record(name)
	if r == nil || r.place(Here) == nil || r.Broken {
		return
	}
	for _, p := range r.Places {
		if p.good() && p.Depth == Opened {
			return
		}
	}
	err = b.proveCopy(ctx, reading{name: name, at: Here, open: b.openFile(name), kit: kit, first: true, w: w, l: newLane()})
	w.left(Here)
	if err != nil && ctx.Err() == nil {
		b.c.Log.Warn("the backup in the spool can't be proved", "err", err)
	}
}

package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/backup/target"
	"latchkey/appliance/problem"
)

// errSuperseded is a backup that need not be sent any more, since a newer one
// was made.
var errSuperseded = errors.New("superseded by a newer backup")

// deliver brings a backup to a target and reads it back there, unless a good
// copy is there already. What goes wrong is taken down and tried again by Run.
func (b *Backups) deliver(ctx context.Context, id, name string, kit *archive.Kit, w *work) error {
	l := b.lane(id)
	err := b.guarded(ctx, l, func(ctx context.Context) error {
		leave, err := l.enter(ctx)
		if err != nil {
			return err
		}
		defer leave()
		return b.round(ctx, id, name, kit, w, l)
	})
	b.noteRound(ctx, id, l, err)
	return err
}

// round is all that is done at a target at a time: look, send, read back,
// prune.
func (b *Backups) round(ctx context.Context, id, name string, kit *archive.Kit, w *work, l *lane) error {
	w.step(id, Sending, 0)
	c, known := b.Target(id)
	if !known {
		return errNoTarget
	}
	t, err := b.visit(ctx, c, l)
	if err != nil {
		return err
	}
	defer func() { _ = t.Close() }()
	k, err := b.read(ctx)
	if err != nil {
		return err
	}
	r := k.record(name)
	switch newest := k.newestMade(); {
	case r == nil:
		return errNoCopy
	case r.Broken:
		return errNotOpening
	case newest != nil && newest.Seq > r.Seq && !newest.Broken:
		return errSuperseded
	}
	p := r.place(id)
	if p == nil || !p.there() {
		if err := b.sendInto(ctx, t, c, *r, p != nil && p.Bad, w, l); err != nil {
			return err
		}
	}
	if p == nil || !p.good() {
		rd := reading{name: name, at: id, open: from(t, name), kit: kit, first: true, w: w, l: l}
		err := b.proveCopy(ctx, rd)
		if errors.Is(err, errNotOpening) { // of a damaged house there is one each time: they must not fill the place
			_, pruning := b.pruneThere(ctx, t, id, l)
			return errors.Join(err, b.notePruning(ctx, id, pruning))
		}
		if err != nil {
			return err
		}
	}
	_, err = b.pruneThere(ctx, t, id, l)
	return b.notePruning(ctx, id, err)
}

// sendInto is send, and where the target is full once more after what the plan
// no longer keeps there is gone.
func (b *Backups) sendInto(ctx context.Context, t target.Target, c target.Config, r Record, bad bool, w *work, l *lane) error {
	err := b.send(ctx, t, c, r, bad, w, l)
	if !errors.Is(err, errFull) {
		return err
	}
	removed, pruning := b.pruneThere(ctx, t, c.ID, l)
	if pruning != nil || removed == 0 {
		return err
	}
	return b.send(ctx, t, c, r, false, w, l)
}

// notePruning takes down whether old copies can be removed from a target. A
// place where they can't is still a good one: somebody may have meant it so.
func (b *Backups) notePruning(ctx context.Context, id string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		b.c.Log.Warn("old backups can't be removed", "target", id, "err", err)
	}
	told := troubleOf(err)
	return b.change(ctx, func(k *books) { k.setStanding(id, func(s *standing) { s.Pruning = told }) })
}

// visit opens a target and takes down what lies there.
func (b *Backups) visit(ctx context.Context, c target.Config, l *lane) (target.Target, error) {
	t, err := b.c.Reach(ctx, c, b.env())
	if err != nil {
		return nil, err
	}
	l.move(false)
	objects, err := t.List(ctx)
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	l.move(false)
	sizes := make(map[string]int64, len(objects))
	for _, o := range objects {
		if b.own(o.Name) {
			sizes[o.Name] = o.Size
		}
	}
	same, known := b.onOurDisk(ctx, c)
	l.move(false)
	err = b.change(ctx, func(k *books) {
		k.reconcile(c.ID, sizes, b.now())
		if known {
			k.setStanding(c.ID, func(s *standing) { s.SameDisk = same })
		}
	})
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// onOurDisk looks whether a folder lies on the house's own disk now: disks are
// exchanged, and a house is moved onto one that was the other.
func (b *Backups) onOurDisk(ctx context.Context, c target.Config) (same, known bool) {
	if c.Kind != target.KindFolder {
		return false, false
	}
	look, _, err := b.c.Check(ctx, c, b.env())
	return look.SameDisk, err == nil
}

func (b *Backups) env() target.Env {
	house, _, _ := archive.ParseName(archive.Name(b.c.House, b.now()))
	return target.Env{House: house, Data: b.c.Data, Known: b.own, HTTP: b.c.HTTP, Log: b.c.Log, Now: b.c.Now}
}

// send copies the spool's file to a target. A bad copy that lies there goes
// first.
func (b *Backups) send(ctx context.Context, t target.Target, c target.Config, r Record, bad bool, w *work, l *lane) error {
	f, err := os.Open(b.path(r.Name))
	if errors.Is(err, fs.ErrNotExist) {
		return errors.Join(errNoCopy, b.changeRecord(ctx, r.Name, func(r *Record) { r.dropPlace(Here) }))
	}
	if err != nil {
		return fmt.Errorf("opening the spool's copy: %w", err)
	}
	defer func() { _ = f.Close() }()
	if bad {
		if err := t.Remove(ctx, r.Name); err != nil && !errors.Is(err, target.ErrNotThere) {
			return err
		}
		l.move(false)
	}
	w.step(c.ID, Sending, r.Bytes)
	source := &tracked{r: f, h: sha256.New(), most: r.Bytes, want: r.SHA256, moved: func(n int64) {
		l.move(false)
		w.at(c.ID, n)
	}}
	err = t.Put(ctx, r.Name, source, r.Bytes)
	if source.wrong {
		return errors.Join(errSpoolDamaged, b.changeRecord(ctx, r.Name, func(r *Record) {
			r.setPlace(Here, func(p *Place) { p.Bad = true })
		}))
	}
	// One of that name is what an earlier run sent and could not take down any
	// more: reading it back shows whether it is.
	if err != nil && !errors.Is(err, errThere) {
		return err
	}
	l.move(false)
	return b.changeRecord(ctx, r.Name, func(r *Record) {
		r.setPlace(c.ID, func(p *Place) { *p = Place{Target: c.ID, Sent: b.now()} })
	})
}

var (
	errThere = problem.New(problem.Refused, target.CodeExists, "", "")
	errFull  = problem.New(problem.Refused, target.CodeFull, "", "")
)

// tracked reads on, and knows how much and its digest.
type tracked struct {
	r     io.Reader
	h     hash.Hash
	n     int64
	err   error // of r, other than its end
	moved func(n int64)

	// With want, the last of most bytes are held back unless all of them have
	// the digest want: who gets them has the whole, right file.
	most  int64
	want  string
	wrong bool
}

func (t *tracked) Read(p []byte) (int, error) {
	if t.wrong {
		return 0, errSpoolDamaged
	}
	n, err := t.r.Read(p)
	t.h.Write(p[:n])
	t.n += int64(n)
	if t.moved != nil {
		t.moved(t.n)
	}
	if t.want != "" && (t.n >= t.most || err == io.EOF) && !(t.n == t.most && t.sum() == t.want) {
		t.wrong = true
		return 0, errSpoolDamaged
	}
	if err != nil && err != io.EOF {
		t.err = err
	}
	return n, err
}

func (t *tracked) sum() string { return hex.EncodeToString(t.h.Sum(nil)) }

// noteRound takes down how it went with a target.
func (b *Backups) noteRound(ctx context.Context, id string, l *lane, err error) {
	if errors.Is(err, errSuperseded) || err != nil && ctx.Err() != nil {
		return
	}
	if err == nil {
		l.settle(nil)
	} else {
		l.settle(func(tries int) time.Duration { return pause(err, tries) })
		b.c.Log.Warn("a backup did not reach its target", "target", id, "err", err)
	}
	now, told := b.now(), troubleOf(err)
	err = b.change(ctx, func(k *books) {
		k.setStanding(id, func(s *standing) {
			s.Tried = now
			if told == nil || s.Problem == nil {
				s.Since = now
			}
			s.Problem = told
		})
	})
	if err != nil {
		b.c.Log.Warn("how it went with a backup can't be kept", "err", err)
	}
}

// pause is how long to wait after so many failures in a row. A disk that is not
// plugged in costs nothing to look for; what only a person can put right, and
// may shut us out when tried too often, is rarely tried.
func pause(err error, tries int) time.Duration {
	pauses := []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour}
	switch problem.Of(err).Code {
	case target.CodeNotPlugged:
		return 5 * time.Minute
	case target.CodeRefused, target.CodeHostKey, target.CodeCertificate, target.CodeField:
		tries = max(tries, 2)
	}
	return pauses[min(tries, len(pauses)-1)]
}

// pruneMost copies go at a time: whatever is wrong with the plan, the clock or
// this program, it can't empty a target in a night.
const pruneMost = 3

// pruneThere removes from a target what the plan doesn't keep, and tells how
// many that were.
func (b *Backups) pruneThere(ctx context.Context, t target.Target, id string, l *lane) (removed int, err error) {
	surplus, err := b.surplus(ctx, id)
	if err != nil {
		return 0, err
	}
	for _, name := range surplus {
		if err := t.Remove(ctx, name); err != nil && !errors.Is(err, target.ErrNotThere) {
			return removed, err
		}
		l.move(false)
		removed++
		if err := b.changeRecord(ctx, name, func(r *Record) { r.dropPlace(id) }); err != nil {
			return removed, err
		}
		b.c.Log.Info("removed an old backup", "name", name, "target", id)
	}
	return removed, nil
}

func (b *Backups) surplus(ctx context.Context, id string) ([]string, error) {
	now, trusted, holds := b.now(), b.c.Trusted(), false
	err := b.change(ctx, func(k *books) { k.Clock, holds = k.Clock.holds(now, trusted) })
	if err != nil || !holds {
		return nil, err
	}
	k, err := b.read(ctx)
	if err != nil {
		return nil, err
	}
	surplus := b.plan().Surplus(k.copies(id), now, b.c.Zone)
	if b.damaged() { // what is good comes from before that, and nothing good comes after it
		surplus = slices.DeleteFunc(surplus, func(name string) bool {
			p := k.record(name).place(id)
			return !p.Bad
		})
	}
	return surplus[:min(len(surplus), pruneMost)], nil
}

// copies are those at a target, as the plan judges them.
func (k *books) copies(id string) (all []Copy) {
	for i := range k.Records {
		r := &k.Records[i]
		if p := r.place(id); p != nil && p.Gone.IsZero() {
			all = append(all, Copy{Name: r.Name, Made: r.Made, Seq: r.Seq, Trusted: r.Trusted, Good: p.good(), Opened: p.good() && p.Depth == Opened})
		}
	}
	return all
}

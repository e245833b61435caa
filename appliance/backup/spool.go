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

	"filippo.io/age"

	"latchkey/appliance/backup/archive"
)

// spool makes a backup in the spool and takes it down. The identity that it
// gives opens this one backup and is nowhere else.
func (b *Backups) spool(ctx context.Context, why Why, source Source, w *work) (Record, *age.X25519Identity, error) {
	leave, err := b.takeTurn(ctx)
	if err != nil {
		return Record{}, nil, err
	}
	defer leave()
	w.step(Here, Copying, 0)
	defer w.left(Here)
	keys, once, to, err := b.recipients(ctx)
	if err != nil {
		return Record{}, nil, err
	}
	name, made, err := b.freeName(ctx)
	if err != nil {
		return Record{}, nil, err
	}
	r := Record{Name: name, Made: made, Why: why, Kit: keys.Recipient, Trusted: b.c.Trusted()}
	err = b.drawFrom(ctx, source, func(m archive.Manifest, parts []archive.Part) error {
		m.Made, m.Why = made, string(why)
		r.Program, r.Version = m.Program, m.Version
		if err := b.makeRoom(ctx, total(parts)); err != nil {
			return err
		}
		r.Bytes, r.SHA256, err = b.writeFile(ctx, name, to, keys, m, parts, w)
		return err
	})
	if err != nil {
		return Record{}, nil, err
	}
	err = b.change(ctx, func(k *books) {
		k.Seq++
		r.Seq = k.Seq
		r.Places = []Place{{Target: Here, Sent: b.now()}}
		k.Records = append(k.Records, r)
	})
	if err != nil { // a copy that nobody counts
		return Record{}, nil, errors.Join(err, os.Remove(b.path(name)))
	}
	return r, once, nil
}

// takeTurn waits until no other backup is made, and sees that the spool is
// there.
func (b *Backups) takeTurn(ctx context.Context) (leave func(), err error) {
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	leave = func() { <-b.turn }
	if err := b.prepare(func(fn func(*books)) error { return b.change(ctx, fn) }); err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

// recipients are those who can open a backup: whoever holds the kit, and for as
// long as this process remembers it an identity made for this one.
func (b *Backups) recipients(ctx context.Context) (Keys, *age.X25519Identity, []age.Recipient, error) {
	keys, ok, err := b.c.Kit(ctx)
	if err != nil {
		return Keys{}, nil, nil, fmt.Errorf("looking for the recovery kit: %w", err)
	}
	if !ok {
		return Keys{}, nil, nil, errNoKit
	}
	kit, err := age.ParseX25519Recipient(keys.Recipient)
	if err != nil {
		return Keys{}, nil, nil, fmt.Errorf("reading the kit's recipient: %w", err)
	}
	once, err := age.GenerateX25519Identity()
	if err != nil {
		return Keys{}, nil, nil, fmt.Errorf("making an identity: %w", err)
	}
	return keys, once, []age.Recipient{kit, once.Recipient()}, nil
}

// freeName is a name by the present time that no backup has yet.
func (b *Backups) freeName(ctx context.Context) (string, time.Time, error) {
	k, err := b.read(ctx)
	if err != nil {
		return "", time.Time{}, err
	}
	for made := b.now(); ; made = made.Add(time.Second) {
		name := archive.Name(b.c.House, made)
		taken := slices.ContainsFunc(k.Records, func(r Record) bool { return r.Name == name })
		if _, err := os.Lstat(b.path(name)); !taken && errors.Is(err, fs.ErrNotExist) {
			return name, made, nil
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", time.Time{}, fmt.Errorf("looking into the spool: %w", err)
		}
	}
}

// drawFrom lets fn see the source once; a panic of it is an error, since it
// must not end the house.
func (b *Backups) drawFrom(ctx context.Context, source Source, fn func(archive.Manifest, []archive.Part) error) error {
	return sheltered(func() error { return source(ctx, fn) })
}

// writeFile writes the backup under another name, and gives it its own when all
// of it is on the disk.
func (b *Backups) writeFile(ctx context.Context, name string, to []age.Recipient, keys Keys, m archive.Manifest, parts []archive.Part, w *work) (int64, string, error) {
	making := b.path(makingPrefix + name)
	f, err := os.OpenFile(making, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, "", fmt.Errorf("writing a backup: %w", err)
	}
	sum := &counted{w: f, h: sha256.New()}
	w.step(Here, Copying, total(parts))
	err = archive.Write(ctx, sum, to, keys.Sign, m, parts, func(done, _ int64) { w.at(Here, done) })
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(making, b.path(name))
	}
	if err != nil {
		return 0, "", errors.Join(fmt.Errorf("writing a backup: %w", err), os.Remove(making))
	}
	if err := syncDir(b.c.Dir); err != nil {
		return 0, "", errors.Join(fmt.Errorf("writing a backup: %w", err), os.Remove(b.path(name)))
	}
	return sum.n, hex.EncodeToString(sum.h.Sum(nil)), nil
}

// counted writes on, and knows how much and its digest.
type counted struct {
	w io.Writer
	h hash.Hash
	n int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.h.Write(p[:n])
	c.n += int64(n)
	return n, err
}

func total(parts []archive.Part) (sum int64) {
	for _, p := range parts {
		sum += p.Size
	}
	return sum
}

// makeRoom sees that so many bytes fit into the spool. Where they don't, copies
// in the spool go that are safe elsewhere, the oldest first, but never the
// newest.
func (b *Backups) makeRoom(ctx context.Context, needed int64) error {
	short := b.missing(b.c.Dir, needed)
	if short == nil {
		b.noteRoom(&b.noSpool, nil)
		return nil
	}
	k, err := b.read(ctx)
	if err != nil {
		return err
	}
	newest := k.newestMade()
	for i := range k.Records {
		r := &k.Records[i]
		if r.place(Here) == nil || newest != nil && r.Name == newest.Name || !k.elsewhere(r) {
			continue
		}
		if err := b.dropHere(ctx, r.Name); err != nil {
			return err
		}
		if short = b.missing(b.c.Dir, needed); short == nil {
			b.noteRoom(&b.noSpool, nil)
			return nil
		}
	}
	b.noteRoom(&b.noSpool, short)
	return short.problem()
}

// elsewhere reports whether a good copy lies away from the house's disk.
func (k *books) elsewhere(r *Record) bool {
	return slices.ContainsFunc(r.Places, func(p Place) bool {
		s, known := k.Targets[p.Target]
		return known && !s.SameDisk && p.good()
	})
}

// explained turns the disk's own word that it is full, or fails, into ours.
func (b *Backups) explained(err error) error {
	switch {
	case noRoom(err):
		free, _ := b.c.Free(b.c.Dir)
		short := shortage{Needed: free + reserve, Free: free}
		b.noteRoom(&b.noSpool, &short)
		return short.problem().Because(err)
	case diskFails(err):
		return errDisk.Because(err)
	}
	return err
}

func (b *Backups) dropHere(ctx context.Context, name string) error {
	if err := os.Remove(b.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing an old backup: %w", err)
	}
	return b.changeRecord(ctx, name, func(r *Record) { r.dropPlace(Here) })
}

// pruneSpool leaves the newest copies in the spool. It goes by the order of
// making and needs no clock.
func (b *Backups) pruneSpool(ctx context.Context) error {
	k, err := b.read(ctx)
	if err != nil {
		return err
	}
	for _, name := range k.spoolSurplus() {
		if b.damaged() && k.record(name).place(Here).there() {
			continue // it may be the last from before the damage
		}
		if err := b.dropHere(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// newestHere of all kinds stay in the spool, beside the newest made for each of
// the reasons after which somebody may want to go back, and the newest in which
// the house is known to be whole.
const newestHere = 2

func (k *books) spoolSurplus() (names []string) {
	var here []*Record
	for i := range k.Records {
		if p := k.Records[i].place(Here); p != nil {
			here = append(here, &k.Records[i])
		}
	}
	slices.SortStableFunc(here, func(a, c *Record) int {
		if a.after(c) {
			return -1
		}
		return 1
	})
	seen, kept, whole := make(map[Why]bool), 0, false
	for _, r := range here {
		fine := r.place(Here).there()
		first := !whole && r.place(Here).good() && r.place(Here).Depth == Opened
		whole = whole || first
		special := r.Why == Install || r.Why == Migration || r.Why == Rotation || r.Why == Found
		switch {
		case fine && kept < newestHere && r.Why != Found:
			kept++
			seen[r.Why] = true
		case fine && special && !seen[r.Why]:
			seen[r.Why] = true
		case first:
		default:
			names = append(names, r.Name)
		}
	}
	return names
}

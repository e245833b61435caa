package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"filippo.io/age"

	"latchkey/appliance/backup/archive"
)

// Stream writes a fresh backup to w and nowhere else. Where there is room it is
// made whole in the spool first, so that what goes wrong does so before the
// first byte, and no slow reader holds the house's view; without room it goes
// out as it is made.
func (b *Backups) Stream(ctx context.Context, w io.Writer, why Why) (archive.Manifest, error) {
	keys, ok, err := b.c.Kit(ctx)
	if err != nil {
		return archive.Manifest{}, fmt.Errorf("looking for the recovery kit: %w", err)
	}
	if !ok {
		return archive.Manifest{}, errNoKit
	}
	kit, err := age.ParseX25519Recipient(keys.Recipient)
	if err != nil {
		return archive.Manifest{}, fmt.Errorf("reading the kit's recipient: %w", err)
	}
	leave, err := b.takeTurn(ctx)
	if err != nil {
		return archive.Manifest{}, err
	}
	m, f, err := b.streamed(ctx, w, keys, kit, why)
	leave()
	if err != nil || f == nil {
		return m, err
	}
	_, err = f.Seek(0, io.SeekStart)
	if err == nil {
		_, err = io.Copy(w, reader{ctx, f})
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return m, fmt.Errorf("handing a backup out: %w", err)
	}
	return m, nil
}

// streamed makes the backup in a file that has no name any more, or without room
// for that writes it to w, and then gives no file.
func (b *Backups) streamed(ctx context.Context, w io.Writer, keys Keys, kit age.Recipient, why Why) (m archive.Manifest, f *os.File, err error) {
	err = b.drawFrom(ctx, b.c.Source, func(seen archive.Manifest, parts []archive.Part) error {
		m = seen
		m.Made, m.Why = b.now(), string(why)
		to := w
		if b.missing(b.c.Dir, total(parts)) == nil {
			if f, err = b.unnamed(); err != nil {
				return err
			}
			to = f
		}
		return archive.Write(ctx, to, []age.Recipient{kit}, keys.Sign, m, parts, nil)
	})
	if err != nil && f != nil {
		err = errors.Join(err, f.Close())
		f = nil
	}
	if err != nil {
		return m, nil, fmt.Errorf("making a backup: %w", err)
	}
	return m, f, nil
}

// unnamed makes a file in the spool that goes when it is closed, or by a kill.
func (b *Backups) unnamed() (*os.File, error) {
	path := b.path(makingPrefix + "stream-" + newID())
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// reader ends with ctx.
type reader struct {
	ctx context.Context
	io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

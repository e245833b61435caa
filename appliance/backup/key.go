package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"filippo.io/age"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/settings"
)

// KeepKey keeps the present kit's recovery key, sealed, so that copies can be
// opened for their proof at any time. Whoever holds the house's seal key can
// then open its backups, too, which the owner is told.
func (b *Backups) KeepKey(ctx context.Context, recoveryKey string) error {
	keys, ok, err := b.c.Kit(ctx)
	if err != nil {
		return fmt.Errorf("looking for the recovery kit: %w", err)
	}
	if !ok {
		return errNoKit
	}
	id, err := archive.ParseRecoveryKey([]byte(recoveryKey))
	if err != nil {
		return err
	}
	if id.Recipient().String() != keys.Recipient {
		return errWrongKey
	}
	return b.c.Settings.Set(ctx, map[string]any{settings.BackupKey: id.String()})
}

// ForgetKey forgets what KeepKey kept.
func (b *Backups) ForgetKey(ctx context.Context) error {
	return b.c.Settings.Set(ctx, map[string]any{settings.BackupKey: ""})
}

// keptKit is what opens a backup made for recipient by the key that is kept, nil
// where there is none or another. For a backup of which the recipient is not
// known it may be the right one.
func (b *Backups) keptKit(ctx context.Context, recipient string) *archive.Kit {
	text := b.c.Settings.Secret(settings.BackupKey)
	if text == "" {
		return nil
	}
	id, err := age.ParseX25519Identity(text)
	if err != nil || recipient != "" && id.Recipient().String() != recipient {
		return nil
	}
	keys, ok, err := b.c.Kit(ctx)
	if err != nil || !ok {
		return nil
	}
	return &archive.Kit{Recovery: id, Signer: keys.Public}
}

// Open gives a copy's bytes and how many they are (-1: unknown), from Here or a
// target. ctx governs the reading, too. The caller closes it.
func (b *Backups) Open(ctx context.Context, name, targetID string) (io.ReadCloser, int64, error) {
	if !b.own(name) {
		return nil, 0, errNoCopy
	}
	if targetID == Here {
		return b.openSpooled(name)
	}
	c, known := b.Target(targetID)
	if !known {
		return nil, 0, errNoTarget
	}
	t, err := b.c.Reach(ctx, c, b.env())
	if err != nil {
		return nil, 0, err
	}
	r, err := t.Get(ctx, name)
	if err != nil {
		return nil, 0, errors.Join(err, t.Close())
	}
	n := int64(-1)
	if k, err := b.read(ctx); err == nil && k.record(name) != nil {
		n = k.record(name).Bytes
	}
	return both{r, t}, n, nil
}

func (b *Backups) openSpooled(name string) (io.ReadCloser, int64, error) {
	f, err := os.Open(b.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, errNoCopy
	}
	if err != nil {
		return nil, 0, fmt.Errorf("opening a backup: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("opening a backup: %w", err), f.Close())
	}
	return f, info.Size(), nil
}

// both reads the one and closes the other after it.
type both struct {
	io.ReadCloser
	then io.Closer
}

func (r both) Close() error { return errors.Join(r.ReadCloser.Close(), r.then.Close()) }

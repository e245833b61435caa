package backup

import (
	"context"
	"errors"
	"io"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/backup/target"
)

// Run makes the backups that are due, until ctx ends.
func (b *Backups) Run(ctx context.Context) error { <-ctx.Done(); return nil }

// Create makes a backup, sends it to every target, reads it back, prunes, and
// waits for all of that. It succeeds when at least the spool has it; Failed
// then says which targets don't.
func (b *Backups) Create(ctx context.Context, why Why) (Record, error) {
	return Record{}, errors.ErrUnsupported
}

// Stream writes a fresh backup to w and nowhere else.
func (b *Backups) Stream(ctx context.Context, w io.Writer, why Why) (archive.Manifest, error) {
	return archive.Manifest{}, errors.ErrUnsupported
}

// Prove reads a copy back and checks it as deep as the keys at hand allow.
func (b *Backups) Prove(ctx context.Context, name, targetID string) (Proof, error) {
	return Proof{}, errors.ErrUnsupported
}

// Open gives a copy's bytes and how many they are (-1: unknown), from Here or a
// target. The caller closes it.
func (b *Backups) Open(ctx context.Context, name, targetID string) (io.ReadCloser, int64, error) {
	return nil, 0, errors.ErrUnsupported
}

// CheckTarget tries a target out, saved or not. With the ID of a saved one,
// secrets left empty are that one's.
func (b *Backups) CheckTarget(ctx context.Context, c target.Config) (target.Look, target.Config, error) {
	return target.Look{}, target.Config{}, errors.ErrUnsupported
}

// SaveTarget checks a target and keeps it; ID "" adds one. It gives the ID.
func (b *Backups) SaveTarget(ctx context.Context, c target.Config) (string, error) {
	return "", errors.ErrUnsupported
}

// RemoveTarget forgets a target. What lies there stays.
func (b *Backups) RemoveTarget(ctx context.Context, id string) error { return errors.ErrUnsupported }

// Target gives a saved target with its secrets, for a restore from it.
func (b *Backups) Target(id string) (target.Config, bool) { return target.Config{}, false }

// KeepKey keeps the kit's recovery key, sealed, so that copies can be opened
// for their proof.
func (b *Backups) KeepKey(ctx context.Context, recoveryKey string) error {
	return errors.ErrUnsupported
}

// ForgetKey forgets what KeepKey kept.
func (b *Backups) ForgetKey(ctx context.Context) error { return errors.ErrUnsupported }

// Wait returns when no background job runs any more. Call it at the end, after
// ctx of Run has ended.
func (b *Backups) Wait() {}

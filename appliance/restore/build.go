package restore

import (
	"context"
	"fmt"
	"io"
	"os"

	"latchkey/appliance/backup/archive"
)

// Building is what Build needs.
type Building struct {
	Dir     string // the data folder; the restored house is made beside it
	Version uint64
	Finish  func(ctx context.Context, dir string, m archive.Manifest) error
	// Progress hears how it goes, several times a second; it may be nil.
	Progress func(p Phase, m *archive.Manifest, done, total int64)
}

// Build reads a backup from in and leaves a checked house in a folder beside
// b.Dir, whole or not at all. Take or a start with Resume gives it its place.
func Build(ctx context.Context, b Building, in io.Reader, kit archive.Kit) (m archive.Manifest, err error) {
	if b.Progress == nil {
		b.Progress = func(Phase, *archive.Manifest, int64, int64) {}
	}
	if err := roomBeside(b.Dir); err != nil {
		return m, err
	}
	if err := tidyUp(b.Dir); err != nil {
		return m, err
	}
	at := beside(b.Dir)
	defer func() {
		if err != nil {
			_ = os.RemoveAll(at.building) // the error says more
		}
	}()
	free, err := freeBytes(at.parent)
	if err != nil {
		return m, unwritable(b.Dir, err)
	}
	b.Progress(Reading, nil, 0, 0)
	reader, err := archive.Open(in, kit, archive.Limits{Version: b.Version, Free: free})
	if err != nil {
		return m, err
	}
	m = reader.Manifest()
	if err := reader.Unpack(ctx, at.building, func(done, total int64) { b.Progress(Reading, &m, done, total) }); err != nil {
		return m, err
	}
	b.Progress(Checking, &m, 0, 0)
	if err := b.Finish(ctx, at.building, m); err != nil {
		return m, fmt.Errorf("making a house of the backup: %w", err)
	}
	return m, at.finish()
}

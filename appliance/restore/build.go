package restore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/problem"
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
// b.Dir, whole or not at all. The order of Restore.Apply, and a start with
// Resume after it, give it its place.
func Build(ctx context.Context, b Building, in io.Reader, kit archive.Kit) (archive.Manifest, error) {
	p, release, err := b.begin()
	if err != nil {
		return archive.Manifest{}, err
	}
	defer release()
	return b.build(ctx, p, in, kit)
}

// Replace is Build, and the swap at once: nothing may run in b.Dir. It returns
// where the house lies that was there before, "" where there was none.
func Replace(ctx context.Context, b Building, in io.Reader, kit archive.Kit, now time.Time) (m archive.Manifest, old string, err error) {
	p, release, err := b.begin()
	if err != nil {
		return m, "", err
	}
	defer release()
	if m, err = b.build(ctx, p, in, kit); err != nil {
		return m, "", err
	}
	old, err = take(p, now)
	return m, old, err
}

func (b *Building) begin() (places, func(), error) {
	if b.Progress == nil {
		b.Progress = func(Phase, *archive.Manifest, int64, int64) {}
	}
	if err := roomBeside(b.Dir); err != nil {
		return places{}, nil, err
	}
	p := beside(b.Dir)
	release, err := p.claim()
	if err != nil {
		return places{}, nil, err
	}
	return p, func() {
		_ = os.RemoveAll(p.building) // what is left of it is of no use; the next one removes it, too
		release()
	}, nil
}

func (b Building) build(ctx context.Context, p places, in io.Reader, kit archive.Kit) (m archive.Manifest, err error) {
	free, err := freeBytes(p.parent)
	if err != nil {
		return m, unwritable(b.Dir, err)
	}
	free = max(free-reserve, 0)
	b.Progress(Reading, nil, 0, 0)
	reader, err := archive.Open(in, kit, archive.Limits{Version: b.Version, Free: max(free, 1)})
	if err != nil {
		return m, err
	}
	m = reader.Manifest()
	if wanted := m.Total() + 2*database(m); wanted > free {
		return m, problem.New(problem.Refused, "restore.space",
			fmt.Sprintf("The house in this backup needs %d MB to be put together and checked, and this disk has only %d MB to spare.", wanted>>20, free>>20),
			"Make room on the disk, or restore on a larger one. Nothing was changed.")
	}
	if err := reader.Unpack(ctx, p.house(), func(done, total int64) { b.Progress(Reading, &m, done, total) }); err != nil {
		return m, err
	}
	b.Progress(Checking, &m, 0, 0)
	if err := b.Finish(ctx, p.house(), m); err != nil {
		return m, fmt.Errorf("making a house of the backup: %w", err)
	}
	return m, p.finish()
}

// reserve stays free for the house that runs, which goes on saving meanwhile.
const reserve = 100 << 20

// database is the size of the part of which the check makes a copy, and a
// migration another one.
func database(m archive.Manifest) int64 {
	for _, e := range m.Parts {
		if e.Name == archive.DatabasePart {
			return e.Size
		}
	}
	return 0
}

// finish names the built house as restored.
func (p places) finish() error {
	err := mark(p.house())
	if err == nil {
		err = syncFolder(p.house())
	}
	if err == nil {
		err = os.Rename(p.house(), p.restored)
	}
	return p.said(errors.Join(err, syncFolder(p.parent)))
}

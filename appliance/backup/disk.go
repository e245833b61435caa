package backup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"latchkey/appliance/backup/archive"
)

// Names in the spool of what is not whole. Whatever is called so when the house
// starts was left by a kill.
const (
	makingPrefix  = ".making-"
	scratchPrefix = ".scratch-"
)

// reserve stays free beside a backup: without it the house could save nothing
// any more (appliance.roomNeeded).
const reserve = 100 << 20

func freeBytes(dir string) (int64, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, fmt.Errorf("measuring the disk: %w", err)
	}
	return int64(fs.Bavail) * int64(fs.Bsize), nil //nolint:unconvert,gosec // types differ by platform; both are sizes
}

// missing tells what room lacks in dir for so many bytes, nil where there is
// enough, or where nobody can tell: then writing will show.
func (b *Backups) missing(dir string, needed int64) *shortage {
	needed += reserve
	free, err := b.c.Free(dir)
	if err != nil || free >= needed {
		return nil
	}
	return &shortage{Needed: needed, Free: free}
}

// prepare makes the spool, and once in a run looks at what an earlier one left
// there: what is not whole goes, records of what is gone lose their place, and
// a whole backup that no record knows is counted as found.
func (b *Backups) prepare(record func(func(*books)) error) error {
	b.ready.Lock()
	defer b.ready.Unlock()
	if err := os.MkdirAll(b.c.Dir, 0o700); err != nil {
		return fmt.Errorf("making the spool: %w", err)
	}
	if b.swept {
		return nil
	}
	entries, err := os.ReadDir(b.c.Dir)
	if err != nil {
		return fmt.Errorf("looking into the spool: %w", err)
	}
	sizes := make(map[string]int64)
	for _, e := range entries {
		path := filepath.Join(b.c.Dir, e.Name())
		if strings.HasPrefix(e.Name(), makingPrefix) || strings.HasPrefix(e.Name(), scratchPrefix) {
			if err := os.RemoveAll(path); err != nil {
				return fmt.Errorf("removing what a kill left in the spool: %w", err)
			}
			continue
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && b.own(e.Name()) {
			sizes[e.Name()] = info.Size()
		}
	}
	if b.c.Memory != "" {
		b.sweepMemory()
	}
	if err := record(func(k *books) { k.reconcile(Here, sizes, b.now()) }); err != nil {
		return err
	}
	b.swept = true
	return nil
}

func (b *Backups) sweepMemory() {
	left, _ := filepath.Glob(filepath.Join(b.c.Memory, scratchPrefix+"*"))
	for _, path := range left {
		_ = os.RemoveAll(path) // memory ends with the machine anyway
	}
}

// own reports whether a name is that of a backup of this house.
func (b *Backups) own(name string) bool {
	house, _, ok := archive.ParseName(name)
	mine, _, _ := archive.ParseName(archive.Name(b.c.House, b.now()))
	return ok && house == mine
}

func (b *Backups) path(name string) string { return filepath.Join(b.c.Dir, name) }

// scratch makes a folder's name to unpack so many bytes into: in memory where
// they are few, or else in the spool. It is nil where there is no room.
func (b *Backups) scratch(needed int64) (string, *shortage) {
	name := scratchPrefix + newID()
	if b.c.Memory != "" && needed <= mostInMemory && b.missing(b.c.Memory, 2*needed-reserve) == nil {
		return filepath.Join(b.c.Memory, name), nil
	}
	if short := b.missing(b.c.Dir, needed); short != nil {
		return "", short
	}
	return filepath.Join(b.c.Dir, name), nil
}

// mostInMemory leaves a machine of 512 MB the rest of its memory.
const mostInMemory = 64 << 20

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

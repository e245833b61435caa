package restore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"latchkey/appliance/problem"
)

// orderFile lies in the restored folder from the moment that somebody wanted
// it: it holds the name for the old folder. While it is there, the swap is not
// done to its end.
const orderFile = "restore.order"

// beforeMark stands in the name of a house that gave way, before the time.
const beforeMark = ".before-"

// ordered is the name for the old folder that the order in the folder at holds;
// "" where there is none.
func (p places) ordered(at string) string {
	raw, err := os.ReadFile(filepath.Join(at, orderFile))
	name := strings.TrimSpace(string(raw))
	if err != nil || name != filepath.Base(name) || !strings.HasPrefix(name, filepath.Base(p.dir)+beforeMark) {
		return ""
	}
	return name
}

// approve orders the swap; it is done when the house is next opened.
func approve(dir string, now time.Time) error {
	p := beside(dir)
	name := p.oldName(now)
	path := filepath.Join(p.restored, orderFile)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return unwritable(dir, err)
	}
	_, err = f.WriteString(name + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err == nil {
		err = syncFolder(p.restored)
	}
	if err != nil {
		return unwritable(dir, err)
	}
	return nil
}

// oldName is a free name for the house that gives way.
func (p places) oldName(now time.Time) string {
	base := filepath.Base(p.dir) + beforeMark + now.UTC().Format("20060102T150405Z")
	name := base
	for i := 2; ; i++ {
		if _, err := os.Lstat(filepath.Join(p.parent, name)); errors.Is(err, fs.ErrNotExist) {
			return name
		}
		name = fmt.Sprintf("%s-%d", base, i)
	}
}

// Before is the newest house that once gave way to a restored one in dir, ""
// where there is none.
func Before(dir string) string {
	p := beside(dir)
	all, err := os.ReadDir(p.parent) // sorted by name, and so by time
	if err != nil {
		return ""
	}
	newest := ""
	for _, e := range all {
		if e.IsDir() && strings.HasPrefix(e.Name(), filepath.Base(p.dir)+beforeMark) {
			newest = filepath.Join(p.parent, e.Name())
		}
	}
	return newest
}

// take orders the swap and does it. Nothing may run in the folder; where it
// holds no house, the restored one simply gets its name. It returns where the
// old house lies now, "" where there was none. What can't be done is not left
// behind as an order that a later start would obey.
func take(p places, now time.Time) (old string, err error) {
	unlock, err := p.alone()
	if err != nil {
		return "", err
	}
	defer unlock()
	had := isFolder(p.dir) && !empty(p.dir)
	if err := approve(p.dir, now); err != nil {
		return "", err
	}
	name := p.ordered(p.restored)
	if err := p.swap(name); err != nil {
		if exists(p.restored) && isFolder(p.dir) {
			_ = os.Remove(filepath.Join(p.restored, orderFile))
		}
		return "", err
	}
	if p.ordered(p.dir) != "" || exists(p.restored) || !isFolder(p.dir) {
		return "", p.said(errors.New("the restored house did not get its place"))
	}
	if had {
		old = filepath.Join(p.parent, name)
	}
	return old, nil
}

// Resume does an ordered swap, or goes on with one that was cut short; nothing
// is to be done in most cases. It comes before the house in dir is looked at,
// and waits a moment for one that is just ending there. At every instant
// either the old or the restored house lies in dir, or the order is there by
// which the next Resume puts it there. What a restore left that was killed, or
// that nobody wanted, goes.
func Resume(dir string) error {
	p := beside(dir)
	switch {
	case p.ordered(p.dir) != "":
		// Exchanged already; the old one still bears the restored one's name.
		return p.tidy(p.ordered(p.dir))
	case p.ordered(p.restored) == "":
		_ = tidyUp(dir) // another restore may be at work there, or somebody's own folder lie there
		return nil
	}
	unlock, err := p.alone()
	if err != nil {
		return err
	}
	defer unlock()
	return p.swap(p.ordered(p.restored))
}

func (p places) swap(name string) error {
	if err := p.exchange(name); err != nil {
		return problem.New(problem.Unavailable, "restore.swap",
			fmt.Sprintf("The restored house can't take its place at %s.", p.dir),
			"Make sure that this user may rename folders in "+p.parent+", then start Latchkey again; or give the restore up by removing "+
				p.restored+". Nothing is lost: both houses are there.").Because(err)
	}
	return p.tidy(name)
}

// exchange puts the restored folder in the place of dir.
func (p places) exchange(name string) error {
	if !isFolder(p.dir) {
		return errors.Join(os.Rename(p.restored, p.dir), syncFolder(p.parent))
	}
	if empty(p.dir) {
		if err := os.Remove(p.dir); err == nil {
			return errors.Join(os.Rename(p.restored, p.dir), syncFolder(p.parent))
		}
	}
	err := unix.Renameat2(unix.AT_FDCWD, p.dir, unix.AT_FDCWD, p.restored, unix.RENAME_EXCHANGE)
	if err == nil {
		return syncFolder(p.parent)
	}
	if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.ENOTSUP) {
		return fmt.Errorf("exchanging the folders: %w", err)
	}
	return p.renameBoth(name) // this file system can't exchange
}

// renameBoth puts the old house aside and then the restored one in its place.
// Between the two, the order in the restored folder says what is to be done.
func (p places) renameBoth(name string) error {
	if err := os.Rename(p.dir, filepath.Join(p.parent, name)); err != nil {
		return fmt.Errorf("putting the old house aside: %w", err)
	}
	if err := syncFolder(p.parent); err != nil {
		return err
	}
	return errors.Join(os.Rename(p.restored, p.dir), syncFolder(p.parent))
}

// tidy gives the old house its name and ends the order.
func (p places) tidy(name string) error {
	err := os.Rename(p.restored, filepath.Join(p.parent, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unwritable(p.dir, err)
	}
	if err := syncFolder(p.parent); err != nil {
		return unwritable(p.dir, err)
	}
	for _, file := range []string{markFile, orderFile} { // the order last
		if err := os.Remove(filepath.Join(p.dir, file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return unwritable(p.dir, err)
		}
	}
	// An order that came back after a power cut would be done on a later restore.
	if err := syncFolder(p.dir); err != nil {
		return unwritable(p.dir, err)
	}
	return nil
}

// endPatience is for a house that is just closing its file.
const endPatience = 30 * time.Second

// alone waits until nothing has the house in dir open, and keeps it so.
func (p places) alone() (unlock func(), err error) {
	f, err := os.Open(filepath.Join(p.dir, "latchkey.db"))
	if errors.Is(err, fs.ErrNotExist) {
		return func() {}, nil
	}
	if err != nil {
		return nil, unwritable(p.dir, err)
	}
	for end := time.Now().Add(endPatience); ; time.Sleep(50 * time.Millisecond) {
		if err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err == nil {
			return func() { _ = f.Close() }, nil
		}
		if time.Now().After(end) {
			_ = f.Close()
			return nil, problem.New(problem.Unavailable, "restore.running",
				"A Latchkey still runs on this data folder.", "Stop it first; then the restored house takes its place.")
		}
	}
}

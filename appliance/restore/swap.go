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

// places are the folders beside a data folder DIR.
type places struct {
	dir      string
	parent   string
	building string // DIR.building: being made
	restored string // DIR.restored: whole and checked, waits for its place
}

func beside(dir string) places {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real // what a link names is swapped, not the link
	}
	if full, err := filepath.Abs(dir); err == nil {
		dir = full
	}
	return places{dir: dir, parent: filepath.Dir(dir), building: dir + ".building", restored: dir + ".restored"}
}

// orderFile lies in the restored folder from the moment that somebody wanted
// it: it holds the name for the old folder. While it is there, the swap is not
// done to its end.
const orderFile = "restore.order"

// beforeMark stands in the name of a house that gave way, before the time.
const beforeMark = ".before-"

// finish names the built folder as restored.
func (p places) finish() error {
	if err := os.Rename(p.building, p.restored); err != nil {
		return unwritable(p.dir, err)
	}
	return syncFolder(p.parent)
}

// tidyUp removes what an earlier restore left that nobody wanted.
func tidyUp(dir string) error {
	p := beside(dir)
	if ordered(p.restored) != "" || ordered(p.dir) != "" {
		return problem.New(problem.Unavailable, "restore.waiting",
			"A restored house waits to be taken up already.", "Start Latchkey again; it takes its place then.")
	}
	if err := errors.Join(os.RemoveAll(p.building), os.RemoveAll(p.restored)); err != nil {
		return unwritable(dir, err)
	}
	return nil
}

// ordered is the name for the old folder that the order in dir holds; "" where
// there is none.
func ordered(dir string) string {
	raw, err := os.ReadFile(filepath.Join(dir, orderFile))
	name := strings.TrimSpace(string(raw))
	if err != nil || name == "" || name != filepath.Base(name) || strings.HasPrefix(name, ".") {
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

// Take orders the swap and does it. Nothing may run in dir. Where dir holds no
// house, the restored one simply gets its name. It returns where the old
// house lies now, "" where there was none.
func Take(dir string, now time.Time) (old string, err error) {
	if err := approve(dir, now); err != nil {
		return "", err
	}
	p := beside(dir)
	name := ordered(p.restored)
	if err := Resume(dir); err != nil {
		return "", err
	}
	if old = filepath.Join(p.parent, name); !isFolder(old) {
		old = ""
	}
	return old, nil
}

// Resume does an ordered swap, or goes on with one that was cut short; nothing
// is to be done in most cases. It comes before the house in dir is looked at,
// and waits a moment for one that is just ending there. At every instant
// either the old or the restored house lies in dir, or the order is there by
// which the next Resume puts it there.
func Resume(dir string) error {
	p := beside(dir)
	switch {
	case ordered(p.dir) != "":
		// Exchanged already; the old one still bears the restored one's name.
		return p.tidy(ordered(p.dir))
	case ordered(p.restored) == "":
		return nil
	}
	unlock, err := p.alone()
	if err != nil {
		return err
	}
	defer unlock()
	name := ordered(p.restored)
	if err := p.exchange(name); err != nil {
		return problem.New(problem.Unavailable, "restore.swap",
			fmt.Sprintf("The restored house can't take its place at %s.", dir),
			"Make sure that this user may rename folders in "+p.parent+", then start Latchkey again. Nothing is lost: both houses are there.").Because(err)
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
	if err := os.Remove(filepath.Join(p.dir, orderFile)); err != nil {
		return unwritable(p.dir, err)
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

// roomBeside says early what would stop the swap at its end: the folder's
// parent must be writable and on the same disk.
func roomBeside(dir string) error {
	p := beside(dir)
	if err := unix.Access(p.parent, unix.W_OK|unix.X_OK); err != nil {
		return unwritable(dir, err)
	}
	var here, up unix.Stat_t
	if unix.Stat(p.dir, &here) == nil && unix.Stat(p.parent, &up) == nil && here.Dev != up.Dev {
		return problem.New(problem.Refused, "restore.mount",
			fmt.Sprintf("The data folder %s is a disk of its own, so that no restored folder can take its place.", dir),
			"Make a folder on that disk, name it as the data folder, and restore there.")
	}
	return nil
}

func unwritable(dir string, err error) error {
	return problem.New(problem.Unavailable, "restore.folder",
		"Latchkey can't write beside its data folder, where a restored house is made.",
		fmt.Sprintf("Let the user who runs Latchkey write to %s, and look for room on that disk.", beside(dir).parent)).Because(err)
}

func freeBytes(dir string) (int64, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, fmt.Errorf("asking for room in %s: %w", dir, err)
	}
	return int64(min(fs.Bavail, 1<<40)) * int64(fs.Bsize), nil
}

func isFolder(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir()
}

func empty(dir string) bool {
	names, err := os.ReadDir(dir)
	return err == nil && len(names) == 0
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

package restore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"latchkey/appliance/problem"
)

// places are the folders beside a data folder DIR.
type places struct {
	dir      string
	parent   string
	building string // DIR.building: holds the house that is being made, and is locked meanwhile
	restored string // DIR.restored: whole and checked, waits for its place
}

func beside(dir string) places {
	dir = resolved(dir)
	return places{dir: dir, parent: filepath.Dir(dir), building: dir + ".building", restored: dir + ".restored"}
}

// resolved is what dir names: behind a link the folder, which is swapped, and
// not the link; also where the folder has no name just now.
func resolved(dir string) string {
	if full, err := filepath.Abs(dir); err == nil {
		dir = full
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	if to, err := os.Readlink(dir); err == nil {
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(dir), to)
		}
		dir = filepath.Clean(to)
	}
	if parent, err := filepath.EvalSymlinks(filepath.Dir(dir)); err == nil {
		dir = filepath.Join(parent, filepath.Base(dir))
	}
	return dir
}

// house is where a backup is unpacked.
func (p places) house() string { return filepath.Join(p.building, "house") }

// markFile lies in every folder that a restore makes. What does not bear it is
// somebody's own, whatever its name is, and never removed.
const markFile = "restore.mark"

func mark(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, markFile), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// ours reports whether a folder may be removed: a restore made it, or it is
// empty, or not there.
func ours(dir string) (bool, error) {
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, err
	case !info.IsDir():
		return false, nil
	}
	if info, err := os.Lstat(filepath.Join(dir, markFile)); err == nil && info.Mode().IsRegular() {
		return true, nil
	}
	names, err := os.ReadDir(dir)
	return len(names) == 0, err
}

// discard removes a folder that a restore made; another one is in the way.
func discard(dir string) error {
	is, err := ours(dir)
	if err != nil {
		return err
	}
	if !is {
		return problem.New(problem.Refused, "restore.inway",
			fmt.Sprintf("Something is in the way at %s that no restore has made.", dir),
			"If it is of use, give it another name; a restored house is put together there.")
	}
	return os.RemoveAll(dir)
}

// claim takes the one place where a house is made, for this process alone, and
// removes what an earlier restore left that nobody wanted.
func (p places) claim() (release func(), err error) {
	if p.ordered(p.restored) != "" || p.ordered(p.dir) != "" {
		return nil, problem.New(problem.Unavailable, "restore.waiting",
			"A restored house waits to be taken up already.", "Start Latchkey again; it takes its place then. To give it up, remove "+p.restored+".")
	}
	if is, err := ours(p.restored); err != nil || !is {
		if err == nil {
			err = discard(p.restored) // says what is in the way
		}
		return nil, p.said(err)
	}
	f, err := p.lockBuilding()
	if err != nil {
		return nil, p.said(err)
	}
	release = func() { _ = f.Close() }
	if err := errors.Join(mark(p.building), os.RemoveAll(p.house()), discard(p.restored)); err != nil {
		release()
		return nil, p.said(err)
	}
	return release, nil
}

// said passes a problem on, and tells every other error as the folder's.
func (p places) said(err error) error {
	if err == nil || errors.As(err, new(*problem.Problem)) {
		return err
	}
	return unwritable(p.dir, err)
}

// lockBuilding makes DIR.building, or takes that of a restore that was killed.
func (p places) lockBuilding() (*os.File, error) {
	for {
		if is, err := ours(p.building); err != nil || !is {
			if err == nil {
				err = discard(p.building) // says what is in the way
			}
			return nil, err
		}
		if err := os.Mkdir(p.building, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		f, err := os.Open(p.building)
		if errors.Is(err, fs.ErrNotExist) {
			continue // another one has just ended
		}
		if err != nil {
			return nil, err
		}
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			_ = f.Close()
			return nil, problem.New(problem.Unavailable, "restore.busy", "Another restore is under way beside this folder.", "Wait for it, or end it first.")
		}
		held, err := f.Stat()
		named, nameErr := os.Lstat(p.building)
		if err == nil && nameErr == nil && os.SameFile(held, named) {
			return f, nil
		}
		_ = f.Close() // that one was removed meanwhile
	}
}

// tidyUp removes what restores left that nobody wanted.
func tidyUp(dir string) error {
	p := beside(dir)
	if !exists(p.building) && !exists(p.restored) {
		return nil
	}
	release, err := p.claim()
	if err != nil {
		return err
	}
	defer release()
	return p.said(os.RemoveAll(p.building))
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// roomBeside says early what would stop the swap at its end: the folder's
// parent must be writable and on the same disk, and nobody may stand inside.
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
	if at, err := os.Getwd(); err == nil {
		if at = resolved(at); at == p.dir || strings.HasPrefix(at, p.dir+string(filepath.Separator)) {
			return problem.New(problem.Refused, "restore.inside",
				"Latchkey was started from within its own data folder, which would be another one after a restore.",
				"Start it from elsewhere, with --data "+p.dir+".")
		}
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

package install

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// marker says that an upgrade is under way, and all that undoing it needs. It
// lies in a folder of root's, so that nobody else can ask for an undoing; it
// holds no secret, and the service reads it (see Passed).
type marker struct {
	ID       string   `json:"id"`
	Swapping bool     `json:"swapping"` // from here on things may have changed places
	Starting bool     `json:"starting"` // whoever upgrades starts the house, and nobody else may
	From     string   `json:"from"`     // the version that was there
	To       string   `json:"to"`
	Program  bool     `json:"program"` // one was there, and was kept aside
	House    bool     `json:"house"`   // so was a house
	Packaged bool     `json:"packaged"`
	Keep     bool     `json:"keep"`  // no backup could be made, so the old house stays
	Files    []string `json:"files"` // what else is put in place; as they were, they lie below beforeDir
}

const (
	markerFile = upgradeDir + "/marker"
	lockFile   = upgradeDir + "/lock"
	beforeDir  = upgradeDir + "/before"
)

// readMarker answers nil where no upgrade is under way.
func (p Place) readMarker() (*marker, error) {
	raw, err := os.ReadFile(p.at(markerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading how far an upgrade came: %w", err)
	}
	var m marker
	if err := json.Unmarshal(raw, &m); err != nil || m.ID == "" {
		return nil, fmt.Errorf("reading how far an upgrade came, in %s: %w", markerFile, errors.Join(err, errors.New("it is no marker")))
	}
	return &m, nil
}

func (p Place) writeMarker(m marker) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return writeFile(p.at(markerFile), append(raw, '\n'), 0o644, nil)
}

func (p Place) removeMarker() error { return removeDurable(p.at(markerFile)) }

// lock lets one install, upgrade or undoing work at a time; it ends with the
// process at the latest. A problem "install.busy" says that another one works.
func (p Place) lock() (unlock func(), err error) {
	if _, err := makeFolder(p.at(upgradeDir), 0o755, nil); err != nil {
		return nil, fmt.Errorf("making %s: %w", upgradeDir, err)
	}
	f, err := os.OpenFile(p.at(lockFile), os.O_RDWR|os.O_CREATE|noFollow, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close() // nothing was written
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, problemBusy()
		}
		return nil, fmt.Errorf("locking: %w", err)
	}
	return func() { _ = f.Close() }, nil
}

// saveFiles keeps aside, as they are, the files that a plan changes.
func (p Place) saveFiles(paths []string) error {
	// On the disk, too, lest files of an earlier upgrade come back for those
	// that are not there now.
	if err := errors.Join(os.RemoveAll(p.at(beforeDir)), syncFolder(p.at(upgradeDir))); err != nil {
		return err
	}
	for _, path := range paths {
		info, err := os.Lstat(p.at(path))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		to := p.at(filepath.Join(beforeDir, path))
		if err := makeParents(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := copyFile(p.at(path), to, info.Mode().Perm()); err != nil {
			return err
		}
	}
	return nil
}

// restoreFiles puts them back; what was not there goes.
func (p Place) restoreFiles(paths []string) error {
	for _, path := range paths {
		saved := p.at(filepath.Join(beforeDir, path))
		info, err := os.Lstat(saved)
		if errors.Is(err, fs.ErrNotExist) {
			if err := removeDurable(p.at(path)); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if err := copyFile(saved, p.at(path), info.Mode().Perm()); err != nil {
			return err
		}
	}
	return nil
}

// changes are the files that a plan changes, the program apart.
func changes(plan []Step) []string {
	var all []string
	for _, s := range plan {
		if s.Does == MakeFile || s.Does == RemoveFile {
			all = append(all, s.Path)
		}
	}
	return all
}

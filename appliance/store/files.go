package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The files of the data folder that are the store's.
const (
	fileName    = "latchkey.db"
	keyName     = "seal.key"
	makingFile  = fileName + ".new" // made whole before the key gets its name
	makingKey   = keyName + ".new"
	copyPattern = fileName + ".check-*" // hot copies under the full check
	fileMode    = 0o600
	folderMode  = 0o700
)

// presence is which of the two files are there.
type presence struct {
	key, file bool
	making    bool // a finished new file may be waiting for its name
}

func look(dir string) (p presence, err error) {
	for _, f := range []struct {
		name string
		is   *bool
	}{{keyName, &p.key}, {fileName, &p.file}, {makingFile, &p.making}} {
		if *f.is, err = there(filepath.Join(dir, f.name)); err != nil {
			return p, unreadable(dir, err)
		}
	}
	return p, nil
}

func there(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Made says whether the folder holds a house, so that Open is the thing to do;
// false means that Create is. One file without the other, or a folder that
// can't be read, is a problem: nothing is ever started afresh over it.
func Made(dir string) (bool, error) {
	p, err := look(dir)
	if err != nil {
		return false, err
	}
	switch {
	case p.file && p.key:
		return true, nil
	case p.file:
		return false, problemKeyLost(dir)
	case p.key && p.making:
		return true, nil // killed between the two names: Open finishes it
	case p.key:
		return false, problemFileLost(dir)
	}
	return false, nil
}

// writeDurable makes a new file of that content, on the disk when it returns.
func writeDurable(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncPath makes a file, or the names in a folder, durable.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// renameDurable gives a file its name and makes the name durable.
func renameDurable(dir, from, to string) error {
	if err := os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
		return err
	}
	return syncPath(dir)
}

// removeIfThere removes a leftover.
func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing a leftover: %w", err)
	}
	return nil
}

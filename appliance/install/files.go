package install

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// youngSuffix ends the name of a file that is being written.
const youngSuffix = ".young"

// writeFile puts a file there in one rename, on the disk when it returns. owner
// nil leaves it to this process's user.
func writeFile(path string, text []byte, mode fs.FileMode, owner *Owner) error {
	return put(path, bytes.NewReader(text), mode, owner)
}

// copyFile is writeFile with the content of another file.
func copyFile(from, path string, mode fs.FileMode) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	return put(path, f, mode, nil)
}

func put(path string, content io.Reader, mode fs.FileMode, owner *Owner) error {
	young := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+youngSuffix)
	if err := os.Remove(young); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(young, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	if owner != nil {
		err = errors.Join(err, f.Chown(owner.UID, owner.GID))
	}
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()) // Chmod: the umask has no say
	if err == nil {
		err = os.Rename(young, path)
	}
	if err != nil {
		_ = os.Remove(young) // the error before says more
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// makeParents makes a folder and those above it that are missing; their names
// are on the disk when it returns. What is durable in a folder is lost with the
// folder's own name.
func makeParents(path string, mode fs.FileMode) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeParents(filepath.Dir(path), mode); err != nil {
		return err
	}
	if err := os.Mkdir(path, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// makeFolder makes a folder, or gives one that is there its owner and mode.
func makeFolder(path string, mode fs.FileMode, owner *Owner) (undo func() error, err error) {
	if err := makeParents(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	err = os.Mkdir(path, mode)
	switch {
	case err == nil:
		undo = func() error { return os.Remove(path) } // only while it is empty
	case !errors.Is(err, fs.ErrExist):
		return nil, err
	}
	// By its descriptor, so that no link can stand in for it meanwhile.
	f, err := os.OpenFile(path, os.O_RDONLY|noFollow, 0)
	if err != nil {
		return undo, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.IsDir() {
		return undo, errors.Join(err, fmt.Errorf("%s is no folder", path))
	}
	if owner != nil {
		if err := f.Chown(owner.UID, owner.GID); err != nil {
			return undo, err
		}
	}
	return undo, errors.Join(f.Chmod(mode), syncFolder(filepath.Dir(path)))
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// removeDurable removes a file that may not be there.
func removeDurable(path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// renameDurable gives a file another name, over what is there.
func renameDurable(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(to))
}

// same reports whether two files hold the same bytes.
func same(a, b string) bool {
	x, err := os.Open(a)
	if err != nil {
		return false
	}
	defer x.Close()
	y, err := os.Open(b)
	if err != nil {
		return false
	}
	defer y.Close()
	p, q := make([]byte, 1<<16), make([]byte, 1<<16)
	for {
		n, errX := io.ReadFull(x, p)
		m, errY := io.ReadFull(y, q)
		if !bytes.Equal(p[:n], q[:m]) {
			return false
		}
		if errX != nil || errY != nil {
			return ended(errX) && ended(errY)
		}
	}
}

func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/asdine/storm/v3"
	"go.etcd.io/bbolt"
)

// Create makes a new house in dir, which it makes too if need be: seal.key and
// latchkey.db, which know each other. A folder that already holds one is
// problem "store.exists"; one file without the other is refused as by Open.
//
// Both files are finished under temporary names and on the disk before the
// first gets its name, the key before the database. So whenever a kill comes,
// the folder holds either nothing that counts (and Create begins anew), or the
// key and a finished database that lacks only its name (and Create or Open
// gives it), or both. A key is never made where one is. It is closed by
// machineKey from the first, where that is not nil.
func Create(dir string, machineKey []byte) error {
	return (&creation{dir: dir, machineKey: machineKey}).run()
}

// creation is one run of Create; reached is told of each step, for the tests.
type creation struct {
	dir        string
	machineKey []byte
	reached    func(step string)
}

func (c *creation) step(name string) {
	if c.reached != nil {
		c.reached(name)
	}
}

func (c *creation) run() error {
	if err := checkMachineKey(c.machineKey); err != nil {
		return err
	}
	if err := makeFolder(c.dir); err != nil {
		return unreadable(c.dir, err)
	}
	unlock, err := lockFolder(c.dir)
	if err != nil {
		return err
	}
	defer unlock()
	p, err := look(c.dir)
	if err != nil {
		return err
	}
	switch {
	case p.key && !p.file && p.making:
		return c.finish()
	case p.key && p.file:
		return problemExists(c.dir)
	case p.file:
		return problemKeyLost(c.dir)
	case p.key:
		return problemFileLost(c.dir)
	}
	if err := c.prepare(); err != nil {
		return err
	}
	c.step("prepared")
	if err := renameDurable(c.dir, makingKey, keyName); err != nil {
		return unreadable(c.dir, err)
	}
	c.step("key named")
	return c.finish()
}

// prepare makes both files under their temporary names.
func (c *creation) prepare() error {
	keyPath, filePath := filepath.Join(c.dir, makingKey), filepath.Join(c.dir, makingFile)
	if err := errors.Join(removeIfThere(keyPath), removeIfThere(filePath)); err != nil {
		return unreadable(c.dir, err)
	}
	c.step("cleared")
	key := newSealKey()
	if err := writeDurable(keyPath, key.file(c.machineKey)); err != nil {
		return unreadable(c.dir, err)
	}
	c.step("key written")
	if err := makeFile(filePath, key, Version()); err != nil {
		return unreadable(c.dir, err)
	}
	c.step("file written")
	if err := errors.Join(syncPath(filePath), syncPath(c.dir)); err != nil {
		return unreadable(c.dir, err)
	}
	return nil
}

// finish gives the finished database its name. It is never put over another:
// the caller holds the folder's lock and has seen that there is none.
func (c *creation) finish() error {
	if err := renameDurable(c.dir, makingFile, fileName); err != nil {
		return unreadable(c.dir, err)
	}
	c.step("file named")
	return nil
}

// makeFile makes a database of that version.
func makeFile(path string, key sealKey, version uint64) (err error) {
	db, err := bbolt.Open(path, fileMode, boltOptions())
	if err != nil {
		return fmt.Errorf("making the database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	m, err := newMigrator(db, key)
	if err != nil {
		return err
	}
	return m.migrate(db, 0, version)
}

// newMigrator also opens storm over db, which writes its own version into a
// new file.
func newMigrator(db *bbolt.DB, key sealKey) (m *migrator, err error) {
	defer caught(&err)
	seal, err := newSealer(key)
	if err != nil {
		return nil, err
	}
	over, err := storm.Open("", storm.UseDB(db))
	if err != nil {
		return nil, fmt.Errorf("opening storm: %w", err)
	}
	return &migrator{sealer: seal, key: key, storm: over}, nil
}

// makeFolder makes dir for its owner alone; one that is there is closed to
// others. Its name is on the disk when it returns.
func makeFolder(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return MakeFolder(dir)
	case err != nil:
		return err
	case !info.IsDir():
		return &fs.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
	case info.Mode().Perm()&^folderMode != 0:
		err = os.Chmod(dir, folderMode)
	}
	// A creation that was killed may have made it. A parent that may not be
	// read was not made by us.
	if syncErr := syncPath(filepath.Dir(dir)); !errors.Is(syncErr, fs.ErrPermission) {
		err = errors.Join(err, syncErr)
	}
	return err
}

// MakeFolder makes dir, and the parents that it lacks, for their owner alone.
// Each new name is on the disk when it returns, since a house in a folder that
// a power cut takes away is gone with it. One that is there stays as it is.
func MakeFolder(dir string) error {
	parent := filepath.Dir(dir)
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || parent == dir {
		return err
	}
	if err := MakeFolder(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncPath(parent)
}

package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"latchkey/appliance/problem"
)

// Config says which house to open. Dir and Log must be set.
type Config struct {
	Dir        string
	MachineKey []byte           // 32 bytes that close seal.key; nil: this machine has none
	Now        func() time.Time // nil: time.Now
	Log        *slog.Logger
	// Refused hears why the disk did not keep a write, each time that the reason
	// is another one, and nil as soon as it keeps one again. It must not block.
	// May be nil.
	Refused func(*problem.Problem)
}

// Opening is what Open found worth telling.
type Opening struct {
	MetaDamaged bool   // one of the two meta pages was bad, as after a power cut; the other one holds
	Resumed     bool   // a creation that was killed has been finished
	Migrated    uint64 // the version that the file had before, 0 when it was current
	Before      string // path of the copy from before a migration, this one or an earlier; empty: none. See ForgetBefore
	Exposed     bool   // other users of the machine may read the key or the database
	KeyOpen     error  // why seal.key could not be closed by the machine key; nil: it is closed, or there is none
}

// On a 64-bit machine the map is made large at once: growing it means waiting
// for all readers. It costs addresses, no memory.
const (
	mapSize = 1 << (26 + 4*(strconv.IntSize/64)) // 1 GiB, or 64 MiB where addresses are dear
	// The file grows in steps of this, each of which costs a sync.
	growStep = 4 << 20
	// Our own lock came first, so that bbolt's is only ever held up by another
	// start in the same instant.
	boltPatience = time.Second
)

func boltOptions() *bbolt.Options {
	return &bbolt.Options{Timeout: boltPatience, FreelistType: bbolt.FreelistMapType, NoStatistics: true}
}

// Open opens the house in c.Dir, finishing a creation that was killed and
// running the migrations that its file lacks. All refusals are problems
// (package problem) with codes "store.*"; nothing is ever made anew.
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	var found Opening
	made, err := Made(c.Dir)
	if err != nil {
		return nil, err
	}
	if !made {
		return nil, problemNone(c.Dir)
	}
	if found.Resumed, err = resume(c); err != nil {
		return nil, err
	}
	key, open, err := loadKey(c.Dir, c.MachineKey)
	if err != nil {
		return nil, err
	}
	if found.MetaDamaged, err = inspect(ctx, c.Dir); err != nil {
		return nil, err
	}
	s, err := openFile(ctx, c, key, found)
	if err == nil && open && c.MachineKey != nil {
		s.closeKey(c.MachineKey)
	}
	return s, err
}

// resume gives a finished database its name after a creation was killed.
func resume(c Config) (bool, error) {
	if p, err := look(c.Dir); err != nil || p.file {
		return false, err
	}
	unlock, err := lockFolder(c.Dir)
	if err != nil {
		return false, err
	}
	defer unlock()
	if p, err := look(c.Dir); err != nil || p.file { // another start was faster
		return false, err
	}
	return true, (&creation{dir: c.Dir}).finish()
}

// inspect reads the meta pages, and walks all others that are in use, under our
// own lock, before bbolt maps the file.
func inspect(ctx context.Context, dir string) (damaged bool, err error) {
	f, err := os.Open(filepath.Join(dir, fileName))
	if err != nil {
		return false, unreadable(dir, err)
	}
	defer func() { _ = f.Close() }()
	if err := lockSoon(ctx, f); err != nil {
		return false, locked(dir, err)
	}
	info, err := f.Stat()
	if err != nil {
		return false, unreadable(dir, err)
	}
	if info.Mode().IsRegular() && info.Size() == 0 {
		return false, problemEmpty(dir)
	}
	ms, err := readMetas(f, info.Size())
	switch {
	case errors.Is(err, errMetaDamaged):
		return false, problemDamaged(dir).Because(err)
	case errors.Is(err, errMetaForeign), errors.Is(err, errMetaVersion):
		return false, problemForeign(dir).Because(err)
	case err != nil:
		return false, unreadable(dir, err)
	case ms.short:
		return false, problemTruncated(dir)
	}
	// Where the pages themselves are damaged, something may be missing from what
	// is read, and devices would take it for removed.
	if err := walkPages(f, ms.newest, walkStart); errors.Is(err, errPage) {
		return false, problemDamaged(dir).Because(err)
	} else if err != nil {
		return false, unreadable(dir, err)
	}
	return ms.damaged, nil
}

// openFile hands the file to bbolt and storm, and proves that it is this
// house's before anything is written.
func openFile(ctx context.Context, c Config, key sealKey, found Opening) (s *Store, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	db, err := openBolt(filepath.Join(c.Dir, fileName))
	if err != nil {
		return nil, openingProblem(c.Dir, err)
	}
	defer func() {
		if err != nil {
			_ = db.Close()
		}
	}()
	if err := identifiable(db); err != nil {
		return nil, openingProblem(c.Dir, err)
	}
	m, err := newMigrator(db, key)
	if err != nil {
		return nil, openingProblem(c.Dir, err)
	}
	version, err := m.identify(db)
	if err != nil {
		return nil, openingProblem(c.Dir, err)
	}
	if version < Version() {
		if err := keepBefore(ctx, c.Dir, db, version); err != nil {
			return nil, err
		}
		found.Migrated = version
		if err := m.migrate(db, version, Version()); err != nil {
			return nil, openingProblem(c.Dir, err)
		}
	}
	if err := m.shape(db); err != nil {
		return nil, openingProblem(c.Dir, err)
	}
	removeCopies(c.Dir)
	found.Before = before(c.Dir)
	found.Exposed = exposed(c.Dir)
	return newStore(c, db, m, found), nil
}

// exposed says whether others could reach a file: its own mode and the folder's
// both let them.
func exposed(dir string) bool {
	open := func(path string, bits os.FileMode) bool {
		info, err := os.Stat(path)
		return err == nil && info.Mode().Perm()&bits != 0
	}
	return open(dir, 0o011) && (open(filepath.Join(dir, keyName), 0o077) || open(filepath.Join(dir, fileName), 0o077))
}

func openBolt(path string) (db *bbolt.DB, err error) {
	defer caught(&err)
	options := boltOptions()
	options.InitialMmapSize = mapSize
	if db, err = bbolt.Open(path, fileMode, options); err == nil {
		db.AllocSize = growStep
	}
	return db, err
}

// identifiable keeps storm, which writes its version into any file, away from
// one that is not ours.
func identifiable(db *bbolt.DB) (err error) {
	defer caught(&err)
	return db.View(func(tx *bbolt.Tx) error {
		if tx.Bucket([]byte(bucketHouse)) == nil {
			return errNoHouse
		}
		return nil
	})
}

// openingProblem says what an error of opening means.
func openingProblem(dir string, err error) error {
	cause := fmt.Errorf("opening the database: %w", err)
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return problemLocked(dir).Because(cause)
	case errors.Is(err, errNoHouse):
		return problemForeign(dir).Because(cause)
	case errors.Is(err, errNewer):
		return problemNewer(dir).Because(cause)
	case errors.Is(err, errStranger):
		return problemKeyForeign(dir).Because(cause)
	case errors.Is(err, os.ErrPermission), isAny(err, syscall.EROFS, syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM):
		return unreadable(dir, cause) // which says nothing about the file
	}
	return problemDamaged(dir).Because(cause)
}

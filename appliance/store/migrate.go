package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/asdine/storm/v3"
	"go.etcd.io/bbolt"
)

// migration brings the file from the version before it to its own. A new file
// goes through all of them, from version 0.
type migration struct {
	version uint64
	name    string
	run     func(*migrator, *bbolt.Tx) error
}

// migrator is what a migration may use besides its transaction.
type migrator struct {
	sealer *sealer
	key    sealKey
	storm  *storm.DB
}

// migrations lists all, in order. To add one, write migrate_NNNN_name.go, put
// it at the end here, and make a golden file of the version before it
// (CONTRIBUTING.md). Never change one that has been released.
func migrations() []migration {
	return []migration{
		{1, "identity, tables and vault", migrateIdentity},
		{2, "journal by months", migrateJournal},
		{3, "what guard remembers", migrateGuard},
	}
}

// Version is the format that this program writes: that of the last migration.
func Version() uint64 {
	all := migrations()
	return all[len(all)-1].version
}

var (
	keyVersion = []byte("version")
	keyHouse   = []byte("house")
	keyProbe   = []byte("probe")
)

var (
	errNoHouse  = errors.New("no identity in the file")
	errNewer    = errors.New("the file has a newer version")
	errStranger = errors.New("the file belongs to another key")
)

// migrate brings the file up to version upTo, in one transaction, so that it is
// of the one version or the other whenever a kill comes.
func (m *migrator) migrate(db *bbolt.DB, from, upTo uint64) (err error) {
	defer caught(&err)
	return db.Update(func(tx *bbolt.Tx) error {
		for _, step := range migrations() {
			if step.version <= from || step.version > upTo {
				continue
			}
			if err := step.run(m, tx); err != nil {
				return fmt.Errorf("migrating to version %d (%s): %w", step.version, step.name, err)
			}
		}
		b, err := tx.CreateBucketIfNotExists([]byte(bucketHouse))
		if err != nil {
			return err
		}
		return b.Put(keyVersion, binary.BigEndian.AppendUint64(nil, upTo))
	})
}

// identify reads the file's version and checks that it is this house's: the id
// matches the key's, and the probe opens with it.
func (m *migrator) identify(db *bbolt.DB) (version uint64, err error) {
	defer caught(&err)
	err = db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bucketHouse))
		if b == nil {
			return errNoHouse
		}
		v := b.Get(keyVersion)
		if len(v) != 8 {
			return errNoHouse
		}
		if version = binary.BigEndian.Uint64(v); version > Version() {
			return errNewer
		}
		if house := b.Get(keyHouse); string(house) != string(m.key.house[:]) {
			return errStranger
		}
		text, err := m.sealer.open(nil, b.Get(keyProbe), plain(bucketHouse).ad(nil, keyProbe))
		if err != nil || string(text) != m.key.house.String() {
			return errStranger
		}
		return nil
	})
	return version, err
}

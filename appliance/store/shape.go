package store

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"latchkey/appliance/account"
)

var errShape = errors.New("something is missing from the file")

// shape is an error where something is missing from a file whose pages are
// sound, and no reading would notice: a bucket under another name looks like an
// empty one, and so does what lies under an owner that nobody is. Devices would
// take both for removed. What is there and does not open is found when it is
// read, and by the full check.
func (m *migrator) shape(db *bbolt.DB) (err error) {
	defer caught(&err)
	return db.View(func(tx *bbolt.Tx) error {
		r := &Report{Version: Version()}
		c := &checker{Report: r, layer: &layer{s: &Store{sealer: m.sealer, storm: m.storm}, tx: tx}}
		c.buckets(tx)
		if !r.Clean() {
			return fmt.Errorf("%w: %v", errShape, r)
		}
		accounts := c.table(tableAccounts)
		rows, err := accounts.all()
		if err != nil {
			return err
		}
		owners := make([][]byte, 0, len(rows))
		for i := range rows {
			if key, ok := ownerKey(account.UserID(rows[i].ID)); ok {
				owners = append(owners, key)
			}
		}
		for _, name := range []string{bucketItems, bucketFolders, bucketHeads} {
			if key := strange(tx.Bucket([]byte(name)), owners); key != nil {
				return fmt.Errorf("%w: %s has an owner %x without an account", errShape, name, key)
			}
		}
		return nil
	})
}

// strange is the first owner in a bucket's keys that is none of owners, nil
// where there is none. It skips from one owner to the next.
func strange(b *bbolt.Bucket, owners [][]byte) []byte {
	const length = 16
	known := func(key []byte) bool {
		return slices.ContainsFunc(owners, func(o []byte) bool { return bytes.Equal(o, key) })
	}
	c := b.Cursor()
	for key, _ := c.First(); key != nil; {
		if len(key) < length || !known(key[:length]) {
			return key
		}
		next := bytes.Clone(key[:length])
		i := length - 1
		for ; i >= 0; i-- {
			if next[i]++; next[i] != 0 {
				break
			}
		}
		if i < 0 {
			return nil
		}
		key, _ = c.Seek(next)
	}
	return nil
}

package store

import (
	"fmt"

	"go.etcd.io/bbolt"
)

// migrateGuard makes the bucket of what guard remembers.
func migrateGuard(_ *migrator, tx *bbolt.Tx) error {
	if _, err := tx.CreateBucket([]byte(bucketGuard)); err != nil {
		return fmt.Errorf("making bucket %s: %w", bucketGuard, err)
	}
	return nil
}

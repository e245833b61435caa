package store

import (
	"fmt"

	"go.etcd.io/bbolt"
)

// migrateJournal makes the bucket in which each month gets its own.
func migrateJournal(_ *migrator, tx *bbolt.Tx) error {
	if _, err := tx.CreateBucket([]byte(bucketJournal)); err != nil {
		return fmt.Errorf("making bucket %s: %w", bucketJournal, err)
	}
	return nil
}

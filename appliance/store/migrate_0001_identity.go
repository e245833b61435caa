package store

import (
	"fmt"

	"go.etcd.io/bbolt"
)

// migrateIdentity makes a file of version 1: whose it is, a sealed probe that
// tells the right key from a wrong one, the tables, and the vault's buckets.
func migrateIdentity(m *migrator, tx *bbolt.Tx) error {
	b, err := tx.CreateBucket([]byte(bucketHouse))
	if err != nil {
		return fmt.Errorf("making the identity: %w", err)
	}
	if err := b.Put(keyHouse, m.key.house[:]); err != nil {
		return err
	}
	probe := m.sealer.seal([]byte(m.key.house.String()), plain(bucketHouse).ad(nil, keyProbe))
	if err := b.Put(keyProbe, probe); err != nil {
		return err
	}
	for _, name := range []string{tableAccounts, tableDevices, tableInvitations, tableValues} {
		if err := m.storm.From(name).WithTransaction(tx).Init(&record{}); err != nil {
			return fmt.Errorf("making table %s: %w", name, err)
		}
	}
	for _, name := range []string{bucketItems, bucketFolders, bucketRevisions, bucketGone, bucketHeads, bucketSessions} {
		if _, err := tx.CreateBucket([]byte(name)); err != nil {
			return fmt.Errorf("making bucket %s: %w", name, err)
		}
	}
	return nil
}

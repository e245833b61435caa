package store

import (
	"context"
	"errors"
)

// Counts counts what is kept, without opening any of it.
func (s *Store) Counts(ctx context.Context) (c Counts, err error) {
	err = s.view(ctx, func(l *layer) (err error) {
		c, err = l.counts()
		return err
	})
	return c, err
}

func (l *layer) counts() (c Counts, err error) {
	defer caught(&err)
	for name, n := range map[string]*int{
		tableAccounts: &c.Accounts, tableDevices: &c.Devices, tableInvitations: &c.Invitations, tableValues: &c.Values,
	} {
		if *n, err = l.table(name).node.Count(&record{}); err != nil {
			return Counts{}, err
		}
	}
	for name, n := range map[string]*int{
		bucketSessions: &c.Sessions, bucketItems: &c.Items, bucketFolders: &c.Folders, bucketRevisions: &c.Revisions, bucketGuard: &c.Guard,
	} {
		if *n, _, err = l.count(plain(name), nil); err != nil {
			return Counts{}, err
		}
	}
	months, err := l.months()
	for _, month := range months {
		n, _, countErr := l.count(place{bucketJournal, month}, nil)
		c.Entries, err = c.Entries+n, errors.Join(err, countErr)
	}
	return c, err
}

package vault

import (
	"time"

	"latchkey/appliance/account"
)

// Rekeyed is everything of one person, sealed under a new key by their client:
// all items, those in the trash too, and all folders.
type Rekeyed struct {
	Items   map[ItemID][]byte    // bodies
	Folders map[FolderID]string  // names
	Known   map[ItemID]time.Time // which revisions the bodies were made from, where the client says so
}

// Rekey replaces what all items and folders of the actor say, and nothing else
// about them. It is a part of account.Directory.Rotate and runs in its
// transaction: one thing too few, one that is not theirs, or one that was
// changed meanwhile, and nothing changes.
func (v *Vault) Rekey(by Actor, in Rekeyed) func(account.Writer) error {
	return func(people account.Writer) error {
		w := v.keep.Within(people, by.Device)
		rev, err := w.Next(by.Owner)
		if err != nil {
			return err
		}
		if err := rekeyFolders(w, by.Owner, rev, in.Folders); err != nil {
			return err
		}
		return rekeyItems(w, by.Owner, rev, in)
	}
}

func rekeyFolders(w Writer, owner account.UserID, rev Revision, names map[FolderID]string) error {
	ids, err := collect(w.Folders(owner), func(f Folder) FolderID { return f.ID })
	if err != nil {
		return err
	}
	if len(ids) != len(names) {
		return account.ErrRotation
	}
	for _, id := range ids {
		name, ok := names[id]
		if !ok {
			return account.ErrRotation
		}
		if err := w.PutFolder(Folder{ID: id, Owner: owner, Name: name, Revision: rev}); err != nil {
			return err
		}
	}
	return nil
}

func rekeyItems(w Writer, owner account.UserID, rev Revision, in Rekeyed) error {
	ids, err := collect(w.Items(owner), func(it Item) ItemID { return it.ID })
	if err != nil {
		return err
	}
	if len(ids) != len(in.Items) {
		return account.ErrRotation
	}
	for _, id := range ids {
		body, ok := in.Items[id]
		if !ok {
			return account.ErrRotation
		}
		it, err := w.Item(owner, id)
		if err != nil {
			return err
		}
		if known := in.Known[id]; !known.IsZero() && it.Revision.Time().Sub(known) > staleBy {
			return account.ErrRotation
		}
		it.Body, it.Revision = body, rev
		if err := w.PutItem(it); err != nil {
			return err
		}
	}
	return nil
}

package store

import (
	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

func (v *vaultLayer) PutItem(it vault.Item) error {
	text, err := encodeItem(&it)
	if err != nil {
		return err
	}
	return v.put(bucketItems, kindItem, it.Owner, string(it.ID), it.Revision, text)
}

func (v *vaultLayer) PutFolder(f vault.Folder) error {
	return v.put(bucketFolders, kindFolder, f.Owner, string(f.ID), f.Revision, encodeFolder(&f))
}

// put makes or replaces a thing and its revision entry.
func (v *vaultLayer) put(bucket string, kind byte, owner account.UserID, id string, rev vault.Revision, text []byte) error {
	key, ok := ownedKey(owner, id)
	if !ok || rev <= 0 {
		return errID
	}
	t := thing{kind, key}
	old, err := v.revision(bucket, key)
	if err != nil {
		return err
	}
	if err := v.l.note(t, old, rev, false); err != nil {
		return err
	}
	v.say(t.change(rev, false, v.by))
	return v.l.putSealed(plain(bucket), key, text)
}

// revision is that of the thing now at key, 0 where there is none.
func (v *vaultLayer) revision(bucket string, key []byte) (vault.Revision, error) {
	text, err := v.l.getSealed(plain(bucket), key)
	if err != nil || text == nil {
		return 0, err
	}
	if bucket == bucketItems {
		return revisionOf(text)
	}
	var f vault.Folder
	err = decodeFolder(text, &f)
	return f.Revision, err
}

func (v *vaultLayer) RemoveItem(owner account.UserID, id vault.ItemID, rev vault.Revision) error {
	return v.drop(bucketItems, kindItem, owner, string(id), rev)
}

func (v *vaultLayer) RemoveFolder(owner account.UserID, id vault.FolderID, rev vault.Revision) error {
	return v.drop(bucketFolders, kindFolder, owner, string(id), rev)
}

// drop removes a thing and leaves its tombstone.
func (v *vaultLayer) drop(bucket string, kind byte, owner account.UserID, id string, rev vault.Revision) error {
	key, ok := ownedKey(owner, id)
	if !ok {
		return vault.ErrNotFound
	}
	old, err := v.revision(bucket, key)
	if err != nil {
		return err
	}
	if old == 0 {
		return vault.ErrNotFound
	}
	if rev <= 0 {
		return errID
	}
	t := thing{kind, key}
	if err := v.l.note(t, old, rev, true); err != nil {
		return err
	}
	v.say(t.change(rev, true, v.by))
	return v.l.remove(plain(bucket), key)
}

// say has a change published after the commit.
func (v *vaultLayer) say(c vault.Change) { v.l.says = append(v.l.says, c) }

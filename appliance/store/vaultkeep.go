package store

import (
	"context"
	"fmt"
	"iter"

	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

// vaultKeep is the store as vault wants it.
type vaultKeep struct{ s *Store }

var _ vault.Keep = vaultKeep{}

// Vault gives the keep of items and folders.
func (s *Store) Vault() vault.Keep { return vaultKeep{s} }

// vaultLayer is what vault's functions get: one layer, and whose act it is.
type vaultLayer struct {
	l  *layer
	by account.DeviceID
}

var _ vault.Writer = (*vaultLayer)(nil)

func (k vaultKeep) View(ctx context.Context, fn func(vault.Reader) error) error {
	return k.s.view(ctx, func(l *layer) error { return fn(&vaultLayer{l: l}) })
}

func (k vaultKeep) Write(ctx context.Context, by account.DeviceID, fn func(vault.Writer) error) error {
	return k.write(ctx, by, shared, fn)
}

func (k vaultKeep) WriteLong(ctx context.Context, by account.DeviceID, fn func(vault.Writer) error) error {
	return k.write(ctx, by, alone, fn)
}

func (k vaultKeep) write(ctx context.Context, by account.DeviceID, how bool, fn func(vault.Writer) error) error {
	if err := k.s.mayChangeVault(); err != nil {
		return err
	}
	return k.s.writer.do(ctx, how, func(l *layer) error { return fn(&vaultLayer{l, by}) })
}

// Within panics for a writer of another engine: only an assembly of two could
// hand one over.
func (k vaultKeep) Within(w account.Writer, by account.DeviceID) vault.Writer {
	return &vaultLayer{w.(*accountLayer).l, by}
}

func (v *vaultLayer) Revision(owner account.UserID) (vault.Revision, error) {
	key, ok := ownerKey(owner)
	if !ok {
		return 0, nil
	}
	return v.l.head(key)
}

func (v *vaultLayer) Next(owner account.UserID) (vault.Revision, error) {
	key, ok := ownerKey(owner)
	if !ok {
		return 0, errID
	}
	return v.l.nextRevision(key)
}

func (v *vaultLayer) Item(owner account.UserID, id vault.ItemID) (vault.Item, error) {
	it := vault.Item{ID: id, Owner: owner}
	text, err := v.find(bucketItems, owner, string(id))
	if err != nil {
		return vault.Item{}, err
	}
	return it, decodeItem(text, &it)
}

// find gives the text of an owner's thing, or vault.ErrNotFound.
func (v *vaultLayer) find(bucket string, owner account.UserID, id string) ([]byte, error) {
	key, ok := ownedKey(owner, id)
	if !ok {
		return nil, vault.ErrNotFound
	}
	text, err := v.l.getSealed(plain(bucket), key)
	if err == nil && text == nil {
		err = vault.ErrNotFound
	}
	return text, err
}

// Items reuses one buffer for all bodies, which vault.Keep allows: what it
// yields is good until the next step.
func (v *vaultLayer) Items(owner account.UserID) iter.Seq2[vault.Item, error] {
	return func(yield func(vault.Item, error) bool) {
		it := vault.Item{Owner: owner}
		v.each(bucketItems, owner, func(id string, text []byte, err error) bool {
			if it.ID = vault.ItemID(id); err == nil {
				err = decodeItem(text, &it)
			}
			if err != nil {
				yield(vault.Item{}, fmt.Errorf("reading item %s: %w", id, err))
				return false
			}
			return yield(it, nil)
		})
	}
}

// each walks the texts of one owner's things in one bucket. The text is good
// until the next step; an error is the last step.
func (v *vaultLayer) each(bucket string, owner account.UserID, step func(id string, text []byte, err error) bool) {
	prefix, ok := ownerKey(owner)
	if !ok {
		return
	}
	var room []byte
	for c := v.l.scan(plain(bucket), prefix, nil); ; {
		key, sealed, err := c.next()
		if err != nil {
			step("", nil, err)
			return
		}
		if key == nil {
			return
		}
		text, err := v.l.open(plain(bucket), key, sealed, room[:0])
		if !step(idOf(key), text, err) || err != nil {
			return
		}
		room = text
	}
}

func (v *vaultLayer) Folder(owner account.UserID, id vault.FolderID) (vault.Folder, error) {
	f := vault.Folder{ID: id, Owner: owner}
	text, err := v.find(bucketFolders, owner, string(id))
	if err != nil {
		return vault.Folder{}, err
	}
	return f, decodeFolder(text, &f)
}

func (v *vaultLayer) Folders(owner account.UserID) iter.Seq2[vault.Folder, error] {
	return func(yield func(vault.Folder, error) bool) {
		f := vault.Folder{Owner: owner}
		v.each(bucketFolders, owner, func(id string, text []byte, err error) bool {
			if f.ID = vault.FolderID(id); err == nil {
				err = decodeFolder(text, &f)
			}
			if err != nil {
				yield(vault.Folder{}, fmt.Errorf("reading folder %s: %w", id, err))
				return false
			}
			return yield(f, nil)
		})
	}
}

// Count counts keys, and opens no seal.
func (v *vaultLayer) Count(owner account.UserID) (n vault.Counted, err error) {
	prefix, ok := ownerKey(owner)
	if !ok {
		return n, nil
	}
	var items, folders int64
	if n.Items, items, err = v.l.count(plain(bucketItems), prefix); err != nil {
		return vault.Counted{}, err
	}
	if n.Folders, folders, err = v.l.count(plain(bucketFolders), prefix); err != nil {
		return vault.Counted{}, err
	}
	n.Bytes = items + folders
	return n, nil
}

// count counts the keys with prefix and the bytes of keys and values.
func (l *layer) count(p place, prefix []byte) (n int, bytes int64, err error) {
	for c := l.scan(p, prefix, nil); ; n++ {
		key, sealed, err := c.next()
		if err != nil || key == nil {
			return n, bytes, err
		}
		bytes += int64(len(key) + len(sealed))
	}
}

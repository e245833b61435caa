package store

import (
	"encoding/binary"
	"errors"
	"iter"

	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

// What changed when: one entry for each item and folder that is or was there.
// A revisions key is owner 16 | revision 8 | kind 1 | id 16, because several
// things may change with one revision; its text is one byte, gone or there. A
// thing that is there names its revision in its own text, so that its entry can
// be replaced; of one that is gone the bucket "gone" remembers it.
const (
	kindItem   = 'i'
	kindFolder = 'f'
	entryThere = 0
	entryGone  = 1
	entryKey   = 16 + 8 + 1 + 16
)

var errRevision = errors.New("store: a revision entry is malformed")

// thing names an item or a folder of one owner.
type thing struct {
	kind byte
	key  []byte // owner 16 | id 16
}

func (t thing) revisionKey(rev vault.Revision) []byte {
	key := make([]byte, 0, entryKey)
	key = append(key, t.key[:16]...)
	key = binary.BigEndian.AppendUint64(key, uint64(rev))
	key = append(key, t.kind)
	return append(key, t.key[16:]...)
}

func (t thing) goneKey() []byte {
	key := make([]byte, 0, 33)
	key = append(key, t.key[:16]...)
	key = append(key, t.kind)
	return append(key, t.key[16:]...)
}

func (t thing) change(rev vault.Revision, gone bool, by account.DeviceID) vault.Change {
	kind := vault.ItemChanged
	if t.kind == kindFolder {
		kind = vault.FolderChanged
	}
	return vault.Change{Owner: ownerOf(t.key), Kind: kind, ID: idOf(t.key), Revision: rev, Gone: gone, Device: by}
}

// head is the owner's last revision, 0 before the first.
func (l *layer) head(owner []byte) (vault.Revision, error) {
	text, err := l.getSealed(plain(bucketHeads), owner)
	if err != nil || text == nil {
		return 0, err
	}
	if len(text) != 8 {
		return 0, errRevision
	}
	return vault.Revision(binary.BigEndian.Uint64(text)), nil
}

// nextRevision moves the owner's head on: to the present, or past the last one
// where the clock has not moved or was set back.
func (l *layer) nextRevision(owner []byte) (vault.Revision, error) {
	last, err := l.head(owner)
	if err != nil {
		return 0, err
	}
	rev := max(vault.Revision(l.s.now().UnixMilli()), last+1)
	text := binary.BigEndian.AppendUint64(nil, uint64(rev))
	return rev, l.putSealed(plain(bucketHeads), owner, text)
}

// note replaces the thing's entry; old is its former revision, 0 where it was
// not there.
func (l *layer) note(t thing, old, rev vault.Revision, gone bool) error {
	if old == 0 {
		var err error
		if old, err = l.forgetGone(t); err != nil {
			return err
		}
	}
	if old != 0 && old != rev {
		if err := l.remove(plain(bucketRevisions), t.revisionKey(old)); err != nil {
			return err
		}
	}
	state := []byte{entryThere}
	if gone {
		state[0] = entryGone
		text := binary.BigEndian.AppendUint64(nil, uint64(rev))
		if err := l.putSealed(plain(bucketGone), t.goneKey(), text); err != nil {
			return err
		}
	}
	return l.putSealed(plain(bucketRevisions), t.revisionKey(rev), state)
}

// forgetGone drops the memory of a thing that comes back and returns the
// revision of its tombstone, 0 for none.
func (l *layer) forgetGone(t thing) (vault.Revision, error) {
	key := t.goneKey()
	text, err := l.getSealed(plain(bucketGone), key)
	if err != nil || text == nil {
		return 0, err
	}
	if len(text) != 8 {
		return 0, errRevision
	}
	return vault.Revision(binary.BigEndian.Uint64(text)), l.remove(plain(bucketGone), key)
}

// Changes implements vault.Reader.
func (v *vaultLayer) Changes(owner account.UserID, since vault.Revision) iter.Seq2[vault.Change, error] {
	return func(yield func(vault.Change, error) bool) {
		prefix, ok := ownerKey(owner)
		if !ok {
			return
		}
		from := binary.BigEndian.AppendUint64(append([]byte(nil), prefix...), uint64(max(since, 0)+1))
		c := v.l.scan(plain(bucketRevisions), prefix, from)
		for {
			key, sealed, err := c.next()
			if err == nil && key == nil {
				return
			}
			var change vault.Change
			if err == nil {
				change, err = v.l.changeAt(key, sealed)
			}
			if !yield(change, err) || err != nil {
				return
			}
		}
	}
}

// changeAt reads one entry of the revisions.
func (l *layer) changeAt(key, sealed []byte) (vault.Change, error) {
	var room [8]byte
	text, err := l.open(plain(bucketRevisions), key, sealed, room[:0])
	if err != nil {
		return vault.Change{}, err
	}
	if len(key) != entryKey || len(text) != 1 || text[0] > entryGone {
		return vault.Change{}, errRevision
	}
	t := thing{kind: key[24], key: append(append([]byte(nil), key[:16]...), key[25:]...)}
	return t.change(vault.Revision(binary.BigEndian.Uint64(key[16:])), text[0] == entryGone, ""), nil
}

package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	berrors "go.etcd.io/bbolt/errors"

	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

// Rebase makes a house that came back from a backup newer than all that its
// people's devices have seen, because an app skips a sync that looks older than
// its last one. Every item, folder, tombstone and account gets the revision
// now, or the one after its owner's last where now is not later; sessions,
// remembered devices and invitations end; values are kept as by SetValues. It is
// one write: a kill leaves all as it was, and it may be repeated.
func (s *Store) Rebase(ctx context.Context, now time.Time, values map[string][]byte) error {
	return s.writer.do(ctx, alone, func(l *layer) error {
		r := &rebase{l: l, now: vault.Revision(now.UnixMilli()), revisions: make(map[account.UserID]vault.Revision)}
		for _, step := range []func() error{r.clear, r.vault, r.accounts, r.invitations} {
			if err := step(); err != nil {
				return fmt.Errorf("renewing all revisions: %w", err)
			}
		}
		return l.putValues(values)
	})
}

// rebase is one run of Rebase.
type rebase struct {
	l         *layer
	now       vault.Revision
	revisions map[account.UserID]vault.Revision // given to each owner so far
}

// of gives the owner's new revision, and moves the head there when first asked.
func (r *rebase) of(owner []byte) (vault.Revision, error) {
	id := ownerOf(owner)
	if rev, known := r.revisions[id]; known {
		return rev, nil
	}
	last, err := r.l.head(owner)
	if err != nil {
		return 0, err
	}
	rev := max(r.now, last+1)
	r.revisions[id] = rev
	r.l.says = append(r.l.says, vault.Change{Owner: id, Kind: vault.AccountChanged, Revision: rev})
	return rev, r.l.putSealed(plain(bucketHeads), owner, binary.BigEndian.AppendUint64(nil, uint64(rev)))
}

// clear empties the buckets that are not wanted, or written anew.
func (r *rebase) clear() error {
	return errors.Join(r.l.empty(plain(bucketSessions)), r.l.empty(plain(bucketRevisions)))
}

// empty takes all keys out of a bucket by making it anew.
func (l *layer) empty(p place) (err error) {
	defer caught(&err)
	l.opened = nil
	l.gen++
	if err := l.tx.DeleteBucket([]byte(p.top)); err != nil && !errors.Is(err, berrors.ErrBucketNotFound) {
		return err
	}
	_, err = l.tx.CreateBucket([]byte(p.top))
	return err
}

func (r *rebase) vault() error {
	err := r.things(bucketItems, func(key []byte) (thing, byte) { return thing{kindItem, key}, entryThere }, func(text []byte) ([]byte, error) {
		_, err := revisionOf(text)
		return text[itemRevisionAt:], err
	})
	if err != nil {
		return err
	}
	err = r.things(bucketFolders, func(key []byte) (thing, byte) { return thing{kindFolder, key}, entryThere }, func(text []byte) ([]byte, error) {
		var f vault.Folder
		err := decodeFolder(text, &f)
		return text[folderRevisionAt:], err
	})
	if err != nil {
		return err
	}
	return r.things(bucketGone, func(key []byte) (thing, byte) {
		return thing{key[16], append(bytes.Clone(key[:16]), key[17:]...)}, entryGone
	}, func(text []byte) ([]byte, error) {
		if len(text) != 8 {
			return nil, errRevision
		}
		return text, nil
	})
}

// things gives every thing of one bucket its new revision. name says what a key
// stands for and how it is entered in the index; at finds the 8 bytes of the
// revision in a text. A value that does not open ends all: the full check comes
// before this.
func (r *rebase) things(bucket string, name func(key []byte) (thing, byte), at func(text []byte) ([]byte, error)) error {
	p := plain(bucket)
	var room []byte
	for c := r.l.scan(p, nil, nil); ; {
		key, sealed, err := c.next()
		if err != nil || key == nil {
			return err
		}
		if len(key) < 32 {
			return errRevision
		}
		key = bytes.Clone(key)
		if room, err = r.l.open(p, key, sealed, room[:0]); err != nil {
			return err
		}
		place, err := at(room)
		if err != nil {
			return err
		}
		rev, err := r.of(key[:16:16])
		if err != nil {
			return err
		}
		binary.BigEndian.PutUint64(place, uint64(rev))
		t, state := name(key)
		err = errors.Join(r.l.putSealed(p, key, room), r.l.putSealed(plain(bucketRevisions), t.revisionKey(rev), []byte{state}))
		if err != nil {
			return err
		}
	}
}

// accounts moves on those, too, that own nothing.
func (r *rebase) accounts() error {
	a := &accountLayer{sessionLayer{r.l}}
	all, err := a.Accounts()
	if err != nil {
		return err
	}
	for _, acc := range all {
		key, ok := ownerKey(acc.ID)
		if !ok {
			return errID
		}
		if _, err := r.of(key); err != nil {
			return err
		}
		acc.Remembered = nil
		if err := a.PutAccount(acc); err != nil {
			return err
		}
	}
	return nil
}

func (r *rebase) invitations() error {
	t := r.l.table(tableInvitations)
	rows, err := t.all()
	if err != nil {
		return err
	}
	for i := range rows {
		if err := t.remove(&rows[i]); err != nil {
			return err
		}
	}
	return nil
}

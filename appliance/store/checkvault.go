package store

import (
	"encoding/binary"
	"errors"
	"time"

	"latchkey/appliance/vault"
)

// sessions opens all sessions; each has an account and a device of its own.
func (c *checker) sessions() {
	p := plain(bucketSessions)
	devices := c.table(tableDevices)
	c.Counts.Sessions = c.each(p, 32, func(key, text []byte) error {
		s, err := decodeSession(text, key)
		if err != nil {
			return err
		}
		c.owned(p, key)
		r, ok, err := devices.one("ID", string(s.Device))
		if err == nil && (!ok || r.Owner != string(s.Owner)) {
			c.add(FoundReference, c.at(p, key), "its device is not there")
		}
		return err
	})
}

// vault opens items, folders and what says when they changed.
func (c *checker) vault() {
	items, folders := plain(bucketItems), plain(bucketFolders)
	c.Counts.Items = c.each(items, 32, func(key, text []byte) error {
		var it vault.Item
		if err := decodeItem(text, &it); err != nil {
			return err
		}
		c.thing(items, kindItem, key, it.Revision)
		if it.Folder != "" {
			folder, _ := appendUUID(append([]byte(nil), key[:16]...), string(it.Folder))
			if !c.has(folders, folder) {
				c.add(FoundReference, c.at(items, key), "its folder is not there")
			}
		}
		return nil
	})
	c.Counts.Folders = c.each(folders, 32, func(key, text []byte) error {
		var f vault.Folder
		err := decodeFolder(text, &f)
		if err == nil {
			c.thing(folders, kindFolder, key, f.Revision)
		}
		return err
	})
	c.revisions()
}

// thing wants an owner, an entry at the revision, and a head not before it.
func (c *checker) thing(p place, kind byte, key []byte, rev vault.Revision) {
	c.owned(p, key)
	if !c.has(plain(bucketRevisions), thing{kind, key}.revisionKey(rev)) {
		c.add(FoundReference, c.at(p, key), "its revision has no entry")
	}
	if head, err := c.head(key[:16:16]); err != nil || head < rev {
		c.add(FoundReference, c.at(p, key), "its revision is behind the owner's last one (%v)", err)
	}
}

// revisions wants for each entry the thing as it says, and no other.
func (c *checker) revisions() {
	p, gone := plain(bucketRevisions), 0
	c.Counts.Revisions = c.each(p, entryKey, func(key, text []byte) error {
		if len(text) != 1 || text[0] > entryGone {
			return errRevision
		}
		t := thing{kind: key[24], key: append(append([]byte(nil), key[:16]...), key[25:]...)}
		rev := vault.Revision(binary.BigEndian.Uint64(key[16:]))
		is, there, err := c.revisionNow(t)
		if text[0] == entryGone {
			gone++
			if there {
				c.add(FoundReference, c.at(p, key), "what it calls gone is there")
			}
			is, there, err = c.goneAt(t)
		}
		if err == nil && (!there || is != rev) {
			c.add(FoundReference, c.at(p, key), "what it tells of has another revision")
		}
		return err
	})
	n := c.each(plain(bucketGone), 33, func(key, text []byte) error {
		if len(text) != 8 {
			return errRevision
		}
		return nil
	})
	if n != gone {
		c.add(FoundReference, bucketGone, "%d tombstones for %d entries", n, gone)
	}
	c.each(plain(bucketHeads), 16, func(key, text []byte) error {
		if len(text) != 8 {
			return errRevision
		}
		c.owned(plain(bucketHeads), key)
		return nil
	})
}

// revisionNow reads the revision of a thing that is there.
func (c *checker) revisionNow(t thing) (vault.Revision, bool, error) {
	bucket := bucketItems
	if t.kind == kindFolder {
		bucket = bucketFolders
	} else if t.kind != kindItem {
		return 0, false, errRevision
	}
	rev, err := (&vaultLayer{l: c.layer}).revision(bucket, t.key)
	return rev, rev != 0, err
}

func (c *checker) goneAt(t thing) (vault.Revision, bool, error) {
	text, err := c.getSealed(plain(bucketGone), t.goneKey())
	if err != nil || len(text) != 8 {
		return 0, false, err
	}
	return vault.Revision(binary.BigEndian.Uint64(text)), true, nil
}

// journal opens all entries, each in its own month.
func (c *checker) journal() {
	months, err := c.months()
	if err != nil {
		c.add(FoundPage, bucketJournal, "%v", err)
	}
	for _, month := range months {
		if _, err := time.Parse(monthLayout, month); err != nil {
			c.add(FoundUnknown, bucketJournal+"/"+month, "not a month")
		}
		c.Counts.Entries += c.each(place{bucketJournal, month}, journalKey, func(key, text []byte) error {
			e, err := decodeEntry(key, text)
			if err == nil && monthOf(e.Time) != month {
				err = errors.New("it stands in another month")
			}
			return err
		})
	}
}

package store

import (
	"encoding/binary"
	"errors"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

// An item's text, before it is sealed: version 1 | flags 1 | revision 8 |
// created 8 | folder 16, deleted 8, archived 8 where their flags say so | body.
// Numbers are big-endian, times Unix microseconds. Owner and id are the key.
const (
	itemVersion = 1
	itemHead    = 1 + 1 + 8 + 8

	itemRevisionAt = 1 + 1

	flagFavourite = 1
	flagFolder    = 2
	flagDeleted   = 4
	flagArchived  = 8
	flagsKnown    = flagFavourite | flagFolder | flagDeleted | flagArchived
)

var errItemText = errors.New("store: an item's text is malformed")

// encodeItem gives the text of it.
func encodeItem(it *vault.Item) ([]byte, error) {
	if len(it.Body) == 0 {
		return nil, errors.New("store: an item without a body")
	}
	b := make([]byte, 2, itemHead+16+8+8+len(it.Body))
	b[0] = itemVersion
	b = binary.BigEndian.AppendUint64(b, uint64(it.Revision))
	b = appendTime(b, it.Created)
	if it.Favourite {
		b[1] |= flagFavourite
	}
	if it.Folder != "" {
		b[1] |= flagFolder
		var ok bool
		if b, ok = appendUUID(b, string(it.Folder)); !ok {
			return nil, errID
		}
	}
	if !it.Deleted.IsZero() {
		b[1] |= flagDeleted
		b = appendTime(b, it.Deleted)
	}
	if !it.Archived.IsZero() {
		b[1] |= flagArchived
		b = appendTime(b, it.Archived)
	}
	return append(b, it.Body...), nil
}

// decodeItem reads text into it, all but owner and id; it.Body is part of text.
func decodeItem(text []byte, it *vault.Item) error {
	if len(text) <= itemHead || text[0] != itemVersion || text[1]&^flagsKnown != 0 {
		return errItemText
	}
	flags := text[1]
	it.Favourite = flags&flagFavourite != 0
	it.Revision = vault.Revision(binary.BigEndian.Uint64(text[itemRevisionAt:]))
	it.Created = timeOf(text[10:])
	rest := text[itemHead:]
	it.Folder, it.Deleted, it.Archived = "", time.Time{}, time.Time{}
	take := func(flag byte, size int, set func([]byte)) {
		if flags&flag == 0 || rest == nil {
			return
		}
		if len(rest) < size {
			rest = nil
			return
		}
		set(rest)
		rest = rest[size:]
	}
	take(flagFolder, 16, func(b []byte) { it.Folder = vault.FolderID(uuidText(b)) })
	take(flagDeleted, 8, func(b []byte) { it.Deleted = timeOf(b) })
	take(flagArchived, 8, func(b []byte) { it.Archived = timeOf(b) })
	if len(rest) == 0 {
		return errItemText
	}
	it.Body = rest
	return nil
}

// revisionOf reads only the revision of an item's text.
func revisionOf(text []byte) (vault.Revision, error) {
	if len(text) <= itemHead || text[0] != itemVersion {
		return 0, errItemText
	}
	return vault.Revision(binary.BigEndian.Uint64(text[itemRevisionAt:])), nil
}

func appendTime(to []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(to, uint64(t.UnixMicro()))
}

// timeOf is the time at the start of b, in UTC.
func timeOf(b []byte) time.Time {
	return time.UnixMicro(int64(binary.BigEndian.Uint64(b))).UTC()
}

// A folder's text: version 1 | revision 8 | name.
const (
	folderHead       = 1 + 8
	folderRevisionAt = 1
)

func encodeFolder(f *vault.Folder) []byte {
	b := append(make([]byte, 0, folderHead+len(f.Name)), itemVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(f.Revision))
	return append(b, f.Name...)
}

func decodeFolder(text []byte, f *vault.Folder) error {
	if len(text) < folderHead || text[0] != itemVersion {
		return errItemText
	}
	f.Revision = vault.Revision(binary.BigEndian.Uint64(text[folderRevisionAt:]))
	f.Name = string(text[folderHead:])
	return nil
}

// ownerOf and idOf read the two halves of an owned key.
func ownerOf(key []byte) account.UserID { return account.UserID(uuidText(key)) }
func idOf(key []byte) string            { return uuidText(key[16:]) }

package store

import "encoding/binary"

// The buckets of the file. The four tables are storm's, the rest are plain.
const (
	bucketHouse       = "latchkey" // version, house id and probe
	bucketItems       = "items"    // owner 16 | id 16
	bucketFolders     = "folders"  // owner 16 | id 16
	bucketRevisions   = "revisions"
	bucketGone        = "gone"     // owner 16 | kind 1 | id 16 -> revision of the tombstone
	bucketHeads       = "heads"    // owner 16 -> last revision
	bucketSessions    = "sessions" // owner 16 | id 16
	bucketJournal     = "journal"  // one bucket a month inside: time 8 | sequence 4
	bucketGuard       = "guard"    // keyed hash 16
	tableAccounts     = "accounts"
	tableDevices      = "devices"
	tableInvitations  = "invitations"
	tableValues       = "values"
	recordBucket      = "record" // what storm calls the bucket of our one record type
	stormVersionPlace = "__storm_db"
)

// place names a bucket by its path: one name, or two for a journal month.
type place struct{ top, sub string }

func plain(name string) place { return place{top: name} }

// adDomain opens all associated data, so that no ciphertext of another file
// format under the same key can pass for one of ours.
const adDomain = "latchkey.db"

// frame appends each part behind its length, so that no two lists of parts
// give the same bytes.
func frame(to []byte, parts ...string) []byte {
	for _, p := range parts {
		to = binary.AppendUvarint(to, uint64(len(p)))
		to = append(to, p...)
	}
	return to
}

// ad is the associated data of the value at key in p: domain, path and key.
func (p place) ad(to, key []byte) []byte {
	to = frame(to, adDomain, p.top, p.sub)
	to = binary.AppendUvarint(to, uint64(len(key)))
	return append(to, key...)
}

// unframe takes the first part off b; ok is false when b holds none.
func unframe(b []byte) (part, rest []byte, ok bool) {
	n, used := binary.Uvarint(b)
	if used <= 0 || n > uint64(len(b)-used) {
		return nil, nil, false
	}
	return b[used : used+int(n)], b[used+int(n):], true
}

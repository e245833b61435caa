// Package vault owns items and folders: who may see and change them, the
// trash, the archive, and the revision by which clients notice changes. What
// an item says is opaque to it: the body stays the bytes that a client sent.
package vault

import (
	"time"

	"latchkey/appliance/account"
)

// ItemID names an item: a UUID of version 7 in lower case, 36 characters, so
// that later items sort behind earlier ones.
type ItemID string

// FolderID names a folder, in the form of an ItemID; empty means no folder.
type FolderID string

// Revision counts a person's changes: Unix milliseconds, made larger than the
// last one where two changes fall into one millisecond. It serves as the date
// that the wire asks for and as the position for asking what came since.
type Revision int64

// Time is the revision as a date, in UTC.
func (r Revision) Time() time.Time { return time.UnixMilli(int64(r)).UTC() }

// Item is one kept thing. The named fields are the server's own; Body is the
// rest of the wire's object as JSON without its outer braces' server-owned
// names, in camelCase, unknown names untouched.
type Item struct {
	ID        ItemID
	Owner     account.UserID
	Folder    FolderID
	Favourite bool
	Revision  Revision
	Created   time.Time // UTC, to the microsecond
	Deleted   time.Time // in the trash since; zero: not in it
	Archived  time.Time // in the archive since; zero: not in it
	Body      []byte    // a JSON object's members: `"type":1,"name":"2...."`, never empty
}

// Folder is a person's folder; its name is an EncString.
type Folder struct {
	ID       FolderID
	Owner    account.UserID
	Name     string
	Revision Revision
}

// ChangeKind says what a Change is about.
type ChangeKind string

// What can change.
const (
	ItemChanged    ChangeKind = "item"
	FolderChanged  ChangeKind = "folder"
	AccountChanged ChangeKind = "account" // the profile or keys; ID is empty
)

// Change is one line of what a commit did.
type Change struct {
	Owner    account.UserID
	Kind     ChangeKind
	ID       string // an ItemID or FolderID
	Revision Revision
	Gone     bool             // removed for good
	Device   account.DeviceID // whose act it was; empty when the house's own
}

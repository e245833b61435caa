package vault

import (
	"context"
	"errors"
	"iter"

	"latchkey/appliance/account"
)

// ErrNotFound is what a Keep answers when the owner has no such item or folder.
var ErrNotFound = errors.New("vault: not found")

// Keep is what vault needs kept. Every method may be called from many
// goroutines. The functions given to it run once or not at all, must not keep
// their Reader or Writer or what its iterators yield beyond the copies that
// they make, and must not call Keep again.
type Keep interface {
	// View runs fn over one unchanging state.
	View(ctx context.Context, fn func(Reader) error) error
	// Write runs fn, which must be short, and makes its changes durable
	// before it returns nil; waiting writes of others may share the commit.
	// If fn fails, panics, or the disk refuses, nothing of it stays; fn's
	// own error comes back as it is, and a panic goes on in the caller's
	// goroutine. by is the device named in the published changes.
	Write(ctx context.Context, by account.DeviceID, fn func(Writer) error) error
	// WriteLong is Write for what is long (an import, thousands of items):
	// it has a transaction to itself.
	WriteLong(ctx context.Context, by account.DeviceID, fn func(Writer) error) error
	// Within gives a Writer in the transaction of w, which is one of the same
	// file's Keep of people and still open: its changes stay or go with w's.
	Within(w account.Writer, by account.DeviceID) Writer
}

// Reader finds items and folders. Everything asked of one owner never yields
// another's. Items and folders come in the order of their IDs; an error ends
// an iteration.
type Reader interface {
	// Revision is the owner's last one, 0 when nothing ever changed.
	Revision(owner account.UserID) (Revision, error)
	Item(owner account.UserID, id ItemID) (Item, error)
	Items(owner account.UserID) iter.Seq2[Item, error]
	Folder(owner account.UserID, id FolderID) (Folder, error)
	Folders(owner account.UserID) iter.Seq2[Folder, error]
	// Changes yields what changed after since, each item or folder once with
	// its latest revision, in the order of revisions. Removed ones come with
	// Gone; Device is empty.
	Changes(owner account.UserID, since Revision) iter.Seq2[Change, error]
	// Count says how much owner has.
	Count(owner account.UserID) (Counted, error)
}

// Writer changes items and folders. What it has put it also finds again,
// before the commit.
type Writer interface {
	Reader
	// Next moves the owner's revision on and returns it: larger than any
	// before and, clock permitting, the present time.
	Next(owner account.UserID) (Revision, error)
	// PutItem makes or replaces an item; the caller has set it.Revision from
	// Next.
	PutItem(it Item) error
	// RemoveItem removes for good; rev is what Changes shall say.
	RemoveItem(owner account.UserID, id ItemID, rev Revision) error
	PutFolder(f Folder) error
	RemoveFolder(owner account.UserID, id FolderID, rev Revision) error
}

// Counted is how much somebody keeps.
type Counted struct {
	Items   int // the trash included
	Folders int
	Bytes   int64 // of both as they lie in the file, sealed
}

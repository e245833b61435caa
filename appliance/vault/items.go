package vault

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"

	"latchkey/appliance/account"
	"latchkey/appliance/problem"
)

// Vault is the rule over items and folders; its methods may be called from
// many goroutines.
type Vault struct {
	keep Keep
	now  func() time.Time
}

// New makes a Vault over what keep keeps, with now for the dates.
func New(keep Keep, now func() time.Time) *Vault { return &Vault{keep: keep, now: now} }

// Actor is who acts: only their own items and folders exist for them.
type Actor struct {
	Owner  account.UserID
	Device account.DeviceID
}

// Problems that callers may want to tell apart.
var (
	ErrNoItem   = problem.New(problem.NotFound, "item.gone", "There is no such item.", "It may have been deleted on another device; sync and look again.")
	ErrNoFolder = problem.New(problem.NotFound, "folder.gone", "There is no such folder.", "It may have been deleted on another device; sync and look again.")
	ErrStale    = problem.New(problem.Refused, "item.stale", "This item was changed on another device meanwhile.", "Sync, then make your change again.")
)

// Draft is what a client says of an item; the rest is ours.
type Draft struct {
	Folder    FolderID
	Favourite bool
	Archived  time.Time // zero: not
	Deleted   time.Time // zero: not; imports only
	Body      []byte
}

// Create keeps a new item.
func (v *Vault) Create(ctx context.Context, by Actor, d Draft) (Item, error) {
	var it Item
	err := v.keep.Write(ctx, by.Device, func(w Writer) (err error) {
		rev, err := w.Next(by.Owner)
		if err != nil {
			return err
		}
		it, err = v.put(w, by.Owner, rev, d)
		return err
	})
	return it, err
}

func (v *Vault) put(w Writer, owner account.UserID, rev Revision, d Draft) (Item, error) {
	if err := wantFolder(w, owner, d.Folder); err != nil {
		return Item{}, err
	}
	it := Item{
		ID: ItemID(newID()), Owner: owner, Folder: d.Folder, Favourite: d.Favourite,
		Revision: rev, Created: v.now(), Archived: d.Archived, Deleted: d.Deleted, Body: d.Body,
	}
	return it, w.PutItem(it)
}

// staleBy is how much older than ours the revision may be that a client says
// it started from: the wire's dates have been rounded on the way.
const staleBy = time.Second

// Update replaces an item's body, folder and favourite. known is the revision
// date that the client started from, zero when it doesn't say; a change made
// from an older state is refused with ErrStale.
func (v *Vault) Update(ctx context.Context, by Actor, id ItemID, d Draft, known time.Time) (Item, error) {
	return v.change(ctx, by, id, func(w Writer, it *Item) error {
		if !known.IsZero() && it.Revision.Time().Sub(known) > staleBy {
			return ErrStale
		}
		if err := wantFolder(w, by.Owner, d.Folder); err != nil {
			return err
		}
		it.Folder, it.Favourite, it.Body = d.Folder, d.Favourite, d.Body
		return nil
	})
}

// Partial changes folder and favourite only.
func (v *Vault) Partial(ctx context.Context, by Actor, id ItemID, folder FolderID, favourite bool) (Item, error) {
	return v.change(ctx, by, id, func(w Writer, it *Item) error {
		it.Folder, it.Favourite = folder, favourite
		return wantFolder(w, by.Owner, folder)
	})
}

func (v *Vault) change(ctx context.Context, by Actor, id ItemID, fn func(Writer, *Item) error) (Item, error) {
	var it Item
	err := v.keep.Write(ctx, by.Device, func(w Writer) (err error) {
		if it, err = w.Item(by.Owner, id); err != nil {
			return gone(err, ErrNoItem)
		}
		if err := fn(w, &it); err != nil {
			return err
		}
		if it.Revision, err = w.Next(by.Owner); err != nil {
			return err
		}
		return w.PutItem(it)
	})
	return it, err
}

// Act is what can be done to several items at once.
type Act func(w Writer, it *Item) error

// Trash puts items into the trash; those already there stay as they are.
func (v *Vault) Trash() Act {
	return func(_ Writer, it *Item) error {
		if it.Deleted.IsZero() {
			it.Deleted = v.now()
		}
		return nil
	}
}

// Restore takes items out of the trash.
func (v *Vault) Restore() Act {
	return func(_ Writer, it *Item) error { it.Deleted = time.Time{}; return nil }
}

// Archive puts items away.
func (v *Vault) Archive() Act {
	return func(_ Writer, it *Item) error {
		if it.Archived.IsZero() {
			it.Archived = v.now()
		}
		return nil
	}
}

// Unarchive takes items back out of the archive.
func (v *Vault) Unarchive() Act {
	return func(_ Writer, it *Item) error { it.Archived = time.Time{}; return nil }
}

// Move puts items into a folder, or none.
func (v *Vault) Move(folder FolderID) Act {
	return func(w Writer, it *Item) error {
		it.Folder = folder
		return wantFolder(w, it.Owner, folder)
	}
}

// groupSize is how many items a write may touch beside others; more get a
// transaction to themselves, so that nobody's single save waits behind it.
const groupSize = 64

// Do carries act out on all items, or on none if one of them is not there.
func (v *Vault) Do(ctx context.Context, by Actor, ids []ItemID, act Act) ([]Item, error) {
	done := make([]Item, 0, len(ids))
	err := v.write(len(ids))(ctx, by.Device, func(w Writer) error {
		rev, err := w.Next(by.Owner)
		if err != nil {
			return err
		}
		for _, id := range ids {
			it, err := w.Item(by.Owner, id)
			if err != nil {
				return gone(err, ErrNoItem)
			}
			if err := act(w, &it); err != nil {
				return err
			}
			it.Revision = rev
			if err := w.PutItem(it); err != nil {
				return err
			}
			done = append(done, it)
		}
		return nil
	})
	return done, err
}

// Remove removes items for good, all or none.
func (v *Vault) Remove(ctx context.Context, by Actor, ids []ItemID) error {
	return v.write(len(ids))(ctx, by.Device, func(w Writer) error {
		rev, err := w.Next(by.Owner)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if _, err := w.Item(by.Owner, id); err != nil {
				return gone(err, ErrNoItem)
			}
			if err := w.RemoveItem(by.Owner, id, rev); err != nil {
				return err
			}
		}
		return nil
	})
}

// Purge removes every item and folder of the actor for good.
func (v *Vault) Purge(ctx context.Context, by Actor) error {
	return v.keep.WriteLong(ctx, by.Device, func(w Writer) error {
		rev, err := w.Next(by.Owner)
		if err != nil {
			return err
		}
		items, err := collect(w.Items(by.Owner), func(it Item) ItemID { return it.ID })
		if err != nil {
			return err
		}
		folders, err := collect(w.Folders(by.Owner), func(f Folder) FolderID { return f.ID })
		if err != nil {
			return err
		}
		for _, id := range items {
			if err := w.RemoveItem(by.Owner, id, rev); err != nil {
				return err
			}
		}
		for _, id := range folders {
			if err := w.RemoveFolder(by.Owner, id, rev); err != nil {
				return err
			}
		}
		return nil
	})
}

func (v *Vault) write(n int) func(context.Context, account.DeviceID, func(Writer) error) error {
	if n > groupSize {
		return v.keep.WriteLong
	}
	return v.keep.Write
}

func wantFolder(r Reader, owner account.UserID, id FolderID) error {
	if id == "" {
		return nil
	}
	_, err := r.Folder(owner, id)
	return gone(err, ErrNoFolder)
}

// gone turns a Keep's ErrNotFound into the problem for a person.
func gone(err error, p *problem.Problem) error {
	if errors.Is(err, ErrNotFound) {
		return p
	}
	return err
}

// newID makes a UUID of version 7, so that new items lie behind older ones in
// the file and its pages fill up.
func newID() string {
	id, err := uuid.NewV7()
	if err != nil {
		panic(fmt.Sprintf("vault: making an id: %v", err)) // the random source never fails
	}
	return id.String()
}

// collect takes the IDs of what a sequence yields, so that it can be changed
// meanwhile; the rest of it is good only until the next step.
func collect[T, ID any](seq iter.Seq2[T, error], id func(T) ID) ([]ID, error) {
	var all []ID
	for x, err := range seq {
		if err != nil {
			return nil, err
		}
		all = append(all, id(x))
	}
	return all, nil
}

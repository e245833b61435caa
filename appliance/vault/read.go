package vault

import (
	"context"
	"errors"
	"time"

	"latchkey/appliance/account"
)

// Item finds one item.
func (v *Vault) Item(ctx context.Context, owner account.UserID, id ItemID) (Item, error) {
	var it Item
	err := v.keep.View(ctx, func(r Reader) (err error) { it, err = r.Item(owner, id); return err })
	return it, gone(err, ErrNoItem)
}

// Revision is the owner's last one.
func (v *Vault) Revision(ctx context.Context, owner account.UserID) (Revision, error) {
	var rev Revision
	err := v.keep.View(ctx, func(r Reader) (err error) { rev, err = r.Revision(owner); return err })
	return rev, err
}

// Contents gives everything of an owner as of one moment: the revision, and
// each folder and item in turn. An item's body is good until item returns.
func (v *Vault) Contents(ctx context.Context, owner account.UserID, at func(Revision) error, folder func(Folder) error, item func(Item) error) error {
	return v.keep.View(ctx, func(r Reader) error {
		rev, err := r.Revision(owner)
		if err != nil {
			return err
		}
		if err := at(rev); err != nil {
			return err
		}
		for f, err := range r.Folders(owner) {
			if err != nil {
				return err
			}
			if err := folder(f); err != nil {
				return err
			}
		}
		for it, err := range r.Items(owner) {
			if err != nil {
				return err
			}
			if err := item(it); err != nil {
				return err
			}
		}
		return nil
	})
}

// Count says how many items (the trash included) and folders an owner has.
func (v *Vault) Count(ctx context.Context, owner account.UserID) (n Counted, err error) {
	err = v.keep.View(ctx, func(r Reader) (err error) { n, err = r.Count(owner); return err })
	return n, err
}

// SweepTrash removes for good what has lain in the trash of these people for
// longer than days at the time at, which should be one that has come for certain;
// 0 days removes nothing. It says how many items it removed.
func (v *Vault) SweepTrash(ctx context.Context, owners []account.UserID, days int64, at time.Time) (int, error) {
	if days <= 0 {
		return 0, nil
	}
	limit := at.Add(-time.Duration(days) * 24 * time.Hour)
	removed := 0
	for _, owner := range owners {
		var old []ItemID
		err := v.keep.View(ctx, func(r Reader) error {
			for it, err := range r.Items(owner) {
				if err != nil {
					return err
				}
				if !it.Deleted.IsZero() && it.Deleted.Before(limit) {
					old = append(old, it.ID)
				}
			}
			return nil
		})
		n := 0
		if err == nil && len(old) > 0 {
			n, err = v.sweep(ctx, owner, old, limit)
		}
		if err != nil {
			return removed, err
		}
		removed += n
	}
	return removed, nil
}

// sweep looks at each item again in the write: it may have been restored. It
// says how many it removed.
func (v *Vault) sweep(ctx context.Context, owner account.UserID, old []ItemID, limit time.Time) (removed int, err error) {
	err = v.keep.WriteLong(ctx, "", func(w Writer) error {
		rev, err := w.Next(owner)
		if err != nil {
			return err
		}
		for _, id := range old {
			it, err := w.Item(owner, id)
			if errors.Is(err, ErrNotFound) || err == nil && (it.Deleted.IsZero() || !it.Deleted.Before(limit)) {
				continue
			}
			if err != nil {
				return err
			}
			if err := w.RemoveItem(owner, id, rev); err != nil {
				return err
			}
			removed++
		}
		return nil
	})
	return removed, err
}

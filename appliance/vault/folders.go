package vault

import (
	"bytes"
	"context"

	"latchkey/appliance/account"
	"latchkey/appliance/problem"
)

// SaveFolder makes a folder (id empty) or renames one. name is an EncString.
func (v *Vault) SaveFolder(ctx context.Context, by Actor, id FolderID, name string) (Folder, error) {
	if !account.IsEncString(name) {
		return Folder{}, problem.New(problem.Refused, "folder.clear", "The folder's name is not encrypted.", "Update your app and try again.")
	}
	f := Folder{ID: id, Owner: by.Owner, Name: name}
	err := v.keep.Write(ctx, by.Device, func(w Writer) (err error) {
		if f.ID == "" {
			f.ID = FolderID(newID())
		} else if err := wantFolder(w, by.Owner, f.ID); err != nil {
			return err
		}
		if f.Revision, err = w.Next(by.Owner); err != nil {
			return err
		}
		return w.PutFolder(f)
	})
	return f, err
}

// RemoveFolder removes a folder; its items stay, without a folder.
func (v *Vault) RemoveFolder(ctx context.Context, by Actor, id FolderID) error {
	return v.keep.WriteLong(ctx, by.Device, func(w Writer) error {
		if err := wantFolder(w, by.Owner, id); err != nil {
			return err
		}
		rev, err := w.Next(by.Owner)
		if err != nil {
			return err
		}
		inside, err := itemsIn(w, by.Owner, id)
		if err != nil {
			return err
		}
		for _, it := range inside {
			it.Folder, it.Revision = "", rev
			if err := w.PutItem(it); err != nil {
				return err
			}
		}
		return w.RemoveFolder(by.Owner, id, rev)
	})
}

// itemsIn copies the items of a folder, their bodies too: what Items yields is
// good only until its next step.
func itemsIn(r Reader, owner account.UserID, id FolderID) ([]Item, error) {
	var inside []Item
	for it, err := range r.Items(owner) {
		if err != nil {
			return nil, err
		}
		if it.Folder == id {
			it.Body = bytes.Clone(it.Body)
			inside = append(inside, it)
		}
	}
	return inside, nil
}

// Import is a heap of items and folders that come together.
type Import struct {
	Folders []ImportFolder
	Items   []Draft
	// FolderOf gives for an item's index the index of its folder.
	FolderOf map[int]int
}

// ImportFolder is a folder of an Import: an existing one by its ID, or a new
// one by its name.
type ImportFolder struct {
	ID   FolderID
	Name string
}

// Import keeps all of it or nothing.
func (v *Vault) Import(ctx context.Context, by Actor, in Import) error {
	return v.keep.WriteLong(ctx, by.Device, func(w Writer) error {
		rev, err := w.Next(by.Owner)
		if err != nil {
			return err
		}
		folders := make([]FolderID, len(in.Folders))
		for i, f := range in.Folders {
			if folders[i], err = importFolder(w, by.Owner, rev, f); err != nil {
				return err
			}
		}
		for i, d := range in.Items {
			if f, ok := in.FolderOf[i]; ok {
				if f < 0 || f >= len(folders) {
					return problem.New(problem.Refused, "import.folder", "An imported item names a folder that did not come with it.", "Nothing was imported. Export the file again and retry.")
				}
				d.Folder = folders[f]
			}
			if _, err := v.put(w, by.Owner, rev, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func importFolder(w Writer, owner account.UserID, rev Revision, f ImportFolder) (FolderID, error) {
	if f.ID != "" {
		if err := wantFolder(w, owner, f.ID); err == nil {
			return f.ID, nil
		}
	}
	if !account.IsEncString(f.Name) {
		return "", problem.New(problem.Refused, "folder.clear", "The name of an imported folder is not encrypted.", "Nothing was imported. Update your app and try again.")
	}
	made := Folder{ID: FolderID(newID()), Owner: owner, Name: f.Name, Revision: rev}
	return made.ID, w.PutFolder(made)
}

// Folder finds one folder.
func (v *Vault) Folder(ctx context.Context, owner account.UserID, id FolderID) (Folder, error) {
	var f Folder
	err := v.keep.View(ctx, func(r Reader) (err error) { f, err = r.Folder(owner, id); return err })
	return f, gone(err, ErrNoFolder)
}

package api

import (
	"encoding/json"
	"fmt"
	"time"

	"latchkey/appliance/problem"
	"latchkey/appliance/vault"
)

func (c *call) itemID() vault.ItemID { return vault.ItemID(lower(c.r.PathValue("id"))) }

func listCiphers(c *call) (any, error) {
	have, err := c.syncs.get(c.ctx(), c.session.Owner)
	if err != nil {
		return nil, err
	}
	answer := append(spliced{[]byte(`{"data":[`)}, have.ciphers...)
	return append(answer, []byte(`],"object":"list","continuationToken":null}`)), nil
}

func getCipher(c *call) (any, error) {
	it, err := c.Vault.Item(c.ctx(), c.session.Owner, c.itemID())
	return cipher(it), err
}

func createCipher(c *call) (any, error) { return c.create(c.body) }

// createWrapped takes {cipher, collectionIds}, which clients use for items of
// organisations and some of them for all.
func createWrapped(c *call) (any, error) {
	var body struct{ Cipher json.RawMessage }
	if err := c.json(&body); err != nil {
		return nil, err
	}
	return c.create(body.Cipher)
}

func (c *call) create(raw []byte) (any, error) {
	d, _, err := c.draft(raw)
	if err != nil {
		return nil, err
	}
	it, err := c.Vault.Create(c.ctx(), c.actor(), d)
	return cipher(it), err
}

func updateCipher(c *call) (any, error) {
	d, at, err := c.draft(c.body)
	if err != nil {
		return nil, err
	}
	it, err := c.Vault.Update(c.ctx(), c.actor(), c.itemID(), d, deref(at.LastKnownRevisionDate))
	return cipher(it), err
}

func partialCipher(c *call) (any, error) {
	var body struct {
		FolderID *string
		Favorite bool
	}
	if err := c.json(&body); err != nil {
		return nil, err
	}
	it, err := c.Vault.Partial(c.ctx(), c.actor(), c.itemID(), vault.FolderID(lower(deref(body.FolderID))), body.Favorite)
	return cipher(it), err
}

// one carries an act out on the item of the path and answers it.
func one(act func(*vault.Vault) vault.Act) func(*call) (any, error) {
	return func(c *call) (any, error) {
		items, err := c.Vault.Do(c.ctx(), c.actor(), []vault.ItemID{c.itemID()}, act(c.Vault))
		if err != nil {
			return nil, err
		}
		return cipher(items[0]), nil
	}
}

// many carries an act out on the items of the body and answers their list.
func many(act func(*vault.Vault) vault.Act) func(*call) (any, error) {
	return func(c *call) (any, error) {
		ids, err := c.ids()
		if err != nil {
			return nil, err
		}
		items, err := c.Vault.Do(c.ctx(), c.actor(), ids, act(c.Vault))
		return cipherList(items), err
	}
}

// silent answers nothing where the wire wants nothing.
func silent(serve func(*call) (any, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		_, err := serve(c)
		return empty{}, err
	}
}

func (c *call) ids() ([]vault.ItemID, error) {
	var body struct{ IDs []vault.ItemID }
	if err := c.json(&body); err != nil {
		return nil, err
	}
	if len(body.IDs) == 0 {
		return nil, problem.New(problem.Refused, "items.none", "No item was named.", "Choose at least one.")
	}
	for i, id := range body.IDs {
		body.IDs[i] = vault.ItemID(lower(string(id)))
	}
	return body.IDs, nil
}

func moveCiphers(c *call) (any, error) {
	var body struct{ FolderID *string }
	if err := c.json(&body); err != nil {
		return nil, err
	}
	ids, err := c.ids()
	if err != nil {
		return nil, err
	}
	_, err = c.Vault.Do(c.ctx(), c.actor(), ids, c.Vault.Move(vault.FolderID(lower(deref(body.FolderID)))))
	return empty{}, err
}

func removeCipher(c *call) (any, error) {
	return empty{}, c.Vault.Remove(c.ctx(), c.actor(), []vault.ItemID{c.itemID()})
}

func removeCiphers(c *call) (any, error) {
	ids, err := c.ids()
	if err != nil {
		return nil, err
	}
	return empty{}, c.Vault.Remove(c.ctx(), c.actor(), ids)
}

func purge(c *call) (any, error) {
	if c.r.URL.Query().Get("organizationId") != "" {
		return nil, notFound()
	}
	return empty{}, c.Vault.Purge(c.ctx(), c.actor())
}

// importCiphers takes a whole export in one write.
func importCiphers(c *call) (any, error) {
	var body struct {
		Ciphers             []json.RawMessage
		Folders             []struct{ ID, Name *string }
		FolderRelationships []struct{ Key, Value int }
	}
	if err := c.json(&body); err != nil {
		return nil, err
	}
	in := vault.Import{FolderOf: make(map[int]int, len(body.FolderRelationships))}
	for _, f := range body.Folders {
		in.Folders = append(in.Folders, vault.ImportFolder{ID: vault.FolderID(lower(deref(f.ID))), Name: deref(f.Name)})
	}
	for _, r := range body.FolderRelationships {
		in.FolderOf[r.Key] = r.Value
	}
	for i, raw := range body.Ciphers {
		d, at, err := c.draft(raw)
		if err != nil {
			p := problem.Of(err)
			return nil, p.Because(fmt.Errorf("item %d: %w", i, err)).With("item", fmt.Sprint(i+1))
		}
		d.Folder = "" // an import says by relationships where its items go
		if at.DeletedDate != nil {
			d.Deleted = at.DeletedDate.UTC().Truncate(time.Microsecond)
		}
		in.Items = append(in.Items, d)
	}
	return empty{}, c.Vault.Import(c.ctx(), c.actor(), in)
}

func listFolders(c *call) (any, error) {
	folders := []any{}
	err := c.Vault.Contents(c.ctx(), c.session.Owner,
		func(vault.Revision) error { return nil },
		func(f vault.Folder) error { folders = append(folders, folderShape(f)); return nil },
		func(vault.Item) error { return errEnough })
	if err == errEnough { //nolint:errorlint // our own, unwrapped
		err = nil
	}
	return listOf(folders), err
}

// errEnough ends a walk whose rest nobody wants.
var errEnough = fmt.Errorf("enough")

func getFolder(c *call) (any, error) {
	f, err := c.Vault.Folder(c.ctx(), c.session.Owner, vault.FolderID(lower(c.r.PathValue("id"))))
	return folderShape(f), err
}

func saveFolder(c *call) (any, error) {
	var body struct{ Name string }
	if err := c.json(&body); err != nil {
		return nil, err
	}
	f, err := c.Vault.SaveFolder(c.ctx(), c.actor(), vault.FolderID(lower(c.r.PathValue("id"))), body.Name)
	return folderShape(f), err
}

func removeFolder(c *call) (any, error) {
	return empty{}, c.Vault.RemoveFolder(c.ctx(), c.actor(), vault.FolderID(lower(c.r.PathValue("id"))))
}

package store

import (
	"bytes"
	"encoding/json"

	"go.etcd.io/bbolt"

	"latchkey/appliance/account"
)

// tables opens all rows, and wants each to be found by the names that its own
// content gives.
func (c *checker) tables() {
	c.owners = make(map[string]bool)
	c.rows(tableAccounts, &c.Counts.Accounts, func(r record, text []byte) (want record, err error) {
		var a account.Account
		err = json.Unmarshal(text, &a)
		key, _ := ownerKey(a.ID)
		c.owners[string(key)] = true
		return record{ID: string(a.ID), Name: c.s.sealer.name(nameEmail, a.Email)}, err
	})
	c.rows(tableDevices, &c.Counts.Devices, func(r record, text []byte) (want record, err error) {
		var d account.Device
		err = json.Unmarshal(text, &d)
		if key, ok := ownerKey(d.Owner); !ok || !c.owners[string(key)] {
			c.add(FoundOrphan, tableDevices+" "+r.ID, "its owner has no account")
		}
		name := c.s.sealer.name(nameDevice, string(d.Owner), d.Identifier)
		return record{ID: string(d.ID), Name: name, Owner: string(d.Owner)}, err
	})
	c.rows(tableInvitations, &c.Counts.Invitations, func(r record, text []byte) (want record, err error) {
		var i account.Invitation
		err = json.Unmarshal(text, &i)
		return record{ID: string(i.ID), Name: c.s.sealer.name(nameInvitation, string(i.ID))}, err
	})
	c.rows(tableValues, &c.Counts.Values, func(r record, text []byte) (want record, err error) {
		var v value
		err = json.Unmarshal(text, &v)
		return record{ID: c.s.sealer.name(nameValue, v.Name)}, err
	})
}

// rows opens the rows of one table; read gives what a row's ID and names must
// be.
func (c *checker) rows(name string, count *int, read func(r record, text []byte) (record, error)) {
	t := c.table(name)
	rows, err := t.all()
	if err != nil {
		c.add(FoundSeal, name, "listing: %v", err)
		return
	}
	var named, owned int
	for _, r := range rows {
		*count++
		text, err := t.text(&r)
		if err != nil {
			c.add(FoundSeal, name+" "+r.ID, "%v", err)
			continue
		}
		want, err := read(r, text)
		if err != nil {
			c.add(FoundSeal, name+" "+r.ID, "%v", err)
			continue
		}
		if r.ID != want.ID || r.Name != want.Name || r.Owner != want.Owner {
			c.add(FoundIndex, name+" "+r.ID, "its content belongs under other names")
		}
		named += c.indexed(name, "Name", r.Name, r.ID)
		owned += c.indexed(name, "Owner", r.Owner, r.ID)
	}
	c.indexSize(name, "Name", named)
	c.indexSize(name, "Owner", owned)
}

// index is the bucket in which storm keeps the index of a column.
func (c *checker) index(table, column string) *bbolt.Bucket {
	b := c.tx.Bucket([]byte(table))
	for _, name := range []string{recordBucket, "__storm_index_" + column} {
		if b != nil {
			b = b.Bucket([]byte(name))
		}
	}
	return b
}

// indexed wants one index entry for a row whose column has a value. storm's
// unique index has value -> id, its list index value__id -> id.
func (c *checker) indexed(table, column, value, id string) int {
	if value == "" {
		return 0
	}
	b := c.index(table, column)
	key := value
	if column == "Owner" {
		key += "__" + id
	}
	if b == nil || !bytes.Equal(b.Get([]byte(key)), []byte(id)) {
		c.add(FoundIndex, table+" "+id, "its %s is not in the index", column)
	}
	return 1
}

// indexSize wants no entries beside those of the rows.
func (c *checker) indexSize(table, column string, want int) {
	n := 0
	if b := c.index(table, column); b != nil {
		_ = b.ForEach(func(_, v []byte) error {
			if v != nil { // not the bucket inside a list index
				n++
			}
			return nil
		})
	}
	if n != want {
		c.add(FoundIndex, table, "the index of %s has %d entries for %d rows", column, n, want)
	}
}

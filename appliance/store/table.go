package store

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/asdine/storm/v3"
)

// record is the one shape of a storm row. storm keeps ID, Name and Owner in
// clear, so these are UUIDs or keyed hashes, each table's of one length: its
// list index would find the rows of "bob__evil" for "bob". What the row says is
// in Sealed. The type's name is the bucket's name in the file: never rename it.
type record struct {
	ID     string `storm:"id"`
	Name   string `storm:"unique"` // empty: not indexed
	Owner  string `storm:"index"`  // empty: not indexed
	Sealed []byte
}

// table is one storm table in one transaction.
type table struct {
	l    *layer
	name string
	node storm.Node
}

// table gives the table of that name. Each call makes its node by a single
// From: nodes of a chained From share memory and race.
func (l *layer) table(name string) table {
	return table{l: l, name: name, node: l.s.storm.From(name).WithTransaction(l.tx)}
}

// ad binds the seal to the row: table, ID and both looked-up columns.
func (t table) ad(r *record) []byte {
	ad := place{t.name, recordBucket}.ad(nil, []byte(r.ID))
	return frame(ad, r.Name, r.Owner)
}

// seal fills r.Sealed with body, which names its table and ID once more: what
// storm hands back can be trusted no further than its bytes.
func (t table) seal(r *record, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encoding a row of %s: %w", t.name, err)
	}
	r.Sealed = t.l.s.sealer.seal(append(frame(nil, t.name, r.ID), text...), t.ad(r))
	return nil
}

// open reads the body of r into to.
func (t table) open(r *record, to any) error {
	text, err := t.text(r)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, to); err != nil {
		return fmt.Errorf("decoding a row of %s: %w", t.name, err)
	}
	return nil
}

// text unseals r and checks that it is the row that it is found as.
func (t table) text(r *record) ([]byte, error) {
	text, err := t.l.s.sealer.open(nil, r.Sealed, t.ad(r))
	if err != nil {
		return nil, fmt.Errorf("opening a row of %s: %w", t.name, err)
	}
	return bodyOf(text, t.name, r.ID)
}

// bodyOf checks the two names in front of a row's text and takes them off.
func bodyOf(text []byte, name, id string) ([]byte, error) {
	table, rest, ok := unframe(text)
	if !ok || string(table) != name {
		return nil, fmt.Errorf("opening a row of %s: it belongs to another table: %w", name, errSeal)
	}
	own, body, ok := unframe(rest)
	if !ok || string(own) != id {
		return nil, fmt.Errorf("opening a row of %s: it belongs to another row: %w", name, errSeal)
	}
	return body, nil
}

// one finds the row whose column has value; ok is false where none has.
func (t table) one(column, value string) (r record, ok bool, err error) {
	defer caught(&err)
	if t.l.ended {
		return r, false, errKept
	}
	err = t.node.One(column, value, &r)
	if errors.Is(err, storm.ErrNotFound) {
		return record{}, false, nil
	}
	return r, err == nil, t.readable(err)
}

// readable marks storm's errors of a row that it can't decode as those of a
// damaged one.
func (t table) readable(err error) error {
	var badBytes base64.CorruptInputError
	if errors.As(err, &badBytes) || errors.As(err, new(*json.SyntaxError)) || errors.As(err, new(*json.UnmarshalTypeError)) {
		return fmt.Errorf("decoding a row of %s: %w: %w", t.name, err, errSeal)
	}
	return err
}

// owned lists the rows of one owner, in no order.
func (t table) owned(owner string) (rows []record, err error) {
	return t.many(func() error { return t.node.Find("Owner", owner, &rows) }, &rows)
}

// all lists all rows, in no order.
func (t table) all() (rows []record, err error) {
	return t.many(func() error { return t.node.All(&rows) }, &rows)
}

func (t table) many(find func() error, rows *[]record) (_ []record, err error) {
	defer caught(&err)
	if t.l.ended {
		return nil, errKept
	}
	if err := find(); err != nil && !errors.Is(err, storm.ErrNotFound) {
		return nil, t.readable(err)
	}
	return *rows, nil
}

// save makes or replaces r. A save that storm refuses has already written some
// of its indexes, so it marks the transaction as one that must not stay, even
// where the caller swallows the error.
func (t table) save(r *record) error {
	return t.write(func() error { return t.node.Save(r) })
}

// remove deletes r, which must be there.
func (t table) remove(r *record) error {
	return t.write(func() error { return t.node.DeleteStruct(r) })
}

func (t table) write(fn func() error) (err error) {
	if t.l.over != nil {
		panic("store: a storm write in a shared transaction")
	}
	defer func() {
		if err != nil {
			t.l.broken = err
		}
	}()
	defer caught(&err)
	if t.l.ended {
		return errKept
	}
	if t.l.broken != nil {
		return t.l.broken
	}
	return fn()
}

package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/asdine/storm/v3"

	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

// accountKeep is the store as account wants it.
type accountKeep struct{ s *Store }

var _ account.Keep = accountKeep{}

// Accounts gives the keep of people, devices, sessions and invitations.
func (s *Store) Accounts() account.Keep { return accountKeep{s} }

// accountLayer is what account's functions get.
type accountLayer struct{ sessionLayer }

var _ account.Writer = (*accountLayer)(nil)

func (k accountKeep) View(ctx context.Context, fn func(account.Reader) error) error {
	return k.s.view(ctx, func(l *layer) error { return fn(&accountLayer{sessionLayer{l}}) })
}

func (k accountKeep) Write(ctx context.Context, fn func(account.Writer) error) error {
	return k.s.writer.do(ctx, alone, func(l *layer) error { return fn(&accountLayer{sessionLayer{l}}) })
}

func (k accountKeep) WriteSessions(ctx context.Context, fn func(account.SessionWriter) error) error {
	return k.s.writer.do(ctx, shared, func(l *layer) error { return fn(&sessionLayer{l}) })
}

// The kinds of keyed names.
const (
	nameEmail      = "e-mail"
	nameDevice     = "device"
	nameInvitation = "invitation"
	nameValue      = "value"
)

// fetch finds the row whose column has value and opens it as a T.
func fetch[T any](t table, column, value string) (T, error) {
	var body T
	r, ok, err := t.one(column, value)
	if err != nil {
		return body, err
	}
	if !ok {
		return body, account.ErrNotFound
	}
	return body, t.open(&r, &body)
}

// listed opens rows as Ts, the oldest first.
func listed[T any](t table, rows []record, err error, key func(T) (time.Time, string)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	bodies := make([]T, len(rows))
	for i := range rows {
		if err := t.open(&rows[i], &bodies[i]); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(bodies, func(a, b T) int {
		at, aid := key(a)
		bt, bid := key(b)
		return cmp.Or(at.Compare(bt), cmp.Compare(aid, bid))
	})
	return bodies, nil
}

// store saves body as r; another row of the same name is account.ErrTaken.
func (t table) store(r record, body any) error {
	if r.Name != "" {
		other, ok, err := t.one("Name", r.Name)
		if err != nil {
			return err
		}
		if ok && other.ID != r.ID {
			return account.ErrTaken
		}
	}
	if err := t.seal(&r, body); err != nil {
		return err
	}
	err := t.save(&r)
	if errors.Is(err, storm.ErrAlreadyExists) {
		return account.ErrTaken
	}
	return err
}

func (a *accountLayer) Account(id account.UserID) (account.Account, error) {
	if a.l.ended || a.l.tx.Writable() {
		return fetch[account.Account](a.l.table(tableAccounts), "ID", string(id))
	}
	tx := a.l.tx.ID()
	if known, ok := a.l.s.memo.get(id, tx); ok {
		return known, nil
	}
	found, err := fetch[account.Account](a.l.table(tableAccounts), "ID", string(id))
	if err == nil {
		a.l.s.memo.set(id, found, tx)
	}
	return found, err
}

func (a *accountLayer) AccountByEmail(email string) (account.Account, error) {
	return fetch[account.Account](a.l.table(tableAccounts), "Name", a.l.s.sealer.name(nameEmail, email))
}

func (a *accountLayer) Accounts() ([]account.Account, error) {
	t := a.l.table(tableAccounts)
	rows, err := t.all()
	return listed(t, rows, err, func(a account.Account) (time.Time, string) { return a.Created, string(a.ID) })
}

func (a *accountLayer) PutAccount(acc account.Account) error {
	if _, ok := ownerKey(acc.ID); !ok {
		return errID
	}
	return a.l.table(tableAccounts).store(record{ID: string(acc.ID), Name: a.l.s.sealer.name(nameEmail, acc.Email)}, acc)
}

func (a *accountLayer) RemoveAccount(id account.UserID) error {
	key, ok := ownerKey(id)
	if !ok {
		return account.ErrNotFound
	}
	t := a.l.table(tableAccounts)
	r, ok, err := t.one("ID", string(id))
	if err != nil {
		return err
	}
	if !ok {
		return account.ErrNotFound
	}
	if err := a.removeOwned(key, id); err != nil {
		return err
	}
	a.l.says = append(a.l.says, vault.Change{Owner: id, Kind: vault.AccountChanged, Gone: true})
	return t.remove(&r)
}

// removeOwned removes all that belongs to owner besides the account itself.
func (a *accountLayer) removeOwned(key []byte, owner account.UserID) error {
	devices := a.l.table(tableDevices)
	rows, err := devices.owned(string(owner))
	if err != nil {
		return err
	}
	for i := range rows {
		if err := devices.remove(&rows[i]); err != nil {
			return err
		}
	}
	for _, bucket := range ownedBuckets() {
		if err := a.l.removeAll(plain(bucket), key); err != nil {
			return err
		}
	}
	return nil
}

// ownedBuckets are those whose keys begin with the owner.
func ownedBuckets() []string {
	return []string{bucketItems, bucketFolders, bucketRevisions, bucketGone, bucketHeads, bucketSessions}
}

// removeAll removes the keys that begin with prefix, collected first: deleting
// under a cursor is slow and skips.
func (l *layer) removeAll(p place, prefix []byte) error {
	var keys [][]byte
	if v, err := l.get(p, prefix); err != nil {
		return err
	} else if v != nil {
		keys = append(keys, prefix) // a head: the owner is the whole key
	}
	for c := l.scan(p, prefix, nil); ; {
		key, _, err := c.next()
		if err != nil {
			return err
		}
		if key == nil {
			break
		}
		keys = append(keys, slices.Clone(key))
	}
	for _, key := range keys {
		if err := l.remove(p, key); err != nil {
			return err
		}
	}
	return nil
}

func (a *accountLayer) Touch(owner account.UserID) (int64, error) {
	key, ok := ownerKey(owner)
	if !ok {
		return 0, errID
	}
	rev, err := a.l.nextRevision(key)
	if err != nil {
		return 0, err
	}
	a.l.says = append(a.l.says, vault.Change{Owner: owner, Kind: vault.AccountChanged, Revision: rev})
	return int64(rev), nil
}

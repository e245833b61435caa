package store

import (
	"cmp"
	"slices"

	"latchkey/appliance/account"
)

// sessionLayer reads and writes sessions: plain buckets, because there are many
// and each request looks one up.
type sessionLayer struct{ l *layer }

var _ account.SessionWriter = (*sessionLayer)(nil)

func (a *sessionLayer) Session(owner account.UserID, id account.SessionID) (account.Session, error) {
	key, ok := ownedKey(owner, string(id))
	if !ok {
		return account.Session{}, account.ErrNotFound
	}
	text, err := a.l.getSealed(plain(bucketSessions), key)
	if err != nil {
		return account.Session{}, err
	}
	if text == nil {
		return account.Session{}, account.ErrNotFound
	}
	return decodeSession(text, key)
}

func (a *sessionLayer) Sessions(owner account.UserID) ([]account.Session, error) {
	prefix, ok := ownerKey(owner)
	if !ok {
		return nil, nil
	}
	var all []account.Session
	for c := a.l.scan(plain(bucketSessions), prefix, nil); ; {
		key, sealed, err := c.next()
		if err != nil {
			return nil, err
		}
		if key == nil {
			break
		}
		text, err := a.l.open(plain(bucketSessions), key, sealed, nil)
		if err != nil {
			return nil, err
		}
		s, err := decodeSession(text, key)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(x, y account.Session) int {
		return cmp.Or(x.Created.Compare(y.Created), cmp.Compare(x.ID, y.ID))
	})
	return all, nil
}

func (a *sessionLayer) PutSession(s account.Session) error {
	key, ok := ownedKey(s.Owner, string(s.ID))
	if !ok {
		return errID
	}
	return a.l.putSealed(plain(bucketSessions), key, encodeSession(&s))
}

func (a *sessionLayer) RemoveSession(owner account.UserID, id account.SessionID) error {
	key, ok := ownedKey(owner, string(id))
	if !ok {
		return nil
	}
	return a.l.remove(plain(bucketSessions), key)
}

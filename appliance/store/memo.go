package store

import (
	"sync"
	"sync/atomic"

	"latchkey/appliance/account"
)

// memo remembers opened accounts: a row of storm costs its reflection, two
// codecs and a seal, and almost every request wants one.
//
// changed is the number of the last transaction that may have changed a table,
// set before that transaction commits. A reader of transaction r that finds an
// account read in transaction q may take it if changed <= min(q, r): then no
// transaction between the two has touched it, whichever of them is the older.
type memo struct {
	changed atomic.Int64
	mu      sync.RWMutex
	known   map[account.UserID]remembered
}

type remembered struct {
	account account.Account
	at      int // the transaction in which it was read
}

// mostRemembered bounds the memory; a house has a handful of people.
const mostRemembered = 256

func (m *memo) get(id account.UserID, tx int) (account.Account, bool) {
	m.mu.RLock()
	r, ok := m.known[id]
	m.mu.RUnlock()
	if !ok || m.changed.Load() > int64(min(tx, r.at)) {
		return account.Account{}, false
	}
	return r.account.Clone(), true
}

func (m *memo) set(id account.UserID, a account.Account, tx int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil || len(m.known) >= mostRemembered {
		m.known = make(map[account.UserID]remembered)
	}
	m.known[id] = remembered{a.Clone(), tx}
}

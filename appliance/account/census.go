package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

// census knows who lives here, as of the last change, so that strangers who ask
// about a name are answered after the same work whether or not somebody has it:
// storm finds and opens a row for the one and no row for the other, which takes
// ten times as long and shows from afar once it is asked often enough.
//
// Each name that nobody has is one of the people's double: it is chosen by the
// name, and whatever is asked about that name is looked up for them and thrown
// away.
type census struct {
	key []byte // chooses doubles; nobody outside can tell whose one a name is

	mu   sync.Mutex
	era  uint64 // counts the changes
	roll *roll  // nil since the last change
}

// roll is everybody at one time; it is never changed.
type roll struct {
	people  []resident
	byEmail map[string]int
}

// resident is what of a person is told to whoever signs in.
type resident struct {
	id   UserID
	kdf  KDF
	salt string
}

func newCensus(tokenKey []byte) *census {
	mac := hmac.New(sha256.New, tokenKey)
	mac.Write([]byte("latchkey account census"))
	return &census{key: mac.Sum(nil)}
}

// last gives the roll, nil since the last change, and the era for now. It is
// asked before a View begins: a change during the View must not be missed.
func (c *census) last() (*roll, uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.roll, c.era
}

// now gives the roll, which after a change it reads by r of a View that began
// in era.
func (c *census) now(r Reader, known *roll, era uint64) (*roll, error) {
	if known != nil {
		return known, nil
	}
	all, err := r.Accounts()
	if err != nil {
		return nil, err
	}
	fresh := &roll{byEmail: make(map[string]int, len(all))}
	for i, a := range all {
		fresh.byEmail[a.Email] = i
		fresh.people = append(fresh.people, resident{a.ID, a.KDF, a.Salt})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if era == c.era { // else r may have seen what was so before
		c.roll = fresh
	}
	return fresh, nil
}

func (c *census) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.era++
	c.roll = nil
}

// find gives the person who has email or their double, after the same work for
// both; nobody only in a house without people.
func (c *census) find(on *roll, email string) (who resident, has bool) {
	double, most := resident{}, uint64(0)
	mac := hmac.New(sha256.New, c.key)
	mac.Write([]byte(email))
	seed := mac.Sum(nil)
	for _, p := range on.people {
		// Highest random weight: somebody who comes takes their share of the
		// names, and no other name changes hands.
		weight := sha256.Sum256(append(seed[:sha256.Size:sha256.Size], p.id...))
		if w := binary.BigEndian.Uint64(weight[:]); w >= most {
			double, most = p, w
		}
	}
	i, has := on.byEmail[email]
	if has {
		return on.people[i], true
	}
	return double, false
}

// counted is a Keep whose look-ups by e-mail cost the same for everybody.
type counted struct {
	Keep
	c *census
}

// View gives fn a Reader that asks the census first.
func (k counted) View(ctx context.Context, fn func(Reader) error) error {
	on, era := k.c.last()
	return k.Keep.View(ctx, func(r Reader) error { return fn(countedReader{r, k.c, on, era}) })
}

// Write makes the census forget, whether or not fn went well: a commit may be
// there although its caller was told of a failure. WriteSessions changes nobody.
func (k counted) Write(ctx context.Context, fn func(Writer) error) error {
	defer k.c.forget()
	return k.Keep.Write(ctx, fn)
}

type countedReader struct {
	Reader
	c   *census
	on  *roll
	era uint64
}

// AccountByEmail is the Keep's, by way of the census.
func (r countedReader) AccountByEmail(email string) (Account, error) {
	on, err := r.c.now(r.Reader, r.on, r.era)
	if err != nil {
		return Account{}, err
	}
	who, has := r.c.find(on, email)
	a, err := r.Account(who.id)
	if !has {
		return Account{}, ErrNotFound
	}
	return a, err
}

var _ Keep = counted{}

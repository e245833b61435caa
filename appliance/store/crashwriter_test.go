package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/journal"
	"latchkey/appliance/vault"
)

// testContext is for children and helpers that have no test.
var testContext = context.Background()

// crashWriter is one goroutine of the killed child: one person, whose few
// things are made, replaced and removed over and over. Each write puts its own
// number into all that it touches.
type crashWriter struct {
	s     *Store
	w, n  int
	owner account.UserID
	said  *teller
}

const (
	crashThings = 8
	crashLogin  = "login" // the device and the account's name
)

func (c *crashWriter) run() {
	known := false
	_ = c.s.Accounts().View(testContext, func(r account.Reader) error {
		_, err := r.Account(c.owner)
		known = err == nil
		return nil
	})
	for {
		c.n++
		step := c.account
		if known {
			step = [...]func() error{c.item, c.item, c.item, c.remove, c.session, c.account, c.value, c.many, c.entry}[rand.N(9)]
		}
		known = true
		if err := step(); err != nil {
			os.Exit(complain(err))
		}
	}
}

// acknowledged says what will be written, writes it, and says that it was.
func (c *crashWriter) acknowledged(write func() error, changes ...string) error {
	c.said.say("B %d %s", c.w, strings.Join(changes, " "))
	if err := write(); err != nil {
		return err
	}
	c.said.say("A %d", c.w)
	return nil
}

func (c *crashWriter) key(kind string, i int) string { return fmt.Sprintf("%d/%s/%d", c.w, kind, i) }

func crashID(i int) string { return fmt.Sprintf("10000000-0000-7000-8000-%012d", i) }

func (c *crashWriter) body() []byte {
	return append(fmt.Appendf(nil, "%d ", c.n), bytes.Repeat([]byte("x"), rand.N(3000))...)
}

func (c *crashWriter) item() error {
	i := rand.N(crashThings)
	return c.acknowledged(func() error {
		return c.s.Vault().Write(testContext, "", func(w vault.Writer) error { return c.putItems(w, i) })
	}, fmt.Sprintf("%s=%d", c.key("item", i), c.n))
}

func (c *crashWriter) many() error {
	var which []int
	var says []string
	for i := range crashThings {
		which, says = append(which, i), append(says, fmt.Sprintf("%s=%d", c.key("item", i), c.n))
	}
	return c.acknowledged(func() error {
		return c.s.Vault().WriteLong(testContext, "", func(w vault.Writer) error { return c.putItems(w, which...) })
	}, says...)
}

func (c *crashWriter) putItems(w vault.Writer, which ...int) error {
	rev, err := w.Next(c.owner)
	for _, i := range which {
		it := vault.Item{ID: vault.ItemID(crashID(i)), Owner: c.owner, Revision: rev, Body: c.body()}
		err = errors.Join(err, w.PutItem(it))
	}
	return err
}

func (c *crashWriter) remove() error {
	i := rand.N(crashThings)
	return c.acknowledged(func() error {
		err := c.s.Vault().Write(testContext, "", func(w vault.Writer) error {
			rev, err := w.Next(c.owner)
			return errors.Join(err, w.RemoveItem(c.owner, vault.ItemID(crashID(i)), rev))
		})
		if errors.Is(err, vault.ErrNotFound) {
			return nil
		}
		return err
	}, c.key("item", i)+"=0")
}

func (c *crashWriter) session() error {
	i := rand.N(crashThings)
	n := c.n * rand.N(2) // 0: it ends
	return c.acknowledged(func() error {
		return c.s.Accounts().WriteSessions(testContext, func(w account.SessionWriter) error {
			id := account.SessionID(crashID(i))
			if n == 0 {
				return w.RemoveSession(c.owner, id)
			}
			return w.PutSession(account.Session{ID: id, Owner: c.owner, Device: account.DeviceID(c.owner), Client: fmt.Sprint(n)})
		})
	}, fmt.Sprintf("%s=%d", c.key("session", i), n))
}

// account changes two rows of storm at once.
func (c *crashWriter) account() error {
	return c.acknowledged(func() error {
		return c.s.Accounts().Write(testContext, func(w account.Writer) error {
			a := account.Account{ID: c.owner, Email: fmt.Sprintf("%d.%d@example.org", c.w, c.n%3), Name: fmt.Sprint(c.n)}
			d := account.Device{ID: account.DeviceID(c.owner), Owner: c.owner, Identifier: crashLogin, Name: fmt.Sprint(c.n)}
			return errors.Join(w.PutAccount(a), w.PutDevice(d))
		})
	}, fmt.Sprintf("%s=%d", c.key("account", 0), c.n), fmt.Sprintf("%s=%d", c.key("device", 0), c.n))
}

func (c *crashWriter) value() error {
	return c.acknowledged(func() error {
		return c.s.SetValue(testContext, fmt.Sprint(c.w), fmt.Append(nil, c.n))
	}, fmt.Sprintf("%s=%d", c.key("value", 0), c.n))
}

// entry appends to the journal, of which the last entry of each writer counts.
func (c *crashWriter) entry() error {
	return c.acknowledged(func() error {
		text, _ := json.Marshal([2]int{c.w, c.n})
		return c.s.Journal().Append(testContext, []journal.Entry{{Time: time.Now(), Body: text}})
	}, fmt.Sprintf("%s=%d", c.key("entry", 0), c.n))
}

// readAll reads back what crashWriters write, by the same keys.
func readAll(s *Store) (map[string]int, error) {
	found := make(map[string]int)
	for w := range crashWriters {
		c := &crashWriter{s: s, w: w, owner: crashOwner(w)}
		if err := c.read(found); err != nil {
			return nil, fmt.Errorf("reading of writer %d: %w", w, err)
		}
	}
	for e, err := range s.Journal().Each(testContext, time.Time{}, time.Time{}) {
		if err != nil {
			return nil, err
		}
		var wn [2]int
		if err := json.Unmarshal(e.Body, &wn); err != nil {
			return nil, err
		}
		key := (&crashWriter{w: wn[0]}).key("entry", 0)
		found[key] = max(found[key], wn[1])
	}
	return found, nil
}

func (c *crashWriter) read(found map[string]int) error {
	number := func(key, text string) error {
		n := 0
		_, err := fmt.Sscan(text, &n)
		found[key] = n
		return err
	}
	err := c.s.Accounts().View(testContext, func(r account.Reader) error { return c.readPerson(r, number) })
	if err != nil {
		return err
	}
	v, err := c.s.Value(testContext, fmt.Sprint(c.w))
	if err == nil {
		err = number(c.key("value", 0), string(v))
	} else if errors.Is(err, ErrNoValue) {
		err = nil
	}
	if err != nil {
		return err
	}
	return c.s.Vault().View(testContext, func(r vault.Reader) error {
		for i := range crashThings {
			it, err := r.Item(c.owner, vault.ItemID(crashID(i)))
			if errors.Is(err, vault.ErrNotFound) {
				continue
			}
			if err = errors.Join(err, number(c.key("item", i), string(it.Body))); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *crashWriter) readPerson(r account.Reader, number func(key, text string) error) error {
	a, err := r.Account(c.owner)
	if errors.Is(err, account.ErrNotFound) {
		return nil
	}
	d, deviceErr := r.DeviceByIdentifier(c.owner, crashLogin)
	if err := errors.Join(err, deviceErr, number(c.key("account", 0), a.Name), number(c.key("device", 0), d.Name)); err != nil {
		return err
	}
	for i := range crashThings {
		s, err := r.Session(c.owner, account.SessionID(crashID(i)))
		if errors.Is(err, account.ErrNotFound) {
			continue
		}
		if err = errors.Join(err, number(c.key("session", i), s.Client)); err != nil {
			return err
		}
	}
	return nil
}

package provider

import (
	"context"
	"slices"
	"time"
)

// record is one record at a provider that numbers them.
type record struct {
	ID    string
	Value string // a TXT value without its quotes
	TTL   time.Duration
	// Pinned records stay, whatever is asked: the provider manages them itself.
	Pinned bool
}

// numbered is what a provider with single records does. Names are full.
type numbered interface {
	// list gives the records of this name and type and of no other.
	list(ctx context.Context, name, typ string) ([]record, error)
	create(ctx context.Context, s rrset) error
	update(ctx context.Context, id string, s rrset) error
	remove(ctx context.Context, name, typ, id string) error
}

// records makes a backend of a provider that numbers its records: it changes
// in place where it can, so that a name never goes through a moment without
// an address, and writes only what differs.
type records struct{ numbered }

func (b records) set(ctx context.Context, s rrset) error {
	there, err := b.list(ctx, s.Name, s.Type)
	if err != nil {
		return err
	}
	keep := slices.IndexFunc(there, func(r record) bool { return r.Value == s.Value })
	switch {
	case s.Value == "":
	case len(there) == 0:
		return b.create(ctx, s)
	default:
		keep = max(keep, 0)
		if r := there[keep]; r.Value != s.Value || !sameTTL(r.TTL, s.TTL) {
			if err := b.update(ctx, r.ID, s); err != nil {
				return err
			}
		}
		there = slices.Delete(there, keep, keep+1)
	}
	for _, r := range there {
		if err := b.gone(b.remove(ctx, s.Name, s.Type, r.ID)); err != nil {
			return err
		}
	}
	return nil
}

// gone forgives that somebody else was faster.
func (records) gone(err error) error {
	if status(err, 404, 410) {
		return nil
	}
	return err
}

func (b records) add(ctx context.Context, t text) error {
	there, err := b.list(ctx, t.Name, "TXT")
	if err != nil {
		return err
	}
	if slices.ContainsFunc(there, func(r record) bool { return r.Value == t.Value }) {
		return nil
	}
	return b.create(ctx, rrset{Name: t.Name, Type: "TXT", Value: t.Value, TTL: t.TTL})
}

func (b records) drop(ctx context.Context, t text) error {
	there, err := b.list(ctx, t.Name, "TXT")
	if err != nil {
		return err
	}
	for _, r := range there {
		if r.Value != t.Value {
			continue
		}
		if err := b.gone(b.remove(ctx, t.Name, "TXT", r.ID)); err != nil {
			return err
		}
	}
	return nil
}

func (b records) texts(ctx context.Context, name string) ([]string, error) {
	there, err := b.list(ctx, name, "TXT")
	values := make([]string, 0, len(there))
	for _, r := range there {
		values = append(values, r.Value)
	}
	return values, err
}

// sameTTL: a provider that doesn't tell its TTL, or says 1 for "automatic", is believed to have ours.
func sameTTL(theirs, ours time.Duration) bool { return theirs <= time.Second || theirs == ours }

// whole is what a provider with record sets does. Names are full, TXT values without quotes.
type whole interface {
	// get gives the values of one record set; none when it is absent.
	get(ctx context.Context, name, typ string) ([]string, time.Duration, error)
	// put replaces a record set; without values it goes.
	put(ctx context.Context, name, typ string, values []string, ttl time.Duration) error
}

// sets makes a backend of a provider that works on record sets.
type sets struct{ whole }

func (b sets) set(ctx context.Context, s rrset) error {
	there, ttl, err := b.get(ctx, s.Name, s.Type)
	if err != nil {
		return err
	}
	var wanted []string
	if s.Value != "" {
		wanted = []string{s.Value}
	}
	if slices.Equal(there, wanted) && (len(wanted) == 0 || sameTTL(ttl, s.TTL)) {
		return nil
	}
	return b.put(ctx, s.Name, s.Type, wanted, s.TTL)
}

func (b sets) add(ctx context.Context, t text) error {
	there, ttl, err := b.get(ctx, t.Name, "TXT")
	if err != nil || slices.Contains(there, t.Value) {
		return err
	}
	if len(there) == 0 {
		ttl = t.TTL
	}
	return b.put(ctx, t.Name, "TXT", append(there, t.Value), ttl)
}

func (b sets) drop(ctx context.Context, t text) error {
	there, ttl, err := b.get(ctx, t.Name, "TXT")
	if err != nil || !slices.Contains(there, t.Value) {
		return err
	}
	rest := slices.DeleteFunc(there, func(v string) bool { return v == t.Value })
	return b.put(ctx, t.Name, "TXT", rest, ttl)
}

func (b sets) texts(ctx context.Context, name string) ([]string, error) {
	there, _, err := b.get(ctx, name, "TXT")
	return there, err
}

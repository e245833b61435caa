package backup

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"latchkey/appliance/backup/archive"
)

// recordsValue is the name of the kept value that holds books.
const recordsValue = "backup/records"

// keepTime bounds the writing down of what has happened already, which goes on
// when whoever asked for it is gone.
const keepTime = 30 * time.Second

// books are what the house remembers of its backups.
type books struct {
	Seq     uint64              `json:"seq"`     // of the newest backup
	Records []Record            `json:"records"` // in the order of their making
	Targets map[string]standing `json:"targets"` // by ID
	Clock   reckoning           `json:"clock"`
}

// standing is how it went with a target.
type standing struct {
	Added    time.Time `json:"added"`
	SameDisk bool      `json:"sameDisk,omitempty"`
	Tried    time.Time `json:"tried,omitzero"`
	Proved   time.Time `json:"proved,omitzero"` // the last proof of any copy there
	Problem  *Trouble  `json:"problem,omitempty"`
	Since    time.Time `json:"since,omitzero"`    // of Problem
	Pruning  *Trouble  `json:"pruning,omitempty"` // old copies can't be removed
}

func (k *books) clone() *books {
	c := *k
	c.Targets = maps.Clone(k.Targets)
	c.Records = slices.Clone(k.Records)
	for i := range c.Records {
		c.Records[i].Places = slices.Clone(c.Records[i].Places)
	}
	return &c
}

// read gives the books as they are now; they are not to be changed.
func (b *Backups) read(ctx context.Context) (*books, error) {
	b.mu.Lock()
	have := b.books
	b.mu.Unlock()
	if have != nil {
		return have, nil
	}
	b.writes.Lock()
	defer b.writes.Unlock()
	return b.load(ctx)
}

// load reads the books from the keep, once. What can't be read is told, and
// begun anew: the copies are found again where they lie.
func (b *Backups) load(ctx context.Context) (*books, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.books != nil {
		return b.books, nil
	}
	raw, found, err := b.c.Keep.Value(ctx, recordsValue)
	if err != nil {
		return nil, fmt.Errorf("loading the records of backups: %w", err)
	}
	k := &books{}
	if found && len(raw) > 0 {
		if err := json.Unmarshal(raw, k); err != nil {
			b.c.Log.Warn("the records of backups can't be read and begin anew", "err", err)
			k = &books{}
		}
	}
	if k.Targets == nil {
		k.Targets = make(map[string]standing)
	}
	b.books = k
	return k, nil
}

// change lets fn change the books, and keeps them. It does so even when ctx has
// ended: what it writes down has happened.
func (b *Backups) change(ctx context.Context, fn func(*books)) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	b.writes.Lock()
	defer b.writes.Unlock()
	old, err := b.load(ctx)
	if err != nil {
		return err
	}
	fresh := old.clone()
	fn(fresh)
	fresh.tidy()
	raw, err := json.Marshal(fresh)
	if err != nil {
		return fmt.Errorf("encoding the records of backups: %w", err)
	}
	if err := b.c.Keep.SetValues(ctx, map[string][]byte{recordsValue: raw}); err != nil {
		return fmt.Errorf("keeping the records of backups: %w", err)
	}
	b.mu.Lock()
	b.books = fresh
	b.mu.Unlock()
	return nil
}

// changeRecord is change for one record, where it is still there.
func (b *Backups) changeRecord(ctx context.Context, name string, fn func(*Record)) error {
	return b.change(ctx, func(k *books) {
		if r := k.record(name); r != nil {
			fn(r)
		}
	})
}

// tidy drops records that have no place left, but for the newest: by it we know
// when the last one was made.
func (k *books) tidy() {
	newest := k.newestMade()
	k.Records = slices.DeleteFunc(k.Records, func(r Record) bool {
		return len(r.Places) == 0 && (newest == nil || r.Name != newest.Name)
	})
}

// record finds a record to be changed, nil where there is none.
func (k *books) record(name string) *Record {
	for i := range k.Records {
		if k.Records[i].Name == name {
			return &k.Records[i]
		}
	}
	return nil
}

// newestMade is the last that was made, whatever became of it; nil: none.
func (k *books) newestMade() *Record {
	var newest *Record
	for i := range k.Records {
		if r := &k.Records[i]; r.Seq > 0 && (newest == nil || r.Seq > newest.Seq) {
			newest = r
		}
	}
	return newest
}

// newestGood is the last made of those with a good copy at a target, nil where
// there is none. Of those that were found the date decides, and they come last.
func (k *books) newestGood(target string) *Record {
	var newest *Record
	for i := range k.Records {
		r := &k.Records[i]
		if p := r.place(target); p == nil || !p.good() {
			continue
		}
		if newest == nil || r.after(newest) {
			newest = r
		}
	}
	return newest
}

// lastGood is the newest of all with a good copy away from the house's disk.
func (k *books) lastGood() *Record {
	var newest *Record
	for id, s := range k.Targets {
		if s.SameDisk {
			continue
		}
		if r := k.newestGood(id); r != nil && (newest == nil || r.after(newest)) {
			newest = r
		}
	}
	return newest
}

// setStanding changes how it stands with a target; one that is not there any
// more stays away.
func (k *books) setStanding(id string, fn func(*standing)) {
	s, there := k.Targets[id]
	if !there {
		return
	}
	fn(&s)
	k.Targets[id] = s
}

// goneFor is how long a copy that is not there any more is remembered, in case
// its disk comes back.
const goneFor = 90 * 24 * time.Hour

// reconcile takes down what lies at a target: sizes by name, all of this house.
// A copy that is not there is gone, one of another size is bad, and one that no
// record knows was found.
func (k *books) reconcile(target string, sizes map[string]int64, now time.Time) {
	known := make(map[string]bool, len(k.Records))
	for i := range k.Records {
		r := &k.Records[i]
		known[r.Name] = true
		n, there := sizes[r.Name]
		switch p := r.place(target); {
		case there:
			r.setPlace(target, func(p *Place) { p.Gone, p.Bad = time.Time{}, p.Bad || n != r.Bytes })
		case p == nil:
		case target == Here || !p.Gone.IsZero() && now.Sub(p.Gone) > goneFor:
			r.dropPlace(target)
		case p.Gone.IsZero() || p.Gone.After(now):
			p.Gone = now
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sizes)) {
		if _, made, ok := archive.ParseName(name); ok && !known[name] {
			k.Records = append(k.Records, Record{
				Name: name, Made: made, Why: Found, Bytes: sizes[name], Places: []Place{{Target: target}},
			})
		}
	}
}

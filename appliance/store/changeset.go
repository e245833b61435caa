package store

import (
	"slices"
	"strings"
)

// changeSet holds what one write wants changed, until the write has ended well
// and its changes are put into the buckets.
type changeSet struct {
	places []placeChanges
	bytes  int
}

// placeChanges are the changes of one bucket, in the order of keys.
type placeChanges struct {
	place   place
	entries []entry
}

// entry is one key's new value; a nil value removes it.
type entry struct {
	key   string
	value []byte
}

func (s *changeSet) of(p place) *placeChanges {
	for i := range s.places {
		if s.places[i].place == p {
			return &s.places[i]
		}
	}
	return nil
}

// set records the value of key, nil for its removal. The set owns value from
// then on.
func (s *changeSet) set(p place, key, value []byte) {
	c := s.of(p)
	if c == nil {
		s.places = append(s.places, placeChanges{place: p})
		c = &s.places[len(s.places)-1]
	}
	s.bytes += len(key) + len(value)
	i, found := c.find(key)
	if found {
		c.entries[i].value = value
		return
	}
	c.entries = slices.Insert(c.entries, i, entry{key: string(key), value: value})
}

// find gives where key is, or would be.
func (c *placeChanges) find(key []byte) (int, bool) {
	return slices.BinarySearchFunc(c.entries, key, func(e entry, k []byte) int {
		return strings.Compare(e.key, string(k))
	})
}

// after gives the first entry behind key, or nil.
func (c *placeChanges) after(key []byte) *entry {
	i, found := c.find(key)
	if found {
		i++
	}
	if i == len(c.entries) {
		return nil
	}
	return &c.entries[i]
}

func (s *changeSet) empty() bool { return len(s.places) == 0 }

package store

import (
	"bytes"
	"strings"

	"go.etcd.io/bbolt"
)

// cursor walks one bucket as a layer sees it: the bucket and the write's own
// changes, merged in the order of keys. It may go on while the same write
// changes the bucket; what is put behind the last key will come up.
type cursor struct {
	l      *layer
	place  place
	prefix []byte
	last   []byte // the last key handed out, or what to start behind
	bolt   *bbolt.Cursor
	k, v   []byte // what bolt has next
	gen    int    // the layer's when k and v were read
	begun  bool
}

// scan walks the keys of p that begin with prefix and sort behind after, of
// which nil means all.
func (l *layer) scan(p place, prefix, after []byte) *cursor {
	if after == nil {
		after = prefix
	}
	return &cursor{l: l, place: p, prefix: prefix, last: bytes.Clone(after)}
}

// next gives the next pair, valid until the following call or change; a nil
// key ends the walk.
func (c *cursor) next() (key, value []byte, err error) {
	defer caught(&err)
	for {
		if c.l.ended {
			return nil, nil, errKept
		}
		c.settle()
		key, value = c.k, c.v
		var mine *entry
		if over := c.over(); over != nil {
			mine = over.after(c.last)
			if mine != nil && !strings.HasPrefix(mine.key, string(c.prefix)) {
				mine = nil
			}
		}
		fromBolt := key != nil
		if mine != nil && (key == nil || mine.key <= string(key)) {
			fromBolt = key != nil && mine.key == string(key)
			key, value = []byte(mine.key), mine.value
		}
		if key == nil {
			return nil, nil, nil
		}
		c.last = append(c.last[:0], key...)
		if fromBolt {
			c.k, c.v = c.bolt.Next()
			c.bound()
		}
		if value != nil {
			return key, value, nil
		}
	}
}

func (c *cursor) over() *placeChanges {
	if c.l.over == nil {
		return nil
	}
	return c.l.over.of(c.place)
}

// settle places bolt's cursor at first, and again after direct changes, which
// leave it anywhere.
func (c *cursor) settle() {
	if c.begun && c.gen == c.l.gen {
		return
	}
	c.begun, c.gen = true, c.l.gen
	c.k, c.v = nil, nil
	b := c.l.bucket(c.place)
	if b == nil {
		return
	}
	c.bolt = b.Cursor()
	c.k, c.v = c.bolt.Seek(c.last)
	if c.k != nil && bytes.Equal(c.k, c.last) {
		c.k, c.v = c.bolt.Next()
	}
	c.bound()
}

// bound ends bolt's part where the prefix ends. Buckets inside the bucket have
// no value and are none of our keys.
func (c *cursor) bound() {
	for c.k != nil && c.v == nil {
		c.k, c.v = c.bolt.Next()
	}
	if c.k != nil && !bytes.HasPrefix(c.k, c.prefix) {
		c.k, c.v = nil, nil
	}
}

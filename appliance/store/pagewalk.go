package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// bbolt believes what stands in a page: one flipped bit in a count or a length
// makes its own check run for ever, eat all memory, or fault. So the full check
// first walks the tree itself, within the file's bounds, and lets bbolt near it
// only when each page is what it must be.
//
// A page is a header of 16 bytes (id 8, flags 2, count 2, overflow 4) and its
// elements of 16: a branch's are pos 4, key size 4, page 8; a leaf's are flags
// 4, pos 4, key size 4, value size 4. pos counts from the element's own start.
const (
	pageHeader  = 16
	pageElement = 16
	branchFlag  = 0x01
	leafFlag    = 0x02
	freeFlag    = 0x10
	bucketFlag  = 0x01
	bucketHead  = 16 // root page 8, sequence 8
	wideCount   = 0xFFFF
)

var errPage = errors.New("a page is not what it must be")

// pageWalk visits each page that is reachable from the newest meta page.
type pageWalk struct {
	f    io.ReaderAt
	m    meta
	seen []bool
	todo []subtree

	branch bool // the last of todo is the element before, of the same branch
	leaves bool // those below a branch are read, too
}

// subtree is a page and what its parent says of the keys below it: from low on,
// and before high. A key that is not there would not be found from above, and
// what it names would be missing without anybody noticing.
type subtree struct {
	id        uint64
	low, high []byte // nil: no bound
}

// holds says whether a page's first and last key lie within the bounds.
func (s subtree) holds(first, last []byte) bool {
	return (s.low == nil || bytes.Compare(first, s.low) >= 0) && (s.high == nil || bytes.Compare(last, s.high) < 0)
}

// How many bytes of pages are walked: all, or so many that a start does not wait
// for a disk. Where there are more, leaves below a branch are left to the full
// check: they are nearly all of a large file, and what their branches say is
// seen all the same.
const (
	walkAll   = 1 << 62
	walkStart = 16 << 20
)

// walkPages is nil when the tree and the freelist are sound in themselves; of a
// file with more than most bytes in use only the upper part is walked. The file
// must not be shorter than m says.
func walkPages(f io.ReaderAt, m meta, most uint64) error {
	w := &pageWalk{f: f, m: m, leaves: m.highWater*uint64(m.pageSize) <= most, seen: make([]bool, m.highWater), todo: []subtree{{id: m.root}}}
	for len(w.todo) > 0 {
		at := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		page, err := w.read(at.id)
		if err == nil {
			err = w.elements(page, at)
		}
		if err != nil {
			return fmt.Errorf("page %d: %w", at.id, err)
		}
	}
	page, err := w.read(m.freelist)
	if err == nil {
		err = w.freelist(page)
	}
	if err != nil {
		return fmt.Errorf("freelist at page %d: %w", m.freelist, err)
	}
	return nil
}

// read takes a page with its overflow, each of which may be reached once.
func (w *pageWalk) read(id uint64) ([]byte, error) {
	if id < 2 || id >= w.m.highWater {
		return nil, fmt.Errorf("beyond the last one: %w", errPage)
	}
	head := make([]byte, pageHeader)
	at := int64(id) * int64(w.m.pageSize)
	if _, err := w.f.ReadAt(head, at); err != nil {
		return nil, err
	}
	more := uint64(binary.NativeEndian.Uint32(head[12:]))
	if binary.NativeEndian.Uint64(head) != id || id+more >= w.m.highWater {
		return nil, errPage
	}
	for i := id; i <= id+more; i++ {
		if w.seen[i] {
			return nil, fmt.Errorf("reached twice: %w", errPage)
		}
		w.seen[i] = true
	}
	page := make([]byte, (more+1)*uint64(w.m.pageSize))
	_, err := w.f.ReadAt(page, at)
	return page, err
}

// elements checks a branch or a leaf and notes the pages that it leads to.
func (w *pageWalk) elements(page []byte, at subtree) error {
	flags, count := binary.NativeEndian.Uint16(page[8:]), int(binary.NativeEndian.Uint16(page[10:]))
	if pageHeader+count*pageElement > len(page) || (flags != branchFlag && flags != leafFlag) || (flags == branchFlag && count == 0) {
		return errPage
	}
	w.branch = false
	var first, last []byte
	next := pageHeader + count*pageElement // bbolt writes what the elements hold without gaps
	for i := range count {
		element := page[pageHeader+i*pageElement:]
		key, value, err := w.element(element, flags, at.high)
		if err != nil {
			return err
		}
		from, size := extent(element, flags)
		if from += pageHeader + i*pageElement; from != next {
			return fmt.Errorf("a gap, or an element too few or too many: %w", errPage)
		}
		next += size
		if i == 0 {
			first = key
		} else if bytes.Compare(last, key) >= 0 {
			return fmt.Errorf("keys out of order: %w", errPage)
		}
		last = key
		if value != nil {
			if err := w.bucket(value); err != nil {
				return err
			}
		}
	}
	if count > 0 && !at.holds(first, last) {
		return fmt.Errorf("keys that belong elsewhere: %w", errPage)
	}
	if flags == branchFlag && !w.leaves {
		return w.skipLeaves(count)
	}
	return nil
}

// skipLeaves takes the pages that a branch of count elements leads to off the
// list where they are leaves: all of them are, or none.
func (w *pageWalk) skipLeaves(count int) error {
	below := w.todo[len(w.todo)-count:]
	head := make([]byte, pageHeader)
	if below[0].id >= w.m.highWater {
		return errPage
	}
	if _, err := w.f.ReadAt(head, int64(below[0].id)*int64(w.m.pageSize)); err != nil {
		return err
	}
	if binary.NativeEndian.Uint16(head[8:]) != leafFlag {
		return nil
	}
	for _, page := range below {
		if page.id < 2 || page.id >= w.m.highWater || w.seen[page.id] {
			return errPage
		}
		w.seen[page.id] = true
	}
	w.todo = w.todo[:len(w.todo)-count]
	return nil
}

// extent is where an element's key and value begin, from the element's start,
// and how long both are.
func extent(e []byte, flags uint16) (from, size int) {
	word := func(i int) int { return int(binary.NativeEndian.Uint32(e[4*i:])) }
	if flags == branchFlag {
		return word(0), word(1)
	}
	return word(1), word(2) + word(3)
}

// element gives an element's key, and its value where that is a bucket. Of a
// branch it notes the page that the element leads to, whose keys end where the
// next one's begin, the last one's before high.
func (w *pageWalk) element(e []byte, flags uint16, high []byte) (key, bucket []byte, err error) {
	word := func(i int) uint64 { return uint64(binary.NativeEndian.Uint32(e[4*i:])) }
	if flags == branchFlag {
		pos, size := word(0), word(1)
		if pos+size > uint64(len(e)) {
			return nil, nil, errPage
		}
		key = e[pos : pos+size]
		if n := len(w.todo); n > 0 && w.branch {
			w.todo[n-1].high = key
		}
		w.todo, w.branch = append(w.todo, subtree{binary.NativeEndian.Uint64(e[8:]), key, high}), true
		return key, nil, nil
	}
	kind, pos, keySize, valueSize := word(0), word(1), word(2), word(3)
	if kind > bucketFlag || pos+keySize+valueSize > uint64(len(e)) {
		return nil, nil, errPage
	}
	key = e[pos : pos+keySize]
	if kind == bucketFlag {
		bucket = e[pos+keySize : pos+keySize+valueSize : pos+keySize+valueSize]
		if len(bucket) < bucketHead {
			return nil, nil, errPage
		}
	}
	return key, bucket, nil
}

// bucket follows a bucket to its root page, or into the small leaf that stands
// in its place.
func (w *pageWalk) bucket(value []byte) error {
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		w.todo = append(w.todo, subtree{id: root})
		return nil
	}
	inside := value[bucketHead:]
	if len(inside) < pageHeader || binary.NativeEndian.Uint16(inside[8:]) != leafFlag {
		return fmt.Errorf("a bucket without a page: %w", errPage)
	}
	return w.elements(inside, subtree{})
}

// freelist checks that it names pages, in order, that nothing else reaches.
func (w *pageWalk) freelist(page []byte) error {
	flags, count := binary.NativeEndian.Uint16(page[8:]), uint64(binary.NativeEndian.Uint16(page[10:]))
	ids := page[pageHeader:]
	if count == wideCount {
		count, ids = binary.NativeEndian.Uint64(ids), ids[8:]
	}
	if flags != freeFlag || count > uint64(len(ids)/8) {
		return errPage
	}
	for ; count > 0; count, ids = count-1, ids[8:] {
		id := binary.NativeEndian.Uint64(ids)
		if id < 2 || id >= w.m.highWater || w.seen[id] {
			return fmt.Errorf("page %d is no free one: %w", id, errPage)
		}
		w.seen[id] = true
	}
	return nil
}

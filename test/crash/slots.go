package crash

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"regexp"
	"sync"
)

// Each item of these tests stands in a slot, and each write that is asked for
// has a mark of its own, higher than those before. Both stand in the item's
// name, which only looks encrypted.
func nameOf(slot, mark int) string {
	iv := binary.BigEndian.AppendUint64(nil, uint64(slot))
	iv = binary.BigEndian.AppendUint64(iv, uint64(mark))
	text := func(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
	return fmt.Sprintf("2.%s|%s|%s", text(iv), text(make([]byte, 16)), text(make([]byte, 32)))
}

// slotOf reads a name; ok is false for one that no test of ours has given.
func slotOf(name string) (slot, mark int, ok bool) {
	if len(name) < 26 || name[:2] != "2." || name[26] != '|' {
		return 0, 0, false
	}
	iv, err := base64.StdEncoding.DecodeString(name[2:26])
	if err != nil || len(iv) != 16 {
		return 0, 0, false
	}
	return int(binary.BigEndian.Uint64(iv)), int(binary.BigEndian.Uint64(iv[8:])), true
}

var kept = regexp.MustCompile(`"name":"(2\.[A-Za-z0-9+/]{22}==\|)`)

// slotIn finds the name in an item as it is kept.
func slotIn(body []byte) (slot, mark int, ok bool) {
	m := kept.FindSubmatch(body)
	if m == nil {
		return 0, 0, false
	}
	return slotOf(string(m[1]))
}

// login is an item for a slot; more is how many bytes its notes have, so that
// items need pages of their own.
func login(slot, mark, more int) map[string]any {
	return map[string]any{
		"type": 1, "name": nameOf(slot, mark), "login": map[string]any{"username": nameOf(slot, mark)},
		"notes": "2.AAAAAAAAAAAAAAAAAAAAAA==|" + base64.StdEncoding.EncodeToString(make([]byte, 16*(1+more/22))) + "|" + base64.StdEncoding.EncodeToString(make([]byte, 32)),
	}
}

// A book says what was asked for, slot by slot, and what was answered.
type book struct {
	mu    sync.Mutex
	mark  int
	slots map[int][]line
	done  map[int]bool // marks that were acknowledged, in this life or one before
	acks  int          // acknowledgements so far
}

// line is one write to a slot; gone ones remove what is there.
type line struct {
	mark int
	gone bool
}

func newBook() *book { return &book{slots: make(map[int][]line), done: make(map[int]bool)} }

// clone is a book for a copy of the house.
func (b *book) clone() *book {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := newBook()
	c.mark = b.mark
	for slot, lines := range b.slots {
		c.slots[slot] = append([]line(nil), lines...)
	}
	for mark := range b.done {
		c.done[mark] = true
	}
	return c
}

// begin takes down a write before it is asked for, and gives its mark.
func (b *book) begin(slot int, gone bool) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mark++
	b.slots[slot] = append(b.slots[slot], line{b.mark, gone})
	return b.mark
}

// answered takes down that a write was acknowledged.
func (b *book) answered(marks ...int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, mark := range marks {
		b.done[mark] = true
	}
	b.acks++
}

// compare wants in each slot the last write that was acknowledged, or one that
// was asked for after it; what nobody asked for is an error, too.
func (b *book) compare(found map[int]int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for slot, lines := range b.slots {
		from := -1
		for i, l := range lines {
			if b.done[l.mark] {
				from = i
			}
		}
		now, there := found[slot]
		fits := from < 0 && !there
		for _, l := range lines[max(0, from):] {
			fits = fits || (l.gone && !there) || (!l.gone && there && l.mark == now)
		}
		if !fits {
			return fmt.Errorf("slot %d holds mark %d (there: %v), and was asked for %v, of which up to number %d was acknowledged", slot, now, there, lines, from)
		}
	}
	for slot := range found {
		if _, known := b.slots[slot]; !known {
			return fmt.Errorf("slot %d was never asked for", slot)
		}
	}
	return nil
}

// settle begins anew from what was found: that is what every later look must
// find again.
func (b *book) settle(found map[int]int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.slots, b.done = make(map[int][]line), make(map[int]bool)
	for slot, mark := range found {
		b.slots[slot], b.done[mark] = []line{{mark: mark}}, true
	}
}

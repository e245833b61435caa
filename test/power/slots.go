package power

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
)

// Each item of these tests stands in a slot, and each write that is asked for
// has a mark of its own, higher than those before. Both are in the item's name.

// nameOf gives a name that only looks encrypted.
func nameOf(slot, mark int) string {
	iv := binary.BigEndian.AppendUint64(nil, uint64(slot))
	iv = binary.BigEndian.AppendUint64(iv, uint64(mark))
	text := func(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
	return fmt.Sprintf("2.%s|%s|%s", text(iv), text(make([]byte, 16)), text(make([]byte, 32)))
}

// slotOf reads it in an item's body.
func slotOf(body []byte) (slot, mark int, ok bool) {
	m := slotName.FindSubmatch(body)
	if m == nil {
		return 0, 0, false
	}
	iv, err := base64.StdEncoding.DecodeString(string(m[1]))
	if err != nil || len(iv) != 16 {
		return 0, 0, false
	}
	return int(binary.BigEndian.Uint64(iv)), int(binary.BigEndian.Uint64(iv[8:])), true
}

// book is what was asked for, slot by slot.
type book map[int][]line

// line is one write to a slot; gone ones remove what is there.
type line struct {
	mark int
	gone bool
}

func (b book) write(slot, mark int) { b[slot] = append(b[slot], line{mark, false}) }
func (b book) drop(slot, mark int)  { b[slot] = append(b[slot], line{mark, true}) }

// compare wants in each slot the last write that was acknowledged, or one that
// was asked for after it.
func (b book) compare(acked map[int]bool, marks map[int]int) error {
	for slot, lines := range b {
		from := -1
		for i, l := range lines {
			if acked[l.mark] {
				from = i
			}
		}
		now, there := marks[slot]
		fits := from < 0 && !there
		for _, l := range lines[max(0, from):] {
			fits = fits || (l.gone && !there) || (!l.gone && there && l.mark == now)
		}
		if !fits {
			return fmt.Errorf("slot %d holds mark %d (there: %v), and was asked for %v, of which up to %d was acknowledged", slot, now, there, lines, from)
		}
	}
	for slot := range marks {
		if _, known := b[slot]; !known {
			return fmt.Errorf("slot %d was never asked for", slot)
		}
	}
	return nil
}

package journal

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
)

// Unreadable is the Kind and the Outcome of a line that this program can't
// make sense of: a newer one wrote it, or it is damaged.
const Unreadable = "unreadable"

// A line is kept as the byte 1, its texts in the order of words, each behind
// its length, and its numbers; the time stands in the key. What a newer program
// puts behind that is passed over. Of a tally, which is rare and has many
// parts, the text is JSON; older programs kept all of an event so.
const codeVersion = 1

// words are the texts of an event, in the order in which they are kept.
func (e *Event) words() []*string {
	return []*string{(*string)(&e.Kind), &e.Outcome, &e.Method, &e.Owner, &e.By, &e.Device, &e.Address, &e.Country, &e.Detail}
}

func encode(e Event) Entry {
	body := make([]byte, 1, 160)
	body[0] = codeVersion
	for _, s := range e.words() {
		body = appendText(body, *s)
	}
	for _, n := range []int64{int64(e.DeviceType), e.Millis, int64(e.Count)} {
		body = binary.AppendVarint(body, n)
	}
	var tally []byte
	if e.Tally != nil {
		var err error
		if tally, err = json.Marshal(e.Tally); err != nil {
			panic("journal: a tally that can't be encoded: " + err.Error())
		}
	}
	return Entry{e.Time, appendText(body, string(tally))}
}

func appendText(to []byte, s string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(s))), s...)
}

// decode reads an entry back. One bad line must not hide all others.
func decode(entry Entry) Event {
	e, ok := Event{}, false
	if len(entry.Body) > 0 && entry.Body[0] == codeVersion {
		e, ok = decodeEvent(entry.Body[1:])
	} else {
		ok = json.Unmarshal(entry.Body, &e) == nil
	}
	if !ok || e.Kind == "" {
		e = Event{Kind: Unreadable, Outcome: Unreadable, DeviceType: unknownDevice}
	}
	e.Time, e.Outcome = entry.Time.UTC(), cmp.Or(e.Outcome, OK)
	e.clean() // older programs kept what a device called itself as it was
	if e.Tally != nil {
		e.Tally.clean()
	}
	return e
}

func decodeEvent(body []byte) (e Event, ok bool) {
	p := parts{rest: string(body)} // copied once; the texts are parts of it
	for _, s := range e.words() {
		*s = p.text()
	}
	e.DeviceType, e.Millis, e.Count = int(p.number()), p.number(), int(p.number())
	if tally := p.text(); tally != "" {
		e.Tally = new(Tally)
		p.bad = p.bad || json.Unmarshal([]byte(tally), e.Tally) != nil
	}
	return e, !p.bad
}

// parts takes a body apart from its start.
type parts struct {
	rest string
	bad  bool
}

func (p *parts) text() (s string) {
	n, used := p.uvarint()
	if used <= 0 || n > uint64(len(p.rest)-used) {
		p.rest, p.bad = "", true
		return ""
	}
	s, p.rest = p.rest[used:used+int(n)], p.rest[used+int(n):]
	return s
}

func (p *parts) number() int64 {
	n, used := p.uvarint()
	if used <= 0 {
		p.rest, p.bad = "", true
		return 0
	}
	p.rest = p.rest[used:]
	return int64(n>>1) ^ -int64(n&1) // zigzag, as AppendVarint writes it
}

func (p *parts) uvarint() (n uint64, used int) {
	return binary.Uvarint([]byte(p.rest[:min(len(p.rest), binary.MaxVarintLen64)]))
}

// clean takes out what no program of ours can have counted.
func (t *Tally) clean() {
	for _, n := range []*int{&t.Requests, &t.Refused, &t.Errors} {
		*n = max(*n, 0)
	}
	t.Millis, t.Slowest = max(t.Millis, 0), max(t.Slowest, 0)
	for _, counts := range []map[string]int{t.Devices, t.Addresses} {
		for name, n := range counts {
			if n < 0 || name == "" || clean(name, maxName) != name {
				delete(counts, name)
			}
		}
	}
}

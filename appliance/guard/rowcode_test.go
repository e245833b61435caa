package guard

import (
	"bytes"
	"math"
	"testing"
)

// someRows is a row of each class.
func someRows() []row {
	who, net := name{1, 2, 3}, netID{bytes: [8]byte{203, 0, 113, 7}, bits: 32, four: true}
	link := netID{bytes: [8]byte{0x20, 1, 0xd, 0xb8, 0, 1, 2, 3}, bits: 64}
	site := netID{bytes: [8]byte{0x20, 1, 0xd, 0xb8, 0, 1}, bits: 48}
	c := counter{level: 7.5, at: 1_700_000_000_000, kept: true}
	ban := network{counter: c, times: 2, why: kindPassword, tries: 99, since: 1_700_000_000_000, until: 1_700_000_600_000}
	s := &siege{account: "ada@example.org", since: c.at, tries: 7}
	s.seen.saw(mix(net, 1))
	s.about = s.seen.estimate()
	return []row{
		{id: id{class: classPlace, kind: kindPassword, who: who, net: net}, counter: c},
		{id: id{class: classPlace, kind: kindCode, place: Spared, who: who, net: link}, counter: c},
		{id: id{class: classNetwork, kind: kindCode, place: Home, net: link}, counter: c},
		{id: id{class: classAccount, kind: kindPassword, who: who}, counter: c},
		{id: id{class: classAccount, kind: kindPassword, place: Home, who: who}, counter: c},
		{id: id{class: classAll, kind: kindPasskey}, counter: c},
		{id: id{class: classDevice, kind: kindCode, who: who}, counter: c},
		{id: id{class: classSession, kind: kindCode, who: who}, counter: c},
		{id: id{class: classAdmitted, kind: kindCode, who: who}, counter: c},
		{id: id{class: classBan, net: net}, network: ban},
		{id: id{class: classBan, net: site}, network: ban},
		{id: id{class: classKnown, who: who}, device: device{account: name{9}, token: name{8}, used: c.at}},
		{id: id{class: classAdmission, who: who, net: link}, admission: admission{account: "ada@example.org", since: c.at, until: c.at + 1}},
		{id: id{class: classAdmission, net: net}, admission: admission{since: c.at, until: c.at + 1}},
		{id: id{class: classSiege, kind: kindPassword, who: who}, siege: s},
		{id: id{class: classSiege, kind: kindPassword}, siege: &siege{since: c.at}},
	}
}

func (w row) encode() []byte {
	switch to := start(w.id); w.id.class {
	case classBan:
		return w.network.append(to)
	case classKnown:
		return w.device.append(to)
	case classAdmission:
		return w.admission.append(to)
	case classSiege:
		return w.siege.append(to)
	default:
		return w.counter.append(to)
	}
}

func TestRowsAreReadAsTheyWereWritten(t *testing.T) {
	for _, w := range someRows() {
		got, err := decodeRow(w.encode())
		if err != nil {
			t.Errorf("%+v: %v", w, err)
			continue
		}
		if (got.siege == nil) != (w.siege == nil) || got.siege != nil && *got.siege != *w.siege {
			t.Errorf("read %+v, written was %+v", got.siege, w.siege)
		}
		got.siege, w.siege = nil, nil
		w.network.kept = w.id.class == classBan
		if got != w {
			t.Errorf("read %+v, written was %+v", got, w)
		}
	}
}

func TestRowsThatNobodyWroteAreRefused(t *testing.T) {
	rows := someRows()
	for _, c := range []struct {
		says string
		harm func([]byte) []byte
	}{
		{"nothing", func([]byte) []byte { return nil }},
		{"another format", func(b []byte) []byte { b[0]++; return b }},
		{"no class", func(b []byte) []byte { b[1] = 0; return b }},
		{"an unknown class", func(b []byte) []byte { b[1] = byte(classes); return b }},
		{"the class that is never kept", func(b []byte) []byte { b[1] = byte(classFlood); return b }},
		{"an unknown kind", func(b []byte) []byte { b[2] = byte(kinds); return b }},
		{"an unknown place", func(b []byte) []byte { b[3] = 9; return b }},
		{"a network of another width", func(b []byte) []byte { b[28] = 33; return b }},
		{"a network that is neither four nor six", func(b []byte) []byte { b[29] = 2; return b }},
		{"a level that is no number", func(b []byte) []byte { copy(b[30:], []byte{0x7f, 0xff, 0xff, 0xff}); return b }},
		{"a level below zero", func(b []byte) []byte { b[30] |= 0x80; return b }},
		{"a level that no rule gives", func(b []byte) []byte { copy(b[30:], []byte{0x7f, 0x00, 0, 0}); return b }},
		{"a moment before all others", func(b []byte) []byte { b[34] = 0xff; return b }},
		{"too short", func(b []byte) []byte { return b[:len(b)-1] }},
		{"too long", func(b []byte) []byte { return append(b, 0) }},
	} {
		t.Run(c.says, func(t *testing.T) {
			if w, err := decodeRow(c.harm(rows[0].encode())); err == nil {
				t.Errorf("taken for %+v", w)
			}
		})
	}
	t.Run("a ban longer than any", func(t *testing.T) {
		w := rows[9]
		w.network.until += moment(memory.Milliseconds())
		if _, err := decodeRow(w.encode()); err == nil {
			t.Error("it is taken")
		}
	})
	t.Run("an admission longer than any", func(t *testing.T) {
		w := rows[12]
		w.admission.until += moment(memory.Milliseconds())
		if _, err := decodeRow(w.encode()); err == nil {
			t.Error("it is taken")
		}
	})
}

func FuzzDecodeRow(f *testing.F) {
	for _, w := range someRows() {
		f.Add(w.encode())
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		w, err := decodeRow(body)
		if err != nil {
			return
		}
		if !bytes.Equal(w.encode(), body) {
			t.Errorf("%x is read as %+v, which is written otherwise", body, w)
		}
		if math.IsNaN(float64(w.counter.level)) || math.IsInf(float64(w.counter.level), 0) {
			t.Errorf("a level of %v", w.counter.level)
		}
		if w.id.class < counterClasses { // whatever was read can be asked
			if wait := w.id.rule().wait(w.counter, w.counter.at+1); wait < 0 {
				t.Errorf("a wait of %v", wait)
			}
		}
	})
}

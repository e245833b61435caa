package dyndns

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"latchkey/appliance/problem"
)

const (
	memoryVersion = 1
	historyMost   = 500            // years of a usual connection
	memosMost     = 12             // four plans; the names of older ones are forgotten
	oursMost      = 16             // how many of our addresses are recognised in a record
	setsMost      = 32             // more than the flap rule counts
	longest       = 25 * time.Hour // no wait of ours is longer: a day and its jitter
)

// memory is what has to outlive a restart.
type memory struct {
	Version int    `json:"version"`
	Mark    string `json:"mark"`
	Gate    pause  `json:"gate"` // what holds for every record of this provider
	// Worked: the present credentials have changed a record once.
	Worked  bool             `json:"worked"`
	Memos   map[string]*memo `json:"memos"`
	History []Change         `json:"history"` // oldest first
}

// memo is what is remembered of one record.
type memo struct {
	Set   netip.Addr `json:"set"`   // what the provider was last asked for; zero: to clear, or nothing yet
	SetAt time.Time  `json:"setAt"` // zero: never
	Acked bool       `json:"acked"` // it said yes. Else the outcome is not known.
	Seen  bool       `json:"seen"`  // the servers have shown it since
	Again int        `json:"again"` // acked in a row for the same address

	Ours []netip.Addr `json:"ours"` // addresses that we have set here, newest last
	Sets []sent       `json:"sets"` // acked of late, oldest first

	Changed time.Time  `json:"changed"` // when the provider last said yes
	Noticed time.Time  `json:"noticed"` // when the need for Set arose
	From    netip.Addr `json:"from"`    // what was there then
	TTLAt   time.Time  `json:"ttlAt"`   // when the plan's TTL was last said
	Pause   pause      `json:"pause"`

	Servers   int       `json:"servers"` // how many commonly answer
	ServersAt time.Time `json:"serversAt"`
	Used      time.Time `json:"used"` // when a plan last spoke of it, to the day

	wish  wish      // what was last wanted; a restart begins a new count
	since time.Time // since when without a break
	right wish      // what it was last seen to hold as wanted
	wrong time.Time // since when it is not as wanted; zero: it is
	dark  time.Time // since when the servers can't be asked; zero: they can
}

// sent is an update that the provider took.
type sent struct {
	Addr netip.Addr `json:"addr"`
	At   time.Time  `json:"at"`
}

// pause is a wait after complaints.
type pause struct {
	Fails     int           `json:"fails"`
	Since     time.Time     `json:"since"`
	Wait      time.Duration `json:"wait"`
	Asked     bool          `json:"asked"`   // the provider wants it
	Lasting   bool          `json:"lasting"` // a person has to mend something
	Complaint *complaint    `json:"complaint,omitempty"`
}

// complaint is a problem without its cause, which is for the log only.
type complaint struct {
	Kind   problem.Kind      `json:"kind"`
	Code   string            `json:"code"`
	Text   string            `json:"text"`
	Hint   string            `json:"hint"`
	Values map[string]string `json:"values,omitempty"`
}

func (c *complaint) problem() *problem.Problem {
	if c == nil {
		return nil
	}
	return &problem.Problem{Kind: c.Kind, Code: c.Code, Text: c.Text, Hint: c.Hint, Values: c.Values}
}

func complaintOf(err error) *complaint {
	p := problem.Of(err)
	return &complaint{Kind: p.Kind, Code: p.Code, Text: p.Text, Hint: p.Hint, Values: p.Values}
}

func readMemory(blob []byte) (memory, error) {
	m := memory{Version: memoryVersion, Memos: map[string]*memo{}}
	if blob == nil {
		return m, nil
	}
	var head struct{ Version int }
	if err := json.Unmarshal(blob, &head); err != nil {
		return memory{}, fmt.Errorf("reading the memory: %w", err)
	}
	if head.Version != memoryVersion {
		return memory{}, fmt.Errorf("reading the memory: version %d is not %d", head.Version, memoryVersion)
	}
	d := json.NewDecoder(bytes.NewReader(blob))
	d.DisallowUnknownFields()
	m = memory{}
	if err := d.Decode(&m); err != nil {
		return memory{}, fmt.Errorf("reading the memory: %w", err)
	}
	if m.Memos == nil {
		return memory{}, errors.New("reading the memory: no records")
	}
	for key, one := range m.Memos {
		if one == nil {
			return memory{}, fmt.Errorf("reading the memory: nothing for %s", key)
		}
	}
	return m, nil
}

func (m *memory) blob() []byte {
	blob, err := json.Marshal(m)
	if err != nil {
		panic("dyndns: memory can't be marshalled: " + err.Error()) // our own plain types
	}
	return blob
}

// memo finds or begins what is remembered of a record.
func (m *memory) memo(s slot) *memo {
	one, ok := m.Memos[s.key()]
	if !ok {
		one = &memo{}
		m.Memos[s.key()] = one
	}
	return one
}

// adopt takes a plan over. Another provider, token or name is a new start for
// whatever was complained of, and nothing that the old one took counts as set.
func (m *memory) adopt(p Plan) {
	mark := p.Mark + "\n" + p.Name + "\n" + p.Lan
	if m.Mark == mark {
		return
	}
	m.Mark, m.Gate, m.Worked = mark, pause{}, false
	for _, one := range m.Memos {
		one.Pause, one.Again, one.Acked, one.TTLAt = pause{}, 0, false, time.Time{}
	}
}

// forgive ends all waits but those that a provider asked for.
func (m *memory) forgive() {
	if !m.Gate.Asked {
		m.Gate = pause{}
	}
	for _, one := range m.Memos {
		if !one.Pause.Asked {
			one.Pause = pause{}
		}
		one.Again = 0
	}
}

// tidy bounds everything, and mends what a clock that jumped back has left: a
// wait from the future would otherwise last until the clock is there again.
func (m *memory) tidy(now time.Time) {
	m.Gate.tidy(now)
	for _, one := range m.Memos {
		one.Pause.tidy(now)
		for _, t := range []*time.Time{&one.SetAt, &one.Changed, &one.Noticed, &one.TTLAt, &one.ServersAt, &one.Used, &one.since, &one.wrong, &one.dark} {
			if t.After(now) {
				*t = now
			}
		}
		one.Sets = slices.DeleteFunc(one.Sets, func(s sent) bool { return s.At.After(now) || now.Sub(s.At) > flapWindow })
		one.Sets = last(one.Sets, setsMost)
		one.Ours = last(one.Ours, oursMost)
	}
	for len(m.Memos) > memosMost {
		oldest := ""
		for key, one := range m.Memos {
			if oldest == "" || one.Used.Before(m.Memos[oldest].Used) {
				oldest = key
			}
		}
		delete(m.Memos, oldest)
	}
	m.History = last(m.History, historyMost)
}

// until is when the wait is over.
func (p pause) until() time.Time { return p.Since.Add(p.Wait) }

func (p *pause) tidy(now time.Time) {
	if p.Since.After(now) {
		p.Since = now
	}
	p.Wait = min(p.Wait, longest)
}

// begun writes down that the provider is about to be asked for addr, before it
// is: killed in between, the record is still known to be ours.
func (m *memo) begun(addr, from netip.Addr, now time.Time) {
	if m.Set != addr || m.SetAt.IsZero() {
		m.Again = 0
	}
	m.Noticed, m.From = m.since, from
	if m.right == m.wish { // it was right under this wish, and somebody changed it
		m.Noticed = m.wrong
	}
	if m.Noticed.IsZero() {
		m.Noticed = now
	}
	m.Set, m.SetAt, m.Acked, m.Seen = addr, now, false, false
	if addr.IsValid() && !slices.Contains(m.Ours, addr) {
		m.Ours = last(append(m.Ours, addr), oursMost)
	}
}

// acked writes down that the provider said yes.
func (m *memo) acked(now time.Time) {
	m.Acked, m.SetAt, m.Pause = true, now, pause{}
	m.TTLAt = now // each update says how long it shall live
	m.Changed = now
	m.Again++
	m.Sets = last(append(m.Sets, sent{m.Set, now}), setsMost)
}

// record puts the change into the history, or how long it took into the entry
// that is there.
func (m *memory) record(s slot, one *memo, took time.Duration) {
	for i := len(m.History) - 1; i >= 0; i-- {
		h := &m.History[i]
		if h.Name == s.name && h.Family == s.family {
			if h.To == one.Set && h.Time.Equal(one.Noticed) {
				h.Took = took
				return
			}
			break
		}
	}
	if one.From == one.Set {
		return // the TTL, or the same once more
	}
	m.History = last(append(m.History, Change{
		Time: one.Noticed, Name: s.name, Family: s.family, From: one.From, To: one.Set, Took: took,
	}), historyMost)
}

// newest gives the history for a page: newest first.
func (m *memory) newest() []Change {
	out := slices.Clone(m.History)
	slices.Reverse(out)
	return out
}

func last[T any](list []T, most int) []T {
	if len(list) <= most {
		return list
	}
	return slices.Delete(list, 0, len(list)-most)
}

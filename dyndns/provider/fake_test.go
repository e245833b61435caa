package provider_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// fakeZone is the zone that a stub keeps, in the form that all providers'
// records come down to. It counts what is written.
type fakeZone struct {
	mu     sync.Mutex
	name   string
	recs   []*fakeRecord
	last   int
	writes int
}

type fakeRecord struct {
	ID                int
	Name, Type, Value string // the full name; a TXT without quotes
	TTL               int
	Proxied           bool
}

func (r *fakeRecord) id() string     { return strconv.Itoa(r.ID) }
func (r *fakeRecord) String() string { return r.Name + " " + r.Type + " " + r.Value }

// put adds a record without counting it; line is "name TYPE value".
func (z *fakeZone) put(t testing.TB, lines ...string) {
	t.Helper()
	for _, line := range lines {
		parts := strings.SplitN(line, " ", 3)
		if len(parts) != 3 {
			t.Fatalf("a record is written “name TYPE value”, not %q", line)
		}
		z.create(&fakeRecord{Name: parts[0], Type: parts[1], Value: parts[2], TTL: 3600})
	}
	z.reset()
}

func (z *fakeZone) reset() {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.writes = 0
}

func (z *fakeZone) clear() {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.recs, z.writes = nil, 0
}

func (z *fakeZone) written() int {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.writes
}

// lines is all that the zone holds, sorted.
func (z *fakeZone) lines() []string {
	z.mu.Lock()
	defer z.mu.Unlock()
	out := []string{}
	for _, r := range z.recs {
		out = append(out, r.String())
	}
	slices.Sort(out)
	return out
}

// find gives copies; "" and 0 match anything.
func (z *fakeZone) find(id, name, typ string) []fakeRecord {
	z.mu.Lock()
	defer z.mu.Unlock()
	out := []fakeRecord{}
	for _, r := range z.recs {
		if (id == "" || r.id() == id) && (name == "" || r.Name == name) && (typ == "" || r.Type == typ) {
			out = append(out, *r)
		}
	}
	return out
}

func (z *fakeZone) create(r *fakeRecord) fakeRecord {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.last++
	z.writes++
	r.ID = 1000 + z.last
	z.recs = append(z.recs, r)
	return *r
}

// change edits one record; false when there is none.
func (z *fakeZone) change(id string, edit func(*fakeRecord)) bool {
	z.mu.Lock()
	defer z.mu.Unlock()
	for _, r := range z.recs {
		if r.id() == id {
			z.writes++
			edit(r)
			return true
		}
	}
	return false
}

func (z *fakeZone) remove(id string) bool {
	z.mu.Lock()
	defer z.mu.Unlock()
	before := len(z.recs)
	z.recs = slices.DeleteFunc(z.recs, func(r *fakeRecord) bool { return r.id() == id })
	if before == len(z.recs) {
		return false
	}
	z.writes++
	return true
}

// replace makes one record set hold exactly values.
func (z *fakeZone) replace(name, typ string, ttl int, values ...string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.writes++
	z.recs = slices.DeleteFunc(z.recs, func(r *fakeRecord) bool { return r.Name == name && r.Type == typ })
	for _, v := range values {
		z.last++
		z.recs = append(z.recs, &fakeRecord{ID: 1000 + z.last, Name: name, Type: typ, Value: v, TTL: ttl})
	}
}

// full and label turn the provider's names of records into full ones and back.
func (z *fakeZone) full(label string) string {
	label = strings.TrimSuffix(strings.ToLower(label), ".")
	if label == "" || label == "@" || label == z.name {
		return z.name
	}
	if strings.HasSuffix(label, "."+z.name) {
		return label
	}
	return label + "." + z.name
}

func (z *fakeZone) label(name, apex string) string {
	if name == z.name {
		return apex
	}
	return strings.TrimSuffix(name, "."+z.name)
}

// bare and quoted are TXT values as zone files and as people have them.
func bare(typ, value string) string {
	if typ != "TXT" {
		return strings.TrimSuffix(value, ".")
	}
	if v, err := strconv.Unquote(value); err == nil {
		return v
	}
	return value
}

func quotedTXT(typ, value string) string {
	if typ == "TXT" {
		return fmt.Sprintf("%q", value)
	}
	return value
}

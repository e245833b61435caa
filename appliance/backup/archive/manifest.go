package archive

import "time"

// Manifest is the table of contents that opens every backup. Its JSON is
// documented in FORMAT.md; a reader ignores fields that it doesn't know.
type Manifest struct {
	Format    int              `json:"format"`    // set by Write
	House     string           `json:"house"`     // the house's identity, hexadecimal
	HouseName string           `json:"houseName"` // as its people call it; may be empty
	Made      time.Time        `json:"made"`      // UTC, whole seconds
	Program   string           `json:"program"`   // the version of the program that made it
	Version   uint64           `json:"version"`   // of the store (its migrations)
	Why       string           `json:"why"`       // daily, asked, install, migration, rotation
	Parts     []Entry          `json:"parts"`     // set by Write, in the order in which they follow
	Counts    map[string]int64 `json:"counts"`    // how many items, people, … are in it
}

// Entry is one part in the manifest.
type Entry struct {
	Name string `json:"name"`
	Size int64  `json:"size"` // bytes
}

// Total is how many bytes the parts have together, unpacked.
func (m Manifest) Total() int64 {
	var sum int64
	for _, e := range m.Parts {
		sum += e.Size
	}
	return sum
}

package archive

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"latchkey/appliance/problem"
)

// Manifest is the table of contents that opens every backup. Its JSON is
// documented in FORMAT.md; a reader ignores fields that it doesn't know.
type Manifest struct {
	Format    int              `json:"format"`    // set by Write
	House     string           `json:"house"`     // the house's identity, hexadecimal
	HouseName string           `json:"houseName"` // as its people call it; may be empty
	Made      time.Time        `json:"made"`      // UTC, whole seconds (Write cuts it)
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

// The entries of the tar that are ours and no parts.
const (
	signSuffix       = ".sig"
	manifestName     = "manifest.json"
	manifestSignName = manifestName + signSuffix
	sumsName         = "SHA256SUMS"
	sumsSignName     = sumsName + signSuffix
)

// What a signature is made over begins with one of these, so that none can be
// taken for another. FORMAT.md promises the first one to every
// later format.
const (
	manifestContext = "latchkey backup manifest 1\n"
	sumsContext     = "latchkey backup sums 1\n"
)

// manifestLimit bounds what is held in memory, in bytes: half a million
// attachments.
const manifestLimit = 64 << 20

// parseManifest reads a manifest whose signature was found right. The format is
// looked at first: of a newer one nothing else is expected to be as it is here.
func parseManifest(raw []byte) (Manifest, error) {
	var head struct {
		Format  int    `json:"format"`
		Program string `json:"program"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return Manifest{}, problemManifest("it is no JSON as we know it").Because(err)
	}
	if head.Format > Format {
		return Manifest{}, problemNewer(Manifest{Format: head.Format, Program: head.Program})
	}
	var m Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return Manifest{}, problemManifest("it is no JSON as we know it").Because(err)
	}
	return m, m.check()
}

// check holds a manifest to what FORMAT.md says. The writer asks it, too.
func (m Manifest) check() error {
	switch {
	case m.Format != Format:
		return problemManifest("its format has no number that was ever given")
	case !hexadecimal(m.House):
		return problemManifest("the house has no identity")
	case !wholeUTC(m.Made):
		return problemManifest("its time is not a whole second of UTC")
	}
	return m.checkParts()
}

func (m Manifest) checkParts() error {
	var total int64
	for i, e := range m.Parts {
		switch {
		case place(e.Name) < 0:
			return problemEntry(e.Name)
		case i > 0 && byPlace(m.Parts[i-1], e) >= 0:
			return problemTwice(e.Name)
		case e.Size < 0 || e.Size > math.MaxInt64/4-total:
			return problemManifest("no file has the size that it gives " + e.Name)
		}
		total += e.Size
	}
	for _, name := range []string{DatabasePart, SealKeyPart} {
		if !slices.ContainsFunc(m.Parts, func(e Entry) bool { return e.Name == name }) {
			return problemMissing(name)
		}
	}
	return nil
}

// admit holds a manifest to what this machine can take.
func (l Limits) admit(m Manifest) *problem.Problem {
	if l.Version != 0 && m.Version > l.Version {
		return problemVersion(m, l.Version)
	}
	if need := m.Total(); l.Free != 0 && need > l.Free {
		return problemSpace(need, l.Free)
	}
	return nil
}

// attachmentPlace is behind the four that have a name of their own.
const attachmentPlace = 4

// place is a part's place among the parts, -1 for a name that no part has.
// Attachments share the last one. Nothing that it admits can climb out of a
// folder or mean a device on any system.
func place(name string) int {
	if at := slices.Index([]string{DatabasePart, SealKeyPart, LocalCAPart, ConfigPart}, name); at >= 0 {
		return at
	}
	base, inside := strings.CutPrefix(name, AttachmentsFolder+"/")
	const longest = 64
	if !inside || base == "" || len(base) > longest {
		return -1
	}
	for i := range len(base) {
		if !isHex(base[i]) && base[i] != '-' {
			return -1
		}
	}
	return attachmentPlace
}

func byPlace(a, b Entry) int {
	return cmp.Or(cmp.Compare(place(a.Name), place(b.Name)), cmp.Compare(a.Name, b.Name))
}

func hexadecimal(s string) bool {
	const longest = 64
	for i := range len(s) {
		if !isHex(s[i]) {
			return false
		}
	}
	return s != "" && len(s) <= longest
}

func wholeUTC(t time.Time) bool {
	_, offset := t.Zone()
	return offset == 0 && t.Nanosecond() == 0 && t.Unix() >= 0 && t.Year() <= 9999
}

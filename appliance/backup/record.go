package backup

import (
	"slices"
	"time"
)

// Record is what the house remembers of one backup.
type Record struct {
	Name    string    `json:"name"`
	Made    time.Time `json:"made"`
	Seq     uint64    `json:"seq"` // counts the backups up, whatever the clock says; 0: Found
	Why     Why       `json:"why"`
	Program string    `json:"program"`
	Version uint64    `json:"version"` // of the store
	Bytes   int64     `json:"bytes"`
	SHA256  string    `json:"sha256"`           // hexadecimal, of the whole file; "": unknown
	Kit     string    `json:"kit"`              // the recipient that it was made for
	Trusted bool      `json:"trusted"`          // whether the clock was when it was made
	Broken  bool      `json:"broken,omitempty"` // its bytes are right, and no house comes out of them
	Places  []Place   `json:"places"`
	// Failed says which targets did not get it. It is for the caller of Create
	// and is not kept.
	Failed []Failure `json:"-"`
}

// Place is one copy of a backup.
type Place struct {
	Target string    `json:"target"`          // Here, or a target's ID
	Sent   time.Time `json:"sent,omitzero"`   // when it was whole there
	Proved time.Time `json:"proved,omitzero"` // when its bytes were last found to be right; zero: never
	Depth  Depth     `json:"depth,omitempty"` // how deep that proof went
	Bad    bool      `json:"bad,omitempty"`   // its bytes are known to be wrong
	Gone   time.Time `json:"gone,omitzero"`   // since when it is not there any more
}

// Depth says how a copy was proved.
type Depth string

// The depths. Opened: decrypted, unpacked into scratch space and checked as a
// restore would. Digest: the bytes are those that were written.
const (
	Opened Depth = "opened"
	Digest Depth = "digest"
)

// Failure is a target that did not get a backup.
type Failure struct {
	Target  string  `json:"target"`
	Name    string  `json:"name"` // what the person calls it
	Trouble Trouble `json:"problem"`
}

// Trouble is a problem as it goes over the wire.
type Trouble struct {
	Code string `json:"code"`
	Text string `json:"text"`
	Hint string `json:"hint"`
}

// Proof is the result of reading a copy back.
type Proof struct {
	Name   string    `json:"name"`
	Target string    `json:"target"`
	At     time.Time `json:"at"`
	Depth  Depth     `json:"depth"`
	Bytes  int64     `json:"bytes"`
}

// good reports whether the copy is there and was found to be right.
func (p Place) good() bool { return !p.Proved.IsZero() && !p.Bad && p.Gone.IsZero() }

// there reports whether the copy is where it should be and not known to be wrong.
func (p Place) there() bool { return !p.Bad && p.Gone.IsZero() }

// place finds the copy at a target to be changed, nil where there is none.
func (r *Record) place(target string) *Place {
	for i := range r.Places {
		if r.Places[i].Target == target {
			return &r.Places[i]
		}
	}
	return nil
}

// setPlace changes the copy at a target, and adds it where there was none.
func (r *Record) setPlace(target string, fn func(*Place)) {
	p := r.place(target)
	if p == nil {
		r.Places = append(r.Places, Place{Target: target})
		p = &r.Places[len(r.Places)-1]
	}
	fn(p)
}

func (r *Record) dropPlace(target string) {
	r.Places = slices.DeleteFunc(r.Places, func(p Place) bool { return p.Target == target })
}

// after reports whether r was made after o, by their count where both have one
// and else by what their names say.
func (r *Record) after(o *Record) bool {
	if r.Seq > 0 && o.Seq > 0 || r.Seq != o.Seq && (r.Seq == 0 || o.Seq == 0) {
		return r.Seq > o.Seq
	}
	return r.Made.After(o.Made)
}

package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Report is what a full check found. It names places by pseudonyms only, and
// says nothing that is sealed.
type Report struct {
	Version  uint64    `json:"version"` // of the file's format
	Pages    int64     `json:"pages"`   // in use or free
	Counts   Counts    `json:"counts"`
	Findings []Finding `json:"findings,omitempty"`
	Left     int       `json:"left,omitempty"` // findings beyond the first hundred
}

// Counts are the things that the check has opened.
type Counts struct {
	Accounts    int `json:"accounts"`
	Devices     int `json:"devices"`
	Invitations int `json:"invitations"`
	Values      int `json:"values"`
	Sessions    int `json:"sessions"`
	Items       int `json:"items"`
	Folders     int `json:"folders"`
	Revisions   int `json:"revisions"`
	Entries     int `json:"entries"` // of the journal
	Guard       int `json:"guard"`   // rows that guard remembers
}

// Finding is one thing that is not as it must be.
type Finding struct {
	Code  string `json:"code"`            // one of the Found constants
	Where string `json:"where,omitempty"` // bucket and key in hexadecimal
	Text  string `json:"text,omitempty"`  // for the log
}

// The kinds of findings.
const (
	FoundPage      = "page"      // bbolt's own check of its pages
	FoundSeal      = "seal"      // a value does not open, or opens to nonsense
	FoundReference = "reference" // something that belongs together is not there together
	FoundOrphan    = "orphan"    // what it belongs to has no account
	FoundIndex     = "index"     // a look-up would not find the row, or another one
	FoundUnknown   = "unknown"   // a bucket that no version of ours makes
	FoundCrash     = "crash"     // the check itself ended before its end
)

// Clean says that there is nothing to report.
func (r *Report) Clean() bool { return len(r.Findings) == 0 && r.Left == 0 }

// mostFindings bounds a report: a hundred say it as well as a million.
const mostFindings = 100

func (r *Report) add(code, where, format string, args ...any) {
	if len(r.Findings) >= mostFindings {
		r.Left++
		return
	}
	r.Findings = append(r.Findings, Finding{code, where, fmt.Sprintf(format, args...)})
}

// String is the report on one line for a log, with its first finding.
func (r *Report) String() string {
	if r.Clean() {
		return fmt.Sprintf("clean: %d pages, %+v", r.Pages, r.Counts)
	}
	f := r.Findings[0]
	return fmt.Sprintf("%d findings, the first: %s %s %s", len(r.Findings)+r.Left, f.Code, f.Where, f.Text)
}

// reportSize bounds what is read from a child: a full report has half of it.
const reportSize = 256 << 10

var errReport = errors.New("store: not a report of a check")

// parseReport reads what a child wrote: one JSON object and nothing else.
func parseReport(text []byte) (Report, error) {
	var r Report
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return Report{}, fmt.Errorf("%w: %w", errReport, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Report{}, errReport
	}
	if r.Version == 0 || len(r.Findings) > mostFindings || r.Left < 0 {
		return Report{}, errReport
	}
	return r, nil
}

package journal

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// head names the columns of an export as CSV.
var head = []string{
	"time", "kind", "outcome", "method", "account", "by", "device", "device_kind", "address", "country", "ms", "count", "detail",
}

func newCSV(w io.Writer) (*csv.Writer, error) {
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180, 2
	return out, out.Write(head)
}

func row(e Event) []string {
	count, detail := e.times(), e.Detail
	if e.Tally != nil {
		count = e.Tally.Requests
		detail = fmt.Sprintf("hour %s, refused %d, errors %d, slowest %d ms",
			time.Unix(e.Tally.Hour, 0).UTC().Format(time.RFC3339), e.Tally.Refused, e.Tally.Errors, e.Tally.Slowest)
	}
	cells := []string{
		e.Time.Format(timeLayout), string(e.Kind), e.Outcome, e.Method, e.Owner, e.By, e.Device, DeviceKind(e.DeviceType),
		e.Address, e.Country, strconv.FormatInt(e.Millis, 10), strconv.Itoa(count), detail,
	}
	for i, s := range cells {
		cells[i] = inert(s)
	}
	return cells
}

// timeLayout is RFC 3339 with all digits that are kept, so that lines sort.
const timeLayout = "2006-01-02T15:04:05.000000Z07:00"

// inert puts an apostrophe before what a spreadsheet would take for a formula:
// at the start of a cell, and after anything that some locale's spreadsheet
// takes for the border of one. (OWASP, CSV Injection.)
func inert(s string) string {
	if !strings.ContainsAny(s, formula) {
		return s
	}
	var out strings.Builder
	start := true
	for _, r := range s {
		switch {
		case start && strings.ContainsRune(formula, r):
			out.WriteByte('\'')
			start = false
		case strings.ContainsRune(",;|\t\r\n", r):
			start = true
		case start && strings.ContainsRune(" \"'\u00a0", r):
			// may be dropped by the spreadsheet: still the start
		default:
			start = false
		}
		out.WriteRune(r)
	}
	return out.String()
}

// formula are the characters that begin one, the full-width forms included.
const formula = "=+-@\uff1d\uff0b\uff0d\uff20"

package journal

import (
	"context"
	"net/netip"
	"time"
)

// Cursor is a place between two lines; it lasts as long as the log. "" is
// none.
type Cursor string

// Query says which lines are wanted; what is zero does not matter.
type Query struct {
	Since, Until time.Time    // Since <= Time < Until
	Address      netip.Prefix // the caller's is in it
	Outcome      string       // OK, "refused" (anything but OK), or a problem's code
	Kind         Kind
	Device       string // a kind of device, or part of a device's name
	Owner        string // an account's ID, or a pseudonym: whose it is or who did it
	Text         string // stands in any of a line's texts, in capitals or not
	Before       Cursor // older than that
	After        Cursor // newer than that
	Limit        int    // of Page.Events; 0 means 100
}

// AnyRefusal is the Outcome of a Query for everything but OK.
const AnyRefusal = "refused"

// Page is an answer to a Query.
type Page struct {
	Events []Event // the newest first
	Next   Cursor  // where to go on with Before; "" when all was searched
	Newest Cursor  // where to go on with After
}

// ParseQuery reads a query's texts: since, until (RFC 3339), address (an
// address or a network), outcome, kind, device, account, text, before, after,
// limit. Its errors are a person's problems.
func ParseQuery(get func(name string) string) (Query, error) {
	return Query{Text: get("text")}, nil
}

// Search gives a page of what matches.
func (j *Journal) Search(ctx context.Context, q Query) (Page, error) {
	return Page{Events: []Event{}}, ctx.Err()
}

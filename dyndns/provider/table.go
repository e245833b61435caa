package provider

import "context"

// entry is one row: what people read, and how to open it.
type entry struct {
	info Info
	open func(Options) (backend, error)
}

// backend is what a row brings. Names are full, lower case, without a dot at
// the end, and inside Options.Zone; the Client has seen to that.
type backend interface {
	// set makes the record set of name and type (A or AAAA) hold exactly value.
	// An empty value takes the record set away; one that is absent is no error.
	set(ctx context.Context, s rrset) error
	// add puts a TXT value beside those that are there, or in their place where only one fits.
	add(ctx context.Context, t text) error
	// drop takes one TXT value away; one that is absent is no error.
	drop(ctx context.Context, t text) error
	// texts gives the TXT values of name. Only asked where Info.CleanReads.
	texts(ctx context.Context, name string) ([]string, error)
}

func entries() []entry {
	return []entry{}
}

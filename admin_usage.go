package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// figures are what the house tells of its use.
type figures struct {
	Since, Until string
	Hours        []struct {
		T                                        int64 // unix seconds of the hour
		Requests, SignIns, Refused, Errors, Bans int
	}
	Kinds, Devices, Addresses, Outcomes []counted
	Entries                             int
	Bytes                               int64
	Oldest                              string
}

type counted struct {
	Name                  string
	OK, Refused, Requests int
	Last, Country         string // of addresses
}

// usageSince is where usage begins unless told otherwise; topAddresses is how
// many of the busiest are shown.
const (
	usageSince   = "7d"
	topAddresses = 10
)

func adminUsage(ctx context.Context, s streams, args []string) error {
	var asJSON bool
	from := newSince()
	if err := from.Set(usageSince); err != nil {
		return err
	}
	o := flags("admin usage", s.err)
	o.BoolVar(&asJSON, "json", false, "print JSON")
	o.Var(from, "since", sinceHelp)
	return o.run(ctx, s, args, nil, func(e errand) error {
		path := "/latchkey/usage?" + url.Values{"since": {from.at.UTC().Format(time.RFC3339)}}.Encode()
		if asJSON {
			return e.raw(path)
		}
		var f figures
		if err := e.do(http.MethodGet, path, nil, &f); err != nil {
			return err
		}
		return writeFigures(e.out, f)
	})
}

func writeFigures(w io.Writer, f figures) error {
	if _, err := fmt.Fprintf(w, "From %s to %s. The log holds %d lines (%s), the oldest of %s.\n\n",
		when(f.Since), when(f.Until), f.Entries, size(f.Bytes), when(f.Oldest)); err != nil {
		return err
	}
	f.Addresses = f.Addresses[:min(len(f.Addresses), topAddresses)]
	addresses := table{{"ADDRESS", "OK", "REFUSED", "REQUESTS", "LAST SEEN"}}
	for _, a := range f.Addresses {
		name := a.Name
		if name == "*" {
			name = "(all others)"
		}
		if a.Country != "" {
			name += " " + a.Country
		}
		addresses.add(name, count(a.OK), count(a.Refused), count(a.Requests), when(a.Last))
	}
	return writeTables(w, f.days(), tableOf("EVENT", f.Kinds), tableOf("OUTCOME", f.Outcomes), tableOf("DEVICE", f.Devices), addresses)
}

func tableOf(head string, all []counted) table {
	t := table{{head, "OK", "REFUSED", "REQUESTS"}}
	for _, c := range all {
		t.add(or(c.Name, "-"), count(c.OK), count(c.Refused), count(c.Requests))
	}
	return t
}

// days folds the hours by the days of this machine's clock, and those without
// anything stay out.
func (f figures) days() table {
	t := table{{"DAY", "REQUESTS", "SIGN-INS", "REFUSED", "ERRORS", "BANS"}}
	var day string
	var sum [5]int
	flush := func() {
		if day != "" {
			t.add(day, count(sum[0]), count(sum[1]), count(sum[2]), count(sum[3]), count(sum[4]))
		}
		sum = [5]int{}
	}
	for _, h := range f.Hours {
		if d := time.Unix(h.T, 0).Local().Format("Mon " + time.DateOnly); d != day {
			flush()
			day = d
		}
		for i, n := range []int{h.Requests, h.SignIns, h.Refused, h.Errors, h.Bans} {
			sum[i] += n
		}
	}
	flush()
	return t
}

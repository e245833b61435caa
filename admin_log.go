package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/appliance/api"
	"latchkey/appliance/problem"
	"latchkey/client"
)

// lastLines is how many are shown where no time was named; pageLines is how many
// are asked for at once.
const (
	lastLines = 100
	pageLines = 1000
)

// followEvery is how often a log is asked what is new.
const followEvery = time.Second

// logFlags are those of `admin log`.
type logFlags struct {
	json, csv, follow bool
	since             *since
	address, outcome  string
}

func adminLog(ctx context.Context, s streams, args []string) error {
	f := logFlags{since: newSince()}
	o := flags("admin log", s.err)
	o.BoolVar(&f.json, "json", false, "print JSON, one event a line")
	o.BoolVar(&f.csv, "csv", false, "print CSV for a spreadsheet, the newest first")
	o.BoolVar(&f.follow, "follow", false, "go on with what is new, until ^C")
	o.Var(f.since, "since", sinceHelp+" (default: the last "+strconv.Itoa(lastLines)+" lines)")
	o.StringVar(&f.address, "address", "", "only callers from `A`, an address or a network like 203.0.113.0/24")
	o.StringVar(&f.outcome, "outcome", "", "only this `outcome`: ok, refused (all that is not ok), or one by name")
	if err := o.parse(args); err != nil {
		return err
	}
	if f.csv && (f.json || f.follow) {
		return usage("admin log --csv goes with neither --json nor --follow.")
	}
	return o.run(ctx, s, nil, nil, func(e errand) error {
		if f.csv {
			return e.exportCSV(f)
		}
		return e.log(f)
	})
}

// query is what to ask the log for.
func (f logFlags) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"address": f.address, "outcome": f.outcome} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if !f.since.at.IsZero() {
		q.Set("since", f.since.at.UTC().Format(time.RFC3339))
	}
	return q
}

func (e errand) exportCSV(f logFlags) error {
	q := f.query()
	q.Set("format", "csv")
	return e.Get(e.ctx, "/latchkey/log/export?"+q.Encode(), e.out)
}

// page is a piece of the log, the newest line first.
type page struct {
	Events       []json.RawMessage
	Next, Newest string
}

func (e errand) page(q url.Values) (p page, err error) {
	return p, e.do(http.MethodGet, "/latchkey/log?"+q.Encode(), nil, &p)
}

func (e errand) log(f logFlags) error {
	if f.follow {
		if err := e.mustServe(); err != nil {
			return err
		}
	}
	events, newest, err := e.past(f)
	if err != nil {
		return err
	}
	show := e.lines
	if f.json {
		show = e.objects
	}
	write := show(events)
	if err := write(events); err != nil || !f.follow {
		return err
	}
	return e.follow(f, newest, write)
}

// past gives what there is, the oldest first, and where to go on.
func (e errand) past(f logFlags) (events []json.RawMessage, newest string, err error) {
	q := f.query()
	most := lastLines
	if !f.since.at.IsZero() {
		most = -1
	}
	for {
		q.Set("limit", strconv.Itoa(pageLines))
		if most >= 0 {
			q.Set("limit", strconv.Itoa(most-len(events)))
		}
		p, err := e.page(q)
		if err != nil {
			return nil, "", err
		}
		if newest == "" {
			newest = p.Newest
		}
		events = append(events, p.Events...)
		if p.Next == "" || most >= 0 && len(events) >= most {
			slices.Reverse(events)
			return events, newest, nil
		}
		q.Set("before", p.Next)
	}
}

// follow shows what is new until the command is ended. A house that restarts
// meanwhile is waited for.
func (e errand) follow(f logFlags, newest string, write func([]json.RawMessage) error) error {
	q := f.query()
	q.Del("since") // it may lie ahead of where we are
	q.Set("limit", strconv.Itoa(pageLines))
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	away := false
	for {
		select {
		case <-e.ctx.Done():
			return nil
		case <-tick.C:
		}
		q.Set("after", newest)
		p, err := e.page(q)
		var refused *client.Refusal
		switch {
		case e.ctx.Err() != nil:
			return nil
		case errors.As(err, &refused):
			return err
		case err != nil:
			if !away {
				_, _ = fmt.Fprintln(e.err, "latchkey: The house does not answer. Waiting for it; ^C ends this.")
			}
			away = true
			continue
		}
		away, newest = false, p.Newest
		slices.Reverse(p.Events)
		if err := write(p.Events); err != nil {
			return err
		}
	}
}

// mustServe refuses to follow where nothing happens: this process would hold
// the file, and no house could start.
func (e errand) mustServe() error {
	var st api.Status
	if err := e.do(http.MethodGet, "/latchkey/status", nil, &st); err != nil {
		return err
	}
	if !st.Serving {
		return problem.New(problem.Refused, "house.quiet", "Latchkey does not run with this data folder, so nothing new will come.",
			"Start it with `latchkey serve`, or leave --follow away.")
	}
	return nil
}

// objects shows events as they came, one a line.
func (e errand) objects([]json.RawMessage) func([]json.RawMessage) error {
	return func(events []json.RawMessage) error {
		var b strings.Builder
		for _, event := range events {
			b.Write(event)
			b.WriteByte('\n')
		}
		_, err := fmt.Fprint(e.out, b.String())
		return err
	}
}

// lines shows events as a table, whose columns are as wide as those of first
// want them.
func (e errand) lines(first []json.RawMessage) func([]json.RawMessage) error {
	head := table{{"TIME", "WHAT", "OUTCOME", "WHO", "FROM", "DEVICE", "MORE"}}
	t, _ := eventTable(head, first) // write tells the error
	widths := t.widths()
	return func(events []json.RawMessage) error {
		t, err := eventTable(head, events)
		if err != nil {
			return err
		}
		head = nil // once
		return t.writeAs(e.out, widths)
	}
}

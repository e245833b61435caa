package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// event is a line of the connection log as a person reads it.
type event struct {
	Time, Kind, Outcome, Method string
	Who, Actor                  party
	Device, Address, Country    string
	MS                          int64
	Detail                      string
	Count                       int
	Tally                       *struct{ Requests, Refused, Errors int }
}

// party is whom an event concerns: somebody of the house, a pseudonym of one
// who left, or a command on the machine.
type party struct {
	Name, Pseudonym string
	Machine         bool
}

func (p party) String() string {
	if p.Machine {
		return "machine"
	}
	return or(p.Name, p.Pseudonym)
}

// eventTable adds events to the rows that are there.
func eventTable(head table, events []json.RawMessage) (table, error) {
	t := slices.Clone(head)
	for _, raw := range events {
		var e event
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, fmt.Errorf("reading a line of the log: %w", err)
		}
		t.add(when(e.Time), e.Kind, e.Outcome, or(e.Who.String(), "-"), or(strings.TrimSpace(e.Address+" "+e.Country), "-"), or(e.Device, "-"), e.more())
	}
	return t, nil
}

// more is what only some events have.
func (e event) more() string {
	var all []string
	if e.Tally != nil {
		all = append(all, fmt.Sprintf("%d requests, %d refused, %d errors", e.Tally.Requests, e.Tally.Refused, e.Tally.Errors))
	}
	for _, word := range []string{e.Method, e.Detail} {
		if word != "" {
			all = append(all, word)
		}
	}
	if by := e.Actor.String(); by != "" {
		all = append(all, "by "+by)
	}
	if e.Count > 1 {
		all = append(all, fmt.Sprintf("%d times", e.Count))
	}
	if e.MS > 0 {
		all = append(all, fmt.Sprintf("%d ms", e.MS))
	}
	return strings.Join(all, ", ")
}

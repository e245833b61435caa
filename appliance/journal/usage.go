package journal

import (
	"context"
	"time"
)

// Usage sums up what happened in a time.
type Usage struct {
	Since     time.Time `json:"since"`
	Until     time.Time `json:"until"`
	Hours     []Hour    `json:"hours"`           // in order, without the empty ones
	Kinds     []Counted `json:"kinds"`           // events by kind
	Outcomes  []Counted `json:"outcomes"`        // events by outcome
	Devices   []Counted `json:"devices"`         // events and requests by kind of device
	Addresses []Counted `json:"addresses"`       // the busiest, IPv6 by /64, and all others under Rest
	Entries   int       `json:"entries"`         // in the whole log
	Bytes     int64     `json:"bytes"`           // that the whole log takes, about
	Oldest    time.Time `json:"oldest,omitzero"` // line of the whole log
}

// Hour is what happened in one.
type Hour struct {
	T        int64 `json:"t"` // its start, in unix seconds
	Requests int   `json:"requests"`
	SignIns  int   `json:"signIns"`
	Refused  int   `json:"refused"` // events that went wrong
	Errors   int   `json:"errors"`  // requests answered with 5xx
	Bans     int   `json:"bans"`
}

// Counted is how often something came up.
type Counted struct {
	Name     string    `json:"name"`
	OK       int       `json:"ok"`
	Refused  int       `json:"refused"`
	Requests int       `json:"requests,omitempty"`
	Last     time.Time `json:"last,omitzero"`     // of addresses
	Country  string    `json:"country,omitempty"` // of addresses
}

func (c *Counted) all() int { return c.OK + c.Refused + c.Requests }

// Rest is the name of what was not counted one by one.
const Rest = "*"

// Usage sums up since <= Time < until; a zero until is now.
func (j *Journal) Usage(ctx context.Context, since, until time.Time) (Usage, error) {
	if until.IsZero() {
		until = j.c.Now()
	}
	size, err := j.measure(ctx)
	if err != nil {
		return Usage{}, err
	}
	s := newSums(since, until)
	// An hour's requests become a line after the hour, late where the disk was
	// stuck or the house stood still.
	for e, err := range j.each(ctx, since, until.Add(lateTally)) {
		if err != nil {
			return Usage{}, err
		}
		s.add(e)
	}
	if t := j.tallySoFar(); t != nil {
		s.requests(t)
	}
	u := s.usage(j.country)
	u.Entries, u.Bytes, u.Oldest = size.Entries, size.Bytes, size.Oldest
	return u, nil
}

const lateTally = 2 * time.Hour

func (j *Journal) tallySoFar() *Tally {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.tally.Requests == 0 {
		return nil
	}
	return j.tally.done()
}

package journal

import (
	"context"
	"time"
)

// Usage sums up what happened in a time.
type Usage struct {
	Since     time.Time `json:"since"`
	Until     time.Time `json:"until"`
	Hours     []Hour    `json:"hours"`     // in order, without the empty ones
	Kinds     []Counted `json:"kinds"`     // events by kind
	Devices   []Counted `json:"devices"`   // requests by kind of device
	Addresses []Counted `json:"addresses"` // the busiest; IPv6 by /64; the others together under Rest
	Outcomes  []Counted `json:"outcomes"`  // refusals by their code
	Entries   int       `json:"entries"`   // in the whole log
	Bytes     int64     `json:"bytes"`     // of the whole log
	Oldest    time.Time `json:"oldest"`    // line of the whole log
}

// Hour is what happened in one.
type Hour struct {
	T        int64 `json:"t"` // its start, in unix seconds
	Requests int   `json:"requests"`
	SignIns  int   `json:"signIns"`
	Refused  int   `json:"refused"` // failed proofs
	Errors   int   `json:"errors"`  // requests answered with 5xx
	Bans     int   `json:"bans"`
}

// Counted is how often something came up.
type Counted struct {
	Name     string    `json:"name"`
	OK       int       `json:"ok"`
	Refused  int       `json:"refused"`
	Requests int       `json:"requests"`
	Last     time.Time `json:"last,omitzero"`
	Country  string    `json:"country,omitempty"`
}

// Rest is the name of what was not counted one by one.
const Rest = "*"

// Usage sums up since <= Time < until.
func (j *Journal) Usage(ctx context.Context, since, until time.Time) (Usage, error) {
	return Usage{Since: since, Until: until}, ctx.Err()
}

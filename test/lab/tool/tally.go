package main

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// tally is what came of an attack.
type tally struct {
	Seconds  float64                   `json:"seconds"`
	Answers  map[string]map[string]int `json:"answers"`  // by what was tried, and how it was answered: "429 signin.wait"
	Failures map[string]int            `json:"failures"` // what came to no answer, by what was being done
	Sources  int                       `json:"sources"`  // addresses that were answered
	Four     int                       `json:"four"`     // those of IPv4
	Prefixes int                       `json:"prefixes"` // and how many IPv6 /64 the others are of
	Held     int                       `json:"held"`     // connections that were only opened
	Median   float64                   `json:"median"`   // of the time until an answer, in milliseconds
	Slowest  float64                   `json:"slowest"`
	First    string                    `json:"first"` // what the first failure was, for a person to read

	mu      sync.Mutex
	sources map[netip.Addr]struct{}
	times   []float32
}

func newTally() *tally {
	return &tally{Answers: map[string]map[string]int{}, Failures: map[string]int{}, sources: map[netip.Addr]struct{}{}}
}

func (t *tally) count(from netip.Addr, kind, answer string, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.Answers[kind] == nil {
		t.Answers[kind] = map[string]int{}
	}
	t.Answers[kind][answer]++
	t.sources[from] = struct{}{}
	t.times = append(t.times, float32(took)/float32(time.Millisecond))
}

// fail counts what went wrong, unless it was the end of the attack.
func (t *tally) fail(ctx context.Context, doing string, err error) {
	if ctx.Err() != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Failures[doing]++
	if t.First == "" {
		t.First = doing + ": " + err.Error()
	}
}

func (t *tally) held() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Held++
}

// done sums up.
func (t *tally) done() *tally {
	t.mu.Lock()
	defer t.mu.Unlock()
	prefixes := map[netip.Prefix]struct{}{}
	for a := range t.sources {
		if p, err := a.Prefix(64); err == nil && a.Is6() {
			prefixes[p] = struct{}{}
		} else {
			t.Four++
		}
	}
	t.Sources, t.Prefixes = len(t.sources), len(prefixes)
	if slices.Sort(t.times); len(t.times) > 0 {
		t.Median, t.Slowest = float64(t.times[len(t.times)/2]), float64(t.times[len(t.times)-1])
	}
	return t
}

package main

import (
	"strconv"
	"strings"
	"time"
)

// since is a flag for a time in the past: an age (90m, 24h, 7d, 2w), a day
// (2026-11-01, its first moment by this machine's clock) or a time (RFC 3339).
type since struct {
	now  func() time.Time
	text string
	at   time.Time // zero: none was given
}

const sinceWords = "an age like 90m, 24h, 7d or 2w, or a day like 2026-11-01"

// sinceHelp is for the list of flags.
const sinceHelp = "from `WHEN` on: " + sinceWords

func newSince() *since { return &since{now: time.Now} }

func (s *since) String() string { return s.text }

// Set reads the flag's text; its error is a part of a sentence.
func (s *since) Set(text string) error {
	at, ok := s.parse(text)
	if !ok {
		return badSince{}
	}
	s.text, s.at = text, at
	return nil
}

type badSince struct{}

// Error says what would be right.
func (badSince) Error() string { return "it wants " + sinceWords }

func (s *since) parse(text string) (time.Time, bool) {
	if at, err := time.ParseInLocation(time.DateOnly, text, time.Local); err == nil {
		return at, true
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, true
	}
	for unit, days := range map[string]int{"d": 1, "w": 7} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			n, err := strconv.ParseUint(number, 10, 16)
			return s.now().AddDate(0, 0, -days*int(n)), err == nil
		}
	}
	age, err := time.ParseDuration(text)
	return s.now().Add(-age), err == nil && age >= 0
}

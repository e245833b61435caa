package certs

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// longestHold bounds how long a CA can tell us to be silent.
const longestHold = ledgerSpan

// afterHeader reads Retry-After (RFC 9110 10.2.3): seconds or a date.
func afterHeader(value string, now time.Time) (time.Time, bool) {
	value = strings.TrimSpace(value)
	if s, err := strconv.ParseInt(value, 10, 64); err == nil {
		if s < 0 {
			return time.Time{}, false
		}
		return now.Add(time.Duration(min(s, int64(longestHold/time.Second))) * time.Second), true
	}
	t, err := http.ParseTime(value)
	if err != nil {
		return time.Time{}, false
	}
	if latest := now.Add(longestHold); t.After(latest) {
		t = latest
	}
	return t, true
}

// afterWords finds "retry after 2026-01-02 15:04:05 UTC", which is how Let's
// Encrypt says in the detail of a rateLimited problem when the limit ends.
var afterWords = regexp.MustCompile(`(?i)retry after:? (\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})`)

// afterDetail reads the time in the detail of a problem, in UTC.
func afterDetail(detail string) (time.Time, bool) {
	m := afterWords.FindStringSubmatch(detail)
	if m == nil {
		return time.Time{}, false
	}
	t, err := time.Parse(time.DateTime, m[1]+" "+m[2])
	return t, err == nil
}

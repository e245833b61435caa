package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/problem"
)

func TestCauseOfARefusalCitesNothing(t *testing.T) {
	parse := func(body string, into any) error { return json.Unmarshal([]byte(body), into) }
	_, notATime := time.Parse(time.RFC3339, "hunter2")
	_, notANumber := strconv.Atoi("hunter2")
	_, notAnAddress := netip.ParseAddr("hunter2")
	_, notAForm := url.ParseQuery("a=%hu")
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"no JSON":            {parse(`{"a":hunter2}`, new(any)), "no JSON from byte 6 on"},
		"another shape":      {parse(`{"a":["hunter2"]}`, new(struct{ A string })), "JSON: array where string is wanted, at byte 6"},
		"a number too large": {parse(`{"a":1234567890}`, new(struct{ A int8 })), "JSON: number where int8 is wanted, at byte 15"},
		"a time":             {notATime, "*time.ParseError"},
		"a time in JSON":     {badBody(parse(`{"a":"hunter2"}`, new(struct{ A time.Time }))).(*problem.Problem).Cause, "*time.ParseError"},
		"a number":           {notANumber, "*strconv.NumError of *errors.errorString"},
		"an address":         {notAnAddress, "netip.parseAddrError"},
		"a form":             {notAForm, "a form with a broken escape"},
		"a body cut off":     {fmt.Errorf("reading hunter2: %w", io.ErrUnexpectedEOF), "unexpected EOF"},
		"our own words":      {fmt.Errorf("reading hunter2: %w", errors.New("hunter2")), "*errors.errorString"},
		"nothing":            {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := causeOf(c.err)
			if got != c.want || strings.Contains(got, "hunter2") || c.err != nil && c.want == "" {
				t.Errorf("got %q, want %q, of %v", got, c.want, c.err)
			}
		})
	}
}

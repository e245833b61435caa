package journal_test

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/journal"
	"latchkey/appliance/problem"
)

func TestParseQuery(t *testing.T) {
	long := strings.Repeat("x", 201)
	for _, c := range []struct {
		says, name, text string
		fine             bool
	}{
		{"a time with a zone", "since", "2026-03-01T00:00:00+13:00", true},
		{"a date alone", "since", "2026-03-01", false},
		{"a time that is none", "until", "yesterday", false},
		{"an address", "address", "203.0.113.7", true},
		{"a network is cut to its size", "address", "203.0.113.7/24", true},
		{"an address with a zone", "address", "fe80::1%eth0", false},
		{"a network of mapped addresses", "address", "::ffff:203.0.113.0/120", false},
		{"a word for an address", "address", "home", false},
		{"a kind", "kind", "signin", true},
		{"a kind that is none", "kind", "signing", false},
		{"any outcome", "outcome", "password.wrong", true},
		{"an outcome without end", "outcome", long, false},
		{"a text without end", "text", long, false},
		{"a limit", "limit", "1000", true},
		{"a limit too high", "limit", "1001", false},
		{"a limit of nothing", "limit", "0", false},
		{"a limit that is none", "limit", "all", false},
		{"a cursor", "before", "dsf8k1", true},
		{"a cursor that is none", "before", "-1", false},
		{"a cursor beyond all times", "after", "zzzzzzzzzzzz", false},
	} {
		t.Run(c.says, func(t *testing.T) {
			_, err := parse(c.name, c.text)
			var p *problem.Problem
			switch {
			case c.fine && err != nil:
				t.Error(err)
			case !c.fine && (!errors.As(err, &p) || p.Code != "log.query" || p.Values["name"] != c.name || p.Hint == ""):
				t.Errorf("got %+v", err)
			}
		})
	}
	t.Run("all of them are understood", func(t *testing.T) {
		got := query(t, "since", "2026-03-01T01:00:00+01:00", "until", "2026-03-02T00:00:00Z", "address", "2001:db8::7/48", "outcome", "refused",
			"kind", "refused", "device", "phone", "account", ada, "text", "x", "before", "b", "after", "a", "limit", "7")
		day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		if !got.Since.Equal(day) || !got.Until.Equal(day.Add(24*time.Hour)) {
			t.Errorf("got %v to %v", got.Since, got.Until)
		}
		got.Since, got.Until = time.Time{}, time.Time{}
		want := journal.Query{
			Address: netip.MustParsePrefix("2001:db8::/48"), Outcome: "refused", Kind: journal.Refused, Device: "phone",
			Owner: ada, Text: "x", Before: "b", After: "a", Limit: 7,
		}
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

func FuzzParseQuery(f *testing.F) {
	for _, seed := range []string{
		"", "since=2026-03-01T00:00:00Z&until=9999-12-31T23:59:59%2B23:59", "address=::1/0&outcome=refused", "before=zz&after=0&limit=1",
		"text=%00%ff&account=p-00000000&kind=ban&device=PHONE", "address=1.2.3.4%2f33", "limit=99999999999999999999", "before=7fffffffffffffff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		values, _ := url.ParseQuery(raw)
		q, err := journal.ParseQuery(values.Get)
		if err != nil {
			if p := problem.Of(err); p.Code != "log.query" || p.Kind != problem.Refused {
				t.Errorf("%q: %v", raw, err)
			}
			return
		}
		s := stageFor(t)
		number(s, 1)
		page, err := s.Search(t.Context(), q)
		if err != nil || len(page.Events) > 1 {
			t.Errorf("%q: %v, %v", raw, page, err)
		}
		for _, c := range []journal.Cursor{page.Next, page.Newest} {
			if _, err := parse("before", string(c)); err != nil {
				t.Errorf("%q gave the cursor %q: %v", raw, c, err)
			}
		}
	})
}

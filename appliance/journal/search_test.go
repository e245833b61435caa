package journal_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"latchkey/appliance/journal"
)

// query reads a query as the door does.
func query(t *testing.T, pairs ...string) journal.Query {
	t.Helper()
	q, err := parse(pairs...)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func parse(pairs ...string) (journal.Query, error) {
	return journal.ParseQuery(func(name string) string {
		if i := slices.Index(pairs, name); i >= 0 {
			return pairs[i+1]
		}
		return ""
	})
}

// furnish records a day of a few lines, of which some are kept and some wait.
func furnish(s *stage) {
	for i, e := range []journal.Event{
		{Kind: journal.SignIn, Owner: ada, Device: "Ada's Pixel", DeviceType: 0, Address: "203.0.113.7", Method: "password"},
		{Kind: journal.Refused, Outcome: "password.wrong", Device: "Firefox", DeviceType: 10, Address: "2001:db8:1:2::7"},
		{Kind: journal.Admin, By: ada, Owner: "somebody", Detail: "role", DeviceType: 9, Device: "Chrome", Address: "192.168.1.7"},
		{Kind: journal.Ban, Address: "198.51.100.3", Detail: "198.51.100.3/32", DeviceType: 14},
		{Kind: journal.Second, Owner: ada, Outcome: "second.wrong", Device: "CLI", DeviceType: 25, Address: "::ffff:203.0.113.8"},
		{Kind: journal.Settings, By: journal.Machine, Detail: "journal.days", DeviceType: 14},
	} {
		s.Record(e)
		s.pass(time.Hour)
		if i == 3 {
			if err := s.Flush(s.ctx); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

func kindsOf(events []journal.Event) string {
	out := []journal.Kind{}
	for _, e := range events {
		out = append(out, e.Kind)
	}
	return fmt.Sprint(out)
}

func TestSearch(t *testing.T) {
	// The bubble's time begins at 2000-01-01T00:00:00Z.
	for _, c := range []struct {
		says  string
		query []string
		want  string
	}{
		{"everything, the newest first", nil, "[settings second ban admin refused signin]"},
		{"from a time on", []string{"since", "2000-01-01T03:00:00Z"}, "[settings second ban]"},
		{"until a time, itself excluded", []string{"until", "2000-01-01T02:00:00+01:00"}, "[signin]"},
		{"one address", []string{"address", "203.0.113.7"}, "[signin]"},
		{"an address that came in as IPv6", []string{"address", "::ffff:203.0.113.8"}, "[second]"},
		{"a network", []string{"address", "203.0.113.0/24"}, "[second signin]"},
		{"an IPv6 network", []string{"address", "2001:db8::/32"}, "[refused]"},
		{"what went well", []string{"outcome", "ok"}, "[settings ban admin signin]"},
		{"what did not", []string{"outcome", "refused"}, "[second refused]"},
		{"one reason", []string{"outcome", "second.wrong"}, "[second]"},
		{"one kind", []string{"kind", "admin"}, "[admin]"},
		{"a kind of device", []string{"device", "phone"}, "[signin]"},
		{"part of a device's name", []string{"device", "PIXEL"}, "[signin]"},
		{"an account's own and what it did", []string{"account", ada}, "[second admin signin]"},
		{"a text in a detail", []string{"text", "Journal.D"}, "[settings]"},
		{"a country", []string{"text", "nz"}, "[signin]"},
		{"two conditions", []string{"account", ada, "outcome", "refused"}, "[second]"},
		{"nothing", []string{"text", "no such thing"}, "[]"},
	} {
		t.Run(c.says, func(t *testing.T) {
			run(t, func(s *stage) {
				furnish(s)
				if got := kindsOf(s.find(query(t, c.query...)).Events); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
			})
		})
	}
	t.Run("a pseudonym finds what its account does", func(t *testing.T) {
		run(t, func(s *stage) {
			furnish(s)
			if got := kindsOf(s.find(query(t, "account", s.Pseudonym(ada))).Events); got != "[second admin signin]" {
				t.Errorf("got %s", got)
			}
		})
	})
}

// number makes a line that can be told from others.
func number(s *stage, n int) {
	s.Record(journal.Event{Kind: journal.Admin, Owner: fmt.Sprint(n), Detail: fmt.Sprint(n)})
}

func numbers(events []journal.Event) (out []string) {
	for _, e := range events {
		out = append(out, e.Detail)
	}
	return out
}

func TestPages(t *testing.T) {
	t.Run("they join without gap or twin, while more comes in", func(t *testing.T) {
		run(t, func(s *stage) {
			for n := range 95 {
				number(s, n)
				s.pass(time.Second)
			}
			var got []string
			q := journal.Query{Limit: 10}
			for pages := 0; ; pages++ {
				page := s.find(q)
				got = append(got, numbers(page.Events)...)
				if q.Before = page.Next; q.Before == "" {
					break
				}
				number(s, 1000+pages)
				s.pass(7 * time.Second)
			}
			for i, n := range got {
				if want := fmt.Sprint(94 - i); n != want {
					t.Fatalf("line %d is %s, want %s", i, n, want)
				}
			}
			if len(got) != 95 {
				t.Errorf("%d lines", len(got))
			}
		})
	})
	t.Run("lines of one time, as older programs kept them, stay on one page", func(t *testing.T) {
		s := stageFor(t)
		at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		for n := range 6 {
			s.keep.do(func(m *memory) {
				m.entries = append(m.entries, journal.Entry{Time: at.Add(time.Duration(n/3) * time.Second), Body: fmt.Appendf(nil, `{"kind":"admin","outcome":"ok","detail":"%d"}`, n)})
			})
		}
		page := s.find(journal.Query{Limit: 2})
		rest := s.find(journal.Query{Limit: 2, Before: page.Next})
		if got := fmt.Sprint(numbers(page.Events), numbers(rest.Events), rest.Next); got != "[5 4 3] [2 1 0]" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("a rare match is searched for in pieces", func(t *testing.T) {
		s := stageFor(t)
		at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		for n := range 120_000 {
			s.keep.do(func(m *memory) {
				m.entries = append(m.entries, journal.Entry{Time: at.Add(time.Duration(n) * time.Second), Body: fmt.Appendf(nil, `{"kind":"admin","detail":"%d"}`, n)})
			})
		}
		q := journal.Query{Text: "119999", Limit: 5}
		pages, found := 0, 0
		for {
			page := s.find(q)
			pages, found = pages+1, found+len(page.Events)
			if q.Before = page.Next; q.Before == "" {
				break
			}
		}
		if pages != 3 || found != 1 {
			t.Errorf("%d lines on %d pages", found, pages)
		}
	})
}

func TestFollowing(t *testing.T) {
	t.Run("it misses nothing and repeats nothing, however much comes in between", func(t *testing.T) {
		run(t, func(s *stage) {
			number(s, -1)
			after := s.find(journal.Query{}).Newest
			var got []string
			n := 0
			for round := range 12 {
				for range round * 3 {
					number(s, n)
					n++
				}
				s.pass(3 * time.Second)
				page := s.find(journal.Query{After: after, Limit: 10})
				after = page.Newest
				slices.Reverse(page.Events)
				got = append(got, numbers(page.Events)...)
			}
			for len(got) < n {
				page := s.find(journal.Query{After: after, Limit: 10})
				after = page.Newest
				slices.Reverse(page.Events)
				if got = append(got, numbers(page.Events)...); len(page.Events) == 0 {
					break
				}
			}
			if len(got) != n {
				t.Fatalf("%d of %d lines", len(got), n)
			}
			for i := range got {
				if got[i] != fmt.Sprint(i) {
					t.Fatalf("line %d is %s", i, got[i])
				}
			}
		})
	})
	t.Run("from far back it comes page by page, whatever their size", func(t *testing.T) {
		for _, limit := range []int{1, 7, 50, 99, 100, 101} {
			run(t, func(s *stage) {
				after := s.find(journal.Query{}).Newest
				for n := range 100 {
					number(s, n)
				}
				got := []string{}
				for range 100/limit + 1 {
					page := s.find(journal.Query{After: after, Limit: limit})
					after = page.Newest
					slices.Reverse(page.Events)
					got = append(got, numbers(page.Events)...)
				}
				for i, n := range got {
					if n != fmt.Sprint(i) {
						t.Fatalf("limit %d: line %d is %s", limit, i, n)
					}
				}
				if len(got) != 100 {
					t.Errorf("limit %d: %d lines", limit, len(got))
				}
			})
		}
	})
	t.Run("it begins with an empty log", func(t *testing.T) {
		run(t, func(s *stage) {
			after := s.find(journal.Query{}).Newest
			number(s, 1)
			if page := s.find(journal.Query{After: after}); len(page.Events) != 1 {
				t.Errorf("got %+v", page)
			}
		})
	})
	t.Run("it goes on over lines that do not match", func(t *testing.T) {
		run(t, func(s *stage) {
			after := s.find(journal.Query{}).Newest
			number(s, 1)
			page := s.find(journal.Query{After: after, Kind: journal.Ban})
			if len(page.Events) != 0 || page.Newest == after {
				t.Errorf("got %+v", page)
			}
		})
	})
	t.Run("lines from a day when the clock was ahead are no news for ever", func(t *testing.T) {
		run(t, func(s *stage) {
			s.keep.do(func(m *memory) {
				m.entries = []journal.Entry{{Time: time.Date(2038, 1, 1, 0, 0, 0, 0, time.UTC), Body: []byte(`{"kind":"admin","detail":"2038"}`)}}
			})
			first := s.find(journal.Query{})
			number(s, 1)
			page := s.find(journal.Query{After: first.Newest})
			if got := numbers(page.Events); len(first.Events) != 1 || fmt.Sprint(got) != "[1]" {
				t.Errorf("got %v", got)
			}
		})
	})
}

package journal_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"latchkey/appliance/journal"
)

func usage(s *stage, since, until time.Time) journal.Usage {
	s.t.Helper()
	u, err := s.Usage(s.ctx, since, until)
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

func counted(all []journal.Counted, name string) journal.Counted {
	for _, c := range all {
		if c.Name == name {
			c.Last = time.Time{}
			return c
		}
	}
	return journal.Counted{}
}

func TestUsage(t *testing.T) {
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // of the bubble
	hour := func(n int) int64 { return start.Add(time.Duration(n) * time.Hour).Unix() }
	see := func(s *stage, n, status int, kind, from string) {
		for range n {
			s.Count(journal.Seen{Outcome: status, DeviceKind: kind, Address: netip.MustParseAddr(from), Millis: 2})
		}
	}
	t.Run("each hour has its requests, sign-ins, refusals, errors and bans", func(t *testing.T) {
		run(t, func(s *stage) {
			s.pass(30 * time.Minute)
			see(s, 5, 200, journal.Phone, "203.0.113.7")
			see(s, 2, 503, "", "203.0.113.7")
			s.Record(signIn(ada))
			s.pass(time.Hour)
			see(s, 1, 404, journal.Phone, "2001:db8:1:2::9")
			for range 9 {
				s.Record(wrong(ada, "198.51.100.9"))
			}
			s.Record(journal.Event{Kind: journal.Ban, Address: "198.51.100.9"})
			s.pass(5 * time.Minute)
			u := usage(s, start, time.Time{})
			want := fmt.Sprint([]journal.Hour{{T: hour(0), Requests: 7, SignIns: 1, Errors: 2}, {T: hour(1), Requests: 1, Refused: 9, Bans: 1}})
			if got := fmt.Sprint(u.Hours); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	})
	t.Run("it counts by kind, outcome, device and address", func(t *testing.T) {
		run(t, func(s *stage) {
			see(s, 5, 200, journal.Phone, "203.0.113.7")
			see(s, 3, 200, journal.CLI, "2001:db8:1:2::9")
			see(s, 3, 200, journal.CLI, "2001:db8:1:2::a")
			s.Record(journal.Event{Kind: journal.SignIn, Owner: ada, Device: "Pixel", Address: "203.0.113.7"})
			s.Record(wrong(ada, "2001:db8:1:2::b"))
			u := usage(s, start, start.Add(time.Hour))
			for _, c := range []struct {
				of   []journal.Counted
				want journal.Counted
			}{
				{u.Kinds, journal.Counted{Name: "signin", OK: 1}},
				{u.Kinds, journal.Counted{Name: "refused", Refused: 1}},
				{u.Outcomes, journal.Counted{Name: "ok", OK: 1}},
				{u.Outcomes, journal.Counted{Name: "password.wrong", Refused: 1}},
				{u.Devices, journal.Counted{Name: "phone", OK: 1, Requests: 5}},
				{u.Devices, journal.Counted{Name: "cli", Requests: 6}},
				{u.Addresses, journal.Counted{Name: "203.0.113.7", OK: 1, Requests: 5, Country: "NZ"}},
				{u.Addresses, journal.Counted{Name: "2001:db8:1:2::/64", Refused: 1, Requests: 6}},
			} {
				if got := counted(c.of, c.want.Name); got != c.want {
					t.Errorf("got %+v, want %+v", got, c.want)
				}
			}
			if u.Addresses[0].Name != "2001:db8:1:2::/64" || u.Addresses[1].Last.IsZero() {
				t.Errorf("addresses are %+v", u.Addresses)
			}
		})
	})
	t.Run("a range takes what lies in it", func(t *testing.T) {
		run(t, func(s *stage) {
			for range 6 {
				see(s, 10, 200, "", "203.0.113.7")
				s.Record(signIn(ada))
				s.pass(time.Hour)
			}
			u := usage(s, start.Add(2*time.Hour), start.Add(4*time.Hour))
			want := fmt.Sprint([]journal.Hour{{T: hour(2), Requests: 10, SignIns: 1}, {T: hour(3), Requests: 10, SignIns: 1}})
			if got := fmt.Sprint(u.Hours); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	})
	t.Run("what was folded counts in full", func(t *testing.T) {
		run(t, func(s *stage) {
			for n := range 5000 {
				s.Record(wrong(ada, v4(n)))
			}
			s.pass(2 * time.Minute)
			u := usage(s, start, time.Time{})
			if u.Hours[0].Refused != 5000 || counted(u.Outcomes, "password.wrong").Refused != 5000 {
				t.Errorf("got %+v", u)
			}
			if rest := counted(u.Addresses, journal.Rest); rest.Refused < 4900 {
				t.Errorf("the rest is %+v", rest)
			}
		})
	})
	t.Run("fifty addresses are told, the others together", func(t *testing.T) {
		run(t, func(s *stage) {
			for n := range 70 {
				s.Record(wrong(ada, v4(n)))
				s.pass(6 * time.Minute)
			}
			u := usage(s, start, time.Time{})
			if len(u.Addresses) != 51 || u.Addresses[50] != (journal.Counted{Name: journal.Rest, Refused: 20}) {
				t.Errorf("%d, of which the last is %+v", len(u.Addresses), u.Addresses[len(u.Addresses)-1])
			}
		})
	})
	t.Run("it says how much is kept", func(t *testing.T) {
		run(t, func(s *stage) {
			for range 3 {
				s.Record(signIn(ada))
				s.pass(2 * time.Minute)
			}
			u := usage(s, start, time.Time{})
			if u.Entries != 3 || u.Bytes < 300 || !u.Oldest.Equal(start) {
				t.Errorf("got %+v", u)
			}
		})
	})
	t.Run("an empty log is lists of nothing", func(t *testing.T) {
		run(t, func(s *stage) {
			text, err := json.Marshal(usage(s, start, time.Time{}))
			want := `{"since":"2000-01-01T00:00:00Z","until":"2000-01-01T00:00:00Z","hours":[],"kinds":[],"outcomes":[],"devices":[],"addresses":[],"entries":0,"bytes":0}`
			if err != nil || string(text) != want {
				t.Errorf("got %s, %v", text, err)
			}
		})
	})
}

func TestTheHoursRequests(t *testing.T) {
	t.Run("an hour becomes one line when it is over", func(t *testing.T) {
		run(t, func(s *stage) {
			s.pass(50 * time.Minute)
			for range 3 {
				s.Count(journal.Seen{Outcome: 200, DeviceKind: journal.Phone, Address: netip.MustParseAddr("203.0.113.7"), Millis: 7})
			}
			s.pass(9 * time.Minute)
			if len(s.keep.kept()) != 0 {
				t.Error("it was written early")
			}
			s.pass(2 * time.Minute)
			got := s.all()
			if len(got) != 1 || len(s.keep.kept()) != 1 {
				t.Fatalf("got %+v", got)
			}
			text, _ := json.Marshal(got[0].Tally)
			want := `{"hour":946684800,"requests":3,"refused":0,"errors":0,"ms":21,"slowest":7,"devices":{"phone":3},"addresses":{"203.0.113.7":3}}`
			if string(text) != want || got[0].Kind != journal.Requests {
				t.Errorf("got %s, want %s", text, want)
			}
		})
	})
	t.Run("an hour without requests is no line", func(t *testing.T) {
		run(t, func(s *stage) {
			s.pass(10 * time.Hour)
			if s.keep.written() != 0 {
				t.Errorf("%d writes", s.keep.written())
			}
		})
	})
	t.Run("many callers make no long line, and none of their requests is lost", func(t *testing.T) {
		run(t, func(s *stage) {
			for n := range 50_000 {
				s.Count(journal.Seen{Outcome: 401, DeviceKind: fmt.Sprint(n), Address: netip.MustParseAddr(v4(n))})
			}
			for range 100 {
				s.Count(journal.Seen{Outcome: 200, Address: netip.MustParseAddr(v4(3))})
			}
			if err := s.Flush(s.ctx); err != nil {
				t.Fatal(err)
			}
			tally, sum := s.all()[0].Tally, 0
			for _, n := range tally.Addresses {
				sum += n
			}
			if len(tally.Addresses) != 21 || sum != 50_100 || tally.Addresses[v4(3)] != 101 || len(tally.Devices) > 13 {
				t.Errorf("%d of %d callers: %+v", sum, len(tally.Addresses), tally)
			}
		})
	})
}

func TestDeviceKind(t *testing.T) {
	for want, numbers := range map[string][]int{
		journal.Phone: {0, 1, 15}, journal.Extension: {2, 3, 4, 5, 19, 20}, journal.Desktop: {6, 7, 8, 16},
		journal.Browser: {9, 10, 11, 12, 13, 14, 17, 18, 26}, journal.CLI: {23, 24, 25}, journal.Other: {-1, 21, 22, 27, 1 << 30},
	} {
		for _, n := range numbers {
			if got := journal.DeviceKind(n); got != want {
				t.Errorf("%d is %q, want %q", n, got, want)
			}
		}
	}
}

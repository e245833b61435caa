package journal_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"latchkey/appliance/journal"
)

func wrong(owner, address string) journal.Event {
	return journal.Event{Kind: journal.Refused, Outcome: "password.wrong", Method: "password", Owner: owner, Address: address}
}

// times sums up how often something happened, by what the lines say.
func times(events []journal.Event, kind journal.Kind) (n int) {
	for _, e := range events {
		if e.Kind == kind {
			n += max(e.Count, 1)
		}
	}
	return n
}

// decoded is all that is kept, however many pages it takes.
func decoded(s *stage) (all []journal.Event) {
	q := journal.Query{Limit: journal.MaxLimit}
	for {
		page := s.find(q)
		all = append(all, page.Events...)
		if q.Before = page.Next; q.Before == "" {
			return all
		}
	}
}

func v4(n int) string {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, 0xcb000000+uint32(n)))).String()
}

func TestFolding(t *testing.T) {
	t.Run("one address that guesses makes three lines, then one a minute with a number", func(t *testing.T) {
		run(t, func(s *stage) {
			for range 50 {
				s.Record(wrong(ada, "203.0.113.9"))
			}
			if got := s.all(); len(got) != 3 || times(got, journal.Refused) != 3 {
				t.Errorf("at once: %d lines", len(got))
			}
			s.pass(61 * time.Second)
			got := s.all()
			if len(got) != 4 || got[0].Count != 47 || got[0].Address != "203.0.113.9" || got[0].Owner != s.Pseudonym(ada) {
				t.Errorf("after a minute: %+v", got)
			}
			s.pass(time.Minute)
			s.Record(wrong(ada, "203.0.113.9"))
			if got := s.all(); len(got) != 5 || got[0].Count != 0 {
				t.Errorf("then: %+v", got[0])
			}
		})
	})
	t.Run("one that goes on for an hour makes few lines, whose numbers are all its tries", func(t *testing.T) {
		run(t, func(s *stage) {
			for range 1200 {
				s.Record(wrong(ada, "203.0.113.9"))
				s.pass(3 * time.Second)
			}
			s.pass(20 * time.Minute)
			if got := s.all(); times(got, journal.Refused) != 1200 || len(got) > 60 {
				t.Errorf("%d lines speak of %d tries", len(got), times(got, journal.Refused))
			}
		})
	})
	t.Run("all of an IPv6 /64 is one source", func(t *testing.T) {
		run(t, func(s *stage) {
			for i := range 50 {
				s.Record(wrong(ada, fmt.Sprintf("2001:db8:1:2:%x::1", i)))
			}
			if got := s.all(); len(got) != 3 {
				t.Errorf("%d lines", len(got))
			}
		})
	})
	t.Run("ten thousand addresses make few lines, and none of their tries is lost", func(t *testing.T) {
		run(t, func(s *stage) {
			const tries = 30_000
			for n := range tries {
				s.Record(wrong(ada, v4(n%10_000)))
				s.pass(100 * time.Millisecond)
			}
			lines := len(s.all())
			if err := s.Flush(s.ctx); err != nil {
				t.Fatal(err)
			}
			got := s.all()
			if n := times(got, journal.Refused); n != tries || lines > 80 {
				t.Errorf("%d lines speak of %d tries", len(got), n)
			}
			if got[0].Detail != journal.SeveralAddresses || got[0].Address != "" || got[0].Owner != s.Pseudonym(ada) {
				t.Errorf("the rest is told as %+v", got[0])
			}
		})
	})
	t.Run("bans fold, too", func(t *testing.T) {
		run(t, func(s *stage) {
			for n := range 10_000 {
				s.Record(journal.Event{Kind: journal.Ban, Outcome: journal.OK, Address: v4(n), Detail: v4(n) + "/32"})
			}
			s.pass(2 * time.Minute)
			if got := s.all(); len(got) > 50 || times(got, journal.Ban) != 10_000 {
				t.Errorf("%d lines speak of %d bans", len(got), times(got, journal.Ban))
			}
		})
	})
	t.Run("an attack from afar folds neither what persons do nor a slip at home", func(t *testing.T) {
		run(t, func(s *stage) {
			for n := range 100_000 {
				s.Record(wrong(ada, v4(n)))
			}
			before := len(s.all())
			s.Record(signIn(ada))
			s.Record(wrong(ada, "192.168.1.7"))
			got := s.all()
			if len(got) != before+2 || got[0].Outcome != "password.wrong" || got[0].Count != 0 || got[1].Kind != journal.SignIn {
				t.Errorf("got %+v", got[:2])
			}
		})
	})
	t.Run("a device's renewals make one line an hour and network", func(t *testing.T) {
		run(t, func(s *stage) {
			e := journal.Event{Kind: journal.Token, Outcome: journal.OK, Owner: ada, Device: "Pixel", Address: "203.0.113.7"}
			for range 30 { // for five hours, one each ten minutes
				s.Record(e)
				s.pass(10 * time.Minute)
			}
			if got := s.all(); len(got) < 5 || len(got) > 6 {
				t.Errorf("%d lines", len(got))
			}
			before := len(s.all())
			e.Address = "198.51.100.1" // a stolen token
			s.Record(e)
			if got := s.all(); len(got) != before+1 || got[0].Address != "198.51.100.1" {
				t.Errorf("got %+v", got[0])
			}
			s.pass(2 * time.Hour)
			if n := times(s.all(), journal.Token); n != 31 {
				t.Errorf("%d renewals of 31", n)
			}
		})
	})
	t.Run("a member who repeats one act does not fill the log", func(t *testing.T) {
		run(t, func(s *stage) {
			for range 10_000 {
				s.Record(journal.Event{Kind: journal.Export, Outcome: journal.OK, Owner: ada, Address: "192.168.1.7"})
			}
			s.pass(90 * time.Second)
			if got := s.all(); len(got) != 31 || times(got, journal.Export) != 10_000 {
				t.Errorf("%d lines speak of %d", len(got), times(got, journal.Export))
			}
		})
	})
	t.Run("nor do accounts without end", func(t *testing.T) {
		run(t, func(s *stage) {
			for n := range 20_000 {
				s.Record(signIn(fmt.Sprint(n)))
			}
			if err := s.Flush(s.ctx); err != nil {
				t.Fatal(err)
			}
			if n := len(s.keep.kept()); n > 1300 || times(decoded(s), journal.SignIn) != 20_000 {
				t.Errorf("%d lines speak of %d", n, times(decoded(s), journal.SignIn))
			}
		})
	})
	t.Run("what is folded takes little memory however many they are", func(t *testing.T) {
		run(t, func(s *stage) {
			for n := range 200_000 {
				e := wrong(ada, fmt.Sprintf("2001:db8:%x:%x::1", n>>16, n&0xffff))
				e.Device = fmt.Sprint("Device ", n)
				s.Record(e)
			}
			if err := s.Flush(s.ctx); err != nil {
				t.Fatal(err)
			}
			if got := s.all(); len(got) > 40 || times(got, journal.Refused) != 200_000 {
				t.Errorf("%d lines speak of %d", len(got), times(got, journal.Refused))
			}
		})
	})
}

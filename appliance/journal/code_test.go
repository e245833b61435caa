package journal_test

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"latchkey/appliance/journal"
)

// kept puts a body into a journal as if it had been there.
func kept(s *stage, body string) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 250_000, time.FixedZone("east", 3600))
	s.keep.do(func(m *memory) { m.entries = append(m.entries, journal.Entry{Time: at, Body: []byte(body)}) })
}

func TestWhatIsKept(t *testing.T) {
	at := time.Date(2026, 3, 1, 11, 0, 0, 250_000, time.UTC)
	for _, c := range []struct {
		says, body string
		want       journal.Event
	}{
		{
			"a line of an older program is read",
			`{"time":"2026-03-01T12:00:00.00025+01:00","kind":"signin","outcome":"ok","owner":"` + ada + `","device":"Chrome","deviceType":9,"address":"192.168.1.7"}`,
			journal.Event{Time: at, Kind: journal.SignIn, Outcome: "ok", Owner: ada, Device: "Chrome", DeviceType: 9, Address: "192.168.1.7"},
		},
		{
			"the key's time counts, not the body's", `{"time":"1999-01-01T00:00:00Z","kind":"ban"}`,
			journal.Event{Time: at, Kind: journal.Ban, Outcome: "ok"},
		},
		{
			"what an older program did not clean is cleaned", `{"kind":"signin","outcome":"ok","device":"a\nb\u202e` + strings.Repeat("x", 200) + `"}`,
			journal.Event{Time: at, Kind: journal.SignIn, Outcome: "ok", Device: "a b " + strings.Repeat("x", 96)},
		},
		{
			"words of a newer program are passed over", `{"kind":"signin","outcome":"ok","mood":{"x":[1]}}`,
			journal.Event{Time: at, Kind: journal.SignIn, Outcome: "ok"},
		},
		{
			"a line that makes no sense says so, and hides no other", `{"kind":7}`,
			journal.Event{Time: at, Kind: journal.Unreadable, Outcome: journal.Unreadable, DeviceType: 14},
		},
	} {
		t.Run(c.says, func(t *testing.T) {
			s := stageFor(t)
			kept(s, `{"kind":"kit"}`)
			kept(s, c.body)
			got := s.all()
			if len(got) != 2 || got[0] != c.want || got[1].Kind != journal.Kit {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
	t.Run("a line that is cut off anywhere, or longer, is no other line", func(t *testing.T) {
		s := stageFor(t)
		e := signIn(ada)
		e.Detail = "all of it"
		s.Record(e)
		if err := s.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		whole := s.all()[0]
		body := s.keep.kept()[0].Body
		for n := range len(body) {
			s.keep.do(func(m *memory) { m.entries[0].Body = body[:n] })
			if got := s.all()[0]; got.Kind != journal.Unreadable {
				t.Errorf("of %d bytes: %+v", n, got)
			}
		}
		s.keep.do(func(m *memory) { m.entries[0].Body = append(bytes.Clone(body), "what a newer program adds"...) })
		if got := s.all()[0]; got != whole {
			t.Errorf("got %+v, want %+v", got, whole)
		}
	})
	t.Run("an event comes back as it was recorded", func(t *testing.T) {
		run(t, func(s *stage) {
			e := journal.Event{
				Kind: journal.Second, Outcome: "second.wrong", Method: "totp", By: journal.Machine, Device: "Zoë's 📱", DeviceType: 1,
				Address: "203.0.113.7", Millis: 12, Detail: "x", Count: 3,
			}
			s.Record(e)
			waiting := s.all()[0]
			if err := s.Flush(s.ctx); err != nil {
				t.Fatal(err)
			}
			got := s.all()[0]
			if got != waiting {
				t.Errorf("got %+v, want %+v, kept as %s", got, waiting, s.keep.kept()[0].Body)
			}
			got.Time, e.Country = time.Time{}, "NZ"
			if got != e {
				t.Errorf("got %+v, want %+v", got, e)
			}
		})
	})
	t.Run("texts are cut at a character", func(t *testing.T) {
		run(t, func(s *stage) {
			s.Record(journal.Event{Kind: journal.SignIn, Device: "x" + strings.Repeat("é", 100), Country: "a longer one"})
			got := s.all()[0]
			if got.Device != "x"+strings.Repeat("é", 49) || got.Country != "" {
				t.Errorf("got %q", got.Device)
			}
		})
	})
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "null", "[]", `{"kind":"signin","outcome":"ok","device":"\u0000\ud800\u202e"}`,
		`{"kind":"requests","tally":{"hour":-1,"requests":-5,"devices":{"phone":-1,"x\n":2},"addresses":{"*":1,"1.2.3.4":9223372036854775807}}}`,
		`{"time":"2026-03-01T00:00:00Z","kind":"refused","owner":"` + ada + `","count":-1,"ms":-9}`, `{"kind":"ban","count":9223372036854775807}`,
		"\x01\x03ban\x02ok", "\x01\x03ban\x02ok\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		"\x01\x08requests\x00\x00\x00\x00\x00\x00\x00\x00\x1c\x01\x03\x0e{\"requests\":1}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s := stageFor(t)
		kept(s, body)
		got := s.all()
		if len(got) != 1 || got[0].Kind == "" || got[0].Outcome == "" || got[0].Count < 0 || got[0].Millis < 0 {
			t.Fatalf("%q: got %+v", body, got)
		}
		for _, word := range []string{got[0].Device, got[0].Outcome, got[0].Owner, got[0].Address, got[0].Detail, string(got[0].Kind)} {
			if !utf8.ValidString(word) || len(word) > 200 || strings.ContainsFunc(word, unicode.IsControl) {
				t.Errorf("%q: got %q", body, word)
			}
		}
		if _, err := s.Usage(t.Context(), time.Time{}, time.Now()); err != nil {
			t.Error(err)
		}
		if n := len(rows(t, export(t, s, journal.CSV, journal.Query{}, nil))); n != 2 {
			t.Errorf("%q: %d rows", body, n)
		}
	})
}

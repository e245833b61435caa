package journal_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"latchkey/appliance/journal"
)

func export(t *testing.T, s *stage, f journal.Format, q journal.Query, name func(string) string) string {
	t.Helper()
	var out bytes.Buffer
	if err := s.Export(s.ctx, q, &out, f, name); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func rows(t *testing.T, text string) [][]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return all
}

func TestExport(t *testing.T) {
	t.Run("CSV has a head and a row each, the newest first, with the names that it is given", func(t *testing.T) {
		run(t, func(s *stage) {
			furnish(s)
			got := export(t, s, journal.CSV, query(t, "account", ada), func(kept string) string {
				if kept == s.Pseudonym(ada) {
					return "ada@example.org"
				}
				return kept
			})
			want := strings.Join([]string{
				"time,kind,outcome,method,account,by,device,device_kind,address,country,ms,count,detail",
				"2000-01-01T04:00:00.000000Z,second,second.wrong,,ada@example.org,,CLI,cli,203.0.113.8,,0,1,",
				"2000-01-01T02:00:00.000000Z,admin,ok,," + s.Pseudonym("somebody") + ",ada@example.org,Chrome,browser,192.168.1.7,,0,1,role",
				"2000-01-01T00:00:00.000000Z,signin,ok,password,ada@example.org,,Ada's Pixel,phone,203.0.113.7,NZ,0,1,", "",
			}, "\r\n")
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	})
	t.Run("JSON lines are the events", func(t *testing.T) {
		run(t, func(s *stage) {
			furnish(s)
			want := s.all()
			for i, line := range strings.Split(strings.TrimSpace(export(t, s, journal.JSONLines, journal.Query{}, nil)), "\n") {
				var e journal.Event
				if err := json.Unmarshal([]byte(line), &e); err != nil || e != want[i] {
					t.Errorf("line %d is %s, %v", i, line, err)
				}
			}
		})
	})
	t.Run("an hour's requests are told in words", func(t *testing.T) {
		run(t, func(s *stage) {
			s.Count(journal.Seen{Outcome: 500, Millis: 9})
			s.Count(journal.Seen{Outcome: 404, Millis: 5})
			if err := s.Flush(s.ctx); err != nil {
				t.Fatal(err)
			}
			got := rows(t, export(t, s, journal.CSV, journal.Query{}, nil))[1]
			if got[11] != "2" || got[12] != "hour 2000-01-01T00:00:00Z, refused 1, errors 1, slowest 9 ms" {
				t.Errorf("got %q", got)
			}
		})
	})
	t.Run("nobody's words become a formula, a new cell or a new line", func(t *testing.T) {
		for _, word := range []string{
			"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1", " =1", `"=1`, "x;=1", "x,=1", "x|@y", "x\t+1", "=HYPERLINK(\"https://x\";\"y\")",
			"\uff1d1", "\u202e=1", "'=1", "a\nb", "a\rb", "a\x00b\x1b[31m", "\u2028=1", "a\x85=b", "\xff=1",
		} {
			run(t, func(s *stage) {
				s.Record(journal.Event{Kind: journal.SignIn, Device: word, Detail: word, Outcome: word, Address: word})
				text := export(t, s, journal.CSV, journal.Query{}, func(string) string { return word })
				if n := strings.Count(text, "\n"); n != 2 {
					t.Errorf("%q: %d lines in %q", word, n, text)
				}
				for _, cell := range rows(t, text)[1] {
					for _, border := range []string{"", ",", ";", "|"} { // as some locale's spreadsheet splits
						for _, part := range split(cell, border) {
							if strings.ContainsAny(first(part), "=+-@\uff1d") {
								t.Errorf("%q begins a formula in %q", word, cell)
							}
						}
					}
				}
			})
		}
	})
	t.Run("control characters don't break a JSON line", func(t *testing.T) {
		run(t, func(s *stage) {
			s.Record(journal.Event{Kind: journal.SignIn, Device: "a\nb\x1b[2Jc\u2028d\u202e"})
			text := export(t, s, journal.JSONLines, journal.Query{}, func(string) string { return "e\nf" })
			if strings.Count(text, "\n") != 1 || strings.ContainsAny(text, "\x1b\u2028\u202e") || strings.Contains(text, `\u`) {
				t.Errorf("got %q", text)
			}
		})
	})
	t.Run("a writer that fails ends it", func(t *testing.T) {
		run(t, func(s *stage) {
			for i := range 1000 {
				number(s, i)
			}
			for _, f := range []journal.Format{journal.CSV, journal.JSONLines} {
				if err := s.Export(s.ctx, journal.Query{}, broken{}, f, nil); !errors.Is(err, errBroken) {
					t.Errorf("got %v", err)
				}
			}
		})
	})
	t.Run("formats are known by name", func(t *testing.T) {
		for name, fine := range map[string]bool{"csv": true, "jsonl": true, "": false, "xlsx": false} {
			if f, err := journal.ParseFormat(name); (err == nil) != fine || fine && string(f) != name {
				t.Errorf("%q: %q, %v", name, f, err)
			}
		}
	})
}

var errBroken = errors.New("broken pipe")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func split(cell, border string) []string {
	if border == "" {
		return []string{cell}
	}
	return strings.Split(cell, border)
}

// first is the first character that a spreadsheet looks at.
func first(s string) string {
	s = strings.TrimLeft(s, " \"\t\u00a0")
	for _, r := range s {
		return string(r)
	}
	return ""
}

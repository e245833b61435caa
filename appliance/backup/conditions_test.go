package backup

import (
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/backup/target"
	"latchkey/appliance/health"
)

func TestConditions(t *testing.T) {
	now := time.Date(2027, 3, 20, 12, 0, 0, 0, time.UTC)
	back := func(days int) time.Time { return now.Add(-time.Duration(days) * 24 * time.Hour) }
	record := func(seq uint64, made time.Time, places ...Place) Record {
		return Record{Name: "n" + made.Format("0102"), Made: made, Seq: seq, Why: Daily, Places: places}
	}
	at := func(id string, proved time.Time) Place { return Place{Target: id, Proved: proved, Depth: Opened} }
	here := Place{Target: Here}
	fine := standing{Added: back(100), Proved: back(0)}
	for _, tt := range []struct {
		name    string
		targets []string
		books   books
		want    []string // code and severity
		says    string
	}{
		{"all is well", []string{"a"}, books{
			Records: []Record{record(1, back(1), here, at("a", back(0)))}, Targets: map[string]standing{"a": fine},
		}, nil, ""},
		{"a weekend is no trouble", []string{"a"}, books{
			Records: []Record{record(1, back(2), here, at("a", back(2)))}, Targets: map[string]standing{"a": fine},
		}, nil, ""},
		{"three days are", []string{"a"}, books{
			Records: []Record{record(1, back(3), here, at("a", back(2)))}, Targets: map[string]standing{"a": fine},
		}, []string{"backup.old warning"}, "3 days old"},
		{"two weeks are grave", []string{"a"}, books{
			Records: []Record{record(1, back(14), here, at("a", back(2)))}, Targets: map[string]standing{"a": fine},
		}, []string{"backup.old trouble"}, "14 days old"},
		{"a new target has three days", []string{"a"}, books{Targets: map[string]standing{"a": {Added: back(2)}}}, nil, ""},
		{"and then is missed", []string{"a"}, books{Targets: map[string]standing{"a": {Added: back(4)}}}, []string{"backup.old warning"}, "in 4 days"},
		{"no target", nil, books{}, []string{"backup.none warning"}, "outside this machine"},
		{"a copy on the same disk is none", []string{"a"}, books{
			Records: []Record{record(1, back(1), here, at("a", back(0)))}, Targets: map[string]standing{"a": {SameDisk: true, Added: back(9)}},
		}, []string{"backup.samedisk warning"}, "same disk"},
		{"beside another it may lie there", []string{"a", "b"}, books{
			Records: []Record{record(1, back(1), here, at("a", back(0)), at("b", back(0)))},
			Targets: map[string]standing{"a": {SameDisk: true, Added: back(9)}, "b": fine},
		}, nil, ""},
		{"but does not count for the age", []string{"a", "b"}, books{
			Records: []Record{record(1, back(9), at("b", back(8))), record(2, back(1), here, at("a", back(0)))},
			Targets: map[string]standing{"a": {SameDisk: true, Added: back(9)}, "b": fine},
		}, []string{"backup.old warning"}, "9 days old"},
		{"a target that fails since tonight", []string{"a"}, books{
			Records: []Record{record(1, back(1), here, at("a", back(0)))},
			Targets: map[string]standing{"a": {Added: back(9), Proved: back(0), Since: now.Add(-time.Hour), Problem: troubleOf(errDown)}},
		}, []string{"backup.target.a notice"}, "“a”: The NAS does not answer. The last good backup there is one day old."},
		{"and since yesterday", []string{"a"}, books{
			Records: []Record{record(1, back(2), here, at("a", back(2)))},
			Targets: map[string]standing{"a": {Added: back(9), Proved: back(2), Since: back(1), Problem: troubleOf(errDown)}},
		}, []string{"backup.target.a warning"}, "2 days old"},
		{"nothing read back for ten days", []string{"a"}, books{
			Records: []Record{record(1, back(1), here, at("a", back(10)))}, Targets: map[string]standing{"a": {Added: back(99), Proved: back(10)}},
		}, []string{"backup.unproved warning"}, "10 days"},
		{"one that opens no house", []string{"a"}, books{
			Records: []Record{record(1, back(2), at("a", back(1))), {Name: "x", Made: back(1), Seq: 2, Broken: true, Places: []Place{{Target: Here, Bad: true}}}},
			Targets: map[string]standing{"a": fine},
		}, []string{"backup.unproved trouble"}, "could not be opened"},
		{"a spool that rots", []string{"a"}, books{
			Records: []Record{record(1, back(1), Place{Target: Here, Bad: true}, at("a", back(0)))}, Targets: map[string]standing{"a": fine},
		}, []string{"backup.disk trouble"}, "disk"},
		{"a bad or vanished copy does not count", []string{"a"}, books{
			Records: []Record{
				record(1, back(5), at("a", back(4))),
				record(2, back(2), Place{Target: "a", Proved: back(2), Bad: true}),
				record(3, back(1), here, Place{Target: "a", Proved: back(1), Gone: back(0)}),
			}, Targets: map[string]standing{"a": fine},
		}, []string{"backup.old warning"}, "5 days old"},
		{"what the future says of its proofs", []string{"a"}, books{
			Records: []Record{record(1, back(1), here, at("a", back(-900)))}, Targets: map[string]standing{"a": {Added: back(9), Proved: back(-900)}},
		}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t)
			var list []target.Config
			for _, id := range tt.targets {
				list = append(list, target.Config{ID: id, Kind: target.KindFolder, Name: id})
			}
			if err := s.keepTargets(t.Context(), list); err != nil {
				t.Fatal(err)
			}
			s.c.Now = func() time.Time { return now }
			s.Backups.books = &tt.books
			s.review(t.Context())
			var got []string
			for _, c := range s.board.List() {
				got = append(got, c.Code+" "+string(c.Severity))
				if !strings.Contains(c.Text, tt.says) || c.Hint == "" {
					t.Errorf("it says %q, %q", c.Text, c.Hint)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			s.noKit = true
			s.review(t.Context())
			if left := s.board.List(); len(left) > 0 {
				t.Errorf("without a kit stands %v", left)
			}
		})
	}
	t.Run("who has a kit since today is asked for a target, and not pressed", func(t *testing.T) {
		if without(time.Hour).Severity != health.Notice || without(25*time.Hour).Severity != health.Warning {
			t.Error("another severity")
		}
	})
}

package journal_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"latchkey/appliance/journal"
)

// nowhere is a Keep that takes everything at once.
type nowhere struct{ memory }

func (*nowhere) Append(context.Context, []journal.Entry) error { return nil }

func benchJournal(b *testing.B) *journal.Journal {
	b.Helper()
	j := journal.New(journal.Config{
		Keep: &nowhere{}, Now: time.Now, Days: func() int64 { return 90 }, Key: make([]byte, 32), Log: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- j.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		<-ended
	})
	return j
}

// BenchmarkCount is what each request pays.
func BenchmarkCount(b *testing.B) {
	j := benchJournal(b)
	seen := journal.Seen{Outcome: 200, DeviceKind: journal.Phone, Address: netip.MustParseAddr("2001:db8:1:2::7"), Millis: 3}
	b.ReportAllocs()
	for b.Loop() {
		j.Count(seen)
	}
}

// BenchmarkRecord is what an event pays: one that becomes a line, and one of
// an attack, which is folded.
func BenchmarkRecord(b *testing.B) {
	b.Run("line", func(b *testing.B) {
		j := benchJournal(b)
		owners := make([]string, 1<<16)
		for i := range owners {
			owners[i] = fmt.Sprint(i)
		}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			j.Record(signIn(owners[i%len(owners)]))
		}
	})
	b.Run("folded", func(b *testing.B) {
		j := benchJournal(b)
		from := make([]string, 10_000)
		for i := range from {
			from[i] = v4(i)
		}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			j.Record(wrong(ada, from[i%len(from)]))
		}
	})
}

// BenchmarkRead is a line that is looked at: by a search that finds nothing,
// by a sum, by an export.
func BenchmarkRead(b *testing.B) {
	const lines = 20_000
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	j := journal.New(journal.Config{Keep: &memory{}, Now: func() time.Time { return at }, Days: func() int64 { return 90 }, Key: make([]byte, 32), Log: slog.New(slog.DiscardHandler)})
	for n := range lines {
		e := journal.Event{
			Kind: journal.Token, Outcome: journal.OK, Method: "refresh", Owner: ada, Device: fmt.Sprint("Phone ", n),
			Address: fmt.Sprintf("203.0.113.%d", n%250), Millis: 4,
		}
		at = at.Add(time.Minute)
		j.Record(e)
		if n%1000 == 999 {
			if err := j.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	for name, read := range map[string]func() error{
		"search": func() error { _, err := j.Search(b.Context(), journal.Query{Text: "zzz"}); return err },
		"usage":  func() error { _, err := j.Usage(b.Context(), time.Time{}, time.Time{}); return err },
		"export": func() error { return j.Export(b.Context(), journal.Query{}, io.Discard, journal.CSV, nil) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := read(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/lines, "ns/line")
		})
	}
}

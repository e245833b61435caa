package health_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"latchkey/appliance/health"
)

func TestBoard(t *testing.T) {
	now := time.Unix(100, 0)
	var lines int
	board := health.NewBoard(func() time.Time { return now }, slog.New(counter{&lines}))

	board.Set(health.Condition{Code: "b.low", Severity: health.Notice, Text: "low"})
	board.Set(health.Condition{Code: "a.grave", Severity: health.Trouble, Text: "grave"})
	now = now.Add(time.Hour)
	board.Set(health.Condition{Code: "a.grave", Severity: health.Trouble, Text: "grave"})

	got := board.List()
	if len(got) != 2 || got[0].Code != "a.grave" || got[1].Code != "b.low" {
		t.Fatalf("got %+v, want the grave one first", got)
	}
	if !got[0].Since.Equal(time.Unix(100, 0)) {
		t.Errorf("a repeated condition began at %v, want its first time", got[0].Since)
	}
	if lines != 2 {
		t.Errorf("%d lines in the log, want one for each change", lines)
	}
	board.SetIf(false, health.Condition{Code: "a.grave"})
	if got := board.List(); len(got) != 1 || got[0].Code != "b.low" {
		t.Errorf("after clearing: %+v", got)
	}
}

// counter counts the lines that a logger writes.
type counter struct{ n *int }

func (c counter) Enabled(context.Context, slog.Level) bool  { return true }
func (c counter) Handle(context.Context, slog.Record) error { *c.n++; return nil }
func (c counter) WithAttrs([]slog.Attr) slog.Handler        { return c }
func (c counter) WithGroup(string) slog.Handler             { return c }

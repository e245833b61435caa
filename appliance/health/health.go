// Package health holds what is lastingly wrong or worth knowing: conditions
// that a part sets and clears, and the checks that doctor runs. What a
// condition means is the part's own business.
package health

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// Severity says how much a condition matters.
type Severity string

// The severities. Trouble: something promised does not work. Warning: it soon
// may not. Notice: somebody should do something when they have time.
const (
	Notice  Severity = "notice"
	Warning Severity = "warning"
	Trouble Severity = "trouble"
)

// Condition is one standing trouble, in the two sentences of a problem.
type Condition struct {
	Code     string            `json:"code"` // "kit.missing": part, dot, what
	Severity Severity          `json:"severity"`
	Text     string            `json:"text"`
	Hint     string            `json:"hint"`
	Values   map[string]string `json:"values,omitempty"`
	Since    time.Time         `json:"since"`
}

// Board is where parts pin conditions.
type Board struct {
	now func() time.Time
	log *slog.Logger

	mu    sync.Mutex
	conds map[string]Condition
}

// NewBoard makes an empty board; each change is told to log once.
func NewBoard(now func() time.Time, log *slog.Logger) *Board {
	return &Board{now: now, log: log, conds: make(map[string]Condition)}
}

// Set pins c, or replaces the one with its code. Since is the board's: it
// stays when only the words change.
func (b *Board) Set(c Condition) {
	b.mu.Lock()
	old, had := b.conds[c.Code]
	c.Since = b.now()
	if had {
		c.Since = old.Since
	}
	b.conds[c.Code] = c
	b.mu.Unlock()
	if !had || old.Text != c.Text || old.Severity != c.Severity {
		b.log.Warn("condition", "code", c.Code, "severity", string(c.Severity), "text", c.Text)
	}
}

// Clear takes the condition down, if it is there.
func (b *Board) Clear(code string) {
	b.mu.Lock()
	_, had := b.conds[code]
	delete(b.conds, code)
	b.mu.Unlock()
	if had {
		b.log.Info("condition cleared", "code", code)
	}
}

// SetIf pins c while wrong holds and takes it down when not.
func (b *Board) SetIf(wrong bool, c Condition) {
	if wrong {
		b.Set(c)
		return
	}
	b.Clear(c.Code)
}

// List gives all conditions, the gravest first, then by code.
func (b *Board) List() []Condition {
	b.mu.Lock()
	defer b.mu.Unlock()
	rank := map[Severity]int{Trouble: 0, Warning: 1, Notice: 2}
	all := slices.AppendSeq([]Condition{}, maps.Values(b.conds)) // never nil: it is a list on the wire, too
	slices.SortFunc(all, func(x, y Condition) int {
		if d := rank[x.Severity] - rank[y.Severity]; d != 0 {
			return d
		}
		if x.Code < y.Code {
			return -1
		}
		return 1
	})
	return all
}

// State is what a check found.
type State string

// The states of a finding.
const (
	OK   State = "ok"
	Warn State = "warn"
	Bad  State = "bad"
)

// Finding is a check's answer: one sentence, and what to do where it is not OK.
type Finding struct {
	Code   string            `json:"code"`
	State  State             `json:"state"`
	Text   string            `json:"text"`
	Hint   string            `json:"hint,omitempty"`
	Values map[string]string `json:"values,omitempty"`
}

// Check is one question that doctor and the wizard ask. Run must end when ctx
// does and changes nothing.
type Check struct {
	Code string
	Slow bool // takes seconds: doctor runs it, the wizard does not
	Run  func(ctx context.Context) Finding
}

// RunAll asks every check in turn and gives the findings in their order. The
// code is the check's own.
func RunAll(ctx context.Context, checks []Check) []Finding {
	found := make([]Finding, 0, len(checks))
	for _, c := range checks {
		f := c.Run(ctx)
		f.Code = c.Code
		found = append(found, f)
	}
	return found
}

// Package bench measures the figures that README quotes: the real binary beside a plain TLS handler that
// sends the same bytes from a process of its own, in the same run and in turns, because a machine's speed
// moves from minute to minute and only what is measured together can be compared.
package bench

import (
	"fmt"
	"io"
	"sort"
	"strings"
	"text/tabwriter"
	"time"
)

// A Row is one figure: what was wanted, what came out, and how the two stand.
type Row struct {
	Name, Goal, Got, Ratio string
	Met                    bool
}

// Table is the rows in the order in which they were measured.
type Table struct {
	Rows []Row
}

// AtMost adds a figure that must not be above a limit.
func (t *Table) AtMost(name string, got, limit float64, unit string) {
	ratio := "-"
	if limit > 0 {
		ratio = fmt.Sprintf("%.2f of it", got/limit)
	}
	t.add(Row{
		Name: name, Goal: fmt.Sprintf("<= %s %s", short(limit), unit), Got: short(got) + " " + unit,
		Ratio: ratio, Met: got <= limit,
	})
}

// AtLeast adds a ratio that must not be below a limit.
func (t *Table) AtLeast(name string, ratio, limit float64, got string) {
	t.add(Row{Name: name, Goal: ">= " + short(limit), Got: got, Ratio: fmt.Sprintf("%.2f", ratio), Met: ratio >= limit})
}

// Times adds a ratio that must not be above a limit.
func (t *Table) Times(name string, ratio, limit float64, got string) {
	t.add(Row{Name: name, Goal: "<= " + short(limit) + " times", Got: got, Ratio: fmt.Sprintf("%.2f", ratio), Met: ratio <= limit})
}

// Told adds a figure without a goal.
func (t *Table) Told(name, got string) {
	t.add(Row{Name: name, Goal: "-", Got: got, Ratio: "-", Met: true})
}

// Missing adds a figure that could not be measured, and why. It counts as not met.
func (t *Table) Missing(name, why string) {
	t.add(Row{Name: name, Goal: "?", Got: why, Ratio: "-"})
}

func (t *Table) add(row Row) { t.Rows = append(t.Rows, row) }

// Print writes the table in aligned columns; a figure that misses its goal has an exclamation mark.
func (t *Table) Print(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "\tfigure\tgoal\tmeasured\tratio")
	for _, row := range t.Rows {
		mark := " "
		if !row.Met {
			mark = "!"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", mark, row.Name, row.Goal, row.Got, row.Ratio)
	}
	return out.Flush()
}

func short(f float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", f), "0"), ".")
}

// median of a few figures; zero of none.
func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	sorted := append([]float64(nil), all...)
	sort.Float64s(sorted)
	return sorted[len(sorted)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

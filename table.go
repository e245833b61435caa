package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"latchkey/appliance/logline"
)

// table is rows of cells; the first row is the head.
type table [][]string

// add adds a row. What others wrote may stand in a cell: it moves no cursor and
// paints nothing.
func (t *table) add(cells ...string) {
	for i, c := range cells {
		cells[i] = printable(c)
	}
	*t = append(*t, cells)
}

// widths are those of the columns, in characters.
func (t table) widths() []int {
	var all []int
	for _, row := range t {
		for i, cell := range row {
			if i == len(all) {
				all = append(all, 0)
			}
			all[i] = max(all[i], utf8.RuneCountInString(cell))
		}
	}
	return all
}

// write prints the rows with their columns aligned.
func (t table) write(w io.Writer) error { return t.writeAs(w, t.widths()) }

func (t table) writeAs(w io.Writer, widths []int) error {
	var b strings.Builder
	for _, row := range t {
		line := ""
		for i, cell := range row {
			line += cell + strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(cell))+2)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeTables prints those that have a row beside their head, a blank line
// between them.
func writeTables(w io.Writer, all ...table) error {
	between := ""
	for _, t := range all {
		if len(t) < 2 {
			continue
		}
		if _, err := io.WriteString(w, between); err != nil {
			return err
		}
		if err := t.write(w); err != nil {
			return err
		}
		between = "\n"
	}
	return nil
}

// printable is text that does nothing to a terminal but stand there.
func printable(text string) string { return logline.Plain(text) }

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func count(n int) string { return strconv.Itoa(n) }

// size is a number of bytes for a person.
func size(n int64) string {
	units := []string{"B", "KB", "MB", "GB"}
	f, i := float64(n), 0
	for f >= 1000 && i < len(units)-1 {
		f, i = f/1000, i+1
	}
	if i == 0 || f >= 10 {
		return fmt.Sprintf("%.0f %s", f, units[i])
	}
	return fmt.Sprintf("%.1f %s", f, units[i])
}

// clockLayout is how times are shown: the machine's own zone, down to seconds.
const clockLayout = "2006-01-02 15:04:05"

// when shows a time of the house (RFC 3339) by this machine's clock, "-" where
// there is none.
func when(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Unix() <= 0 {
		return "-"
	}
	return at.Local().Format(clockLayout)
}

// span is a duration for a person, in its largest unit that fits.
func span(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

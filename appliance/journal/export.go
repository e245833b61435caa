package journal

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"latchkey/appliance/problem"
)

// Format is a file format for exports.
type Format string

// The formats.
const (
	CSV       Format = "csv"   // RFC 4180, with a head; safe to open in a spreadsheet
	JSONLines Format = "jsonl" // one Event a line
)

// ParseFormat reads a format's name; its error is a person's problem.
func ParseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case CSV, JSONLines:
		return f, nil
	}
	return "", problem.New(problem.Refused, "log.format", "The log can't be written in this format.", "Ask for csv or jsonl.")
}

// Export writes all that matches to w, the newest first, as it reads it; a
// slow w holds up nobody. Limit does not matter. name says who an Owner or By
// is; nil leaves them as they are kept. After an error w has part of it.
func (j *Journal) Export(ctx context.Context, q Query, w io.Writer, f Format, name func(kept string) string) error {
	from, to, err := j.bounds(q)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 32<<10)
	write, err := f.writer(out)
	if err != nil {
		return err
	}
	match := j.matcher(q)
	for e, err := range j.each(ctx, from, to) {
		if err != nil {
			return err
		}
		if !match(e) {
			continue
		}
		if name != nil {
			e.Owner, e.By = clean(name(e.Owner), maxDetail), clean(name(e.By), maxDetail)
		}
		if err := write(e); err != nil {
			return fmt.Errorf("writing an export of the log: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing an export of the log: %w", err)
	}
	return nil
}

// writer gives what writes one line of that format.
func (f Format) writer(w io.Writer) (func(Event) error, error) {
	if f == JSONLines {
		out := json.NewEncoder(w)
		return func(e Event) error { return out.Encode(e) }, nil
	}
	out, err := newCSV(w)
	if err != nil {
		return nil, fmt.Errorf("writing an export of the log: %w", err)
	}
	return func(e Event) error {
		_ = out.Write(row(e)) // Error has it, too
		out.Flush()
		return out.Error()
	}, nil
}

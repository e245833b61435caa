package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"latchkey/appliance/backup"
	"latchkey/appliance/problem"
	"latchkey/client"
)

func backupCreate(ctx context.Context, s streams, args []string) error {
	var out string
	o := flags("backup create", s.err)
	o.StringVar(&out, "out", "", "write it to the new file `FILE` instead of to the targets; - is the standard output")
	if err := o.parse(args); err != nil {
		return err
	}
	switch out {
	case "":
		return o.run(ctx, s, nil, nil, createEverywhere)
	case "-":
		if isTerminal(s.out) {
			return problemOfUse("Name a file, or lead the output into one.", "backup create --out - writes bytes that no terminal can show.")
		}
		return o.run(ctx, s, nil, nil, func(e errand) error { return e.download(e.out) })
	}
	file, err := makeFile(out)
	if err != nil {
		return err
	}
	into := &counter{to: file}
	err = o.run(ctx, s, nil, nil, func(e errand) error { return e.download(into) })
	if err == nil {
		err = file.keep()
	}
	if err != nil {
		file.drop()
		return writeProblem(out, into, err)
	}
	_, err = fmt.Fprintf(s.out, "A backup of %s lies in %s. Only the recovery kit opens it; try that:\n  latchkey backup verify %s --kit KIT\n", size(into.n), out, out)
	return err
}

// writeProblem says in a person's words what ended a backup that was being
// written.
func writeProblem(out string, into *counter, err error) error {
	switch {
	case into.err != nil:
		return problem.New(problem.Unavailable, "backup.out", "The disk did not take the backup, and nothing of it was kept in "+out+".",
			"Look for room there, then try again.").Because(into.err)
	case into.n > 0:
		return problem.New(problem.Unavailable, "backup.cut", "The backup broke off, and nothing of it was kept in "+out+".",
			"Try again; if it stays, `latchkey doctor` and the log of the machine say more.").Because(err)
	}
	return err // the house said why it began none
}

// download has the house make a fresh backup and writes it to w, as it comes.
func (e errand) download(w io.Writer) error {
	line := newProgress(e.streams)
	defer line.clear()
	return e.Post(e.ctx, "/latchkey/backups/download", nil, &counter{to: w, each: func(n int64) { line.show("writing the backup  %s", size(n)) }})
}

// counter passes on what is written and counts it.
type counter struct {
	to   io.Writer
	n    int64
	err  error         // of the writing itself
	each func(n int64) // may be nil
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	c.err = err
	if c.each != nil {
		c.each(c.n)
	}
	return n, err
}

// created is what the house tells of a backup that it made.
type created struct {
	Record backup.Record
	Failed []backup.Failure
}

// createEverywhere makes a backup, sends it to all targets and says how that
// went. One that a target did not get is a failure, for whoever runs this by a
// timer.
func createEverywhere(e errand) error {
	var got created
	if err := e.followed("/latchkey/backups", map[string]bool{"wait": true}, &got); err != nil {
		return err
	}
	v, err := e.backupView()
	if err != nil {
		return err
	}
	var b strings.Builder
	writeCreated(&b, got, v)
	if _, err := io.WriteString(e.out, b.String()); err != nil {
		return err
	}
	if len(got.Failed) > 0 {
		return exitCode(exitFail)
	}
	return nil
}

func writeCreated(b *strings.Builder, got created, v backup.View) {
	fmt.Fprintf(b, "Made %s (%s).\n", got.Record.Name, size(got.Record.Bytes))
	elsewhere := 0
	for _, p := range got.Record.Places {
		if p.Target != backup.Here {
			elsewhere++
		}
		fmt.Fprintf(b, "  %s: %s\n", printable(placeName(v, p.Target)), proofText(p.Depth, p.Bad))
	}
	for _, f := range got.Failed {
		fmt.Fprintf(b, "  %s: NOT sent. %s\n    %s\n", printable(or(f.Name, f.Target)), printable(f.Trouble.Text), printable(f.Trouble.Hint))
	}
	if elsewhere == 0 && len(got.Failed) == 0 {
		b.WriteString("It lies on this machine only, which counts as none when the machine is gone.\n" +
			"Name a place for backups in the page under House, or write one elsewhere: latchkey backup create --out FILE\n")
	}
}

// proofText says how a copy is known to be right.
func proofText(d backup.Depth, bad bool) string {
	switch {
	case bad:
		return "DAMAGED"
	case d == backup.Opened:
		return "proved by opening it"
	case d == backup.Digest:
		return "proved by its digest"
	}
	return "not proved yet"
}

func backupProve(ctx context.Context, s streams, args []string) error {
	var name, place string
	o := flags("backup prove", s.err)
	o.StringVar(&name, "name", "", "the backup with this `NAME` instead of the newest")
	o.StringVar(&place, "target", "", "only its copy at the target with this `ID` or name; here is this machine")
	return o.run(ctx, s, args, nil, func(e errand) error {
		v, err := e.backupView()
		if err != nil {
			return err
		}
		copies, err := choose(v, name, place)
		if err != nil {
			return err
		}
		return e.prove(v, copies)
	})
}

// one is a backup at one place.
type one struct {
	Name   string `json:"name"`
	Target string `json:"target"`
	Wait   bool   `json:"wait"`
}

// choose finds the copies that are meant: of the newest backup unless one is
// named, at every place unless one is named.
func choose(v backup.View, name, place string) ([]one, error) {
	var found []one
	for _, c := range v.Copies {
		if name != "" && c.Name != name {
			continue
		}
		for _, p := range c.Places {
			if place == "" || place == p.Target || place == placeName(v, p.Target) {
				found = append(found, one{c.Name, p.Target, true})
			}
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	return nil, problem.New(problem.NotFound, "backup.unknown", "There is no such backup.", "`latchkey backup list` shows which there are, and where.")
}

// prove reads copies back, each after the other; one that is not right fails
// the command, but not the others.
func (e errand) prove(v backup.View, copies []one) error {
	var verdict error
	for _, c := range copies {
		var got struct{ Proof backup.Proof }
		err := e.followed("/latchkey/backups/prove", c, &got)
		var refused *client.Refusal
		switch {
		case err == nil:
			err = e.say("%s at %s: %s", c.Name, printable(placeName(v, c.Target)), proofText(got.Proof.Depth, false))
		case errors.As(err, &refused) && e.ctx.Err() == nil:
			verdict = exitCode(exitFail)
			err = e.say("%s at %s: NOT proved. %s\n  %s", c.Name, printable(placeName(v, c.Target)), refused.Text, refused.Hint)
		}
		if err != nil {
			return err
		}
	}
	return verdict
}

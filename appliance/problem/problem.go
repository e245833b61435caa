// Package problem holds errors that are fit for a person: what happened, what
// to do next, and a code by which the page can say it in another language.
// The cause goes to the log and never to whoever asked.
package problem

import (
	"errors"
	"fmt"
	"maps"
)

// Kind says what sort of trouble it is, so that a door (HTTP, console) can
// choose its own sign for it (a status, an exit code).
type Kind int

// The kinds. Internal is the zero value: what nobody classified is our fault.
const (
	Internal    Kind = iota // our own fault or the machine's
	Refused                 // the request can't be done as it was asked
	NotFound                // no such thing, or none that the caller may know of
	Unproven                // no valid session or token: sign in again
	TooMany                 // asked too often; Values["seconds"] says how long to wait
	TooLarge                // the body exceeds its limit
	Unavailable             // later, or once a condition has been mended
)

// Problem is an error for a person.
type Problem struct {
	Kind   Kind
	Code   string            // stable, dotted, lower case: "invitation.used"
	Text   string            // what happened: one sentence
	Hint   string            // what to do next: one sentence, may be empty
	Values map[string]string // what the sentences speak of, for translation
	Cause  error             // for the log only
}

// New makes a problem of a kind with its code and its two sentences.
func New(kind Kind, code, text, hint string) *Problem {
	return &Problem{Kind: kind, Code: code, Text: text, Hint: hint}
}

// Error is the line for the log: the text with the cause, which must not be
// shown to a stranger. A door shows Text and Hint instead.
func (p *Problem) Error() string {
	if p.Cause == nil {
		return p.Text
	}
	return fmt.Sprintf("%s (%v)", p.Text, p.Cause)
}

// Unwrap gives the cause.
func (p *Problem) Unwrap() error { return p.Cause }

// Is reports whether target is a problem of the same code, so that a fixed
// problem value can be compared after With and Because made copies of it.
func (p *Problem) Is(target error) bool {
	var other *Problem
	return errors.As(target, &other) && other.Code == p.Code
}

// Because returns a copy that carries cause.
func (p *Problem) Because(cause error) *Problem {
	c := *p
	c.Cause = cause
	return &c
}

// With returns a copy in which key has value.
func (p *Problem) With(key, value string) *Problem {
	c := *p
	c.Values = maps.Clone(p.Values)
	if c.Values == nil {
		c.Values = make(map[string]string, 1)
	}
	c.Values[key] = value
	return &c
}

// Of finds the problem in err. What carries none becomes an Internal one with
// err as its cause, so that a door always has two sentences to show.
func Of(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return New(Internal, "internal",
		"Something went wrong inside Latchkey.",
		"Try again; if it stays, the log of the machine says more.").Because(err)
}

// Latchkey keeps a household's passwords at home. This file reads the command
// line, hears signals and chooses the exit code; everything else lies in
// appliance and client.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"latchkey/appliance"
	"latchkey/appliance/install"
	"latchkey/appliance/problem"
	"latchkey/client"
)

// version is set by the build (-ldflags "-X main.version=...").
var version = "development"

// Exit codes.
const (
	exitDone  = 0
	exitFail  = 1
	exitUsage = 2
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// command is one word of the command line.
type command struct {
	name  string
	short string // for the list; empty: not listed
	run   func(ctx context.Context, io streams, args []string) error
}

type streams struct {
	in       io.Reader
	out, err io.Writer
	ends     *[]func() error // see atEnd
}

// atEnd lets fn run when the command has ended and its last word is said.
func (s streams) atEnd(fn func() error) { *s.ends = append(*s.ends, fn) }

func (s streams) end() {
	for _, fn := range *s.ends {
		_ = fn() // nobody is left to be told
	}
}

func commands() []command {
	return []command{
		{"serve", "serve the house: its page and every app", serve},
		{"setup", "set the house up without a browser, or --link for a new link", setUp},
		{"status", "how the house is", status},
		{"doctor", "look for troubles and say what to do", doctor},
		{"backup", "make, list, prove and restore backups: latchkey backup lists all", backups},
		{"admin", "people, second factors, bans, the log: latchkey admin lists all", admin},
		{"install", "put it into this machine for good, or bring it up to date there", installHouse("install")},
		{"upgrade", "the same, over an older one", installHouse("upgrade")},
		{"uninstall", "remove it from this machine; the house stays", uninstall},
		{"version", "the version of this program", printVersion},
		{"check-copy", "", checkCopy},
		{"undo", "", undo},
		{install.WorkCommand, "", inStateFolder},
	}
}

func run(args []string, in io.Reader, out, errs io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		help(out)
		return exitDone
	}
	s := streams{in, out, errs, new([]func() error)}
	defer s.end()
	for _, c := range commands() {
		if c.name == args[0] {
			return exitOf(c.run(ctx, s, args[1:]), errs)
		}
	}
	return exitOf(usage("There is no command %q.", args[0]), errs)
}

// usageError is wrong use of the command line: exit code 2.
type usageError struct{ *problem.Problem }

func usage(format string, args ...any) error {
	return usageError{problem.New(problem.Refused, "usage", fmt.Sprintf(format, args...), "`latchkey help` lists the commands, and --help after one its options.")}
}

// exitCode is an error that only carries a code: everything was said already.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// exitOf tells an error in two lines: what happened, what to do.
func exitOf(err error, errs io.Writer) int {
	var code exitCode
	var refused *client.Refusal
	var wrong usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &wrong):
		say(errs, wrong.Text, wrong.Hint)
		return exitUsage
	case errors.As(err, &refused):
		say(errs, refused.Text, refused.Hint)
		return exitFail
	}
	p := problem.Of(err)
	text := p.Text
	if p.Cause != nil {
		text = p.Error() // the console of the machine is the owner's
	}
	say(errs, text, p.Hint)
	return exitFail
}

func say(w io.Writer, text, hint string) {
	_, _ = fmt.Fprintf(w, "latchkey: %s\n", text)
	if hint != "" {
		_, _ = fmt.Fprintf(w, "  %s\n", hint)
	}
}

func help(w io.Writer) {
	_, _ = fmt.Fprintln(w, "Latchkey keeps a household's passwords at home.")
	_, _ = fmt.Fprintln(w)
	for _, c := range commands() {
		if c.short != "" {
			_, _ = fmt.Fprintf(w, "  latchkey %-9s %s\n", c.name, c.short)
		}
	}
	_, _ = fmt.Fprintln(w)
	_, _ = fmt.Fprintln(w, "Those that work on a house take --config FILE and --data DIR.\nTo try it: latchkey serve. To keep it: sudo latchkey install")
}

func printVersion(_ context.Context, s streams, _ []string) error {
	_, err := fmt.Fprintln(s.out, "latchkey", version)
	return err
}

// checkCopy is the child process of the full check: not for people.
func checkCopy(_ context.Context, s streams, args []string) error {
	if len(args) != 1 {
		return usage("check-copy wants the path of a copy.")
	}
	return codeOf(appliance.CheckCopy(s.in, s.out, args[0]))
}

func codeOf(code int) error {
	if code == exitDone {
		return nil
	}
	return exitCode(code)
}

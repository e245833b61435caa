// Command tool is what the lab needs beside real daemons: echoes that tell a caller its address, stand-ins for
// the providers' APIs, a certificate authority for these, and small things that lab.sh can't do. It runs in the
// lab's namespaces only.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// command is one word of the command line.
type command struct {
	usage string
	run   func(ctx context.Context, args []string) error
}

func commands() map[string]command {
	return map[string]command{
		"serve":     {"serve --plan FILE --pki DIR --control SOCKET: everything that stands on the internet", serve},
		"pki":       {"pki --plan FILE DIR: make the authority that signs the lab's servers", makePKI},
		"unreserve": {"unreserve PROGRAM COPY PREFIX...: a miniupnpd that takes PREFIX for a public address", unreserve},
		"get":       {"get [--ca FILE] URL: print what it answers, or fail", get},
		"foreign":   {"foreign --listen ADDRESS --name NAME: somebody else's page, with a certificate of their own", foreign},
		"attack":    {"attack --four AT --six AT --host NAME --account E-MAIL --crowd NET --crowd6 NET: thousands of strangers guess", attack},
		"proxy":     {"proxy --listen ADDRESS --to URL --pki DIR: a reverse proxy that says who asked", proxy},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	all := commands()
	if len(os.Args) < 2 || all[os.Args[1]].run == nil {
		for _, c := range all {
			fmt.Fprintln(os.Stderr, "tool", c.usage)
		}
		os.Exit(2)
	}
	if err := all[os.Args[1]].run(ctx, os.Args[2:]); err != nil && ctx.Err() == nil {
		fmt.Fprintf(os.Stderr, "tool %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

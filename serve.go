package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"syscall"

	"latchkey/appliance"
	"latchkey/appliance/api"
	"latchkey/appliance/config"
	"latchkey/appliance/listen"
	"latchkey/appliance/notify"
)

// gcPercent trades a little time for memory: the house runs beside other
// things on a small machine, and what it allocates is short-lived.
const gcPercent = 50

// memoryLimit makes the collector work harder rather than let a flood of
// strangers, each with a connection, push out what else runs on the machine. It
// is no bound: a vault of a hundred megabytes still syncs.
const memoryLimit = 100 << 20

func serve(ctx context.Context, s streams, args []string) error {
	var addresses list
	var local string
	var private bool
	o := flags("serve", s.err)
	o.Var(&addresses, "listen", "answer HTTPS on `ADDR` (host:port or :port; may be repeated; default :8443)")
	o.StringVar(&local, "local", "", "the page for this computer without TLS on loopback `ADDR`, or off (default localhost:8480)")
	o.BoolVar(&private, "private", false, "check the whole house and answer commands on this machine only: the trial before an upgrade")
	if err := o.parse(args); err != nil {
		return err
	}
	c, err := o.load(s, func(c *config.Config) error { return listenOn(c, addresses, local) })
	if err != nil {
		return err
	}
	c.Make, c.Private = !private, private
	debug.SetGCPercent(gcPercent)
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if !private {
		c.Manager = notify.FromEnv(os.Getenv, c.Log)
	}
	a, err := appliance.Assemble(ctx, c)
	if err != nil {
		return err
	}
	err = a.Run(ctx, func(r appliance.Ready) {
		if private {
			_, _ = fmt.Fprintln(s.out, "latchkey answers privately, and its file is whole")
			return
		}
		greet(s.out, r)
	})
	if errors.Is(err, appliance.ErrAgain) {
		return again(s)
	}
	return err
}

// again gives this process to a new start of the same program. Where systemd
// holds the sockets, and starts anew whatever ends, ending is enough: a new
// process could not find them again.
func again(s streams) error {
	s.end()
	if os.Getenv("LISTEN_FDS") != "" || os.Getenv("NOTIFY_SOCKET") != "" {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("looking for this program: %w", err)
	}
	return syscall.Exec(self, os.Args, os.Environ())
}

func listenOn(c *config.Config, addresses list, local string) error {
	if len(addresses) > 0 {
		c.Listen = addresses
	}
	for _, at := range c.Listen {
		if why := config.CheckListen(at); why != "" {
			return usage("--listen: %s.", why)
		}
	}
	if local == "" {
		return nil
	}
	if why := config.CheckLocal(local); why != "" {
		return usage("--local: %s.", why)
	}
	c.Local = local
	if local == config.Off {
		c.Local = ""
	}
	return nil
}

// greet says that the house answers, and where: for a first run with the links
// that begin it.
func greet(w io.Writer, r appliance.Ready) {
	var b strings.Builder
	fmt.Fprintf(&b, "latchkey is ready at %s\n", r.URL)
	if len(r.Setup) > 0 {
		b.WriteString("\nSet up this house by one of these links. They work at home, once, for 30 minutes.\n")
		writeLinks(&b, r.Setup, r.Fingerprint, withQR)
	} else {
		writeLinks(&b, r.Links, r.Fingerprint, !withQR)
	}
	_, _ = io.WriteString(w, b.String())
}

const withQR = true

// writeLinks prints the labelled links, with a word on the warning above those
// that bring one.
func writeLinks(b *strings.Builder, links []api.Link, fingerprint string, qr bool) {
	warned := false
	for _, l := range links {
		if l.Kind != string(listen.LinkHere) && !warned {
			warned = true
			fmt.Fprintf(b, "\n  Elsewhere at home the browser will warn once, because this house vouches for\n"+
				"  itself. Go on if the certificate it shows has this SHA-256 fingerprint:\n    %s\n", fingerprint)
		}
		fmt.Fprintf(b, "\n  %s\n    %s\n", labels[l.Kind], l.URL)
		if qr && l.Kind == string(listen.LinkAddress) {
			fmt.Fprintf(b, "\n%s", listen.TerminalQR(l.URL))
		}
	}
	b.WriteByte('\n')
}

var labels = map[string]string{
	string(listen.LinkHere):    "On this computer:",
	string(listen.LinkHost):    "From another computer or a phone:",
	string(listen.LinkAddress): "If that name is not found there:",
}

package main

import (
	"context"
	"fmt"
	"io"

	"latchkey/appliance/problem"
	"latchkey/client"
)

// adminCommands is what `latchkey admin` knows. Each is a client of the
// machine's own door: what the owner's page can do, it can do here.
func adminCommands() []command {
	return []command{
		{"users", "who lives here", adminUsers},
		{"invite", "make a link for a new person (--email)", adminInvite},
		{"uninvite", "take a link back: uninvite EMAIL", adminUninvite},
		{"role", "role EMAIL owner|member", adminRole},
		{"disable", "keep somebody out: disable EMAIL", adminDisable},
		{"enable", "let them in again: enable EMAIL", adminEnable},
		{"sign-out", "end all sessions of somebody: sign-out EMAIL", adminSignOut},
		{"remove", "remove somebody with all that they keep: remove EMAIL", adminRemove},
		{"require-2fa", "want a second step at sign-in: require-2fa EMAIL|everyone on|off", adminRequire},
		{"reset-2fa", "forget somebody's second factors: reset-2fa EMAIL", adminReset},
		{"bans", "who is shut out, and who is under attack", adminBans},
		{"unlock", "let an address in, or lift bans (--address, --lift, --all)", adminUnlock},
		{"log", "who came, when and from where (--follow, --since, --json, ...)", adminLog},
		{"usage", "the same in figures (--since, --json)", adminUsage},
	}
}

func admin(ctx context.Context, s streams, args []string) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-help" || args[0] == "-h" {
		return listAdmin(s.out)
	}
	for _, c := range adminCommands() {
		if c.name == args[0] {
			return c.run(ctx, s, args[1:])
		}
	}
	return problemOfUse("`latchkey admin` lists what it knows.", "admin does not know %q.", args[0])
}

func listAdmin(w io.Writer) error {
	for _, c := range adminCommands() {
		if _, err := fmt.Fprintf(w, "  latchkey admin %-12s %s\n", c.name, c.short); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, "\nAll of them take --config FILE and --data DIR, and --help. They work on this\nmachine alone, for whoever may read the data folder.")
	return err
}

// errand is one command under way at the machine's own door.
type errand struct {
	streams
	*client.Client
	ctx context.Context // of the whole command
}

// run parses args, of which wanted are the words beside the flags, and lets do
// call the house.
func (o *options) run(ctx context.Context, s streams, args, wanted []string, do func(errand) error) error {
	if err := o.parse(args, wanted...); err != nil {
		return err
	}
	c, err := o.load(s, nil)
	if err != nil {
		return err
	}
	return atHouse(ctx, c, func(h *client.Client) error { return do(errand{s, h, ctx}) })
}

// do calls a route of the house; see client.Client.Do.
func (e errand) do(method, path string, in, out any) error {
	return e.Do(e.ctx, method, path, in, out)
}

// say prints a sentence.
func (e errand) say(format string, args ...any) error {
	_, err := fmt.Fprintf(e.out, format+"\n", args...)
	return err
}

// problemOfUse is wrong use with a hint of its own.
func problemOfUse(hint, format string, args ...any) error {
	return usageError{problem.New(problem.Refused, "usage", fmt.Sprintf(format, args...), hint)}
}

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// watch is what the house tells of its guard.
type watch struct {
	Bans []struct {
		Prefix, Why, Since, Until string
		Times, Tries              int
	}
	Sieges []struct {
		Account, Since string
		Tries, Places  int
		Wait           int // seconds
	}
	Admitted []struct{ Prefix, Account, Until string }
}

func adminBans(ctx context.Context, s streams, args []string) error {
	var asJSON bool
	o := flags("admin bans", s.err)
	o.BoolVar(&asJSON, "json", false, "print JSON")
	return o.run(ctx, s, args, nil, func(e errand) error { return e.bans(asJSON) })
}

func (e errand) bans(asJSON bool) error {
	if asJSON {
		return e.raw("/latchkey/bans")
	}
	var w watch
	if err := e.do(http.MethodGet, "/latchkey/bans", nil, &w); err != nil {
		return err
	}
	return writeWatch(e.out, w)
}

func writeWatch(w io.Writer, all watch) error {
	if len(all.Bans)+len(all.Sieges)+len(all.Admitted) == 0 {
		_, err := fmt.Fprintln(w, "Nobody is shut out, and nobody is under attack.")
		return err
	}
	shut := table{{"SHUT OUT", "FOR", "SINCE", "UNTIL", "TIMES", "TRIES"}}
	for _, b := range all.Bans {
		shut.add(b.Prefix, guessed(b.Why), when(b.Since), when(b.Until), count(b.Times), count(b.Tries))
	}
	under := table{{"UNDER ATTACK", "SINCE", "TRIES", "PLACES", "A NEW DEVICE WAITS"}}
	for _, a := range all.Sieges {
		under.add(or(a.Account, "(nobody here)"), when(a.Since), count(a.Tries), count(a.Places), span(time.Duration(a.Wait)*time.Second))
	}
	in := table{{"LET IN", "FOR", "UNTIL"}}
	for _, a := range all.Admitted {
		in.add(a.Prefix, or(a.Account, "everybody"), when(a.Until))
	}
	return writeTables(w, shut, under, in)
}

// guessed says what was tried, by guard's word for it.
func guessed(attempt string) string {
	words := map[string]string{
		"password": "master passwords", "code": "second-step codes", "recovery": "recovery codes", "invitation": "invitations",
		"send": "passwords of sends", "apikey": "API keys", "setup": "set-up links", "passkey": "passkeys", "request": "too many requests",
	}
	return or(words[attempt], attempt)
}

func adminUnlock(ctx context.Context, s streams, args []string) error {
	var address, prefix string
	var all bool
	o := flags("admin unlock", s.err)
	o.StringVar(&address, "address", "", "lift the bans of `A` and let new devices in from there for 10 minutes")
	o.StringVar(&prefix, "lift", "", "lift the bans of the network `PREFIX`, or of an address")
	o.BoolVar(&all, "all", false, "lift every ban")
	if err := o.parse(args); err != nil {
		return err
	}
	chosen := 0
	for _, is := range []bool{address != "", prefix != "", all} {
		if is {
			chosen++
		}
	}
	if chosen > 1 {
		return usage("admin unlock takes one of --address, --lift and --all.")
	}
	return o.run(ctx, s, nil, nil, func(e errand) error {
		switch {
		case all:
			return e.lift(map[string]any{"all": true})
		case prefix != "":
			return e.lift(map[string]any{"prefix": prefix})
		case address != "":
			return e.letIn(address)
		}
		return e.bans(false)
	})
}

func (e errand) lift(what map[string]any) error {
	n, err := e.lifted(what)
	switch {
	case err != nil:
		return err
	case n == 0:
		return e.say("There was no ban to lift.")
	}
	return e.sayLifted(n)
}

func (e errand) lifted(what map[string]any) (int, error) {
	var answer struct{ Lifted int }
	err := e.do(http.MethodPost, "/latchkey/bans/lift", what, &answer)
	return answer.Lifted, err
}

func (e errand) sayLifted(n int) error {
	if n == 1 {
		return e.say("One ban was lifted.")
	}
	return e.say("%d bans were lifted.", n)
}

func (e errand) letIn(address string) error {
	n, err := e.lifted(map[string]any{"prefix": address})
	if err != nil {
		return err
	}
	var answer struct{ Prefix, Until string }
	if err := e.do(http.MethodPost, "/latchkey/bans/admit", map[string]any{"address": address}, &answer); err != nil {
		return err
	}
	if n > 0 {
		if err := e.sayLifted(n); err != nil {
			return err
		}
	}
	return e.say("New devices may sign in from %s until %s.", answer.Prefix, when(answer.Until))
}

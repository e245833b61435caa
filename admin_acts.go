package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"latchkey/appliance/problem"
	"latchkey/client/keys"
)

// change sends what is to be another way with somebody, and says how it is now.
func change(ctx context.Context, s streams, name string, args []string, to map[string]any, now string) error {
	return onPerson(ctx, s, name, args, nil, func(e errand, p resident, _ []string) error {
		if err := e.do(http.MethodPut, personPath(p, ""), to, nil); err != nil {
			return err
		}
		return e.say(now, p.Email)
	})
}

func adminDisable(ctx context.Context, s streams, args []string) error {
	return change(ctx, s, "disable", args, map[string]any{"disabled": true},
		"%[1]s is signed out everywhere and can't sign in. Their items stay.\nLet them in again: latchkey admin enable %[1]s")
}

func adminEnable(ctx context.Context, s streams, args []string) error {
	return change(ctx, s, "enable", args, map[string]any{"disabled": false}, "%s can sign in again.")
}

func adminRole(ctx context.Context, s streams, args []string) error {
	return onPerson(ctx, s, "role", args, []string{"owner|member"}, func(e errand, p resident, words []string) error {
		if !slices.Contains([]string{"owner", "member"}, words[0]) {
			return usage("admin role knows owner and member, not %q.", words[0])
		}
		if err := e.do(http.MethodPut, personPath(p, ""), map[string]any{"role": words[0]}, nil); err != nil {
			return err
		}
		return e.say("%s is %s of this house now.", p.Email, map[string]string{"owner": "an owner", "member": "a member"}[words[0]])
	})
}

func adminSignOut(ctx context.Context, s streams, args []string) error {
	return onPerson(ctx, s, "sign-out", args, nil, func(e errand, p resident, _ []string) error {
		if err := e.do(http.MethodPost, personPath(p, "/sign-out"), nil, nil); err != nil {
			return err
		}
		return e.say("%s is signed out on every device.", p.Email)
	})
}

func adminReset(ctx context.Context, s streams, args []string) error {
	return onPerson(ctx, s, "reset-2fa", args, nil, func(e errand, p resident, _ []string) error {
		if err := e.do(http.MethodPost, personPath(p, "/reset-second"), nil, nil); err != nil {
			return err
		}
		return e.say("%s signs in with the master password alone until they add a second step again.", p.Email)
	})
}

// everyone stands in place of an e-mail, which holds an @.
const everyone = "everyone"

func adminRequire(ctx context.Context, s streams, args []string) error {
	o := flags("admin require-2fa", s.err)
	return o.run(ctx, s, args, []string{"EMAIL|" + everyone, "on|off"}, func(e errand) error {
		who, word := o.words[0], o.words[1]
		if word != "on" && word != "off" {
			return usage("admin require-2fa knows on and off, not %q.", word)
		}
		on := word == "on"
		if who == everyone {
			if err := e.do(http.MethodPut, "/latchkey/settings", map[string]any{"second.everyone": on}, nil); err != nil {
				return err
			}
			return e.say("%s", map[bool]string{
				true:  "Everybody needs a second step at sign-in now. Who has none adds one in the page, which asks for it.",
				false: "A second step at sign-in is up to each person now, but for those of whom it is wanted singly.",
			}[on])
		}
		p, err := e.resident(who)
		if err != nil {
			return err
		}
		if err := e.do(http.MethodPut, personPath(p, ""), map[string]any{"secondRequired": on}, nil); err != nil {
			return err
		}
		return e.say(map[bool]string{
			true:  "%s needs a second step at sign-in now.",
			false: "A second step at sign-in is up to %s now.",
		}[on], p.Email)
	})
}

func adminRemove(ctx context.Context, s streams, args []string) error {
	var yes bool
	o := flags("admin remove", s.err)
	o.BoolVar(&yes, "yes", false, "do not ask")
	return o.run(ctx, s, args, []string{"EMAIL"}, func(e errand) error {
		p, err := e.resident(o.words[0])
		if err != nil {
			return err
		}
		if !yes {
			if err := e.confirm(p); err != nil {
				return err
			}
		}
		if err := e.do(http.MethodDelete, personPath(p, ""), nil, nil); err != nil {
			return err
		}
		return e.say("%s is gone, and so are their %d items.", p.Email, p.Items)
	})
}

// confirm wants the e-mail once more: what goes now, nothing brings back.
func (e errand) confirm(p resident) error {
	_, _ = fmt.Fprintf(e.err, "This removes %s with %d items in %d folders, for good.\nType their e-mail to go on: ", p.Email, p.Items, p.Folders)
	answer, err := bufio.NewReader(e.in).ReadString('\n')
	if keys.NormalEmail(strings.TrimSpace(answer)) == p.Email {
		return nil
	}
	if err != nil {
		_, _ = fmt.Fprintln(e.err) // the question still stands on its line
	}
	return problem.New(problem.Refused, "remove.unsure", "Nothing was removed.", "Type the same e-mail when asked, or give --yes.")
}

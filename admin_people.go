package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"latchkey/appliance/problem"
	"latchkey/client/keys"
)

// household is what the house tells of its people.
type household struct {
	People       []resident
	Invitations  []invitation
	SecondForAll bool
}

// resident is one of them.
type resident struct {
	ID, Email, Name, Role  string
	LastSeen               string // RFC 3339, or empty
	Items, Folders         int
	Bytes                  int64
	Devices, Sessions      int
	Disabled               bool
	Second                 []string // totp, webauthn
	Passkeys               int
	SecondRequired, APIKey bool
}

// invitation is a link that nobody has used yet.
type invitation struct{ ID, Email, Name, Role, Expires string }

func (e errand) household() (h household, err error) {
	return h, e.do(http.MethodGet, "/latchkey/people", nil, &h)
}

// resident finds somebody by their e-mail.
func (e errand) resident(email string) (resident, error) {
	h, err := e.household()
	if err != nil {
		return resident{}, err
	}
	for _, p := range h.People {
		if p.Email == keys.NormalEmail(email) {
			return p, nil
		}
	}
	return resident{}, problem.New(problem.NotFound, "person.none", "Nobody here has the e-mail "+printable(email)+".",
		"`latchkey admin users` lists who lives here.")
}

func personPath(p resident, more string) string {
	return "/latchkey/people/" + url.PathEscape(p.ID) + more
}

// onPerson runs a command whose one word is an e-mail, or whose first one is.
func onPerson(ctx context.Context, s streams, name string, args, more []string, do func(errand, resident, []string) error) error {
	o := flags("admin "+name, s.err)
	return o.run(ctx, s, args, append([]string{"EMAIL"}, more...), func(e errand) error {
		p, err := e.resident(o.words[0])
		if err != nil {
			return err
		}
		return do(e, p, o.words[1:])
	})
}

func adminUsers(ctx context.Context, s streams, args []string) error {
	var asJSON bool
	o := flags("admin users", s.err)
	o.BoolVar(&asJSON, "json", false, "print JSON")
	return o.run(ctx, s, args, nil, func(e errand) error {
		if asJSON {
			return e.raw("/latchkey/people")
		}
		h, err := e.household()
		if err != nil {
			return err
		}
		return writeHousehold(s.out, h)
	})
}

func writeHousehold(w io.Writer, h household) error {
	t := table{{"EMAIL", "NAME", "ROLE", "LAST SEEN", "SECOND STEP", "ITEMS", "SIZE", "DEVICES", "STATE"}}
	for _, p := range h.People {
		t.add(p.Email, p.Name, p.Role, when(p.LastSeen), secondStep(p, h.SecondForAll), count(p.Items), size(p.Bytes), count(p.Devices), stateOf(p))
	}
	if err := t.write(w); err != nil || len(h.Invitations) == 0 {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	t = table{{"INVITED", "NAME", "ROLE", "UNTIL"}}
	for _, i := range h.Invitations {
		t.add(i.Email, i.Name, i.Role, when(i.Expires))
	}
	return t.write(w)
}

func secondStep(p resident, forAll bool) string {
	kinds := map[string]string{"totp": "app", "webauthn": "key"}
	var has []string
	for _, s := range p.Second {
		has = append(has, or(kinds[s], s))
	}
	switch {
	case len(has) > 0:
		return strings.Join(has, ", ")
	case p.SecondRequired || forAll:
		return "missing"
	}
	return "-"
}

func stateOf(p resident) string {
	if p.Disabled {
		return "disabled"
	}
	return ""
}

func adminInvite(ctx context.Context, s streams, args []string) error {
	var email, name, role string
	o := flags("admin invite", s.err)
	o.StringVar(&email, "email", "", "e-mail of the new person")
	o.StringVar(&name, "name", "", "name of the new person")
	o.StringVar(&role, "role", "member", "owner or member")
	if err := o.parse(args); err != nil {
		return err
	}
	if email == "" {
		return usage("admin invite wants --email.")
	}
	return o.run(ctx, s, nil, nil, func(e errand) error {
		var answer struct{ Email, Link, Expires string }
		err := e.do(http.MethodPost, "/latchkey/invitations", map[string]string{"email": email, "name": name, "role": role}, &answer)
		if err != nil {
			return err
		}
		return e.say("Give this link to %s. It works once, until %s:\n%s", answer.Email, answer.Expires[:10], answer.Link)
	})
}

func adminUninvite(ctx context.Context, s streams, args []string) error {
	o := flags("admin uninvite", s.err)
	return o.run(ctx, s, args, []string{"EMAIL"}, func(e errand) error {
		h, err := e.household()
		if err != nil {
			return err
		}
		taken := 0
		for _, i := range h.Invitations {
			if i.Email == keys.NormalEmail(o.words[0]) {
				taken++
				if err := e.do(http.MethodDelete, "/latchkey/invitations/"+url.PathEscape(i.ID), nil, nil); err != nil {
					return err
				}
			}
		}
		if taken == 0 {
			return problem.New(problem.NotFound, "invitation.none", "No invitation of "+printable(o.words[0])+" is open.", "`latchkey admin users` lists those that are.")
		}
		return e.say("The link for %s no longer works.", printable(o.words[0]))
	})
}

// raw prints what the house answers as it is.
func (e errand) raw(path string) error {
	var answer json.RawMessage
	if err := e.do(http.MethodGet, path, nil, &answer); err != nil {
		return err
	}
	_, err := e.out.Write(append(answer, '\n'))
	return err
}

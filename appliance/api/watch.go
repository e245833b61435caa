package api

import (
	"context"
	"io"
	"net/netip"
	"net/url"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/guard"
	"latchkey/appliance/journal"
	"latchkey/appliance/problem"
	"latchkey/appliance/settings"
)

// named is who an event concerns, as the owner's page shows it: an account that
// still lives here by its name, otherwise the pseudonym that the log holds.
type named struct {
	ID        account.UserID `json:"id,omitempty"`
	Name      string         `json:"name,omitempty"`
	Pseudonym string         `json:"pseudonym,omitempty"`
	Machine   bool           `json:"machine,omitempty"` // a command on the machine
}

// text is the shortest that tells who it is.
func (n named) text() string {
	switch {
	case n.Name != "":
		return n.Name
	case n.Machine:
		return journal.Machine
	}
	return n.Pseudonym
}

// names resolves what the log calls people to who they are. Pseudonyms become
// names on the owner's page only: what leaves it, or is asked for by a command,
// keeps them.
func (c *call) names(page bool) (func(string) named, error) {
	all, err := c.People.People(c.ctx())
	if err != nil {
		return nil, err
	}
	known := map[string]named{"": {}, journal.Machine: {Machine: true}}
	for _, a := range all {
		n := named{ID: a.ID, Name: nameOf(a)}
		known[string(a.ID)] = n
		if page {
			known[c.Journal.Pseudonym(string(a.ID))] = n
		}
	}
	return func(who string) named {
		if n, ok := known[who]; ok {
			return n
		}
		return named{Pseudonym: who}
	}, nil
}

// keepPseudonyms is for what leaves the owner's page.
const keepPseudonyms = false

// nameOf is what to call somebody among the people of their house.
func nameOf(a account.Account) string {
	if a.Name != "" {
		return a.Name
	}
	return a.Email
}

// logged is an event with the names of whom it concerns and who did it.
type logged struct {
	journal.Event
	Who   named `json:"who"`
	Actor named `json:"actor"`
}

func searchLog(c *call) (any, error) {
	q, err := journal.ParseQuery(c.r.URL.Query().Get)
	if err != nil {
		return nil, err
	}
	page, err := c.Journal.Search(c.ctx(), q)
	if err != nil {
		return nil, err
	}
	name, err := c.names(!c.from().Machine)
	if err != nil {
		return nil, err
	}
	events := make([]logged, len(page.Events))
	for i, e := range page.Events {
		events[i] = logged{Event: e, Who: name(e.Owner), Actor: name(e.By)}
	}
	return map[string]any{
		"events": events, "next": page.Next, "newest": page.Newest, "naming": c.Settings.Text(settings.JournalNames),
	}, nil
}

// exportLog streams what was searched for, every page of it.
func exportLog(c *call) (any, error) {
	q, err := journal.ParseQuery(c.r.URL.Query().Get)
	if err != nil {
		return nil, err
	}
	format, kind, err := exportFormat(c.r.URL.Query().Get("format"))
	if err != nil {
		return nil, err
	}
	name, err := c.names(keepPseudonyms)
	if err != nil {
		return nil, err
	}
	q.Limit = 0
	return streamed{kind: kind, name: "latchkey-log." + string(format), write: func(ctx context.Context, w io.Writer) error {
		return c.Journal.Export(ctx, q, w, format, func(who string) string { return name(who).text() })
	}}, nil
}

func exportFormat(s string) (journal.Format, string, error) {
	switch f := journal.Format(s); f {
	case journal.CSV:
		return f, "text/csv; charset=utf-8", nil
	case journal.JSONLines:
		return f, "application/jsonl; charset=utf-8", nil
	}
	return "", "", problem.New(problem.Refused, "log.format", "The log is exported as csv or jsonl.", "Choose one of them.")
}

// spanOf reads since and until (RFC 3339); none is the zero time.
func spanOf(v url.Values) (since, until time.Time, err error) {
	for name, into := range map[string]*time.Time{"since": &since, "until": &until} {
		if s := v.Get(name); s != "" {
			if *into, err = time.Parse(time.RFC3339, s); err != nil {
				return since, until, badQuery(name, "a time like 2026-03-01T12:00:00Z")
			}
		}
	}
	return since, until, nil
}

func badQuery(name, wanted string) error {
	return problem.New(problem.Refused, "query.refused", "The search can't be read: "+name+" must be "+wanted+".", "Correct it and search again.")
}

func usage(c *call) (any, error) {
	since, until, err := spanOf(c.r.URL.Query())
	if err != nil {
		return nil, err
	}
	return c.Journal.Usage(c.ctx(), since, until)
}

// siege is an account whose password somebody guesses at.
type siege struct {
	Account string         `json:"account"` // a name, or "" where nobody here is called so
	ID      account.UserID `json:"id,omitempty"`
	Since   string         `json:"since"`
	Tries   int            `json:"tries"`
	Places  int            `json:"places"`
	Wait    int            `json:"wait"` // seconds until a new device may try again
}

type banShape struct {
	Prefix netip.Prefix `json:"prefix"`
	Why    string       `json:"why"`
	Since  string       `json:"since"`
	Until  string       `json:"until"`
	Times  int          `json:"times"`
	Tries  int          `json:"tries"`
}

type admitted struct {
	Prefix  netip.Prefix `json:"prefix"`
	Account string       `json:"account,omitempty"` // empty: everybody's
	Until   string       `json:"until"`
}

func bans(c *call) (any, error) {
	shapes, sieges, open := []banShape{}, []siege{}, []admitted{}
	for _, b := range c.Guard.Bans() {
		shapes = append(shapes, banShape{b.Prefix, b.Why, date(b.Since), date(b.Until), b.Times, b.Tries})
	}
	for _, s := range c.Guard.Sieges() {
		one := siege{Since: date(s.Since), Tries: s.Tries, Places: s.Places, Wait: int(s.Wait.Seconds())}
		if a, err := c.People.ByEmail(c.ctx(), s.Account); err == nil {
			one.Account, one.ID = nameOf(a), a.ID
		}
		sieges = append(sieges, one)
	}
	for _, a := range c.Guard.Admissions() {
		one := admitted{Prefix: a.Prefix, Until: date(a.Until)}
		if who, err := c.People.ByEmail(c.ctx(), a.Account); err == nil {
			one.Account = nameOf(who)
		}
		open = append(open, one)
	}
	return map[string]any{"bans": shapes, "sieges": sieges, "admitted": open}, nil
}

func liftBans(c *call) (any, error) {
	var body struct {
		Prefix string
		All    bool
	}
	if err := c.json(&body); err != nil {
		return nil, err
	}
	if body.All {
		return c.lifted("all", c.Guard.LiftAll())
	}
	p, err := prefixOf(body.Prefix)
	if err != nil {
		return nil, err
	}
	return c.lifted(p.String(), c.Guard.Lift(p))
}

func (c *call) lifted(what string, n int) (any, error) {
	c.record(journal.Event{Kind: journal.Unban, Detail: what, Count: n})
	return map[string]any{"lifted": n}, c.Guard.Flush(c.ctx())
}

// prefixOf reads a network, or an address as what guard counts as one place.
func prefixOf(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, problem.New(problem.Refused, "address.refused", "This is not an address or a network.", "It looks like 203.0.113.7 or 2001:db8:1::/48.")
	}
	return guard.Prefix(a), nil
}

// admitFor is how long an address is let in that somebody vouches for.
const admitFor = 10 * time.Minute

// admitAddress lets a new device of the caller in from an address that is shut
// out; a command on the machine lets in anybody's.
func admitAddress(c *call) (any, error) {
	var body struct{ Address string }
	if err := c.json(&body); err != nil {
		return nil, err
	}
	addr, err := netip.ParseAddr(body.Address)
	if err != nil {
		return nil, problem.New(problem.Refused, "address.refused", "This is not an address.", "It looks like 203.0.113.7 or 2001:db8::7.")
	}
	name := ""
	if !c.from().Machine {
		me, err := c.me()
		if err != nil {
			return nil, err
		}
		name = me.Email
	}
	a := c.Guard.Admit(addr, name, admitFor)
	c.record(journal.Event{Kind: journal.Admit, Detail: a.Prefix.String()})
	return map[string]any{"prefix": a.Prefix, "until": date(a.Until)}, c.Guard.Flush(c.ctx())
}

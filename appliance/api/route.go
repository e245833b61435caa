package api

import (
	"cmp"
	"net/http"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/guard"
	"latchkey/appliance/journal"
	"latchkey/appliance/problem"
)

// caller says who may use a route; several may be joined by |.
type caller uint

const (
	anyone  caller = 1 << iota
	atHome         // anyone on the home network or this computer
	wizard         // the browser that opened the set-up link, at home
	person         // whoever holds a valid access token
	owner          // a person who is an owner
	machine        // a command on the machine itself
)

// proof says what a caller must show beside being let in, from the least to the
// most. A body may hold it (see evidence); the wizard and the machine, which
// have no password, need none.
type proof int

const (
	noProof       proof = iota
	freshProof          // proved within the last minutes of this session, or in the body
	factorProof         // in the body: a password, a passkey, or the token of one of them minutes ago
	presentProof        // in the body: a password or a passkey
	passwordProof       // masterPasswordHash in the body is theirs
)

// route is one row of the table.
type route struct {
	pattern string
	caller  caller
	// attempt is what the whole request tries, for the name that claims gives
	// (nil: for nobody). A secret beside it, a proof or the parts of a sign-in,
	// is an attempt of its own: see call.attempt.
	attempt guard.Attempt
	claims  func(*call) string
	proof   proof
	// sterner gives the proof that this request wants where it may want more
	// than the row does.
	sterner func(*call) proof
	event   journal.Kind // recorded when it went well; empty: none
	detail  string       // of the event: which act it was
	limit   int64        // of the body, in bytes; 0: by who may call, see bodyLimit
	// enrol leaves the row open to somebody who must add a second factor first.
	enrol bool
	// streams leaves the body to the handler, who reads it as it comes; see
	// incoming.
	streams bool
	serve   func(*call) (any, error)
}

// Bodies: what anybody may send is a form or a set of keys, kept small because
// thousands of strangers may send one slowly; one item may carry long notes; an
// import is a whole vault.
const (
	anonymousLimit = 64 << 10
	defaultLimit   = 1 << 20
	importLimit    = 64 << 20
)

// bodyLimit is how many bytes a request by this row may bring.
func (r route) bodyLimit() int64 {
	switch {
	case r.limit != 0:
		return r.limit
	case r.caller&(anyone|atHome) != 0:
		return anonymousLimit
	}
	return defaultLimit
}

// adapt is the one way from a request to a handler and back.
func (a *API) adapt(row route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{API: a, w: w, r: r, row: row, began: time.Now()}
		setHeaders(w.Header())
		if cors(w, r) {
			return
		}
		answer, err := c.run()
		if err != nil {
			c.refuse(err)
		} else {
			c.reply(answer)
		}
		c.count()
	})
}

// run takes the request through the row's demands to its handler.
func (c *call) run() (any, error) {
	if err := c.admit(); err != nil {
		return nil, cmp.Or(c.flood(), err)
	}
	if err := c.read(); err != nil {
		return nil, err
	}
	if c.row.caller&anyone != 0 {
		if err := c.flood(); err != nil {
			return nil, err
		}
	}
	if err := c.prove(); err != nil {
		return nil, err
	}
	answer, err := c.tried()
	if err == nil && c.row.event != "" {
		c.record(journal.Event{Kind: c.row.event, Detail: c.row.detail})
	}
	return answer, err
}

// tried serves the request, as an attempt where the row calls it one.
func (c *call) tried() (answer any, err error) {
	if c.row.attempt == guard.None {
		return c.row.serve(c)
	}
	name := ""
	if c.row.claims != nil {
		name = c.row.claims(c)
	}
	err = c.attempt(c.row.attempt, name, func() error {
		answer, err = c.row.serve(c)
		return err
	})
	return answer, err
}

// admit finds out whether one of the row's callers is this one.
func (c *call) admit() error {
	may := c.row.caller
	switch {
	case may&anyone != 0,
		may&atHome != 0 && c.isHome(),
		may&machine != 0 && c.from().Machine:
		return nil
	case may&wizard != 0 && c.holdsWizard():
		return nil
	case may&(person|owner) != 0:
		return c.identify(may)
	}
	return notFound()
}

// holdsWizard reports whether the request carries the wizard's session, from
// home and from our own page: the cookie alone would also ride on a form that
// another site made.
func (c *call) holdsWizard() bool {
	if !c.isHome() {
		return false
	}
	if http.NewCrossOriginProtection().Check(c.r) != nil {
		return false
	}
	cookie, err := c.r.Cookie(wizardCookie)
	return err == nil && c.Setup.Admits(cookie.Value)
}

func (c *call) identify(may caller) error {
	s, err := c.People.Session(c.ctx(), bearer(c.r))
	if err != nil {
		return err
	}
	c.session = s
	c.vouch()
	if !c.row.enrol && c.People.Limited(s) {
		return c.enrolFirst()
	}
	if may&person != 0 {
		return nil
	}
	me, err := c.me()
	if err != nil {
		return err
	}
	if me.Role != account.Owner || s.Method == account.ByAPIKey { // a key in a script looks after no house
		return problem.New(problem.Refused, "owner.only", "Only an owner of this house can do this.", "Ask the owner.")
	}
	return nil
}

// enrolFirst refuses whoever must add a second factor and has none. It names
// our page, since other clients can't add one.
func (c *call) enrolFirst() error {
	base := c.Base()
	return problem.New(problem.Refused, "second.missing",
		"This house wants a second step at sign-in, and your account has none yet.",
		"Open "+base+" in a browser, sign in there and add one.").With("page", base)
}

func notFound() error {
	return problem.New(problem.NotFound, "not.found", "There is nothing at this address.", "")
}

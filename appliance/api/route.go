package api

import (
	"errors"
	"net/http"
	"strconv"
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

// proof says what a caller must show beside being let in.
type proof int

const (
	noProof       proof = iota
	passwordProof       // masterPasswordHash in the body is theirs
)

// route is one row of the table.
type route struct {
	pattern string
	caller  caller
	attempt guard.Attempt
	proof   proof
	event   journal.Kind // recorded when it went well; empty: none
	limit   int64        // of the body, in bytes; 0: by who may call, see bodyLimit
	serve   func(*call) (any, error)
	// claims gives the name that an attempt is made for, and whether this
	// request is such an attempt at all; where not, the row's proof is not
	// wanted either. nil: always, for the caller.
	claims func(*call) (string, bool)
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
		c := &call{API: a, w: w, r: r, row: row}
		setHeaders(w.Header())
		if cors(w, r) {
			return
		}
		answer, err := c.run()
		if err != nil {
			c.refuse(err)
			return
		}
		c.reply(answer)
	})
}

// run takes the request through the row's demands to its handler.
func (c *call) run() (any, error) {
	if err := c.admit(); err != nil {
		return nil, err
	}
	if err := c.read(); err != nil {
		return nil, err
	}
	try, counts := c.try()
	if counts {
		if v := c.Guard.Ask(try); !v.Allowed {
			return nil, tooMany(v.Wait)
		}
	}
	if err := c.prove(); err != nil {
		c.told(err)
		return nil, err
	}
	answer, err := c.row.serve(c)
	if err != nil {
		c.told(err)
		return nil, err
	}
	if counts {
		c.Guard.Passed(try)
	}
	if c.row.event != "" {
		c.record(c.row.event, "ok")
	}
	return answer, nil
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
	if may&person != 0 {
		return nil
	}
	me, err := c.me()
	if err != nil {
		return err
	}
	if me.Role != account.Owner {
		return problem.New(problem.Refused, "owner.only", "Only an owner of this house can do this.", "Ask the owner.")
	}
	return nil
}

// try says for whom the request tries what its row names.
func (c *call) try() (guard.Try, bool) {
	t := guard.Try{Attempt: c.row.attempt, Account: string(c.session.Owner), Peer: c.peer()}
	if t.Attempt == guard.None || c.from().Machine {
		return t, false
	}
	if c.row.claims == nil {
		return t, true
	}
	name, counts := c.row.claims(c)
	t.Account = name
	return t, counts
}

func (c *call) prove() error {
	if c.row.proof != passwordProof {
		return nil
	}
	if c.row.claims != nil {
		if _, counts := c.row.claims(c); !counts {
			return nil
		}
	}
	var body struct {
		MasterPasswordHash string `json:"masterPasswordHash"`
	}
	if err := c.json(&body); err != nil {
		return err
	}
	return c.People.VerifyPassword(c.ctx(), c.session.Owner, body.MasterPasswordHash)
}

// told records a failed proof.
func (c *call) told(err error) {
	if errors.Is(err, account.ErrWrongPassword) || errors.Is(err, account.ErrSignIn) {
		c.record(journal.Refused, problem.Of(err).Code)
	}
}

func (c *call) record(kind journal.Kind, outcome string) {
	e := journal.Event{Kind: kind, Outcome: outcome, Owner: string(c.session.Owner)}
	if peer := c.peer(); peer.IsValid() {
		e.Address = peer.String()
	}
	e.Device, e.DeviceType = c.deviceName()
	c.Journal.Record(e)
}

func tooMany(wait time.Duration) error {
	seconds := strconv.Itoa(int((wait + time.Second - 1) / time.Second))
	return problem.New(problem.TooMany, "attempts.many", "Too many attempts from here.", "Wait "+seconds+" seconds, then try again.").
		With("seconds", seconds)
}

func notFound() error {
	return problem.New(problem.NotFound, "not.found", "There is nothing at this address.", "")
}

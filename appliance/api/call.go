package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/problem"
	"latchkey/appliance/vault"
)

// call is one request on its way through the door.
type call struct {
	*API
	w       http.ResponseWriter // for headers; the answer goes through reply
	r       *http.Request
	row     route
	origin  *Origin // asked by from
	body    []byte
	began   time.Time
	status  int             // of the answer, once it is written
	known   bool            // guard knows the device
	session account.Session // of a person
	device  account.Device  // of a sign-in, for the journal
	account account.Account // loaded by me
}

func (c *call) ctx() context.Context { return c.r.Context() }

// from says where the call comes from. It looks at the machine's networks, so
// it is asked only by routes that depend on it.
func (c *call) from() Origin {
	if c.origin == nil {
		o := c.Origin(c.r)
		c.origin = &o
	}
	return *c.origin
}

// isHome reports whether the caller is at home or the machine itself.
func (c *call) isHome() bool { return c.from().Home || c.from().Machine }

// peer is who calls: the other end of the connection, or whom a declared proxy
// calls for. It is invalid for the machine's socket.
func (c *call) peer() netip.Addr {
	if c.Client != nil {
		return c.Client(c.r)
	}
	at, err := netip.ParseAddrPort(c.r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}

// me loads the caller's account, once.
func (c *call) me() (account.Account, error) {
	if c.account.ID != "" {
		return c.account, nil
	}
	a, err := c.People.Account(c.ctx(), c.session.Owner)
	if errors.Is(err, account.ErrNotFound) {
		return a, account.ErrSession
	}
	c.account = a
	return a, err
}

// actor is the caller as vault knows it.
func (c *call) actor() vault.Actor {
	return vault.Actor{Owner: c.session.Owner, Device: c.session.Device}
}

// read takes the body in, up to the row's limit.
func (c *call) read() error {
	if c.row.streams || c.r.Body == nil || c.r.Body == http.NoBody {
		return nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, c.row.bodyLimit()))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return problem.New(problem.TooLarge, "body.large", "This is more than the house takes in one piece.", "Shorten the notes, or import the file in parts.")
	case err != nil:
		return problem.New(problem.Refused, "body.cut", "The request broke off.", "Try again.").Because(err)
	}
	c.body = body
	return nil
}

// json reads the body into v. Names match in any case, as encoding/json does.
func (c *call) json(v any) error {
	if err := json.Unmarshal(c.body, v); err != nil {
		return badBody(err)
	}
	return nil
}

func badBody(err error) error {
	return problem.New(problem.Refused, "body.refused", "The request is not what was expected here.", "Update your app and try again.").Because(err)
}

// form reads a form-encoded body; names come in lower case without
// underscores, since clients write them in several ways. Of several spellings
// of one name the first in the alphabet counts, always: what is throttled must
// be what is tried.
func (c *call) form() (map[string]string, error) {
	values, err := url.ParseQuery(string(c.body))
	if err != nil {
		return nil, badBody(err)
	}
	plain := make(map[string]string, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		short := strings.ReplaceAll(strings.ToLower(name), "_", "")
		if _, twice := plain[short]; !twice {
			plain[short] = values.Get(name)
		}
	}
	return plain, nil
}

// deviceName says which device acts, for the journal: the one that signs in,
// or the session's.
func (c *call) deviceName() (string, int) {
	if c.device.Identifier != "" {
		return c.device.Name, c.device.Type
	}
	if c.session.Device == "" {
		return "", unknownDevice // the wizard's browser, or a command here
	}
	d, err := c.People.Device(c.ctx(), c.session.Owner, string(c.session.Device))
	if err != nil {
		return "", unknownDevice // just signed out: the event still says what happened
	}
	return d.Name, d.Type
}

func bearer(r *http.Request) string {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

package api

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/guard"
	"latchkey/appliance/journal"
	"latchkey/appliance/problem"
)

// deviceTokenHeader is how our page shows that it is the browser that once
// signed in completely: 32 random bytes in base64url, made once per browser.
const deviceTokenHeader = "Latchkey-Device"

// maxDeviceToken bounds what is hashed of it.
const maxDeviceToken = 64

// attempt lets fn try a secret of that kind for name, if guard allows it. An
// error that fn gives counts as a wrong guess, whatever it is: nobody learns
// anything by provoking another one.
func (c *call) attempt(kind guard.Attempt, name string, fn func() error) error {
	try, counts := c.try(kind, name)
	if !counts {
		return fn()
	}
	v := c.Guard.Ask(try)
	if v.Began != nil {
		c.record(journal.Event{Kind: journal.Ban, Detail: v.Began.Prefix.String(), Method: v.Began.Why})
	}
	if !v.Allowed {
		c.refused(try, "attempts.many")
		return tooMany(v)
	}
	c.known = v.Known
	if err := fn(); err != nil {
		if code, ok := refusal(err); ok {
			c.refused(try, code)
		}
		return err
	}
	c.Guard.Passed(v)
	return nil
}

// try describes an attempt to guard; commands on the machine are not counted.
func (c *call) try(kind guard.Attempt, name string) (guard.Try, bool) {
	from := c.from()
	if from.Machine {
		return guard.Try{}, false
	}
	t := guard.Try{Attempt: kind, Account: name, Peer: c.peer(), Place: placeOf(from)}
	if c.session.ID != "" {
		t.Signed, t.Device = true, string(c.session.Device)
		return t, true
	}
	t.Device = c.device.Identifier
	if token := c.r.Header.Get(deviceTokenHeader); len(token) <= maxDeviceToken {
		t.Token = token
	}
	return t, true
}

func placeOf(o Origin) guard.Place {
	switch {
	case o.Home:
		return guard.Home
	case o.Spared:
		return guard.Spared
	}
	return guard.Far
}

// refusal is the code by which the journal calls err; none where the fault is
// ours, or the caller went away.
func refusal(err error) (code string, ok bool) {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return "", false
	}
	p := problem.Of(err)
	return p.Code, p.Kind != problem.Internal && p.Kind != problem.Unavailable
}

// flood refuses a stranger who asks far too much at once. Whoever shows a token
// of ours is never refused for their neighbours: one that has ended must hear
// so, to ask for another.
func (c *call) flood() error {
	if c.session.ID != "" || c.from().Machine {
		return nil
	}
	v := c.Guard.Ask(guard.Try{Attempt: guard.Request, Peer: c.peer(), Place: placeOf(c.from())})
	if v.Began != nil {
		c.record(journal.Event{Kind: journal.Ban, Detail: v.Began.Prefix.String(), Method: v.Began.Why})
	}
	if v.Allowed || c.refreshes() || c.holdsToken() || c.recognised() {
		return nil
	}
	c.record(journal.Event{Kind: journal.Refused, Outcome: "attempts.many", Method: string(guard.Request)})
	return tooMany(v)
}

// refreshes reports whether the call brings a refresh token, which is either
// good, and never refused, or ended, which its client must hear.
func (c *call) refreshes() bool {
	if c.r.URL.Path != tokenPath {
		return false
	}
	form, err := c.form()
	return err == nil && form["granttype"] == "refresh_token"
}

// recognised reports whether a device that is known calls on the way to its
// sign-in: a flood from an address that it shares must not keep it from asking
// how to derive its key.
func (c *call) recognised() bool {
	email, device := "", c.r.Header.Get("Device-Identifier")
	if form, err := c.form(); err == nil && c.r.URL.Path == tokenPath {
		email, device = form["username"], form["deviceidentifier"]
	} else {
		email = claimedEmail(c)
	}
	return device != "" && c.Guard.Recognises(account.NormalEmail(email), device)
}

func (c *call) holdsToken() bool {
	token := bearer(c.r)
	return token != "" && c.People.Ours(token)
}

// refused records a wrong guess, for whom it was made.
func (c *call) refused(t guard.Try, outcome string) {
	e := journal.Event{Kind: journal.Refused, Outcome: outcome, Method: string(t.Attempt)}
	if e.Owner = string(c.session.Owner); e.Owner == "" && strings.Contains(t.Account, "@") {
		if a, err := c.People.ByEmail(c.ctx(), t.Account); err == nil {
			e.Owner = string(a.ID)
		}
	}
	c.record(e)
}

// record tells the journal; who and from where are the call's.
func (c *call) record(e journal.Event) {
	if e.Outcome == "" {
		e.Outcome = journal.OK
	}
	if e.Owner == "" {
		e.Owner = string(c.session.Owner)
	}
	if c.from().Machine {
		e.By = journal.Machine
	} else if e.Owner != string(c.session.Owner) {
		e.By = string(c.session.Owner)
	}
	if peer := c.peer(); peer.IsValid() {
		e.Address = peer.String()
	}
	if e.Device == "" {
		e.Device, e.DeviceType = c.deviceName()
	}
	e.Millis = time.Since(c.began).Milliseconds()
	c.Journal.Record(e)
}

// count tells the journal's tally of this request.
func (c *call) count() {
	kind := "" // a command here, or no client of this wire
	if number, err := strconv.Atoi(c.r.Header.Get("Device-Type")); err == nil {
		kind = journal.DeviceKind(number)
	}
	c.Journal.Count(journal.Seen{
		Outcome: c.status, DeviceKind: kind, Address: c.peer(), Millis: time.Since(c.began).Milliseconds(),
	})
}

// tooMany tells how long to wait, and what lets one in sooner where strangers
// are the reason.
func tooMany(v guard.Verdict) error {
	seconds := strconv.Itoa(int((v.Wait + time.Second - 1) / time.Second))
	hint := "Wait " + spokenWait(v.Wait) + ", then try again."
	switch v.Why {
	case guard.ByAccount, guard.ByAll, guard.ByBan:
		hint += " At home, or on a device that has signed in before, you need not wait."
	}
	return problem.New(problem.TooMany, "attempts.many", "Too many attempts.", hint).With("seconds", seconds)
}

// spokenWait says a wait in the largest unit that fits.
func spokenWait(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return strconv.Itoa(int((d+time.Second-1)/time.Second)) + " seconds"
	case d < 2*time.Hour:
		return strconv.Itoa(int((d+time.Minute-1)/time.Minute)) + " minutes"
	}
	return strconv.Itoa(int((d+time.Hour-1)/time.Hour)) + " hours"
}

// act records what an owner did to somebody's account, if it went well.
func (c *call) act(to account.Account, what string, err error) error {
	if err == nil {
		c.record(journal.Event{Kind: journal.Admin, Owner: string(to.ID), Detail: what})
	}
	return err
}

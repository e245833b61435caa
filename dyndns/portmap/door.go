package portmap

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"latchkey/dyndns/uplink"
)

// A door is one way of opening one router for one family. All its methods talk
// to the router, end with ctx and fail with a *refusal.
type door interface {
	about() about
	// look asks cheaply whether the router is there, and for its address.
	look(ctx context.Context) (view, error)
	// open makes or renews a mapping. It fails without touching what is not ours.
	open(ctx context.Context, e *entry, lease time.Duration) (grant, error)
	// holds reports whether the router still lists the mapping; true where it
	// has no way to tell.
	holds(ctx context.Context, e *entry) (bool, error)
	// close takes a mapping away; one that is not there is no error.
	close(ctx context.Context, e *entry) error
}

// about is what stays the same about a door.
type about struct {
	protocol Protocol
	family   int
	name     string
	at       netip.Addr // the router
	where    string     // tells two doors of one router and protocol apart: the control URL
	near     bool       // it is the gateway of the default route
}

func (a about) key() string {
	return fmt.Sprint(a.protocol, " ", a.family, " ", a.at, " ", a.where)
}

// view is what a router said when looked at.
type view struct {
	external netip.Addr
	tells    bool // it answered the question for its address, be it with none
}

// grant is what a router says that it has done.
type grant struct {
	external  netip.AddrPort
	lease     time.Duration
	permanent bool
	listed    bool
}

// refusal is why a router did not do it.
type refusal struct {
	fault Fault
	why   string
	// thisPort: it may do another port.
	thisPort bool
	// unsure: the question may have arrived and taken effect.
	unsure bool
	cause  error
}

func (r *refusal) Error() string {
	if r.cause != nil {
		return r.why + ": " + r.cause.Error()
	}
	return r.why
}

func (r *refusal) Unwrap() error { return r.cause }

// refused finds out why; an error of another kind counts as silence.
func refused(err error) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	return &refusal{fault: Silent, why: "the router does not answer", unsure: true, cause: err}
}

// finding is one result of a search: a door, or why a way leads nowhere.
type finding struct {
	door   door // nil: nothing there
	view   view
	router Router
}

// seeker finds the doors of the network.
type seeker interface {
	// seek asks everybody at once, tells findings as they come and closes the
	// channel when no more will come, within a few seconds. hints are places
	// where a router said it is.
	seek(ctx context.Context, r uplink.Route, hints []string) <-chan finding
}

// ears hear what routers say by themselves.
type ears interface {
	// listen calls heard, one at a time, until ctx ends.
	listen(ctx context.Context, r uplink.Route, heard func(news))
}

// news is something that a router said by itself. Anybody on the link can
// forge it, so it is only ever a reason to ask.
type news struct {
	from     netip.Addr
	kind     newsKind
	location string // of alive: where its description is
	boot     string // of alive: BOOTID.UPNP.ORG, "" where it has none
}

type newsKind int

const (
	announce newsKind = iota // NAT-PMP or PCP: something changed
	alive                    // SSDP: it is there
	byebye                   // SSDP: it is going
)

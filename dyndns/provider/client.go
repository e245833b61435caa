package provider

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"
)

// No call lasts longer; a provider that is silent for so long won't answer.
const patience = 30 * time.Second

// Client speaks with one provider about one zone. It is safe for concurrent
// use; its calls to the provider go one after the other, because most of them
// read, change and write back.
//
// Every error is a *problem.Problem with one of the codes of this package, but
// for an end of ctx that the caller brought about, and none holds a secret.
type Client struct {
	entry    entry
	zone     string
	backend  backend
	redactor *redactor
	log      *slog.Logger
	turn     chan struct{} // holds one token: the right to speak
	seat     *seat         // nil where several TXT fit
}

var errPanic = errors.New("panic in the provider's code")

// Open makes a client from what a person typed. It trims the input and looks
// at its shape only; nothing is asked of the provider.
func Open(id string, o Options) (*Client, error) {
	e, ok := find(id)
	if !ok {
		return nil, unknownProvider(id)
	}
	e = e.fitted(o.Zone)
	c := &Client{entry: e, zone: plainName(o.Zone), log: o.Log, redactor: newRedactor(), turn: make(chan struct{}, 1)}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if e.info.TXT == 1 {
		c.seat = newSeat()
	}
	for _, f := range e.info.Fields {
		if f.Secret {
			c.redactor.learn(strings.TrimSpace(o.Credentials[f.Key]))
		}
	}
	cred, err := typed(e.info, o.Credentials)
	if err != nil {
		return nil, c.explain(err)
	}
	for _, f := range e.info.Fields {
		if f.Secret && !f.Lines {
			c.redactor.learn(cred[f.Key])
		}
	}
	names := resolver(o.Resolvers)
	err = c.guard(func() (err error) {
		c.backend, err = e.open(opening{
			cred: cred, zone: c.zone, wire: newWire(o.HTTP, names), learn: c.redactor.learn,
			primary: o.Primary, names: names,
		})
		return err
	})
	if err != nil {
		return nil, c.explain(err)
	}
	if named, ok := c.backend.(interface{ title() string }); ok {
		c.entry.info.Title = named.title()
	}
	return c, nil
}

// Info is the provider's row, as it is for the zone, and with the title of the
// very service where the row stands for many.
func (c *Client) Info() Info { return c.entry.info }

// Set makes the A or AAAA record set of name hold exactly addr, and leaves all
// else alone. Nothing is written where it is so already. A ttl below
// Info.MinTTL becomes that.
func (c *Client) Set(ctx context.Context, name string, addr netip.Addr, ttl time.Duration) error {
	addr = addr.Unmap()
	if !addr.IsValid() || addr.Zone() != "" {
		return c.explain(&complaint{code: CodeRejected, text: "This is no address that a name can have."})
	}
	s := rrset{Name: name, Type: "A", Value: addr.String(), TTL: c.ttl(ttl)}
	if addr.Is6() {
		s.Type = "AAAA"
	}
	return c.change(ctx, s)
}

// Clear takes the A (family 4) or AAAA (family 6) record set of name away, and
// leaves all else alone. It is no error when there is none.
func (c *Client) Clear(ctx context.Context, name string, family int) error {
	s := rrset{Name: name, Type: "A", TTL: c.ttl(0)}
	if family == 6 {
		s.Type = "AAAA"
	}
	if !c.entry.info.Clears {
		return c.explain(&complaint{code: CodeUnable, text: "%[1]s can't take a record away; it can only change it."})
	}
	return c.change(ctx, s)
}

func (c *Client) change(ctx context.Context, s rrset) (err error) {
	if c.entry.info.ChallengeOnly {
		return c.explain(&complaint{code: CodeUnable, text: "%[1]s holds no addresses, only challenges for a certificate."})
	}
	if s.Type == "AAAA" && !c.entry.info.V6 {
		return c.explain(&complaint{code: CodeUnable, text: "Latchkey keeps no IPv6 address at %[1]s."})
	}
	if s.Name, err = c.within(s.Name); err != nil {
		return c.explain(err)
	}
	return c.do(ctx, "set "+s.Type, func(ctx context.Context) error { return c.backend.set(ctx, s) })
}

// Proxied tells whether the provider answers for name in its own stead, so
// that the address in DNS is not ours. Only Cloudflare does.
func (c *Client) Proxied(ctx context.Context, name string) (proxied bool, err error) {
	asked, can := c.backend.(interface {
		proxied(ctx context.Context, name string) (bool, error)
	})
	if !can {
		return false, nil
	}
	if name, err = c.within(name); err != nil {
		return false, c.explain(err)
	}
	err = c.do(ctx, "look", func(ctx context.Context) (err error) {
		proxied, err = asked.proxied(ctx, name)
		return err
	})
	return proxied, err
}

func (c *Client) ttl(wished time.Duration) time.Duration {
	ttl := max(wished, c.entry.info.MinTTL).Round(time.Second)
	if c.entry.ttl != nil {
		ttl = c.entry.ttl(ttl)
	}
	return ttl
}

// within gives name in the one form that backends know, if it is in the zone
// and the provider can hold it.
func (c *Client) within(name string) (string, error) {
	full := plainName(name)
	if !isName(full) {
		return "", &complaint{
			code: CodeZone, text: "This is no name that DNS can hold.",
			hint: "Enter it in the form that machines use, such as vault.example.org; letters beyond a-z want their “xn--” form.",
		}
	}
	if c.zone != "" && full != c.zone && !strings.HasSuffix(full, "."+c.zone) {
		return "", &complaint{
			code: CodeZone, text: fmt.Sprintf("%s is not in the domain %%[2]s.", full),
			hint: "Enter the token of the provider that holds this name.",
		}
	}
	return full, nil
}

// plainName is a name without the dot at its end, in lower case.
func plainName(name string) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimSpace(name), "."))
}

// do runs one conversation with the provider: in turn, in time, and with its
// panics and errors made fit for people.
func (c *Client) do(ctx context.Context, what string, talk func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case c.turn <- struct{}{}:
	case <-limited.Done():
		return c.ended(ctx, limited.Err())
	}
	defer func() { <-c.turn }()
	began := time.Now()
	err := c.guard(func() error { return talk(limited) })
	if err == nil {
		c.log.Debug("provider", "id", c.entry.info.ID, "what", what, "took", time.Since(began).Round(time.Millisecond))
		return nil
	}
	return c.ended(ctx, err)
}

// ended gives the caller's own end of ctx back as it is.
func (c *Client) ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return fmt.Errorf("speaking with the provider: %w", ctx.Err())
	}
	return c.explain(err)
}

func (c *Client) explain(err error) error {
	return explain(c.entry.info, c.zone, c.entry.hints, c.redactor, err)
}

// guard turns a panic into an error: modules index and divide by what an odd
// answer leaves out.
func (c *Client) guard(talk func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			c.log.Error("provider panics", "id", c.entry.info.ID, "value", c.redactor.words(fmt.Sprint(v)),
				"stack", c.redactor.clean(string(debug.Stack())))
			err = fmt.Errorf("%w: %v", errPanic, v)
		}
	}()
	return talk()
}

package provider

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"
)

// Under this name, below NAME, a token is proved.
const checkLabel = "_latchkey-check."

// Prove shows that the token works for name: it writes, reads and deletes a
// TXT record beside it. Where names below it can't be, the name itself is
// used; where the provider's reads have side effects, its word is taken for
// it. A provider without TXT (Info.Proves is false) proves nothing: there the
// first Set does.
func (c *Client) Prove(ctx context.Context, name string) error {
	full, err := c.within(name)
	if err != nil {
		return c.explain(err)
	}
	if !c.entry.info.Proves || c.entry.info.TXT == 0 {
		return nil
	}
	if c.entry.info.Subnames {
		full = checkLabel + full
	}
	t := text{Name: full, Value: proof(), TTL: c.ttl(time.Minute)}
	if err := c.sit(ctx, t); err != nil {
		return c.ended(ctx, err)
	}
	defer c.rise(t)
	return c.do(ctx, "prove", func(ctx context.Context) error { return c.prove(ctx, t) })
}

func (c *Client) prove(ctx context.Context, t text) (err error) {
	if err := c.backend.add(ctx, t); err != nil {
		return err
	}
	defer func() {
		// What was written goes, even when ctx has ended meanwhile.
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience/2)
		defer cancel()
		err = errors.Join(err, c.backend.drop(after, t))
	}()
	if !c.entry.info.CleanReads {
		return nil
	}
	there, err := c.backend.texts(ctx, t.Name)
	if errors.Is(err, errNoReads) {
		return nil // the write was accepted, and this server answers no questions
	}
	if err != nil {
		return err
	}
	if !slices.Contains(there, t.Value) {
		return &complaint{
			code: CodeRejected, text: "%[1]s took a test record and does not have it afterwards.",
			hint: "Try again in a minute; if it stays, see at %[1]s whether another program changes %[2]s too.",
		}
	}
	return nil
}

// proof is a value of 43 letters, digits and dashes: acme-dns takes nothing
// that can't be the answer to a challenge (RFC 8555, section 8.4).
func proof() string { return ("latchkey-" + rand.Text() + rand.Text())[:43] }

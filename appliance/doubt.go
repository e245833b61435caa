package appliance

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// doubt is kept from when the time stopped being certain until it is so again.
type doubt struct {
	// Since is a time that no revision of the doubtful time lies before; zero
	// where none is known.
	Since time.Time `json:"since,omitzero"`
}

// settleTime does, once the time is certain, what a doubtful one made
// necessary. A failure is tried again at the next look.
func (a *Appliance) settleTime(ctx context.Context) {
	if err := a.settle(ctx); err != nil && ctx.Err() == nil {
		a.cfg.Log.Warn("settling what was done at a doubtful time", "error", err)
	}
}

func (a *Appliance) settle(ctx context.Context) error {
	kept := blob{a.store, doubtValue}
	raw, err := kept.Load(ctx)
	if err != nil {
		return err
	}
	if !a.clock.Certain() {
		if len(raw) > 0 {
			return nil
		}
		if raw, err = json.Marshal(doubt{a.clock.Sure()}); err != nil {
			return fmt.Errorf("encoding a doubt: %w", err)
		}
		return kept.Save(ctx, raw)
	}
	if err := a.people.Shorten(ctx, a.clock.Now()); err != nil {
		return err
	}
	if len(raw) == 0 {
		return nil
	}
	var d doubt
	if err := json.Unmarshal(raw, &d); err != nil {
		return fmt.Errorf("reading a doubt: %w", err)
	}
	if err := a.renewSince(ctx, d.Since); err != nil {
		return err
	}
	return a.store.RemoveValue(ctx, doubtValue)
}

// renewSince moves the revision on of everybody who has saved since then: apps
// compare it with the time of their last sync, and skip what was saved while
// this house told an earlier time.
func (a *Appliance) renewSince(ctx context.Context, since time.Time) error {
	people, err := a.people.People(ctx)
	if err != nil {
		return err
	}
	for _, p := range people {
		rev, err := a.vault.Revision(ctx, p.ID)
		if err != nil {
			return err
		}
		if !since.IsZero() && int64(rev) < since.UnixMilli() {
			continue
		}
		if err := a.people.Renew(ctx, p.ID); err != nil {
			return err
		}
	}
	return nil
}

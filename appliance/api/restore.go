package api

import (
	"context"
	"io"
	"slices"
	"time"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/backup/target"
	"latchkey/appliance/problem"
	"latchkey/appliance/restore"
)

// Restore builds a house from a backup beside the one that runs;
// restore.Restore is one. Whatever names a restore by its id errors with
// restore.gone where another was begun since.
type Restore interface {
	Start(ctx context.Context, kit []byte) (restore.State, error)
	// Present is the restore under way, of phase restore.Empty where there is none.
	Present() restore.State
	Look(id string) (restore.State, error)
	Receive(ctx context.Context, id string, in io.Reader) (restore.State, error)
	// List meets a place and remembers for FetchFrom what it pinned there.
	List(ctx context.Context, id string, c target.Config) (target.Look, []target.Object, error)
	FetchFrom(id string, c target.Config, name string) (restore.State, error)
	Fetch(id string, open func(context.Context) (io.ReadCloser, error)) (restore.State, error)
	Apply(ctx context.Context, id string) error
	Cancel(ctx context.Context, id string) error
}

var _ Restore = (*restore.Restore)(nil)

// Restored is a house that was restored and does not publish its address until
// an owner says that the old machine is off.
type Restored interface {
	Pending(ctx context.Context) (*Pending, error) // nil: nothing waits
	Confirm(ctx context.Context) error
}

// Pending says what was restored and waits for an owner's word.
type Pending struct {
	Made     time.Time `json:"made"`     // the backup
	Restored time.Time `json:"restored"` // when that was
	From     string    `json:"from"`     // the version of the program that made the backup
}

// restoring serves a row where a house can be restored: for the wizard only
// while nobody owns the one that is here.
func restoring(serve func(*call) (any, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		if c.Restore == nil {
			return nil, problem.New(problem.Unavailable, "restore.none", "No backup can be restored here now.", "Try again when Latchkey runs.")
		}
		if c.session.Owner == "" && !c.from().Machine {
			has, err := c.People.HasOwner(c.ctx())
			if err != nil {
				return nil, err
			}
			if has {
				return nil, problem.New(problem.Refused, "restore.owned", "The house has an owner now, who alone can replace it by a backup.", "Sign in and open House, Backups.")
			}
		}
		return serve(c)
	}
}

// restoreID names the restore in the path: 128 random bits, which whoever began
// it was told.
func (c *call) restoreID() string { return c.r.PathValue("id") }

func restoreKinds(*call) (any, error) { return map[string]any{"kinds": target.Kinds()}, nil }

func presentRestore(c *call) (any, error) { return c.Restore.Present(), nil }

func startRestore(c *call) (any, error) {
	var body struct{ Kit string }
	if err := c.json(&body); err != nil {
		return nil, err
	}
	return c.Restore.Start(c.ctx(), []byte(body.Kit))
}

func getRestore(c *call) (any, error) { return c.Restore.Look(c.restoreID()) }

// receiveRestore takes the backup as the body and answers when a house was made
// of it, or with what was wrong.
func receiveRestore(c *call) (any, error) {
	if _, err := c.Restore.Look(c.restoreID()); err != nil {
		return nil, err // not a byte is read for whoever does not know the id
	}
	defer c.unhurried()()
	return c.Restore.Receive(c.ctx(), c.restoreID(), incoming{c})
}

// copyShape is a backup that lies somewhere.
type copyShape struct {
	Name  string `json:"name"`
	Made  string `json:"made"`
	Bytes int64  `json:"bytes"`
}

// found is what a place holds, and what it looks like.
type found struct {
	lookShape
	Copies []copyShape `json:"copies"` // the newest first
}

func copies(objects []target.Object) []copyShape {
	all := make([]copyShape, 0, len(objects))
	for _, o := range slices.Backward(objects) {
		if _, made, ok := archive.ParseName(o.Name); ok {
			all = append(all, copyShape{o.Name, date(made), o.Size})
		}
	}
	return all
}

func listRestore(c *call) (any, error) {
	var body targetBody
	if err := c.json(&body); err != nil {
		return nil, err
	}
	look, objects, err := c.Restore.List(c.ctx(), c.restoreID(), body.config())
	if err != nil {
		return nil, err
	}
	fields, _ := body.config().Shown()
	return found{lookShape{look, fields}, copies(objects)}, nil
}

// fetchRestore has a backup fetched from a place that the body describes, or
// from a target of this house.
func fetchRestore(c *call) (any, error) {
	var body struct {
		copyName
		Kind   string
		Fields map[string]string
	}
	if err := c.json(&body); err != nil {
		return nil, err
	}
	if err := body.check(); err != nil {
		return nil, err
	}
	if body.Target == "" {
		return c.Restore.FetchFrom(c.restoreID(), target.Config{Kind: body.Kind, Fields: body.Fields}, body.Name)
	}
	if c.session.Owner == "" && !c.from().Machine || c.Backups == nil {
		return nil, notFound() // a house without an owner has no targets
	}
	return c.Restore.Fetch(c.restoreID(), func(ctx context.Context) (io.ReadCloser, error) {
		in, _, err := c.Backups.Open(ctx, body.Name, body.Target)
		return in, err
	})
}

func applyRestore(c *call) (any, error) {
	return accepted{}, c.Restore.Apply(c.ctx(), c.restoreID())
}

func cancelRestore(c *call) (any, error) {
	return empty{}, c.Restore.Cancel(c.ctx(), c.restoreID())
}

// pending is what waits since a restore, nil where nothing does.
func (c *call) pending() (*Pending, error) {
	if c.Restored == nil {
		return nil, nil
	}
	return c.Restored.Pending(c.ctx())
}

// confirmRestored takes an owner's word that the old machine is off.
func confirmRestored(c *call) (any, error) {
	waits, err := c.pending()
	if err != nil {
		return nil, err
	}
	if waits == nil {
		return nil, problem.New(problem.NotFound, "restored.none", "Nothing waits for this: the house publishes its address already.", "Nothing needs to be done.")
	}
	return empty{}, c.Restored.Confirm(c.ctx())
}

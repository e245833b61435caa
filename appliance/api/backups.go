package api

import (
	"cmp"
	"context"
	"io"
	"strconv"

	"latchkey/appliance/backup"
	"latchkey/appliance/backup/archive"
	"latchkey/appliance/backup/target"
	"latchkey/appliance/journal"
	"latchkey/appliance/problem"
)

// Backups is the keeper of backups, as far as the door shows and orders;
// backup.Backups is one.
type Backups interface {
	View(ctx context.Context) (backup.View, error)
	Job() *backup.Job
	Begin(why backup.Why) (backup.Job, error)
	BeginProof(name, targetID string) (backup.Job, error)
	Create(ctx context.Context, why backup.Why) (backup.Record, error)
	Prove(ctx context.Context, name, targetID string) (backup.Proof, error)
	Stream(ctx context.Context, w io.Writer, why backup.Why) (archive.Manifest, error)
	Open(ctx context.Context, name, targetID string) (io.ReadCloser, int64, error)
	CheckTarget(ctx context.Context, c target.Config) (target.Look, target.Config, error)
	SaveTarget(ctx context.Context, c target.Config) (id string, err error)
	RemoveTarget(ctx context.Context, id string) error
	Target(id string) (target.Config, bool)
	KeepKey(ctx context.Context, recoveryKey string) error
	ForgetKey(ctx context.Context) error
}

var _ Backups = (*backup.Backups)(nil)

// backing serves a row where there is a keeper of backups.
func backing(serve func(*call) (any, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		if c.Backups == nil {
			return nil, problem.New(problem.Unavailable, "backup.none", "No backups can be made here now.", "Try again when Latchkey runs.")
		}
		return serve(c)
	}
}

// viewShape is all that the page shows of backups.
type viewShape struct {
	backup.View
	Restored *Pending `json:"restored"` // what waits for an owner's word; see Restored
}

func getBackups(c *call) (any, error) {
	view, err := c.Backups.View(c.ctx())
	if err != nil {
		return nil, err
	}
	pending, err := c.pending()
	return viewShape{view, pending}, err
}

func backupProgress(c *call) (any, error) { return c.Backups.Job(), nil }

// waiting is what a command on the machine may ask beside: to be answered when
// the work is done, since in a process of its own nothing works on afterwards.
type waiting struct {
	Wait bool
	Why  backup.Why // backup.Asked, or backup.Install before a new version comes
}

func (c *call) waiting() (w waiting, err error) {
	if len(c.body) == 0 {
		return w, nil
	}
	return w, c.json(&w)
}

func createBackup(c *call) (any, error) {
	w, err := c.waiting()
	if err != nil {
		return nil, err
	}
	if !c.from().Machine {
		return c.Backups.Begin(backup.Asked)
	}
	why := cmp.Or(w.Why, backup.Asked)
	if why != backup.Asked && why != backup.Install {
		return nil, problem.New(problem.Refused, "backup.why", "A command makes no backup for this reason.", "Leave the reason out.")
	}
	if !w.Wait {
		return c.Backups.Begin(why)
	}
	defer c.unhurried()()
	record, err := c.Backups.Create(c.ctx(), why)
	return recordShape{record, orEmpty(record.Failed)}, err
}

// recordShape is a backup that was made, with the targets that did not get it.
type recordShape struct {
	Record backup.Record    `json:"record"`
	Failed []backup.Failure `json:"failed"`
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// copyName is which copy of which backup is meant.
type copyName struct{ Name, Target string }

// check refuses what is no name of a backup, which no place has to be asked for.
func (n copyName) check() error {
	if _, _, ok := archive.ParseName(n.Name); !ok {
		return problem.New(problem.NotFound, "backup.unknown", "There is no such backup.", "Load the list again, and choose one of those.")
	}
	return nil
}

func proveBackup(c *call) (any, error) {
	var body struct {
		copyName
		waiting
	}
	if err := c.json(&body); err != nil {
		return nil, err
	}
	if err := body.check(); err != nil {
		return nil, err
	}
	if !body.Wait || !c.from().Machine {
		return c.Backups.BeginProof(body.Name, body.Target)
	}
	defer c.unhurried()()
	proof, err := c.Backups.Prove(c.ctx(), body.Name, body.Target)
	return map[string]any{"proof": proof}, err
}

// ageType is what a backup is to a browser: bytes to keep.
const ageType = "application/octet-stream"

// downloadBackup streams a fresh backup, or a copy that lies somewhere.
func downloadBackup(c *call) (any, error) {
	var body copyName
	if len(c.body) > 0 {
		if err := c.json(&body); err != nil {
			return nil, err
		}
	}
	if body.Name != "" {
		return c.downloadCopy(body)
	}
	return streamed{kind: ageType, name: archive.Name(c.House, c.Now()), write: c.downloaded(func(ctx context.Context, w io.Writer) error {
		_, err := c.Backups.Stream(ctx, w, backup.Asked)
		return err
	})}, nil
}

func (c *call) downloadCopy(n copyName) (any, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	return streamed{kind: ageType, name: n.Name, write: c.downloaded(func(ctx context.Context, w io.Writer) error {
		in, size, err := c.Backups.Open(ctx, n.Name, n.Target)
		if err != nil {
			return err
		}
		defer func() { _ = in.Close() }() // it was only read
		if size >= 0 {
			c.w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
		}
		_, err = io.Copy(w, in)
		return err
	})}, nil
}

// downloaded tells the journal how a download ended; when it began says little.
func (c *call) downloaded(write func(context.Context, io.Writer) error) func(context.Context, io.Writer) error {
	return func(ctx context.Context, w io.Writer) error {
		err := write(ctx, w)
		e := journal.Event{Kind: journal.Backup, Detail: "downloaded"}
		switch {
		case ctx.Err() != nil:
			e.Outcome = "download.cut"
		case err != nil:
			e.Outcome = problem.Of(err).Code
		}
		c.record(e)
		return err
	}
}

// targetBody is a place as a form sends it. Secrets that are left empty are
// those of the saved target ID.
type targetBody struct {
	ID, Kind, Name string
	Fields         map[string]string
}

func (b targetBody) config() target.Config {
	return target.Config{ID: b.ID, Kind: b.Kind, Name: b.Name, Fields: b.Fields}
}

// lookShape is what was found at a place, without its secrets.
type lookShape struct {
	target.Look
	Fields map[string]string `json:"fields"`
}

func checkTarget(c *call) (any, error) {
	var body targetBody
	if err := c.json(&body); err != nil {
		return nil, err
	}
	look, whole, err := c.Backups.CheckTarget(c.ctx(), body.config())
	if err != nil {
		return nil, err
	}
	fields, _ := whole.Shown()
	return lookShape{look, fields}, nil
}

// newTarget stands in the path where a target is to be added.
const newTarget = "new"

func saveTarget(c *call) (any, error) {
	var body targetBody
	if err := c.json(&body); err != nil {
		return nil, err
	}
	if body.ID = c.r.PathValue("id"); body.ID == newTarget {
		body.ID = ""
	}
	id, err := c.Backups.SaveTarget(c.ctx(), body.config())
	return map[string]string{"id": id}, err
}

func removeTarget(c *call) (any, error) {
	return empty{}, c.Backups.RemoveTarget(c.ctx(), c.r.PathValue("id"))
}

func keepBackupKey(c *call) (any, error) {
	var body struct{ RecoveryKey string }
	if err := c.json(&body); err != nil {
		return nil, err
	}
	return empty{}, c.Backups.KeepKey(c.ctx(), body.RecoveryKey)
}

func forgetBackupKey(c *call) (any, error) { return empty{}, c.Backups.ForgetKey(c.ctx()) }

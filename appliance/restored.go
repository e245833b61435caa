package appliance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"latchkey/appliance/api"
	"latchkey/appliance/backup"
	"latchkey/appliance/backup/archive"
	"latchkey/appliance/backup/target"
	"latchkey/appliance/clock"
	"latchkey/appliance/config"
	"latchkey/appliance/health"
	"latchkey/appliance/problem"
	"latchkey/appliance/restore"
	"latchkey/appliance/store"
)

// restoredValue is kept from a restore until an owner says that the old
// machine is off.
const restoredValue = "restored/pending"

// notOfThisMachine are kept values that are true only on the machine that made them:
// the router's mappings, and whether the door was seen open.
func notOfThisMachine() []string { return []string{mappingsValue, reachValue} }

// Pending is a restore whose old machine may still run.
type Pending struct {
	Made     time.Time `json:"made"`     // of the backup
	Restored time.Time `json:"restored"` //
	Program  string    `json:"program"`  // the version that made the backup
}

// ErrAgain is what Run ends with when the house is to be opened anew, in a new
// process: a restored one takes its place.
var ErrAgain = errors.New("appliance: start again")

// finisher makes a house of what was unpacked from a backup.
type finisher struct {
	machineKey []byte
	check      []string // see Config.CheckCommand
	now        func() time.Time
	log        *slog.Logger
}

// finish opens the house in dir, which brings it up to this version and closes
// its key by this machine's, checks all of it, and has it begin anew: dates,
// sessions, remembered devices and invitations (see store.Rebase).
func (f finisher) finish(ctx context.Context, dir string, m archive.Manifest) (err error) {
	file, err := store.Open(ctx, store.Config{Dir: dir, MachineKey: f.machineKey, Now: f.now, Log: f.log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := f.whole(ctx, file); err != nil {
		return err
	}
	now := f.now()
	pending, err := json.Marshal(Pending{Made: m.Made, Restored: now, Program: m.Program})
	if err != nil {
		return fmt.Errorf("encoding the restore: %w", err)
	}
	doubted, err := json.Marshal(doubt{})
	if err != nil {
		return fmt.Errorf("encoding the restore: %w", err)
	}
	values := map[string][]byte{restoredValue: pending, doubtValue: doubted} // who knows what time this new machine believes in
	for _, name := range notOfThisMachine() {
		values[name] = nil
	}
	if err := file.Rebase(ctx, now, values); err != nil {
		return fmt.Errorf("giving everything a new date: %w", err)
	}
	return file.ForgetBefore()
}

// whole checks every page, seal and reference in another process.
func (f finisher) whole(ctx context.Context, file *store.Store) error {
	report, err := file.CheckInChild(ctx, store.CheckConfig{Command: f.check})
	if err != nil {
		return problem.New(problem.Unavailable, "restore.unchecked",
			"The restored house could not be checked.", "Make sure that there is room on the disk for two copies of it, and that memory is not short; then try again.").
			Because(fmt.Errorf("%w: %w", backup.ErrUnchecked, err))
	}
	if !report.Clean() {
		return problem.New(problem.Refused, "restore.damaged",
			fmt.Sprintf("The house in this backup is damaged in %d places.", len(report.Findings)+report.Left),
			"Take an older backup. This one was damaged already when it was made.").Because(errors.New(report.String()))
	}
	return nil
}

// prove checks the house that was unpacked from a backup into dir.
func (f finisher) prove(ctx context.Context, dir string) (err error) {
	file, err := store.Open(ctx, store.Config{Dir: dir, Now: f.now, Log: f.log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return f.whole(ctx, file)
}

// Restored tells of a finished RestoreFile.
type Restored struct {
	Manifest archive.Manifest
	Dir      string // where the house lies now
	Old      string // where the one lies that was there before; "" where none was
}

// RestoreFile makes a house in c.Data of the backup in file, by the kit's text.
// A house that is there gives way and is kept; it must not run. Until all is
// well, nothing in c.Data is touched.
func RestoreFile(ctx context.Context, c Config, file io.Reader, kit []byte, progress func(p restore.Phase, m *archive.Manifest, done, total int64)) (Restored, error) {
	dir := config.DataDir(c.Data)
	parsed, err := archive.ParseKit(kit)
	if err != nil {
		return Restored{}, err
	}
	if err := store.MakeFolder(filepath.Dir(dir)); err != nil {
		return Restored{}, problem.New(problem.Refused, "restore.parent",
			fmt.Sprintf("The folder %s can't be made.", filepath.Dir(dir)), "Name a folder that you may make with --data.").Because(err)
	}
	if err := restore.Resume(dir); err != nil {
		return Restored{}, err
	}
	now := clock.New().Now
	f := finisher{machineKey: c.MachineKey, check: c.CheckCommand, now: now, log: c.Log}
	m, old, err := restore.Replace(ctx, restore.Building{Dir: dir, Version: store.Version(), Finish: f.finish, Progress: progress}, file, parsed, now())
	return Restored{Manifest: m, Dir: dir, Old: old}, err
}

// openRestored takes up what a restore left to say.
func (a *Appliance) openRestored(ctx context.Context) error {
	raw, err := blob{a.store, restoredValue}.Load(ctx)
	if err != nil || len(raw) == 0 {
		return err
	}
	var p Pending
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("reading what was restored: %w", err)
	}
	a.pending.Store(&p)
	a.board.Set(health.Condition{
		Code: "restored.pending", Severity: health.Warning,
		Text: "This house was restored from a backup of " + p.Made.Format("2 January 2006, 15:04") + " UTC, and is reached at home only.",
		Hint: "Switch the old machine off, then say so under House. What was saved after that time may still lie on a device that has not synced: " +
			"export it there first.",
		Values: map[string]string{"made": p.Made.Format(time.RFC3339), "restored": p.Restored.Format(time.RFC3339)},
	})
	return nil
}

// rests reports whether nothing may be published yet.
func (a *Appliance) rests() bool { return a.pending.Load() != nil }

// word is an owner's, after a restore, as the door asks for it.
type word struct{ *Appliance }

// Pending is the restore that waits for it; nil where none does.
func (w word) Pending(context.Context) (*api.Pending, error) {
	p := w.pending.Load()
	if p == nil {
		return nil, nil
	}
	return &api.Pending{Made: p.Made, Restored: p.Restored, From: p.Program}, nil
}

// Confirm takes it that the old machine is off: from now on the house is
// published as its settings say.
func (w word) Confirm(ctx context.Context) error {
	if !w.rests() {
		return problem.New(problem.Refused, "restored.none", "There is no restore to confirm.", "Nothing needs to be done.")
	}
	if err := w.store.RemoveValue(ctx, restoredValue); err != nil {
		return err
	}
	w.pending.Store(nil)
	w.board.Clear("restored.pending")
	w.reach.Wake()
	return nil
}

func (a *Appliance) finisher() finisher {
	return finisher{machineKey: a.cfg.MachineKey, check: a.cfg.CheckCommand, now: a.clock.Now, log: a.cfg.Log}
}

func (a *Appliance) openRestore() {
	env := target.Env{Log: a.cfg.Log, Now: a.clock.Now, Known: func(name string) bool {
		_, _, ok := archive.ParseName(name)
		return ok
	}}
	a.restore = restore.New(restore.Config{
		Dir: a.cfg.Data, Version: store.Version(), Finish: a.finisher().finish,
		Meet: func(ctx context.Context, c target.Config) (target.Look, target.Config, error) {
			return target.Meet(ctx, c, env)
		},
		Open: func(ctx context.Context, c target.Config) (target.Target, error) { return target.Open(ctx, c, env) },
		Again: func() {
			select {
			case a.again <- struct{}{}:
			default: // it ends already
			}
		},
		Now: a.clock.Now, Log: a.cfg.Log,
	})
}

// startAgain ends the house a moment after it was asked to, so that whoever
// asked hears the answer.
func (a *Appliance) startAgain(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-a.again:
	}
	select {
	case <-ctx.Done():
	case <-time.After(againPause):
	}
	return ErrAgain
}

const againPause = 500 * time.Millisecond

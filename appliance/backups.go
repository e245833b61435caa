package appliance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"latchkey/appliance/backup"
	"latchkey/appliance/backup/archive"
	"latchkey/appliance/problem"
	"latchkey/appliance/settings"
)

// Folders of the data folder.
const (
	spoolFolder       = "backups"     // the newest backups, on this machine
	attachmentsFolder = "attachments" // what items own outside the database: immutable sealed files
)

// openBackups puts the keeper of backups and the restore together.
func (a *Appliance) openBackups(context.Context) error {
	a.openRestore()
	a.backups = backup.New(backup.Config{
		Settings: a.settings, Keep: values{a.store}, Board: a.board, Now: a.clock.Now, Trusted: a.clock.Certain, Log: a.cfg.Log,
		Dir: filepath.Join(a.cfg.Data, spoolFolder), Data: a.cfg.Data, House: a.store.Identity(),
		Kit: a.kits.Keys, Source: a.source, Prove: a.finisher().prove, Use: a.busyHours,
		Damaged: a.damaged.Load, Memory: os.Getenv("RUNTIME_DIRECTORY"),
	})
	return nil
}

// busyHours counts what was asked of the house by hour of the local day.
func (a *Appliance) busyHours(ctx context.Context) (hours [24]int64, err error) {
	use, err := a.journal.Usage(ctx, a.clock.Now().Add(-habitDays*24*time.Hour), time.Time{})
	if err != nil {
		return hours, err
	}
	for _, h := range use.Hours {
		hours[time.Unix(h.T, 0).Hour()] += int64(h.Requests + h.SignIns)
	}
	return hours, nil
}

// habitDays are enough to know a household's hours by.
const habitDays = 21

// source gives the whole house as it is at one moment, for as long as fn runs.
func (a *Appliance) source(ctx context.Context, fn func(archive.Manifest, []archive.Part) error) error {
	counts, err := a.store.Counts(ctx)
	if err != nil {
		return fmt.Errorf("counting: %w", err)
	}
	m := a.manifest(a.store.Stats().Version)
	m.Counts = map[string]int64{"people": int64(counts.Accounts), "items": int64(counts.Items), "folders": int64(counts.Folders)}
	return a.store.Snapshot(ctx, func(size int64, copyTo func(io.Writer) error) error {
		db := archive.Part{Name: "latchkey.db", Size: size, Open: func() (io.ReadCloser, error) {
			r, w := io.Pipe()
			go func() { w.CloseWithError(copyTo(w)) }()
			return r, nil
		}}
		rest, err := a.beside()
		if err != nil {
			return err
		}
		return fn(m, append([]archive.Part{db}, rest...))
	})
}

// sourceBefore gives the house as it was before this start's migration, whose
// database lies in file.
func (a *Appliance) sourceBefore(file string, version uint64) func(context.Context, func(archive.Manifest, []archive.Part) error) error {
	return func(_ context.Context, fn func(archive.Manifest, []archive.Part) error) error {
		db, err := filePart("latchkey.db", file)
		if err != nil {
			return err
		}
		rest, err := a.beside()
		if err != nil {
			return err
		}
		return fn(a.manifest(version), append([]archive.Part{db}, rest...))
	}
}

func (a *Appliance) manifest(version uint64) archive.Manifest {
	return archive.Manifest{
		House: a.store.Identity(), HouseName: a.settings.Text(settings.HouseName), Made: a.clock.Now(),
		Program: a.cfg.Version, Version: version,
	}
}

// beside is what a backup holds beside the database: the seal key, by which the
// kit alone brings everything back, the certificate to trust, the machine's
// configuration and what items own outside the database.
func (a *Appliance) beside() ([]archive.Part, error) {
	parts := []archive.Part{bytesPart("seal.key", a.store.SealKey()), bytesPart(rootFile, a.house.RootPEM())}
	if a.cfg.File != "" {
		text, err := os.ReadFile(a.cfg.File)
		if err != nil { // it was read at the start; what it says now is no reason to make no backup
			a.cfg.Log.Warn("a backup is made without the configuration", "file", a.cfg.File, "cause", err)
		} else {
			parts = append(parts, bytesPart("config.toml", text))
		}
	}
	files, err := attachments(filepath.Join(a.cfg.Data, attachmentsFolder))
	return append(parts, files...), err
}

var attachmentName = regexp.MustCompile(`^[0-9a-f-]{1,64}$`)

// attachments lists the files in dir; a folder that is not there has none. A
// file under another name is none of ours.
func attachments(dir string) ([]archive.Part, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the attachments: %w", err)
	}
	var parts []archive.Part
	for _, e := range entries {
		if !e.Type().IsRegular() || !attachmentName.MatchString(e.Name()) {
			continue
		}
		p, err := filePart(attachmentsFolder+"/"+e.Name(), filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func bytesPart(name string, content []byte) archive.Part {
	return archive.Part{Name: name, Size: int64(len(content)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}}
}

func filePart(name, path string) (archive.Part, error) {
	info, err := os.Stat(path)
	if err != nil {
		return archive.Part{}, fmt.Errorf("looking at %s: %w", name, err)
	}
	return archive.Part{Name: name, Size: info.Size(), Open: func() (io.ReadCloser, error) { return os.Open(path) }}, nil
}

// keepBackups runs the keeper of backups, with what this start owes it first.
func (a *Appliance) keepBackups(ctx context.Context) error {
	if err := a.keepBefore(ctx); err != nil && ctx.Err() == nil {
		a.cfg.Log.Error("keeping the house of before", "cause", err) // its copy stays where it is
	}
	return a.backups.Run(ctx)
}

// keepBefore makes a backup of the house as it was before the migration of this
// start, once. Without a kit there is nobody to make it for; the copy then stays
// where it is.
func (a *Appliance) keepBefore(ctx context.Context) error {
	opening := a.store.Opening()
	if opening.Before == "" {
		return nil
	}
	if _, made, err := a.kits.Made(ctx); err != nil || !made {
		return err
	}
	_, err := a.backups.CreateFrom(ctx, backup.Migration, a.sourceBefore(opening.Before, opening.Migrated))
	if err != nil {
		return fmt.Errorf("backing up the house of before the migration: %w", err)
	}
	return a.store.ForgetBefore()
}

// beforeRotation is a backup before a person's keys change. A house without a
// kit has none to make.
func (a *Appliance) beforeRotation(ctx context.Context) error {
	if _, made, err := a.kits.Made(ctx); err != nil || !made {
		return err
	}
	if _, err := a.backups.Spool(ctx, backup.Rotation); err != nil {
		return problem.New(problem.Unavailable, "backup.before",
			"The backup that comes before a new key could not be made, so nothing was changed.",
			"Look under House what hinders backups, then try again.").Because(err)
	}
	return nil
}

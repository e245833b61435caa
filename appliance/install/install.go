// Package install puts the house into a machine for good, keeps it new there,
// and takes it away: a user of its own, folders, the program, systemd's units.
// What is to be done is a plan first, a list of steps that can be read, printed
// and undone; then root does it, step by step.
//
// Another program than the one that is installed comes in by a trial: the old
// house is stopped and copied, the new program opens, migrates and checks the
// copy, and only then the copy and the program take their places, each by one
// rename. The house's own folder, which no new program has touched until then,
// is the way back, and a marker that outlives a power cut says whether it has
// to be gone (see Undo).
//
// Nothing in the folder that the service owns is touched as root: who breaks
// into the service could put links there. Copies and renames in it are the work
// of a child process that runs as the service's user (see Work).
package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"latchkey/systemd"
)

// Config says what to install, where, and by what means.
type Config struct {
	// Place is where the files go; the zero Place is the running machine.
	Place Place
	// Version is the version of the program that is to be installed, and
	// Program its file (os.Executable).
	Version, Program string
	// Packaged: a package manager put the program, the units and the user's
	// file there already, and they are its own to remove. The program that was
	// there before lies beside it as .latchkey.before.
	Packaged bool
	// FilesOnly lays files into Place.Root and runs nothing, as for a package
	// or an image.
	FilesOnly bool
	// Listen are the addresses of the main door instead of the usual ones
	// (8443; 443 and 80 where they are free); nil leaves what is there.
	Listen []string
	// BackupDir is a folder that the service may write backups to; "" adds none.
	BackupDir string
	// ConfigText becomes /etc/latchkey/config.toml; nil leaves what is there.
	ConfigText []byte
	// System runs other programs.
	System System
	// Backup has the house that runs make a backup, and waits for it.
	// ErrNoBackup within its error means that none can be had now.
	Backup func(ctx context.Context) error
	// Out hears of each step in a line.
	Out io.Writer
	Now func() time.Time
	// reached is told of each step, for tests that end the process there.
	reached func(step string)
	// diskOf stands in for the function of that name, for tests.
	diskOf func(path string) (disk, error)
}

// Done is what Install did.
type Done struct {
	Kind     Kind
	From, To string // versions; From is "" where none was there
}

// Kind is what an install came to.
type Kind string

// The kinds of an install.
const (
	First   Kind = "first"   // nothing was there
	Repair  Kind = "repair"  // the same program was there
	Upgrade Kind = "upgrade" // another one was there, or only its house
)

// Install puts the program there and starts it, and answers when the house is
// ready. An upgrade that an earlier run left half done is ended first. What a
// person can mend comes as a problem.Problem: install.root, install.systemd,
// install.package, install.downgrade, install.folder, install.trial,
// install.start, install.busy, install.backup, install.inuse, install.running,
// install.disk, install.restore.
func Install(ctx context.Context, c Config) (Done, error) {
	done, err := c.orPackaged().install(ctx)
	if err != nil && c.Packaged {
		if back := c.putUntriedBack(); back != nil {
			err = errors.Join(err, fmt.Errorf("putting the program before back: %w", back))
		}
	}
	return done, err
}

// orPackaged is Packaged where a package's own program is run by a person, to
// change its settings.
func (c Config) orPackaged() Config {
	c.Packaged = c.Packaged || c.Program == c.Place.at(filepath.Join(packagedBin, programName)) && exists(c.Place.at(filepath.Join(packagedDir, systemd.Service)))
	return c
}

// putUntriedBack gives a package's program before its place again where no
// upgrade began: the next start would run the one that nobody tried.
func (c Config) putUntriedBack() error {
	if !exists(c.Place.at(c.before())) || exists(c.Place.at(markerFile)) {
		return nil
	}
	return renameDurable(c.Place.at(c.before()), c.Place.at(c.program()))
}

func (c Config) install(ctx context.Context) (Done, error) {
	if c.FilesOnly {
		return Done{Kind: First, To: c.Version}, c.do(ctx, files(c.wanted(found{})), nil)
	}
	if err := c.possible(); err != nil {
		return Done{}, err
	}
	c.warnOfDisk()
	unlock, err := c.Place.lock()
	if err != nil {
		return Done{}, err
	}
	defer unlock()
	if err := c.bringNext(); err != nil {
		return Done{}, fmt.Errorf("putting the new program beside the old: %w", err)
	}
	defer func() { _ = os.Remove(c.Place.at(c.next())) }() // it has its place, or is not wanted
	if err := c.settle(ctx, runningNow); err != nil {
		return Done{}, err
	}
	f, err := c.look(ctx)
	if err != nil {
		return Done{}, err
	}
	if err := c.mayReplace(f); err != nil {
		return Done{}, err
	}
	f.key = c.machineKey(ctx)
	plan := Plan(c.wanted(f))
	done := Done{Kind: f.kind(), From: f.version, To: c.Version}
	if done.Kind == Upgrade {
		return done, c.upgrade(ctx, f, plan)
	}
	return done, c.fresh(ctx, f, plan)
}

// bringNext puts the new program where the service's user may run it.
func (c Config) bringNext() error {
	if c.Packaged {
		return nil
	}
	if err := makeParents(c.Place.at(binDir), 0o755); err != nil {
		return err
	}
	return copyFile(c.Program, c.Place.at(c.next()), 0o755)
}

// fresh does a plan where no other program's house is at stake. What was made
// is taken away again if a step fails.
func (c Config) fresh(ctx context.Context, f found, plan []Step) error {
	var back undoing
	if f.kind() == Repair { // what changes is heard by a start only
		if err := c.stop(ctx); err != nil {
			return fmt.Errorf("stopping the house: %w", err)
		}
	}
	err := c.do(ctx, plan, &back)
	if err == nil {
		err = c.start(ctx)
	}
	if err == nil {
		if c.Packaged {
			_ = os.Remove(c.Place.at(c.before())) // it is the same
		}
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	if f.kind() == First {
		c.say("It did not work; taking away again what was made.")
		_ = c.stop(ctx) // the error before says more
		back.run()
		_, _ = c.System.Run(ctx, systemctl("daemon-reload")) // the error before says more
	}
	return err
}

// start starts the doors and the house, and waits until it is ready.
func (c Config) start(ctx context.Context) error {
	c.say("Starting the house.")
	for _, unit := range []string{systemd.HTTPS, systemd.HTTP} {
		if _, err := c.System.Run(ctx, systemctl("is-enabled", "--quiet", unit)); err != nil {
			continue // not wanted
		}
		if _, err := c.System.Run(ctx, systemctl("start", unit)); err != nil {
			c.say("  " + unit + " can't be started, most likely because another program holds its port; the house goes on without it.")
		}
	}
	// reset-failed: earlier failures, those of starts that an upgrade refused
	// included, are no reason to refuse this start.
	_, _ = c.System.Run(ctx, systemctl("reset-failed", systemd.Undo, systemd.Socket, systemd.HTTPS, systemd.HTTP, systemd.Service))
	if _, err := c.System.Run(ctx, systemctl("start", systemd.Socket, systemd.Service)); err != nil {
		return problemStart(err)
	}
	return nil
}

// stop stops doors and house; callers would start it again through a door. Units
// that are not there are no reason to complain.
func (c Config) stop(ctx context.Context) error {
	var units []string
	for _, unit := range []string{systemd.Socket, systemd.HTTPS, systemd.HTTP, systemd.Service} {
		if exists(c.Place.at(filepath.Join(unitDir, unit))) || exists(c.Place.at(filepath.Join(packagedDir, unit))) {
			units = append(units, unit)
		}
	}
	if units == nil {
		return nil
	}
	// A start that somebody asks for meanwhile is refused, and does not cancel it.
	_, err := c.System.Run(ctx, systemctl(append(append([]string{"stop"}, units...), "--job-mode=replace-irreversibly")...))
	return err
}

func (c Config) say(format string, args ...any) {
	if c.Out != nil {
		_, _ = fmt.Fprintf(c.Out, strings.TrimRight(format, "\n")+"\n", args...)
	}
}

func (c Config) at(step string) {
	if c.reached != nil {
		c.reached(step)
	}
}

func systemctl(args ...string) Command { return Command{Name: "systemctl", Args: args} }

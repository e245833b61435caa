// Package install puts the house into a machine for good, keeps it new there,
// and takes it away: a user of its own, folders, the program, systemd's units.
// What is to be done is a plan first, a list of steps that can be read and
// printed; then root does it, step by step.
//
// What it never does: touch the house's own folder as root. The user who owns
// that folder could put links into it; so copies and renames there are the work
// of a child process that runs as that user (see Data).
package install

import (
	"context"
	"io"
	"log/slog"
	"time"
)

// Config says what to install, where, and by what means.
type Config struct {
	// Place is where the files go; the zero Place is the running machine.
	Place Place
	// Version is the version of the program that is to be installed, Program
	// its file (os.Executable).
	Version, Program string
	// Packaged: a package manager put program, units and user's file there
	// already, and they are its own to remove.
	Packaged bool
	// Before is, for Packaged, the program as it was, kept aside; "" for none.
	Before string
	// Listen are the addresses of the main door in place of the usual ones
	// (8443, and 443 and 80 where they are free); nil keeps what is installed.
	Listen []string
	// BackupDir is a folder that the service may write backups to; "" adds none.
	BackupDir string
	// ConfigFile is copied to /etc/latchkey/config.toml; "" leaves what is there.
	ConfigFile string
	// System runs other programs.
	System System
	// Backup has the house that runs make a backup, and waits for it. It is
	// called as root, over the machine's socket.
	Backup func(ctx context.Context, data string) error
	// Out hears each step in a line; Log what goes wrong beside.
	Out io.Writer
	Log *slog.Logger
	Now func() time.Time
}

// Done is what Install did.
type Done struct {
	Kind     Kind
	From, To string // versions; From is "" for a first install
	Data     string // the house's folder
}

// Kind is what an install came to.
type Kind string

// The kinds of an install.
const (
	First   Kind = "first"   // nothing was there
	Repair  Kind = "repair"  // the same program was there
	Upgrade Kind = "upgrade" // another one was there
)

// Package target knows the places where backups go: a folder (another disk, a USB stick), S3, SFTP and WebDAV.
//
// All of them keep the same promise: a file appears under its name only when it is whole, and none is ever
// overwritten. What is sent is encrypted already; what a backup holds, when one is made and which ones go again
// belongs to appliance/backup.
package target

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"latchkey/appliance/problem"
)

// Config names one place. It is kept as JSON; Fields holds secrets, too (see Config.Shown).
type Config struct {
	ID     string            `json:"id"`
	Kind   string            `json:"kind"`   // a Kind's ID
	Name   string            `json:"name"`   // what the person calls it
	Fields map[string]string `json:"fields"` // by Field.Name; an absent one has its default
}

// Object is one file at a target.
type Object struct {
	Name string
	Size int64     // bytes
	Time time.Time // when it was written, by the clock of the place; zero: unknown
}

// ErrNotThere is what Get and Remove answer for a file that a target does not hold; compare with errors.Is.
var ErrNotThere = problem.New(problem.NotFound, "target.notthere",
	"This backup is not there any more.", "Choose another one; somebody may have removed it at the place itself.")

// Target is one open place. It is safe for concurrent use. Names are those that Env.Known accepts, made of
// letters, digits, dot, dash and underline; others are refused before anything is asked. Every error is a
// *problem.Problem (see problems.go) without a secret in it or in its cause, except that an operation whose ctx
// has ended returns an error that wraps ctx's.
type Target interface {
	// Put stores the size bytes of r as name. The name appears only when the file is whole, and what was begun
	// is taken away when ctx ends or r fails. A name that is there already is CodeExists and stays as it is.
	// r is not read after Put has returned.
	Put(ctx context.Context, name string, r io.Reader, size int64) error
	// Get opens a file. ctx governs the reading, too. The caller closes it.
	Get(ctx context.Context, name string) (io.ReadCloser, error)
	// List gives the files whose names Env.Known accepts, oldest name first. Strangers' files, unfinished ones
	// and folders are left out.
	List(ctx context.Context) ([]Object, error)
	// Remove deletes a file; ErrNotThere when there is none.
	Remove(ctx context.Context, name string) error
	// Close ends connections. Files that Get opened end with it.
	Close() error
}

// Env is what a target needs of the house.
type Env struct {
	House    string                 // eight hex digits of the house's ID; names the marker in a folder
	Data     string                 // the data folder, to compare disks with; "": not compared
	Known    func(name string) bool // tells a backup's name from others; nil: every safe name is known
	HTTP     *http.Client           // its transport is used for S3 and WebDAV; nil: a fresh one
	Log      *slog.Logger           // nil: silent
	Patience time.Duration          // a connection on which nothing moves for so long is cut; 0: three minutes
	Now      func() time.Time       // nil: time.Now
}

// Look is what Check found.
type Look struct {
	SameDisk  bool   `json:"sameDisk"`  // it lies on the disk of the data folder, so it counts as no backup
	FreeBytes int64  `json:"freeBytes"` // -1: unknown
	HostKey   string `json:"hostKey"`   // SFTP: "ssh-ed25519 SHA256:…"
	Compare   bool   `json:"compare"`   // nothing was tried yet: the person compares HostKey, then it is checked once more with that as its field
	Text      string `json:"text"`      // one sentence on what is good or not so good here
	Hint      string `json:"hint"`      // what to do about it; may be empty
}

// Open opens a place as Check completed it. It may connect at the first operation only.
func Open(_ context.Context, c Config, env Env) (Target, error) {
	_, t, err := open(c, env, false)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Check tries everything that a backup needs: it writes, lists, reads and removes a small file. It returns the
// config completed: an SFTP server's host key and a folder's disk are pinned, which Open then insists on. An SFTP
// server of which no host key is pinned is told neither user nor password: Look.Compare is set, and the config
// carries the key that was found, to be checked with once a person has compared it.
func Check(ctx context.Context, c Config, env Env) (Look, Config, error) {
	return check(ctx, c, env)
}

// Meet is Check for somebody who only wants to read (a restore): it connects, pins and lists, and writes nothing.
func Meet(ctx context.Context, c Config, env Env) (Look, Config, error) {
	return meet(ctx, c, env)
}

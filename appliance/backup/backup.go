// Package backup keeps the house's backups: it makes one every day at a quiet
// hour, and when asked, sends each to every target, reads it back and opens it
// to prove it, removes what its plan no longer keeps, and says on the board what
// is wrong with that. The format of a backup is package archive's, the places
// are package target's; where a backup's parts come from and what a restore
// makes of them is handed in or lies above.
//
// A copy counts as good from the moment that its very bytes were read back from
// where they lie and found to be right. One on the disk of the house itself
// counts as none.
package backup

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/backup/target"
	"latchkey/appliance/health"
	"latchkey/appliance/settings"
)

// Why says what a backup was made for.
type Why string

// The reasons. Found is a copy of this house that lies at a target and of which
// the house knows nothing: its records are older, as after a restore.
const (
	Daily     Why = "daily"
	Asked     Why = "asked"
	Install   Why = "install"
	Migration Why = "migration"
	Rotation  Why = "rotation"
	Found     Why = "found"
)

// Here is the ID of the place that is always there: the spool in Config.Dir.
const Here = "here"

// Keys are the public half of the recovery kit and the house's signing key.
type Keys struct {
	Recipient string // an age X25519 recipient, "age1..."
	Sign      ed25519.PrivateKey
	Public    ed25519.PublicKey
	Made      time.Time // when the kit was made
}

// ValueKeep keeps a few sealed values by name. Value answers found=false where
// a name was never set. SetValues is durable when it returns.
type ValueKeep interface {
	Value(ctx context.Context, name string) (value []byte, found bool, err error)
	SetValues(ctx context.Context, values map[string][]byte) error
}

// Source holds one consistent view of the house while fn runs. Made, Why and
// Parts of the manifest are filled in here.
type Source func(ctx context.Context, fn func(archive.Manifest, []archive.Part) error) error

// Config is what Backups needs. What does not say otherwise is required.
type Config struct {
	Settings *settings.Settings
	Keep     ValueKeep
	Board    *health.Board
	Now      func() time.Time
	Trusted  func() bool // whether Now is; nothing is removed from a target while it is not
	Log      *slog.Logger
	HTTP     *http.Client // for targets; nil: their own

	House  string // the house's identity in hexadecimal, as its manifests have it
	Dir    string // the spool; made if it is missing
	Data   string // the data folder, to compare disks with
	Memory string // a folder in memory (tmpfs) for scratch, so that a small house is never unpacked onto the disk; "": none

	// Kit gives the keys of the present kit, false where there is none yet.
	Kit    func(ctx context.Context) (Keys, bool, error)
	Source Source
	// Prove opens the unpacked house in dir, which it may change, and checks all
	// of it. It leaves nothing open. Where it could not find out, for a reason
	// that lies in this machine, its error wraps ErrUnchecked.
	Prove func(ctx context.Context, dir string) error
	// Damaged reports whether the house itself is known to be damaged: no good
	// copy is removed then, since all that come after are of a damaged house.
	// May be nil.
	Damaged func() bool
	// Use tells how busy the house was at each hour of the local day, over the
	// last weeks. May be nil.
	Use func(ctx context.Context) ([24]int64, error)

	Zone *time.Location // whose days and hours count; nil: time.Local
	// Reach and Check stand for target.Open and target.Check; nil: these.
	Reach func(ctx context.Context, c target.Config, env target.Env) (target.Target, error)
	Check func(ctx context.Context, c target.Config, env target.Env) (target.Look, target.Config, error)
	// Free tells how many bytes may be written below dir; nil: statfs(2).
	Free func(dir string) (int64, error)
}

// Backups keeps the backups of one house. It is safe for concurrent use.
type Backups struct {
	c Config

	turn  chan struct{} // held while a backup is made
	bench chan struct{} // held while one is unpacked: scratch space is scarce
	wake  chan struct{} // Run has something new to look at
	tasks sync.WaitGroup

	ready  sync.Mutex // guards swept
	swept  bool       // what an earlier run left in the spool was looked at
	shelf  sync.Mutex // held while targets are read, changed and kept
	writes sync.Mutex // held while books change and are kept

	mu        sync.Mutex // guards what follows
	books     *books     // nil until loaded; never changed in place
	lanes     map[string]*lane
	job       *work           // the newest
	life      context.Context // of Run, for work that outlives who asked for it; nil while it does not run
	making    making
	noSpool   *shortage // room that was missing for a backup, and for its proof; nil: none
	noScratch *shortage
	quiet     int       // the hour that was chosen last
	looked    time.Time // when it was (monotonic)
}

// New makes the keeper. Nothing happens by itself until Run.
func New(c Config) *Backups {
	if c.Zone == nil {
		c.Zone = time.Local
	}
	if c.Reach == nil {
		c.Reach = target.Open
	}
	if c.Check == nil {
		c.Check = target.Check
	}
	if c.Free == nil {
		c.Free = freeBytes
	}
	return &Backups{
		c: c, turn: make(chan struct{}, 1), bench: make(chan struct{}, 1), wake: make(chan struct{}, 1),
		lanes: make(map[string]*lane), quiet: stableHour(c.House),
	}
}

// now is the present time as it stands in names: whole seconds, UTC.
func (b *Backups) now() time.Time { return b.c.Now().UTC().Truncate(time.Second) }

func (b *Backups) damaged() bool { return b.c.Damaged != nil && b.c.Damaged() }

// nudge lets Run look at once.
func (b *Backups) nudge() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Package journal owns the log of who did what with this house: sign-ins and
// renewals, refusals, bans, changes, an owner's acts, and for each hour what
// came in. It writes in batches, since an SD card lives longer so, and it
// never stands in the way of what it logs: an event that can't be kept is
// dropped and counted. What many strangers do alike becomes a few lines with a
// number. How accounts are named in it is a setting of the house.
package journal

import (
	"context"
	"iter"
	"log/slog"
	"net/netip"
	"sync"
	"time"
)

// Keep is what the journal needs kept; its methods block until it is done.
type Keep interface {
	// Append makes entries durable, in their order.
	Append(ctx context.Context, entries []Entry) error
	// Each yields the entries with from <= Time < to, the newest first; a zero
	// to means all. A slow reader holds up nobody: what is appended or pruned
	// meanwhile may or may not come up. An error ends it.
	Each(ctx context.Context, from, to time.Time) iter.Seq2[Entry, error]
	// Prune removes what is older than before, and then the oldest until the
	// rest takes no more than so many bytes; 0 is no bound.
	Prune(ctx context.Context, before time.Time, bytes int64) error
	// Size says how much there is. It may look at all of it.
	Size(ctx context.Context) (Size, error)
}

// Config says how a journal works. Keep, Now, Days, Key and Log are required.
type Config struct {
	Keep    Keep
	Now     func() time.Time
	Trusted func() bool                  // whether Now may be believed, so that lines may go for their age; nil: always
	Days    func() int64                 // for how many days lines are kept
	Bytes   func() int64                 // and how many bytes of them; nil or 0: no bound
	Naming  func() string                // ByAccount, ByPseudonym, ByNothing; nil: ByPseudonym
	Key     []byte                       // 32 bytes; makes the pseudonyms
	Country func(peer netip.Addr) string // ISO 3166-1 code or ""; nil: never known
	Trouble func(err error)              // told when the log can't be kept, and nil when it can again; nil: nobody
	Log     *slog.Logger
}

// Journal collects events and keeps them. Its methods may be called from many
// goroutines.
type Journal struct {
	c       Config
	full    chan struct{} // so much waits that it should be written now
	writing sync.Mutex    // held while a batch is written, so that batches keep their order
	care    care          // of Run alone

	mu       sync.Mutex
	last     time.Time // of the last event
	waiting  []Event
	batch    []Event // being written
	patience int     // ticks until what waits is written
	dropped  int
	failing  bool
	folds    folds
	tally    tally
	size     Size // of what is kept, where sized
	sized    bool
}

// New makes a journal.
func New(c Config) *Journal {
	if c.Trusted == nil {
		c.Trusted = func() bool { return true }
	}
	if c.Bytes == nil {
		c.Bytes = func() int64 { return 0 }
	}
	if c.Naming == nil {
		c.Naming = func() string { return ByPseudonym }
	}
	if c.Country == nil {
		c.Country = func(netip.Addr) string { return "" }
	}
	if c.Trouble == nil {
		c.Trouble = func(error) {}
	}
	return &Journal{c: c, full: make(chan struct{}, 1), patience: anHour}
}

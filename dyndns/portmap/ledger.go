package portmap

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"time"
)

const (
	ledgerVersion = 1
	// ledgerMost bounds what is remembered; a house has two or three entries.
	ledgerMost = 32
	// longestLease is what we believe of any router: RFC 6887, section 15,
	// advises servers to grant a day at most.
	longestLease = 24 * time.Hour
)

// entry is one mapping that is ours, or that we are about to ask for: written
// down before the router is asked, so that a crash leaves nothing unknown.
type entry struct {
	Protocol  Protocol       `json:"protocol"`
	Router    netip.Addr     `json:"router"`
	Internal  netip.AddrPort `json:"internal"`
	External  uint16         `json:"external"`
	Nonce     nonce          `json:"nonce"` // PCP
	Held      bool           `json:"held"`  // the router said yes once
	Permanent bool           `json:"permanent,omitempty"`
	Until     time.Time      `json:"until"` // when the router forgets it by itself

	// pinhole is the number of a hole made by AddPinhole. It is not kept: after
	// a restart of the router the number may be somebody else's hole.
	pinhole uint16
	tries   int       // of taking it away
	next    time.Time // not before
}

func (e *entry) family() int {
	if e.Internal.Addr().Is4() {
		return 4
	}
	return 6
}

// ledger is the list of what is ours. The worker alone uses it.
type ledger struct {
	keep    Keep
	log     *slog.Logger
	now     func() time.Time
	entries []*entry
}

type ledgerFile struct {
	Version int      `json:"version"`
	Entries []*entry `json:"entries"`
}

func openLedger(ctx context.Context, cfg Config) *ledger {
	l := &ledger{keep: cfg.Keep, log: cfg.Log, now: cfg.Now}
	if l.keep == nil {
		return l
	}
	blob, err := l.keep.Load(ctx)
	if err == nil && len(blob) > 0 {
		l.entries, err = readLedger(blob)
	}
	if err != nil {
		l.log.Warn("reading what was mapped before", "error", err)
	}
	// Renewals are not written down, so each may have been renewed to its longest.
	for _, e := range l.entries {
		e.Until = l.now().Add(longestLease)
	}
	return l
}

func readLedger(blob []byte) ([]*entry, error) {
	var f ledgerFile
	if err := json.Unmarshal(blob, &f); err != nil {
		return nil, fmt.Errorf("decoding mappings: %w", err)
	}
	if f.Version != ledgerVersion {
		return nil, fmt.Errorf("mappings of version %d are unknown here", f.Version)
	}
	return slices.DeleteFunc(f.Entries, func(e *entry) bool {
		return e == nil || !e.Internal.IsValid() || !e.Router.IsValid() || e.External == 0
	}), nil
}

// entry finds ours for this door and port, or begins one with a nonce of its own.
func (l *ledger) entry(ctx context.Context, a about, internal netip.AddrPort, external uint16) *entry {
	for _, e := range l.entries {
		if e.Protocol == a.protocol && e.Router == a.at && e.Internal == internal && e.External == external {
			return e
		}
	}
	e := &entry{Protocol: a.protocol, Router: a.at, Internal: internal, External: external, Until: l.now().Add(longestLease)}
	_, _ = rand.Read(e.Nonce[:]) // never fails
	l.entries = append(l.entries, e)
	if len(l.entries) > ledgerMost {
		l.entries = l.entries[1:]
	}
	l.save(ctx)
	return e
}

func (l *ledger) drop(ctx context.Context, gone *entry) {
	before := len(l.entries)
	l.entries = slices.DeleteFunc(l.entries, func(e *entry) bool { return e == gone })
	if len(l.entries) != before {
		l.save(ctx)
	}
}

// granted notes what the router gave.
func (l *ledger) granted(ctx context.Context, e *entry, g grant) {
	changed := !e.Held || e.Permanent != g.permanent
	e.Held, e.Permanent = true, g.permanent
	e.Until = l.now().Add(g.lease)
	if changed {
		l.save(ctx)
	}
}

func (l *ledger) save(ctx context.Context) {
	if l.keep == nil {
		return
	}
	kept := slices.DeleteFunc(slices.Clone(l.entries), func(e *entry) bool { return e.Protocol == PinholeUPnP })
	blob, err := json.Marshal(ledgerFile{Version: ledgerVersion, Entries: kept})
	if err == nil {
		// What was asked of a router must be known even if we are just stopping.
		err = l.keep.Save(context.WithoutCancel(ctx), blob)
	}
	if err != nil {
		l.log.Warn("writing down what is mapped", "error", err)
	}
}

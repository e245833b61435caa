package reach

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/big"
	"net/netip"
	"time"
)

// memory is what outlives a restart and is no setting: what was found out.
type memory struct {
	Version int    `json:"version"`
	Port    uint16 `json:"port,omitempty"` // outside, as last assigned, so that the address stays the same while the router is away
	Spare   uint16 `json:"spare"`          // of this house, where all usual ports are refused
	Proof   proof  `json:"proof"`
	Later   bool   `json:"later,omitempty"`   // the person put the proof off
	Foreign string `json:"foreign,omitempty"` // whose certificate answered at the router's 443
	// Shut6 is when a checker found that IPv6 does not come in to Shut6Address.
	Shut6        time.Time  `json:"shut6,omitzero"`
	Shut6Address netip.Addr `json:"shut6Address,omitzero"`
	// Unkept is a name whose address we set once and now leave to others.
	Unkept string `json:"unkept,omitempty"`
	// Leftover is a former name whose records could not be taken away.
	Leftover string    `json:"leftover,omitempty"`
	Home     time.Time `json:"home,omitzero"` // when a browser at home last opened the house by its public certificate
}

// proof is that somebody outside reached us under our name.
type proof struct {
	Time    time.Time  `json:"time,omitzero"`
	Name    string     `json:"name,omitempty"`
	Port    uint16     `json:"port,omitempty"`    // outside
	Address netip.Addr `json:"address,omitzero"`  // ours, as it was believed then; the zero Addr where it was not known
	From    string     `json:"from,omitempty"`    // the peer's neighbourhood, never its whole address
	Family  int        `json:"family,omitempty"`  // 4 or 6
	Refuted time.Time  `json:"refuted,omitzero"`  // when the checker said that nobody answers
	Why     string     `json:"why,omitempty"`     // in its words
	Waiting bool       `json:"waiting,omitempty"` // nothing came since the door was last opened
}

const memoryVersion = 1

// Spare ports lie above what routers keep for themselves and below what Linux
// hands out for its own connections (ip_local_port_range begins at 32768).
const (
	firstSpare = 20000
	lastSpare  = 32000
)

func loadMemory(ctx context.Context, keep Keep) (memory, error) {
	raw, err := keep.Load(ctx)
	if err != nil {
		return memory{}, fmt.Errorf("loading what reach remembers: %w", err)
	}
	if raw == nil {
		n, err := rand.Int(rand.Reader, big.NewInt(lastSpare-firstSpare))
		if err != nil {
			return memory{}, fmt.Errorf("drawing a port: %w", err)
		}
		return memory{Version: memoryVersion, Spare: firstSpare + uint16(n.Int64())}, nil //nolint:gosec // below 12000
	}
	var m memory
	if err := json.Unmarshal(raw, &m); err != nil {
		return memory{}, fmt.Errorf("reading what reach remembers: %w", err)
	}
	if m.Version != memoryVersion {
		return memory{}, fmt.Errorf("reading what reach remembers: version %d is unknown here", m.Version)
	}
	return m, nil
}

// remember writes the memory down where it changed.
func (r *Reach) remember(ctx context.Context) {
	r.mu.Lock()
	m, dirty := r.memory, r.dirty
	r.dirty = false
	r.mu.Unlock()
	if !dirty {
		return
	}
	raw, err := json.Marshal(m)
	if err == nil {
		err = r.cfg.Keep.Save(ctx, raw)
	}
	if err != nil {
		r.cfg.Log.Warn("keeping what reach remembers", "error", err)
		r.mu.Lock()
		r.dirty = true
		r.mu.Unlock()
	}
}

// change alters the memory under the lock; fn reports whether it did.
func (r *Reach) change(fn func(*memory) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if fn(&r.memory) {
		r.dirty = true
	}
}

func (r *Reach) recall() memory {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.memory
}

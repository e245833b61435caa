package dyndns

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"latchkey/appliance/problem"
	"latchkey/dyndns/publicip"
)

// Keeper keeps the records of one plan true. It is safe for concurrent use.
type Keeper struct {
	cfg  Config
	wake chan struct{} // something below changed; holds one

	doing sync.Mutex // held around each call of a provider that changes something

	mu       sync.Mutex
	plan     *Plan
	local    Local
	observed bool // Observe was called: local is known
	fast     bool
	stirred  bool               // a look is due, without asking the sources
	nudged   bool               // somebody wants a look at once
	budget   budget             // of nudges
	cancel   context.CancelFunc // of the provider call under way
	called   time.Time          // when it began
	memory   memory
	saved    []byte // memory as the Keep has it
	unsaved  *problem.Problem
	sight    sight
}

// Open makes a Keeper from what is remembered. A blob that can't be read is an
// error (a problem with CodeMemory): starting anew would forget which records
// are ours and what providers complained of.
func Open(ctx context.Context, cfg Config) (*Keeper, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Jitter == nil {
		cfg.Jitter = rand.Float64
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Told == nil {
		cfg.Told = func(State) {}
	}
	blob, err := cfg.Keep.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("loading what is remembered of DNS: %w", err)
	}
	m, err := readMemory(blob)
	if err != nil {
		return nil, problem.New(problem.Internal, CodeMemory,
			"What Latchkey remembers of its DNS records can't be read.",
			"Restore the last backup; the log says what is wrong with it.").Because(err)
	}
	k := &Keeper{cfg: cfg, wake: make(chan struct{}, 1), memory: m, saved: blob}
	k.budget.fill()
	k.memory.tidy(cfg.Now())
	return k, nil
}

// Follow makes p the plan from now on; nil: none, nothing is asked of anybody.
// A changed Mark or name forgets complaints. The Keeper copies p.
func (k *Keeper) Follow(p *Plan) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p == nil {
		k.plan = nil
	} else {
		c := *p
		c.Name, c.Lan = canonical(p.Name), canonical(p.Lan)
		k.plan = &c
		k.memory.adopt(c)
	}
	k.interruptLocked()
	k.wakeLocked()
}

// Observe tells what the machine and its door say. Until it is called, nothing
// is known of them, so that a start takes no AAAA away.
func (k *Keeper) Observe(l Local) {
	l.Address4, l.Port6Addr = l.Address4.Unmap(), l.Port6Addr.WithZone("")
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.observed && k.local == l {
		return
	}
	k.local, k.observed, k.stirred = l, true, true
	k.wakeLocked()
}

// Nudge makes a look happen at once: something may have changed, and why says
// what, for the log. A burst of nudges is honoured; a steady stream is slowed
// down to one look a minute, for the sources' sake.
func (k *Keeper) Nudge(why string) {
	k.cfg.Log.Debug("looking at the public address", "because", why)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.nudged = true
	k.interruptOldLocked()
	k.wakeLocked()
}

// Retry forgets the providers' complaints, except a plain "not now", and looks
// at once: a person says that the reason is mended.
func (k *Keeper) Retry() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.memory.forgive()
	k.sight.nextAsk = time.Time{}
	k.wakeLocked()
}

// Pace sets how often outside sources are asked without a reason: every 5
// minutes when fast (no router tells of changes), else every 30.
func (k *Keeper) Pace(fast bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fast != fast {
		k.fast = fast
		if soon := time.Now().Add(paceFast); fast && k.sight.nextAsk.After(soon) {
			k.sight.nextAsk = soon
		}
		k.wakeLocked()
	}
}

// wakeLocked lets Run think again.
func (k *Keeper) wakeLocked() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// tooLong is how much of a provider call a nudge waits for: a call that began
// before the router came back may hang until its time is up.
const tooLong = 3 * time.Second

func (k *Keeper) interruptOldLocked() {
	if k.cancel == nil || k.budget.wait() > 0 {
		return
	}
	if age := time.Since(k.called); age >= tooLong {
		k.interruptLocked()
	} else {
		time.AfterFunc(tooLong-age, func() {
			k.mu.Lock()
			defer k.mu.Unlock()
			if k.nudged && k.cancel != nil && time.Since(k.called) >= tooLong {
				k.interruptLocked()
			}
		})
	}
}

func (k *Keeper) interruptLocked() {
	if k.cancel != nil {
		k.cancel()
	}
}

// save writes the memory if it changed since.
func (k *Keeper) save(ctx context.Context) {
	k.mu.Lock()
	blob := k.memory.blob()
	same := bytes.Equal(blob, k.saved)
	k.mu.Unlock()
	if same {
		return
	}
	err := k.cfg.Keep.Save(ctx, blob)
	if errors.Is(err, context.Canceled) {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil {
		k.saved, k.unsaved = blob, nil
		return
	}
	// A right record matters more than a remembered one, so the work goes on.
	k.unsaved = problem.New(problem.Unavailable, CodeUnsaved,
		"Latchkey can't write down what it does with DNS.",
		"See whether the disk is full; until then a restart may repeat an update.").Because(err)
	k.cfg.Log.Error("saving what is remembered of DNS", "error", err)
}

func canonical(name string) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimSpace(name), "."))
}

// slot is one record of a plan.
type slot struct {
	name   string
	family publicip.Family
	lan    bool
}

func (s slot) key() string { return s.name + "/" + strconv.Itoa(int(s.family)) }

// slots are the records that the plan speaks of, in the order of their importance.
func (p Plan) slots() []slot {
	out := []slot{{p.Name, publicip.V4, false}, {p.Name, publicip.V6, false}}
	if p.Lan != "" && p.Lan != p.Name {
		out = append(out, slot{p.Lan, publicip.V4, true})
	}
	return out
}

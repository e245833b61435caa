package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"runtime/debug"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
)

// Verifier proves the master password hash that clients send (32 bytes in
// base64, itself one PBKDF2 step away from the master key). Argon2id over it
// makes a stolen file expensive to test passwords against.
type Verifier struct {
	Salt   []byte `json:"salt"` // 16 bytes
	Hash   []byte `json:"hash"` // 32 bytes
	Passes uint32 `json:"passes"`
	Memory uint32 `json:"memory"` // KiB
	Lanes  uint8  `json:"lanes"`
}

// OWASP's second recommendation for Argon2id (password storage cheat sheet):
// 19 MiB, two passes, one lane; 25 ms on a desktop core.
const (
	verifierPasses = 2
	verifierMemory = 19 * 1024
	verifierLanes  = 1
	verifierSalt   = 16
	verifierHash   = 32
)

// Hasher makes and checks verifiers, a few at a time: each takes 19 MiB, twice
// that until the memory is collected, and a Raspberry Pi may have 1 GB.
type Hasher struct {
	slots   chan struct{}
	own     chan struct{} // for known devices only, whom no flood of strangers may keep waiting
	running atomic.Int64
	made    atomic.Int64 // since the start
	dummy   Verifier
}

// hashSlots: two at once saturate the cores of the machines this runs on. With
// the known devices' own slot the memory is bounded at about 120 MiB.
const (
	hashSlots = 2
	ownSlots  = 1
)

// NewHasher makes a Hasher with its own dummy verifier, against which unknown
// accounts are checked so that they cost the same work.
func NewHasher() *Hasher {
	h := &Hasher{slots: make(chan struct{}, hashSlots), own: make(chan struct{}, ownSlots)}
	h.dummy = Verifier{
		Salt: random(verifierSalt), Hash: random(verifierHash),
		Passes: verifierPasses, Memory: verifierMemory, Lanes: verifierLanes,
	}
	return h
}

// Make derives a new verifier for masterPasswordHash. It waits for a slot and
// answers ctx's error if that takes too long.
func (h *Hasher) Make(ctx context.Context, masterPasswordHash string) (Verifier, error) {
	v := h.dummy
	v.Salt = random(verifierSalt)
	const known = true // whoever sets a password was let in for it
	sum, err := h.sum(ctx, v, masterPasswordHash, !known)
	if err != nil {
		return Verifier{}, err
	}
	v.Hash = sum
	return v, nil
}

// Check reports whether masterPasswordHash belongs to v; a zero Verifier never
// matches and costs the same.
func (h *Hasher) Check(ctx context.Context, v Verifier, masterPasswordHash string) (bool, error) {
	const known = true
	return h.check(ctx, v, masterPasswordHash, !known)
}

// check is Check; a known device may also take the slot that is theirs.
func (h *Hasher) check(ctx context.Context, v Verifier, masterPasswordHash string, known bool) (bool, error) {
	exists := len(v.Hash) == verifierHash && len(v.Salt) > 0
	if !exists {
		v = h.dummy
	}
	sum, err := h.sum(ctx, v, masterPasswordHash, known)
	if err != nil {
		return false, err
	}
	same := subtle.ConstantTimeCompare(sum, v.Hash) == 1
	return same && exists, nil
}

func (h *Hasher) sum(ctx context.Context, v Verifier, masterPasswordHash string, known bool) ([]byte, error) {
	slot, err := h.slot(ctx, known)
	if err != nil {
		return nil, err
	}
	h.running.Add(1)
	h.made.Add(1)
	defer func() {
		<-slot
		if h.running.Add(-1) == 0 {
			h.giveBackSoon()
		}
	}()
	return argon2.IDKey([]byte(masterPasswordHash), v.Salt, v.Passes, v.Memory, v.Lanes, verifierHash), nil
}

// Count says how many hashes were made since the start.
func (h *Hasher) Count() int64 { return h.made.Load() }

// slot waits for a place and says which one to give back.
func (h *Hasher) slot(ctx context.Context, known bool) (chan struct{}, error) {
	own := h.own
	if !known {
		own = nil // which blocks for ever
	}
	select {
	case h.slots <- struct{}{}:
		return h.slots, nil
	case own <- struct{}{}:
		return own, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// giveBackSoon returns the hash's memory to the system once sign-ins have been
// quiet for a moment: an appliance idles for most of its life.
func (h *Hasher) giveBackSoon() {
	time.AfterFunc(2*time.Second, func() {
		if h.running.Load() == 0 {
			debug.FreeOSMemory()
		}
	})
}

// random gives n bytes from the system's generator, which never fails
// (crypto/rand ends the process rather than return an error).
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

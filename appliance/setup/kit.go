package setup

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"

	"filippo.io/age"

	"latchkey/appliance/backup"
	"latchkey/appliance/problem"
)

// ValueKeep keeps a few sealed values by name. Value answers found=false where
// a name was never set.
type ValueKeep interface {
	Value(ctx context.Context, name string) (value []byte, found bool, err error)
	SetValues(ctx context.Context, values map[string][]byte) error
}

// Names of the kept values.
const (
	kitValue     = "setup/kit"
	signingValue = "setup/signing-key"
)

// Paper is a recovery kit as it goes to the person: what opens the backups of
// this house (an age identity; the house keeps only the recipient) and what
// proves that a backup is the house's own (an Ed25519 public key).
type Paper struct {
	ID                string    `json:"id"` // names it until it is confirmed
	House             string    `json:"house"`
	HouseName         string    `json:"houseName"`
	Email             string    `json:"email"` // of the owner who made it
	Made              time.Time `json:"made"`
	RecoveryKey       string    `json:"recoveryKey"`
	RecoveryRecipient string    `json:"recoveryRecipient"`
	SigningKey        string    `json:"signingKey"` // "latchkey-sign-" and the key in base64url
}

// keyPrefix stands before the part of a recovery key that is unlike any other.
const keyPrefix = "AGE-SECRET-KEY-1"

// asked is how many characters a person types back from the paper.
const asked = 6

// Kits makes recovery kits. A kit counts from the moment that somebody has
// read six characters of it back: until then nothing is kept.
type Kits struct {
	keep  ValueKeep
	house string
	now   func() time.Time

	mu      sync.Mutex
	pending *pendingKit
}

type pendingKit struct {
	paper  Paper
	answer string
}

// NewKits makes the maker of kits for the house with this identity.
func NewKits(keep ValueKeep, house string, now func() time.Time) *Kits {
	return &Kits{keep: keep, house: house, now: now}
}

// keptKit is what the house remembers of its kit.
type keptKit struct {
	Made      time.Time `json:"made"`
	Recipient string    `json:"recipient"`
}

// Made says when the present kit was made, and whether there is one.
func (k *Kits) Made(ctx context.Context) (time.Time, bool, error) {
	kept, found, err := k.kept(ctx)
	return kept.Made, found, err
}

func (k *Kits) kept(ctx context.Context) (keptKit, bool, error) {
	raw, found, err := k.keep.Value(ctx, kitValue)
	if err != nil || !found || len(raw) == 0 {
		return keptKit{}, false, err
	}
	var kept keptKit
	if err := json.Unmarshal(raw, &kept); err != nil {
		return keptKit{}, false, fmt.Errorf("reading the kept kit: %w", err)
	}
	return kept, true, nil
}

// Keys gives what a backup is made with: the present kit's recipient and the
// house's signing key. It is false where there is no kit, and where what is kept
// of one is not enough, so that its owner has to make a new one.
func (k *Kits) Keys(ctx context.Context) (backup.Keys, bool, error) {
	kept, found, err := k.kept(ctx)
	if err != nil || !found {
		return backup.Keys{}, false, err
	}
	if _, err := age.ParseX25519Recipient(kept.Recipient); err != nil {
		return backup.Keys{}, false, nil
	}
	// One made anew would not be the one on the paper.
	sign, found, err := k.keptSigningKey(ctx)
	if err != nil || !found {
		return backup.Keys{}, false, err
	}
	return backup.Keys{
		Recipient: kept.Recipient, Sign: sign, Public: sign.Public().(ed25519.PublicKey), Made: kept.Made,
	}, true, nil
}

// Draw makes a new kit and says which characters of its recovery key (counted
// from 0 behind the prefix AGE-SECRET-KEY-1) Confirm will want. The kit drawn
// before, if it was not confirmed, is forgotten.
func (k *Kits) Draw(ctx context.Context, houseName, email string) (Paper, []int, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return Paper{}, nil, fmt.Errorf("making a recovery key: %w", err)
	}
	signing, err := k.signingKey(ctx)
	if err != nil {
		return Paper{}, nil, err
	}
	p := Paper{
		ID: newToken(), House: k.house, HouseName: houseName, Email: email, Made: k.now(),
		RecoveryKey: identity.String(), RecoveryRecipient: identity.Recipient().String(),
		SigningKey: "latchkey-sign-" + base64.RawURLEncoding.EncodeToString(signing.Public().(ed25519.PublicKey)),
	}
	body := strings.TrimPrefix(p.RecoveryKey, keyPrefix)
	positions, err := pick(asked, len(body))
	if err != nil {
		return Paper{}, nil, err
	}
	answer := make([]byte, asked)
	for i, at := range positions {
		answer[i] = body[at]
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pending = &pendingKit{p, string(answer)}
	return p, positions, nil
}

// Confirm keeps the drawn kit id once the six characters are right; case does
// not matter.
func (k *Kits) Confirm(ctx context.Context, id, answer string) error {
	k.mu.Lock()
	pending := k.pending
	k.mu.Unlock()
	if pending == nil || pending.paper.ID != id {
		return problem.New(problem.NotFound, "kit.gone", "This recovery kit was replaced by a newer one.", "Make a new kit and use that.")
	}
	answer = strings.ToUpper(strings.Join(strings.Fields(answer), ""))
	if subtle.ConstantTimeCompare([]byte(answer), []byte(pending.answer)) != 1 {
		return problem.New(problem.Refused, "kit.mismatch", "These are not the characters on your kit.", "Look at the paper or the file again, at the marked places.")
	}
	raw, err := json.Marshal(keptKit{pending.paper.Made, pending.paper.RecoveryRecipient})
	if err != nil {
		return fmt.Errorf("encoding the kit: %w", err)
	}
	if err := k.keep.SetValues(ctx, map[string][]byte{kitValue: raw}); err != nil {
		return fmt.Errorf("keeping the kit: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pending == pending {
		k.pending = nil
	}
	return nil
}

// Forget takes the present kit back, since a new owner of the house does not
// hold the paper of the one before: they make their own.
func (k *Kits) Forget(ctx context.Context) error {
	if err := k.keep.SetValues(ctx, map[string][]byte{kitValue: {}}); err != nil {
		return fmt.Errorf("forgetting the kit: %w", err)
	}
	return nil
}

// signingKey is the house's own, made at the first kit and never again.
func (k *Kits) signingKey(ctx context.Context) (ed25519.PrivateKey, error) {
	kept, found, err := k.keptSigningKey(ctx)
	if err != nil || found {
		return kept, err
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the signing key: %w", err)
	}
	if err := k.keep.SetValues(ctx, map[string][]byte{signingValue: key.Seed()}); err != nil {
		return nil, fmt.Errorf("keeping the signing key: %w", err)
	}
	return key, nil
}

func (k *Kits) keptSigningKey(ctx context.Context) (ed25519.PrivateKey, bool, error) {
	seed, found, err := k.keep.Value(ctx, signingValue)
	if err != nil {
		return nil, false, fmt.Errorf("loading the signing key: %w", err)
	}
	if !found {
		return nil, false, nil
	}
	if len(seed) != ed25519.SeedSize {
		return nil, false, fmt.Errorf("loading the signing key: %d bytes instead of %d", len(seed), ed25519.SeedSize)
	}
	return ed25519.NewKeyFromSeed(seed), true, nil
}

// pick draws n different numbers below limit, in rising order.
func pick(n, limit int) ([]int, error) {
	var got []int
	for len(got) < n {
		x, err := rand.Int(rand.Reader, big.NewInt(int64(limit)))
		if err != nil {
			return nil, fmt.Errorf("drawing positions: %w", err)
		}
		if at := int(x.Int64()); !slices.Contains(got, at) {
			got = append(got, at)
		}
	}
	slices.Sort(got)
	return got, nil
}

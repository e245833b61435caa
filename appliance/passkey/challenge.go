package passkey

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"
)

// challenges makes questions that need no memory: a challenge is its own
// record, sealed under a key that lives as long as the process. So nobody can
// push out another's question by asking for many. Only answered questions are
// remembered, until they would have expired anyway.
type challenges struct {
	now   func() time.Time
	began time.Time
	seal  cipher.AEAD // AES-256-GCM with random nonces: safe for 2^32 questions a start

	mu    sync.Mutex
	done  map[[nonceSize]byte]struct{}
	order []answered     // as they came, so also as they expire
	of    map[string]int // how many of them are one person's
}

type answered struct {
	nonce  [nonceSize]byte
	person string
	until  time.Duration
}

// question is an open challenge.
type question struct {
	nonce  [nonceSize]byte
	person string // "" where nobody was named
}

const nonceSize = 12

// answersEach bounds what one person can make us remember: a few dozen tries in
// five minutes is haste, two hundred is a program.
const answersEach = 200

func newChallenges(now func() time.Time) *challenges {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("passkey: " + err.Error()) // the length is right
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("passkey: " + err.Error())
	}
	return &challenges{
		now: now, began: now(), seal: seal,
		done: make(map[[nonceSize]byte]struct{}), of: make(map[string]int),
	}
}

// age is the time since the start.
func (c *challenges) age() time.Duration { return c.now().Sub(c.began) }

// bound is what a challenge is bound to without saying it.
func bound(why Purpose, rpID string) []byte { return []byte(string(why) + "\x00" + rpID) }

// make gives a new challenge in base64url. It says until when it is open and
// who was asked, sealed: a person's id is at most 64 bytes, the limit of
// WebAuthn's user handle.
func (c *challenges) make(why Purpose, rpID, person string) (string, error) {
	if len(person) > 64 {
		return "", errors.New("making a challenge: the person's id is longer than a user handle can be")
	}
	plain := binary.BigEndian.AppendUint64(nil, uint64(c.age()+Lifetime))
	plain = append(plain, person...)
	return base64.RawURLEncoding.EncodeToString(c.seal.Seal(nil, nil, plain, bound(why, rpID))), nil
}

// open reads a challenge that is ours, of this purpose and name, not too old
// and not answered yet.
func (c *challenges) open(why Purpose, rpID, challenge string) (question, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil {
		return question{}, fmt.Errorf("reading the challenge: %w", err)
	}
	plain, err := c.seal.Open(nil, nil, sealed, bound(why, rpID))
	if err != nil || len(plain) < 8 {
		return question{}, errors.New("the challenge is not ours, or of another purpose or name")
	}
	until := time.Duration(binary.BigEndian.Uint64(plain))
	q := question{person: string(plain[8:])}
	copy(q.nonce[:], sealed)
	if c.age() >= until {
		return question{}, errors.New("the challenge is too old")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, done := c.done[q.nonce]; done {
		return question{}, errors.New("the challenge was answered before")
	}
	return q, nil
}

// close marks a question as answered; the second who comes loses.
func (c *challenges) close(q question) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgetLocked()
	if _, done := c.done[q.nonce]; done {
		return ErrChallenge
	}
	if c.of[q.person] >= answersEach {
		return ErrTooMany
	}
	c.done[q.nonce] = struct{}{}
	c.order = append(c.order, answered{nonce: q.nonce, person: q.person, until: c.age() + Lifetime})
	c.of[q.person]++
	return nil
}

// forgetLocked drops what can't be answered any more.
func (c *challenges) forgetLocked() {
	age, gone := c.age(), 0
	for _, a := range c.order {
		if age < a.until {
			break
		}
		delete(c.done, a.nonce)
		if c.of[a.person]--; c.of[a.person] == 0 {
			delete(c.of, a.person)
		}
		gone++
	}
	c.order = append(c.order[:0], c.order[gone:]...)
}

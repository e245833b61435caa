package certs

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/mholt/acmez/v3/acme"
)

// keptAccount is our account at one CA. The key is kept before the CA hears of
// it: asked with the same key again, the CA answers with the same account
// (RFC 8555 7.3.1), so that no crash makes a second one.
type keptAccount struct {
	Version  int    `json:"version"`
	Key      []byte `json:"key"`                // PKCS #8
	Location string `json:"location,omitempty"` // empty before the CA has answered
}

const accountVersion = 1

func accountKey(directory string) string { return "accounts/" + directory }

// account gives our account, made and registered where it is not.
func (a *acmeCA) account(ctx context.Context) (acme.Account, error) {
	if err := a.p.locks.Lock(ctx, accountKey(a.key)); err != nil {
		return acme.Account{}, err
	}
	defer func() { _ = a.p.locks.Unlock(ctx, accountKey(a.key)) }()
	kept, key, err := a.loadAccount(ctx)
	if err != nil {
		return acme.Account{}, err
	}
	account := acme.Account{Status: acme.StatusValid, Location: kept.Location, PrivateKey: key}
	if account.Location != "" {
		return account, nil
	}
	if err := a.p.books.register(ctx, a.key); err != nil {
		return acme.Account{}, err
	}
	account.TermsOfServiceAgreed = true
	if a.p.cfg.Email != "" {
		account.Contact = []string{"mailto:" + a.p.cfg.Email}
	}
	account.Status = ""
	if account, err = a.client.NewAccount(ctx, account); err != nil {
		return acme.Account{}, fmt.Errorf("registering at the CA: %w", err)
	}
	kept.Location = account.Location
	return account, a.p.save(ctx, accountKey(a.key), kept)
}

// loadAccount gives the kept account, or makes and keeps the key of a new one.
func (a *acmeCA) loadAccount(ctx context.Context) (*keptAccount, *ecdsa.PrivateKey, error) {
	blob, err := a.p.cfg.Storage.Load(ctx, accountKey(a.key))
	if err == nil {
		return parseAccount(blob)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, troubledStorage(err)
	}
	key, err := newKey()
	if err != nil {
		return nil, nil, err
	}
	der, err := encodeKey(key)
	if err != nil {
		return nil, nil, err
	}
	kept := &keptAccount{Version: accountVersion, Key: der}
	return kept, key, a.p.save(ctx, accountKey(a.key), kept)
}

func parseAccount(blob []byte) (*keptAccount, *ecdsa.PrivateKey, error) {
	kept := &keptAccount{}
	if err := json.Unmarshal(blob, kept); err != nil {
		return nil, nil, fmt.Errorf("reading the kept account: %w", err)
	}
	if kept.Version != accountVersion {
		return nil, nil, fmt.Errorf("reading the kept account: version %d is unknown here", kept.Version)
	}
	key, err := decodeKey(kept.Key)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the kept account: %w", err)
	}
	return kept, key, nil
}

// forget drops where the account is, for a CA that does not know it any more.
func (a *acmeCA) forget(ctx context.Context) error {
	kept, _, err := a.loadAccount(ctx)
	if err != nil {
		return err
	}
	kept.Location = ""
	return a.p.save(ctx, accountKey(a.key), kept)
}

// unknown reports whether the CA does not know the account.
func unknown(err error) bool {
	var said acme.Problem
	return errors.As(err, &said) && said.Type == acme.ProblemTypeAccountDoesNotExist
}

// register notes that an account is about to be asked for, or refuses.
func (b *books) register(ctx context.Context, directory string) error {
	const window = 3 * time.Hour
	return b.change(ctx, directory, func(l *ledger, now time.Time) error {
		asked := l.Registered
		for len(asked) > 0 && now.Sub(asked[0]) >= window {
			asked = asked[1:]
		}
		if len(asked) >= registrations {
			return limited("this house", asked[len(asked)-registrations].Add(window), now, "")
		}
		l.Registered = append(l.Registered, now)
		return nil
	})
}

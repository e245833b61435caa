package certs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"latchkey/appliance/problem"
)

// books keeps the ledgers, one for each CA. Each change is on disk before its
// caller goes on.
type books struct {
	keep Storage
	now  func() time.Time
	mu   sync.Mutex
}

func ledgerKey(directory string) string { return "ledgers/" + directory }

// change lets fn change the ledger of a directory; fn's error comes back as it
// is, and nothing is kept then.
func (b *books) change(ctx context.Context, directory string, fn func(*ledger, time.Time) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	l, err := b.read(ctx, directory, now)
	if err != nil {
		return err
	}
	if err := fn(l, now); err != nil {
		return err
	}
	blob, err := l.marshal()
	if err != nil {
		return fmt.Errorf("encoding the ledger of certificates: %w", err)
	}
	if err := b.keep.Store(ctx, ledgerKey(directory), blob); err != nil {
		return troubledStorage(err)
	}
	return nil
}

// look lets fn read the ledger of a directory.
func (b *books) look(ctx context.Context, directory string, fn func(*ledger, time.Time)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	l, err := b.read(ctx, directory, now)
	if err == nil {
		fn(l, now)
	}
	return err
}

// placing notes that the attempt under way for name places a new order.
func (b *books) placing(ctx context.Context, directory, name string) error {
	return b.change(ctx, directory, func(l *ledger, _ time.Time) error {
		l.placing(name)
		return nil
	})
}

// read gives the ledger. One that can't be read stops all asking: without it
// nobody knows what was asked for already.
func (b *books) read(ctx context.Context, directory string, now time.Time) (*ledger, error) {
	blob, err := b.keep.Load(ctx, ledgerKey(directory))
	if errors.Is(err, fs.ErrNotExist) {
		blob, err = nil, nil
	}
	if err != nil {
		return nil, troubledStorage(err)
	}
	l, err := parseLedger(blob, now)
	if err != nil {
		return nil, troubledStorage(err)
	}
	return l, nil
}

// troubledStorage is the problem of a storage that does not do its work: then
// nothing is asked of any CA.
func troubledStorage(err error) *problem.Problem {
	return problem.New(problem.Internal, "cert.storage",
		"What belongs to the certificates can't be read or kept.",
		"See what is said about the disk and the database; the certificate that is there stays in use.").Because(err)
}

// save keeps v as JSON.
func (p *Public) save(ctx context.Context, key string, v any) error {
	blob, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", key, err)
	}
	if err := p.cfg.Storage.Store(ctx, key, blob); err != nil {
		return troubledStorage(err)
	}
	return nil
}

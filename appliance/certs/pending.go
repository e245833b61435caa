package certs

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/caddyserver/certmagic"
)

// keptOrder is what outlives a crash between asking for a certificate and
// having it: the key that it is for, and where the order is. With both, the
// next start fetches the certificate instead of ordering another one.
type keptOrder struct {
	Version int    `json:"version"`
	Key     []byte `json:"key"`           // PKCS #8
	URL     string `json:"url,omitempty"` // empty before the order is placed
}

const orderVersion = 1

func orderKey(directory, name string) string {
	return "orders/" + directory + "/" + certmagic.StorageKeys.Safe(name)
}

// loadOrder gives what is kept for name; nil where there is nothing.
func (p *Public) loadOrder(ctx context.Context, directory, name string) (*keptOrder, error) {
	blob, err := p.cfg.Storage.Load(ctx, orderKey(directory, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, troubledStorage(err)
	}
	kept, _, err := parseOrder(blob)
	if err != nil {
		return nil, troubledStorage(err)
	}
	return kept, nil
}

func parseOrder(blob []byte) (*keptOrder, *ecdsa.PrivateKey, error) {
	kept := &keptOrder{}
	if err := json.Unmarshal(blob, kept); err != nil {
		return nil, nil, fmt.Errorf("reading the kept order: %w", err)
	}
	if kept.Version != orderVersion {
		return nil, nil, fmt.Errorf("reading the kept order: version %d is unknown here", kept.Version)
	}
	key, err := decodeKey(kept.Key)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the kept order: %w", err)
	}
	return kept, key, nil
}

// keepOrder notes where the order of name is. Its key is kept since before.
func (p *Public) keepOrder(ctx context.Context, directory, name, url string) error {
	kept, err := p.loadOrder(ctx, directory, name)
	if err != nil {
		return err
	}
	if kept == nil {
		return troubledStorage(errors.New("the key of the order is not there"))
	}
	kept.URL = url
	return p.save(ctx, orderKey(directory, name), kept)
}

// dropOrder forgets where the order of name is; its key stays for the next.
func (p *Public) dropOrder(ctx context.Context, directory, name string) error {
	kept, err := p.loadOrder(context.WithoutCancel(ctx), directory, name)
	if err != nil || kept == nil {
		return err
	}
	kept.URL = ""
	return p.save(context.WithoutCancel(ctx), orderKey(directory, name), kept)
}

// keySource gives the key of the next certificate of one name. It is on disk
// before anybody hears of it.
type keySource struct {
	p    *Public
	name string
}

var _ certmagic.KeyGenerator = keySource{}

// GenerateKey gives the key that is kept for the name, or keeps a new one.
func (s keySource) GenerateKey() (crypto.PrivateKey, error) {
	const patience = 10 * time.Second // certmagic hands over no context
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	at := orderKey(s.p.directory, s.name)
	blob, err := s.p.cfg.Storage.Load(ctx, at)
	if err == nil {
		_, key, err := parseOrder(blob)
		if err == nil {
			return key, nil
		}
		return nil, troubledStorage(err)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, troubledStorage(err)
	}
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	der, err := encodeKey(key)
	if err != nil {
		return nil, err
	}
	return key, s.p.save(ctx, at, &keptOrder{Version: orderVersion, Key: der})
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding a key: %w", err)
	}
	return der, nil
}

func decodeKey(der []byte) (*ecdsa.PrivateKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("the key is of another kind")
	}
	return key, nil
}

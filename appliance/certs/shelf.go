package certs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/caddyserver/certmagic"
)

// shelf is our Storage as certmagic wants it: folders that exist by what lies
// below them, and locks.
type shelf struct {
	keep Storage
	*locks
}

var (
	_ certmagic.Storage   = (*shelf)(nil)
	_ certmagic.TryLocker = (*shelf)(nil)
)

// Load gives the value of key, or fs.ErrNotExist.
func (s *shelf) Load(ctx context.Context, key string) ([]byte, error) {
	return s.keep.Load(ctx, key)
}

// Store makes or replaces the value of key.
func (s *shelf) Store(ctx context.Context, key string, value []byte) error {
	return s.keep.Store(ctx, key, value)
}

// Delete forgets key and all that lies below it.
func (s *shelf) Delete(ctx context.Context, key string) error {
	list, err := s.keep.List(ctx, key)
	for _, e := range list {
		err = errors.Join(err, s.keep.Delete(ctx, e.Key))
	}
	return err
}

// Exists says whether key is there, or something below it.
func (s *shelf) Exists(ctx context.Context, key string) bool {
	list, err := s.keep.List(ctx, key)
	return err == nil && len(list) > 0
}

// List gives the keys below path: all of them, or files and folders of one
// level.
func (s *shelf) List(ctx context.Context, path string, recursive bool) ([]string, error) {
	list, err := s.keep.List(ctx, path)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("listing %q: %w", path, fs.ErrNotExist)
	}
	under := path
	if under != "" {
		under += "/"
	}
	var keys []string
	for _, e := range list {
		rest, below := strings.CutPrefix(e.Key, under)
		if !below {
			continue // path itself
		}
		if !recursive {
			rest, _, _ = strings.Cut(rest, "/")
		}
		if key := under + rest; !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// Stat tells of a file or a folder.
func (s *shelf) Stat(ctx context.Context, key string) (certmagic.KeyInfo, error) {
	list, err := s.keep.List(ctx, key)
	if err != nil {
		return certmagic.KeyInfo{}, err
	}
	if len(list) == 0 {
		return certmagic.KeyInfo{}, fmt.Errorf("looking for %q: %w", key, fs.ErrNotExist)
	}
	if e := list[0]; e.Key == key {
		return certmagic.KeyInfo{Key: key, Modified: e.Modified, Size: e.Size, IsTerminal: true}, nil
	}
	info := certmagic.KeyInfo{Key: key}
	for _, e := range list {
		if e.Modified.After(info.Modified) {
			info.Modified = e.Modified
		}
	}
	return info, nil
}

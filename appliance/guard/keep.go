package guard

import (
	"context"
	"errors"
)

// Key is where a row stands: a keyed hash, so that it tells nothing.
type Key [16]byte

// Row is something to be remembered over a restart. Body may hold names and
// addresses, so it has to be sealed.
type Row struct {
	Key  Key
	Body []byte
}

// ErrDamaged is Load's answer when some rows could not be read and all others
// were yielded.
var ErrDamaged = errors.New("guard: some kept rows are damaged")

// Keep is what guard needs kept. Its methods block until it is done, and are
// not called by several goroutines at once.
type Keep interface {
	// Load yields each row once, in any order, until yield gives an error, which
	// it hands back. The row's bytes stay valid.
	Load(ctx context.Context, yield func(Row) error) error
	// Save makes all of it durable, or nothing: put replaces what stands under
	// the same key, gone is removed where it is there.
	Save(ctx context.Context, put []Row, gone []Key) error
}

package archive

import (
	"context"
	"errors"
	"io"
)

// Reader is a backup whose manifest was read and found to be the house's own.
type Reader struct{ manifest Manifest }

// Open decrypts r and reads the manifest.
func Open(r io.Reader, kit Kit, limits Limits) (*Reader, error) { return nil, errors.ErrUnsupported }

// Manifest is what the backup says of itself.
func (r *Reader) Manifest() Manifest { return r.manifest }

// Unpack writes the parts into dir, a folder that it makes.
func (r *Reader) Unpack(ctx context.Context, dir string, progress Progress) error {
	return errors.ErrUnsupported
}

// Check reads the whole backup as Unpack does and writes nothing.
func (r *Reader) Check(ctx context.Context, progress Progress) error { return errors.ErrUnsupported }

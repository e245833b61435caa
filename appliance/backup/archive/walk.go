package archive

import (
	"archive/tar"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"latchkey/appliance/problem"
)

// sink takes the parts, one after the other.
type sink interface {
	create(name string) (io.WriteCloser, error)
}

// walk reads everything behind the manifest, gives the parts to where they go
// and checks all to the last byte of the file. Until it returned nil, nothing
// that it gave may be believed.
func (b *Reader) walk(ctx context.Context, to sink, progress Progress) error {
	if b.used {
		return errors.New("archive: a backup was read for the second time")
	}
	b.used = true
	w := &walk{Reader: b, ctx: ctx, to: to, buffer: make([]byte, chunk), meter: meter{progress, 0, b.manifest.Total()}}
	digest := sha256.Sum256(b.raw)
	w.sums.add(manifestName, digest[:])
	for i := range b.manifest.Parts {
		if err := w.part(i); err != nil {
			return err
		}
	}
	if err := w.checkSums(); err != nil {
		return err
	}
	return w.checkEnd()
}

// broken lets ctx speak first: a file that obeys it fails when it ends.
func (w *walk) broken(err error, foreign *problem.Problem) error {
	if ended := w.ctx.Err(); ended != nil {
		return ended
	}
	return w.Reader.broken(err, foreign)
}

type walk struct {
	*Reader
	ctx    context.Context
	to     sink
	sums   sums
	meter  meter
	buffer []byte
}

// next wants the entry that has this name and size. at is the number of its
// part; behind the parts it is their count.
func (w *walk) next(name string, size int64, at int) error {
	head, err := w.tar.Next()
	if errors.Is(err, io.EOF) && w.sealed.err == nil {
		return problemMissing(name)
	}
	if err != nil {
		return w.broken(err, problemDamaged())
	}
	if head.Name != name {
		return w.unexpected(head, name, at)
	}
	return same(head, header(name, size, w.manifest.Made))
}

// unexpected says what it means that another entry stands where the part at
// belongs.
func (w *walk) unexpected(head *tar.Header, name string, at int) error {
	named := func(e Entry) bool { return e.Name == head.Name }
	switch parts := w.manifest.Parts; {
	case slices.ContainsFunc(parts[:at], named):
		return problemTwice(head.Name)
	case slices.ContainsFunc(parts[at:], named), head.Name == sumsName, head.Name == sumsSignName:
		return problemMissing(name)
	}
	return problemEntry(head.Name)
}

func (w *walk) part(at int) (err error) {
	e := w.manifest.Parts[at]
	if err := w.next(e.Name, e.Size, at); err != nil {
		return err
	}
	file, err := w.to.create(e.Name)
	if err != nil {
		return notWritten(fmt.Errorf("creating %s: %w", e.Name, err))
	}
	digest := sha256.New()
	err = w.copy(file, digest)
	if closed := file.Close(); err == nil && closed != nil {
		err = notWritten(fmt.Errorf("closing %s: %w", e.Name, closed))
	}
	w.sums.add(e.Name, digest.Sum(nil))
	return err
}

// copy copies the present entry. The tar's reader gives exactly the size that
// the header says, or an error.
func (w *walk) copy(file io.Writer, digest hash.Hash) error {
	for {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		n, failed := w.tar.Read(w.buffer)
		digest.Write(w.buffer[:n])
		if _, err := file.Write(w.buffer[:n]); err != nil {
			return notWritten(err)
		}
		w.meter.add(n)
		if errors.Is(failed, io.EOF) {
			return nil
		}
		if failed != nil {
			return w.broken(failed, problemDamaged())
		}
	}
}

// checkSums compares the checksums that were reckoned with those that the house
// signed.
func (w *walk) checkSums() error {
	text, err := w.known(sumsName, sumsContext, w.manifest.sumsLength())
	if err != nil {
		return err
	}
	sign, err := w.known(sumsSignName, "", signatureSize)
	if err != nil {
		return err
	}
	if name := w.sums.differs(string(text[len(sumsContext):])); name != "" {
		return problemDigest(name)
	}
	if !ed25519.Verify(w.kit.Signer, text, sign) {
		return problemSigner()
	}
	return nil
}

// known reads an entry of a known size into memory, behind context.
func (w *walk) known(name, context string, size int64) ([]byte, error) {
	if err := w.next(name, size, len(w.manifest.Parts)); err != nil {
		return nil, err
	}
	text := make([]byte, len(context)+int(size))
	copy(text, context)
	if _, err := io.ReadFull(w.tar, text[len(context):]); err != nil {
		return nil, w.broken(err, problemDamaged())
	}
	return text, nil
}

// checkEnd wants nothing more: no entry, no block of the tar that its entries
// don't account for, no further frame, no byte behind the encryption.
func (w *walk) checkEnd() error {
	head, err := w.tar.Next()
	if err == nil {
		return w.unexpected(head, "", len(w.manifest.Parts))
	}
	if !errors.Is(err, io.EOF) {
		return w.broken(err, problemTrailing())
	}
	if w.unpacked.n != w.unpacked.limit {
		return problemTrailing()
	}
	// Past the limit, so that age and zstd find their ends and what is there.
	if n, err := w.unpacked.r.Read(w.buffer[:1]); n > 0 {
		return problemTrailing()
	} else if !errors.Is(err, io.EOF) {
		return w.broken(err, problemDamaged())
	}
	return nil
}

package archive

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
)

const (
	// window is how far back the compressor looks, in bytes. What fills a backup
	// is sealed and does not shrink, so that a larger one would only cost memory.
	window = 1 << 20
	// chunk is what is copied at a time, in bytes.
	chunk = 128 << 10
)

// Write writes a backup of the parts to w, for each of the recipients to open,
// signed with the house's key. m says what they are; its Format, Parts, and the
// fraction of its second are set here, and the parts put in their order. Whatever
// fails leaves w with a file that no reader takes for whole. What is wrong with
// a part is told as problem "backup.changed" or wraps its error; an error of w
// is wrapped.
func Write(ctx context.Context, w io.Writer, to []age.Recipient, sign ed25519.PrivateKey, m Manifest, parts []Part, progress Progress) error {
	if len(to) == 0 || len(sign) != ed25519.PrivateKeySize {
		return errors.New("writing a backup: no recipient, or no key to sign it")
	}
	parts = slices.Clone(parts)
	slices.SortFunc(parts, func(a, b Part) int { return byPlace(Entry{Name: a.Name}, Entry{Name: b.Name}) })
	m.Format, m.Made, m.Parts = Format, m.Made.UTC().Truncate(time.Second), nil
	for _, p := range parts {
		m.Parts = append(m.Parts, Entry{p.Name, p.Size})
	}
	if err := m.check(); err != nil {
		return fmt.Errorf("writing a backup: %w", err)
	}
	sealing, err := age.Encrypt(w, to...)
	if err != nil {
		return fmt.Errorf("encrypting a backup: %w", err)
	}
	// A single goroutine: it keeps up with a disk, and needs no close when it fails.
	squeezing, err := zstd.NewWriter(sealing, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window))
	if err != nil {
		return fmt.Errorf("compressing a backup: %w", err)
	}
	out := &writer{
		ctx: ctx, tar: tar.NewWriter(squeezing), sign: sign, made: m.Made,
		meter: meter{progress, 0, m.Total()}, buffer: make([]byte, chunk),
	}
	if err := out.all(m, parts); err != nil {
		return err // and the end of the file, by which a reader knows it for whole, stays unwritten
	}
	for _, c := range []io.Closer{out.tar, squeezing, sealing} {
		if err := c.Close(); err != nil {
			return fmt.Errorf("ending a backup: %w", err)
		}
	}
	return nil
}

// meter tells how far the work is.
type meter struct {
	progress    Progress
	done, total int64
}

func (m *meter) add(n int) {
	m.done += int64(n)
	if m.progress != nil {
		m.progress(m.done, m.total)
	}
}

type writer struct {
	ctx    context.Context
	tar    *tar.Writer
	sign   ed25519.PrivateKey
	made   time.Time
	sums   sums
	meter  meter
	buffer []byte
}

func (w *writer) all(m Manifest, parts []Part) error {
	manifest, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	manifest = append(manifest, '\n')
	if len(manifest) > manifestLimit {
		return problemManifest("it is longer than any may be")
	}
	if err := w.signedText(manifestName, manifestContext, manifest); err != nil {
		return err
	}
	digest := sha256.Sum256(manifest)
	w.sums.add(manifestName, digest[:])
	for _, p := range parts {
		if err := w.part(p); err != nil {
			return err
		}
	}
	return w.signedText(sumsName, sumsContext, []byte(w.sums.text.String()))
}

func (w *writer) signedText(name, context string, text []byte) error {
	if err := w.text(name, text); err != nil {
		return err
	}
	return w.text(name+signSuffix, ed25519.Sign(w.sign, append([]byte(context), text...)))
}

func (w *writer) text(name string, text []byte) error {
	if err := w.tar.WriteHeader(header(name, int64(len(text)), w.made)); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if _, err := io.Copy(w.tar, bytes.NewReader(text)); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

func (w *writer) part(p Part) (err error) {
	r, err := p.Open()
	if err != nil {
		return fmt.Errorf("opening %s: %w", p.Name, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := w.tar.WriteHeader(header(p.Name, p.Size, w.made)); err != nil {
		return fmt.Errorf("writing %s: %w", p.Name, err)
	}
	digest := sha256.New()
	// One byte more than there should be tells a part that grew.
	limited := io.LimitReader(r, p.Size+1)
	var written int64
	for {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		n, failed := limited.Read(w.buffer)
		if written += int64(n); written > p.Size {
			return problemChanged(p.Name, p.Size)
		}
		digest.Write(w.buffer[:n])
		if _, err := w.tar.Write(w.buffer[:n]); err != nil {
			return fmt.Errorf("writing %s: %w", p.Name, err)
		}
		w.meter.add(n)
		if errors.Is(failed, io.EOF) {
			break
		}
		if failed != nil {
			return fmt.Errorf("reading %s: %w", p.Name, failed)
		}
	}
	if written != p.Size {
		return problemChanged(p.Name, p.Size)
	}
	w.sums.add(p.Name, digest.Sum(nil))
	return nil
}

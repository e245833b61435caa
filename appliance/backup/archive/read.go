package archive

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"latchkey/appliance/problem"
)

const (
	// maxWindow is the most that a frame may make the decompressor remember, in
	// bytes: what RFC 8878, 3.1.1.1.2 recommends that every decoder bears.
	maxWindow = 8 << 20
	// intro opens every age file of version 1 (age-encryption.org/v1).
	intro = "age-encryption.org/v1\n"
	// manifestRoom is how many bytes of the tar the first two entries can take.
	manifestRoom = manifestLimit + 4*tarBlock
)

// Reader is a backup whose manifest was read and found to be the house's own.
// Nothing of the rest was looked at yet. It reads its file once, by Unpack or by
// Check; it needs no close, and does not close the file.
type Reader struct {
	source   *source
	sealed   *sealed
	unpacked *bounded
	tar      *tar.Reader
	kit      Kit
	raw      []byte // the manifest as it was signed
	manifest Manifest
	used     bool
}

// Open decrypts r by the kit, reads the manifest and checks its signature,
// format and version, and whether limits allow it. Nothing is written. What it
// refuses it refuses with a problem: "backup.foreign", "backup.kit",
// "backup.signer", "backup.newer", "backup.version", "backup.space",
// "backup.manifest", "backup.entry", "backup.missing", "backup.size",
// "backup.bomb", "backup.truncated", "backup.damaged"; "backup.source" if r fails.
func Open(r io.Reader, kit Kit, limits Limits) (*Reader, error) {
	if kit.Recovery == nil {
		return nil, problemKitLacks("recovery key", recoveryStart)
	}
	if len(kit.Signer) != ed25519.PublicKeySize {
		return nil, problemKitLacks("signing key", strings.ToLower(signStart))
	}
	b := &Reader{source: &source{r: r, limit: headLimit}, kit: kit}
	if err := b.decrypt(); err != nil {
		return nil, err
	}
	zipped, err := zstd.NewReader(newOneFrame(b.sealed), zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(1<<62))
	if err != nil {
		return nil, fmt.Errorf("decompressing a backup: %w", err)
	}
	b.unpacked = &bounded{r: zipped, limit: manifestRoom}
	b.tar = tar.NewReader(b.unpacked)
	if err := b.readManifest(); err != nil {
		return nil, err
	}
	if p := limits.admit(b.manifest); p != nil {
		return nil, p
	}
	return b, nil
}

// Manifest is what the backup says of itself.
func (b *Reader) Manifest() Manifest { return b.manifest }

func (b *Reader) decrypt() error {
	start := make([]byte, len(intro))
	n, err := io.ReadFull(b.source, start)
	switch {
	case b.source.err != nil:
		return problemSource(b.source.err)
	case !strings.HasPrefix(intro, string(start[:n])):
		return problemForeign()
	case err != nil:
		return problemEnd().Because(err)
	}
	plain, err := age.Decrypt(io.MultiReader(bytes.NewReader(start), b.source), b.kit.Recovery)
	b.source.limit = -1
	var other *age.NoIdentityMatchError
	switch {
	case err == nil:
	case b.source.err != nil:
		return problemSource(b.source.err)
	case errors.As(err, &other):
		return problemOtherKit().Because(err)
	case b.source.ended:
		return problemEnd().Because(err)
	default:
		return problemDamaged().Because(err)
	}
	b.sealed = &sealed{r: plain}
	return nil
}

// broken says what an error of the layers below the tar means. foreign is what
// it means where the encryption is whole and the contents are not ours.
func (b *Reader) broken(err error, foreign *problem.Problem) error {
	var p *problem.Problem
	switch {
	case errors.As(err, &p):
		return err
	case b.source.err != nil:
		return problemSource(b.source.err)
	case b.sealed.err != nil && b.source.ended:
		return problemEnd().Because(b.sealed.err)
	case b.sealed.err != nil:
		return problemDamaged().Because(b.sealed.err)
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, errLong):
		return problemBomb().Because(err)
	case errors.Is(err, errTrailing):
		return problemTrailing().Because(err)
	}
	return foreign.Because(err)
}

// readManifest reads the first two entries. Only what is signed is parsed.
func (b *Reader) readManifest() error {
	head, text, err := b.text(manifestName, manifestContext, manifestLimit)
	if err != nil {
		return err
	}
	signHead, sign, err := b.text(manifestSignName, "", signatureSize)
	if err != nil {
		return err
	}
	if !ed25519.Verify(b.kit.Signer, text, sign) {
		return problemSigner()
	}
	raw := text[len(manifestContext):]
	m, err := parseManifest(raw)
	if err != nil {
		return err
	}
	if err := same(head, header(manifestName, int64(len(raw)), m.Made)); err != nil {
		return err
	}
	if err := same(signHead, header(manifestSignName, signatureSize, m.Made)); err != nil {
		return err
	}
	b.raw, b.manifest, b.unpacked.limit = raw, m, m.tarLength(int64(len(raw)))
	return nil
}

// text reads one of the first two entries, of which only the name is known and
// how long it may be. It begins with context.
func (b *Reader) text(name, context string, most int64) (*tar.Header, []byte, error) {
	head, err := b.tar.Next()
	if err != nil {
		return nil, nil, b.broken(err, problemForeign())
	}
	if head.Name != name {
		return nil, nil, problemForeign().Because(fmt.Errorf("%q where %q belongs", head.Name, name))
	}
	if head.Size > most {
		return nil, nil, problemManifest("it is longer than any may be")
	}
	text := make([]byte, len(context)+int(head.Size))
	copy(text, context)
	if _, err := io.ReadFull(b.tar, text[len(context):]); err != nil {
		return nil, nil, b.broken(err, problemForeign())
	}
	return head, text, nil
}

// Check reads the whole backup as strictly as Unpack does, and writes nothing.
func (b *Reader) Check(ctx context.Context, progress Progress) error {
	return b.walk(ctx, nothing{}, progress)
}

// nothing is where the parts go that are only checked.
type nothing struct{}

func (nothing) create(string) (io.WriteCloser, error) { return nothing{}, nil }
func (nothing) Write(p []byte) (int, error)           { return len(p), nil }
func (nothing) Close() error                          { return nil }

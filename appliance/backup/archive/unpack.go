package archive

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Unpack writes the parts into dir, a folder that it makes (mode 0700; the
// folder around it must be there), and checks everything to the last byte. When
// it returns nil, all of it is on the disk. On any error the folder is gone
// again, and nothing outside of it was touched. Besides the problems of a
// backup that isn't as it was written ("backup.damaged", "backup.truncated",
// "backup.entry", "backup.missing", "backup.size", "backup.digest",
// "backup.trailing", "backup.signer", "backup.source") there are
// "backup.folder", "backup.full" and "backup.disk"; ctx's own error when it ends.
func (b *Reader) Unpack(ctx context.Context, dir string, progress Progress) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return problemFolder(dir, err)
	}
	err := b.unpackInto(ctx, dir, progress)
	if err == nil {
		return nil
	}
	if gone := os.RemoveAll(dir); gone != nil {
		return errors.Join(err, fmt.Errorf("removing what was unpacked: %w", gone))
	}
	return err
}

func (b *Reader) unpackInto(ctx context.Context, dir string, progress Progress) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return notWritten(fmt.Errorf("opening the new folder: %w", err))
	}
	defer root.Close() //nolint:errcheck // nothing is written through it
	folders := []string{dir, filepath.Dir(dir)}
	if parts := b.manifest.Parts; len(parts) > 0 && place(parts[len(parts)-1].Name) == attachmentPlace {
		if err := root.Mkdir(AttachmentsFolder, 0o700); err != nil {
			return notWritten(fmt.Errorf("making the folder of attachments: %w", err))
		}
		folders = append([]string{filepath.Join(dir, AttachmentsFolder)}, folders...)
	}
	if err := b.walk(ctx, folder{root}, progress); err != nil {
		return err
	}
	for _, d := range folders {
		if err := syncFolder(d); err != nil {
			return notWritten(err)
		}
	}
	return nil
}

// folder is where the parts are written. A root refuses every path out of it,
// beside what the manifest's check refuses already.
type folder struct{ root *os.Root }

func (f folder) create(name string) (io.WriteCloser, error) {
	out, err := f.root.OpenFile(filepath.FromSlash(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, err
	}
	return &file{out, bufio.NewWriterSize(out, chunk)}, nil
}

// file is on the disk when its Close has returned.
type file struct {
	out    *os.File
	buffer *bufio.Writer
}

func (f *file) Write(p []byte) (int, error) { return f.buffer.Write(p) }

func (f *file) Close() error {
	err := f.buffer.Flush()
	if err == nil {
		err = f.out.Sync()
	}
	return errors.Join(err, f.out.Close())
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

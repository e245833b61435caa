package archive

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
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
	if err := b.fill(ctx, newFolder(root), progress); err != nil {
		return err
	}
	for _, d := range folders {
		if err := syncFolder(d); err != nil {
			return notWritten(err)
		}
	}
	return nil
}

// fill writes the parts and waits until the disk has them.
func (b *Reader) fill(ctx context.Context, to *folder, progress Progress) error {
	err := b.walk(ctx, to, progress)
	if synced := to.wait(); err == nil && synced != nil {
		return notWritten(fmt.Errorf("syncing: %w", synced))
	}
	return err
}

// syncsAtOnce is how many files are brought to the disk at a time. A memory
// card takes some 20 ms for each, and hardly more for several together.
const syncsAtOnce = 8

// folder is where the parts are written. A root refuses every path out of it,
// beside what the manifest's check refuses already.
type folder struct {
	root    *os.Root
	flushed func(*os.File) error // (*os.File).Sync, but in the tests
	turns   chan struct{}
	syncs   sync.WaitGroup

	mu  sync.Mutex
	err error // the first of the syncs that failed
}

func newFolder(root *os.Root) *folder {
	return &folder{root: root, flushed: (*os.File).Sync, turns: make(chan struct{}, syncsAtOnce)}
}

func (f *folder) create(name string) (io.WriteCloser, error) {
	if err := f.failed(); err != nil {
		return nil, err
	}
	out, err := f.root.OpenFile(filepath.FromSlash(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, err
	}
	return &file{f, out, bufio.NewWriterSize(out, chunk)}, nil
}

// sync brings a file to the disk and closes it, while the next one is written.
func (f *folder) sync(out *os.File) {
	f.turns <- struct{}{}
	f.syncs.Go(func() {
		err := errors.Join(f.flushed(out), out.Close())
		f.mu.Lock()
		if f.err == nil {
			f.err = err
		}
		f.mu.Unlock()
		<-f.turns
	})
}

func (f *folder) failed() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// wait returns when no file is open any more.
func (f *folder) wait() error {
	f.syncs.Wait()
	return f.failed()
}

// file is a part that is being written. Its Close does not wait for the disk:
// folder.wait does.
type file struct {
	folder *folder
	out    *os.File
	buffer *bufio.Writer
}

func (f *file) Write(p []byte) (int, error) { return f.buffer.Write(p) }

func (f *file) Close() error {
	if err := f.buffer.Flush(); err != nil {
		return errors.Join(err, f.out.Close())
	}
	f.folder.sync(f.out)
	return nil
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

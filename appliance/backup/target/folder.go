package target

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// So much is written before it is forced out: the page cache of a small machine stays free for others, and the
	// last sync before the rename is short, even on a slow stick.
	syncBytes = 16 << 20
	copyBytes = 256 << 10
	// How long an operation may stick in the kernel (a dead network share) after its caller has gone.
	stuck = 5 * time.Second
)

// folder keeps backups in a folder of this machine. A mark in it (".latchkey-" and the house) tells the disk: where
// it is missing, the disk is not plugged in, and the empty mount point below it is not written to.
type folder struct {
	dir  string
	data string
	mark string // the mark's file name
	disk string // what it has to say; "": never checked
}

func openFolder(c Config, env Env) (meeting, string, error) {
	dir, err := c.localFolder(env.Data)
	if err != nil {
		return nil, "", err
	}
	return &folder{dir: dir, data: env.Data, mark: ".latchkey-" + env.House, disk: c.Fields[FieldDisk]}, dir, nil
}

// root opens the folder and insists on the disk.
func (f *folder) root() (*os.Root, error) {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return nil, f.absent(err)
	}
	if f.disk == "" {
		return root, nil
	}
	if has, err := readMark(root, f.mark); err != nil || has != f.disk {
		root.Close()
		if err == nil {
			err = errors.New("the mark is another disk's")
		}
		return nil, says(CodeNotPlugged, err)
	}
	return root, nil
}

// absent tells a disk that is not plugged in from a folder that never was.
func (f *folder) absent(err error) error {
	info, unseen := os.Stat(f.dir)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return says(CodeReadOnly, err)
	case f.disk != "":
		return says(CodeNotPlugged, err)
	case unseen == nil && !info.IsDir():
		return &complaint{code: CodeMissing, text: "{place} is a file and no folder.", hint: "Choose a folder.", err: err}
	case errors.Is(err, fs.ErrNotExist):
		return &complaint{
			code: CodeMissing, text: "{place} is not there, or Latchkey can't see it.",
			hint: "Check the name and that the disk is plugged in, then allow it once on this machine: sudo latchkey install --backup-dir {word}", err: err,
		}
	}
	return err
}

func readMark(root *os.Root, name string) (string, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 256))
	return strings.TrimSpace(string(text)), err
}

// denied reads the errors of writing.
func denied(err error) error {
	if errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission) {
		return says(CodeReadOnly, err)
	}
	return err
}

func (f *folder) put(ctx context.Context, name string, r *exact, _ int64) error {
	if f.disk == "" {
		return says(CodeUnchecked, nil)
	}
	return unstuck(ctx, func() error { return f.write(ctx, name, r) })
}

func (f *folder) write(ctx context.Context, name string, r io.Reader) error {
	root, err := f.root()
	if err != nil {
		return err
	}
	defer root.Close()
	temporary := passing(name)
	if err := writeSynced(ctx, root, temporary, r); err != nil {
		_ = root.Remove(temporary) // it is swept before the next one, too
		return denied(err)
	}
	if err := renameNew(root, temporary, name); err != nil {
		_ = root.Remove(temporary)
		return denied(err)
	}
	return syncFolder(root)
}

func writeSynced(ctx context.Context, root *os.Root, name string, r io.Reader) error {
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	buf := make([]byte, copyBytes)
	for fresh := 0; ; {
		n, err := r.Read(buf)
		if _, failed := file.Write(buf[:n]); failed != nil {
			return failed
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if fresh += n; fresh >= syncBytes {
			fresh = 0
			if err := unix.Fdatasync(int(file.Fd())); err != nil {
				return &fs.PathError{Op: "fdatasync", Path: name, Err: err}
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	return file.Close()
}

// renameNew gives a file its name unless that is taken. FAT, exFAT and some network shares don't know the flag for
// it; there a look before has to do.
func renameNew(root *os.Root, from, to string) error {
	dir, err := root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	fd := int(dir.Fd())
	err = unix.Renameat2(fd, from, fd, to, unix.RENAME_NOREPLACE)
	switch {
	case errors.Is(err, syscall.EEXIST):
		return says(CodeExists, err)
	case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOSYS), errors.Is(err, syscall.ENOTSUP):
		if _, err := root.Lstat(to); err == nil {
			return says(CodeExists, nil)
		}
		return root.Rename(from, to)
	case err != nil:
		return &os.LinkError{Op: "renameat2", Old: from, New: to, Err: err}
	}
	return nil
}

// syncFolder makes a rename last. Some file systems can't sync a folder and say EINVAL.
func syncFolder(root *os.Root) error {
	dir, err := root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}

func (f *folder) get(ctx context.Context, name string) (file, error) {
	var opened *os.File
	err := unstuck(ctx, func() error {
		root, err := f.root()
		if err != nil {
			return err
		}
		defer root.Close()
		file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ELOOP) {
			return ErrNotThere.Because(err)
		}
		if err != nil {
			return denied(err)
		}
		if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
			file.Close()
			return ErrNotThere.Because(errors.Join(err, errors.New("no plain file")))
		}
		opened = file
		return nil
	})
	if err != nil {
		return nil, err
	}
	return opened, nil
}

func (f *folder) list(ctx context.Context, each func(Object) error) error {
	var all []Object
	err := unstuck(ctx, func() error {
		root, err := f.root()
		if err != nil {
			return err
		}
		defer root.Close()
		dir, err := root.Open(".")
		if err != nil {
			return err
		}
		defer dir.Close()
		all, err = plainFiles(ctx, dir)
		return err
	})
	if err != nil {
		return err
	}
	for _, o := range all {
		if err := each(o); err != nil {
			return err
		}
	}
	return nil
}

func plainFiles(ctx context.Context, dir *os.File) ([]Object, error) {
	var all []Object
	for {
		entries, err := dir.ReadDir(1000)
		for _, entry := range entries {
			if !entry.Type().IsRegular() || !safe(entry.Name()) && !isUnfinished(entry.Name()) {
				continue
			}
			info, err := entry.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue // gone since
			}
			if err != nil {
				return nil, err
			}
			all = append(all, Object{Name: entry.Name(), Size: info.Size(), Time: info.ModTime()})
		}
		switch {
		case err == io.EOF:
			return all, nil
		case err != nil:
			return nil, err
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case len(all) > 2*mostObjects:
			return nil, errTooMany
		}
	}
}

func (f *folder) remove(ctx context.Context, name string) error {
	return unstuck(ctx, func() error {
		root, err := f.root()
		if err != nil {
			return err
		}
		defer root.Close()
		info, err := root.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			return ErrNotThere.Because(err)
		}
		if err := root.Remove(name); err != nil {
			return denied(err)
		}
		return syncFolder(root)
	})
}

func (f *folder) free(ctx context.Context) (int64, error) {
	free := int64(-1)
	err := unstuck(ctx, func() error {
		var s unix.Statfs_t
		if err := unix.Statfs(f.dir, &s); err != nil {
			return err
		}
		free = int64(s.Bavail) * int64(s.Bsize)
		return nil
	})
	return free, err
}

func (f *folder) close() error { return nil }

// meet sees whether the folder is there, and where it lies.
func (f *folder) meet(ctx context.Context, _ map[string]string, look *Look) error {
	return unstuck(ctx, func() error {
		f.disk = "" // a person is here: another disk than before may be meant
		root, err := f.root()
		if err != nil {
			return err
		}
		defer root.Close()
		f.judge(look)
		return nil
	})
}

// prepare marks the disk. One that has a mark of this house keeps it, so that two disks in turn stay two.
func (f *folder) prepare(ctx context.Context, fields map[string]string, look *Look) error {
	return unstuck(ctx, func() error {
		root, err := f.root()
		if err != nil {
			return err
		}
		defer root.Close()
		has, err := readMark(root, f.mark)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return denied(err)
		}
		if has == "" {
			_ = root.Remove(f.mark) // an empty one, torn by a power cut
			has = strings.ToLower(rand.Text())
			if err := writeSynced(ctx, root, f.mark, bytes.NewReader([]byte(has+"\n"))); err != nil {
				return denied(err)
			}
			if err := syncFolder(root); err != nil {
				return err
			}
		}
		f.disk, fields[FieldDisk] = has, has
		return nil
	})
}

// judge says where the folder lies.
func (f *folder) judge(look *Look) {
	place := whereIs(f.dir)
	look.Text = fmt.Sprintf("Backups go to the folder %s on this machine.", f.dir)
	switch {
	case f.data != "" && sameDisk(f.data, f.dir):
		look.SameDisk = true
		look.Text = fmt.Sprintf("%s lies on the same disk as Latchkey's own data: when that disk dies, both are gone, so this counts as no backup.", f.dir)
		look.Hint = "Choose a folder on another disk, on a USB stick, or a place outside of this machine."
	case place.memory:
		look.Text = fmt.Sprintf("%s lies in the machine's memory and is gone after the next restart.", f.dir)
		look.Hint = "Choose a folder on a disk or a USB stick."
	case place.small:
		look.Text = "This disk is formatted as FAT, which takes no file over 4 GB."
		look.Hint = "That is enough for passwords for many years; with large attachments, format it as ext4 or exFAT before."
	default:
		look.Hint = "A fire or a thief takes this disk, too: a second place outside of the house is worth having."
	}
}

// unstuck runs fn in the background, so that a disk or share that hangs in the kernel holds up nobody whose ctx has
// ended. What fn writes to is read only when it has returned.
func unstuck(ctx context.Context, fn func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- fn() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	wait := time.NewTimer(stuck)
	defer wait.Stop()
	select {
	case err := <-done:
		return err
	case <-wait.C:
		return ctx.Err()
	}
}

var _ meeting = (*folder)(nil)

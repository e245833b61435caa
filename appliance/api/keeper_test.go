package api

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"

	"latchkey/appliance/backup"
	"latchkey/appliance/backup/archive"
	"latchkey/appliance/backup/target"
	"latchkey/appliance/problem"
	"latchkey/appliance/restore"
)

// keeper stands for the keeper of backups: it remembers what it was asked.
type keeper struct {
	mu    sync.Mutex
	asked []string
	saved target.Config
	job   *backup.Job
	// write makes the bytes of a fresh backup; nil: "a backup".
	write func(context.Context, io.Writer) error
	// copies are what lies somewhere, by "target/name".
	copies map[string]string
}

func (k *keeper) heard(format string, args ...any) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked = append(k.asked, fmt.Sprintf(format, args...))
}

func (k *keeper) all() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return strings.Join(k.asked, "; ")
}

func (k *keeper) View(context.Context) (backup.View, error) {
	return backup.View{Kit: true, Targets: []backup.TargetView{{ID: "t1", Name: "USB", Secrets: []string{"secretKey"}}}}, nil
}
func (k *keeper) Job() *backup.Job { return k.job }

func (k *keeper) Begin(why backup.Why) (backup.Job, error) {
	k.heard("begin %s", why)
	return backup.Job{ID: "j1", Kind: backup.KindBackup, Why: why, Phase: backup.Copying}, nil
}

func (k *keeper) BeginProof(name, targetID string) (backup.Job, error) {
	k.heard("begin proof %s %s", name, targetID)
	return backup.Job{ID: "j2", Kind: backup.KindProve}, nil
}

func (k *keeper) Create(_ context.Context, why backup.Why) (backup.Record, error) {
	k.heard("create %s", why)
	return backup.Record{Name: someBackup, Why: why}, nil
}

func (k *keeper) Prove(_ context.Context, name, targetID string) (backup.Proof, error) {
	k.heard("prove %s %s", name, targetID)
	return backup.Proof{Name: name, Target: targetID, Depth: backup.Digest}, nil
}

func (k *keeper) Stream(ctx context.Context, w io.Writer, why backup.Why) (archive.Manifest, error) {
	k.heard("stream %s", why)
	if k.write != nil {
		return archive.Manifest{}, k.write(ctx, w)
	}
	_, err := io.WriteString(w, "a backup")
	return archive.Manifest{}, err
}

func (k *keeper) Open(_ context.Context, name, targetID string) (io.ReadCloser, int64, error) {
	k.heard("open %s %s", name, targetID)
	text, ok := k.copies[targetID+"/"+name]
	if !ok {
		return nil, 0, target.ErrNotThere
	}
	return io.NopCloser(strings.NewReader(text)), int64(len(text)), nil
}

func (k *keeper) CheckTarget(_ context.Context, c target.Config) (target.Look, target.Config, error) {
	k.heard("check %s %q", c.Kind, c.ID)
	return target.Look{FreeBytes: -1, HostKey: "ssh-ed25519 SHA256:x"}, c, nil
}

func (k *keeper) SaveTarget(_ context.Context, c target.Config) (string, error) {
	k.heard("save %q", c.ID)
	k.saved = c
	if c.Name == "" {
		return "", problem.New(problem.Refused, "target.field", "It has no name.", "Name it.")
	}
	return "t2", nil
}

func (k *keeper) RemoveTarget(_ context.Context, id string) error {
	k.heard("remove %s", id)
	return nil
}
func (k *keeper) Target(string) (target.Config, bool)         { return target.Config{}, false }
func (k *keeper) KeepKey(_ context.Context, key string) error { k.heard("keep %s", key); return nil }
func (k *keeper) ForgetKey(context.Context) error             { k.heard("forget"); return nil }

// someBackup is the name of one, and someFile what lies under it.
const (
	someBackup = "latchkey-1a2b3c4d-20260301T031500Z.age"
	someFile   = "the very bytes"
)

// arrival stands for what a restored house waits for.
type arrival struct{ pending *Pending }

func (a *arrival) Pending(context.Context) (*Pending, error) { return a.pending, nil }
func (a *arrival) Confirm(context.Context) error             { a.pending = nil; return nil }

// builder is a real restore beside dir; a house that was unpacked needs
// nothing more on stage.
func (s *stage) builder() *restore.Restore {
	return restore.New(restore.Config{
		Dir: s.dir, Version: 99, Now: s.clock, Log: slog.New(slog.DiscardHandler),
		Finish: func(context.Context, string, archive.Manifest) error { return nil },
		Meet: func(_ context.Context, c target.Config) (target.Look, target.Config, error) {
			stranger := c.Kind == target.KindSFTP && c.Fields[target.FieldHostKey] == ""
			return target.Look{HostKey: "ssh-ed25519 SHA256:x", Compare: stranger}, c, nil
		},
		Open:  func(context.Context, target.Config) (target.Target, error) { return shelf{}, nil },
		Again: func() { s.again++ },
	})
}

// shelf is a place with two backups and somebody's photo.
type shelf struct{}

func (shelf) Put(context.Context, string, io.Reader, int64) error { return nil }
func (shelf) Get(context.Context, string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("no backup")), nil
}

func (shelf) List(context.Context) ([]target.Object, error) {
	return []target.Object{{Name: "latchkey-1a2b3c4d-20260228T031500Z.age", Size: 7}, {Name: someBackup, Size: 9}, {Name: "x.jpg"}}, nil
}
func (shelf) Remove(context.Context, string) error { return nil }
func (shelf) Close() error                         { return nil }

var (
	_ Backups       = (*keeper)(nil)
	_ Restored      = (*arrival)(nil)
	_ target.Target = shelf{}
)

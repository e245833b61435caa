package bench

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/store"
	"latchkey/appliance/vault"
	"latchkey/test/house"
)

// What the house has that is backed up and comes back.
const (
	backedUpItems = 10_000
	itemBytes     = 1024
	attachments   = 1_000
	attachedBytes = 1 << 20
)

// backups measures what a person waits for: the real commands, on a house set up by the real program.
func backups(t *testing.T, table *Table) {
	t.Helper()
	work := t.TempDir()
	in := func(name string) string { return filepath.Join(work, name) }
	failed := func(what string, err error) bool {
		if err != nil {
			table.Missing(what, "it failed")
			t.Errorf("%s: %v", what, err)
		}
		return err != nil
	}
	if err := os.WriteFile(in("password"), []byte("the bench has a long password\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := measured(t, "setup", "--local", "--email", "bench@example.com", "--password-file", in("password"),
		"--recovery-kit", in("kit"), "--data", in("house"))
	if failed("setting up a house to back up", err) || failed("filling it", furnish(in("house"))) {
		return
	}
	const what = "10,000 items and 1 GB of attachments"
	took, most, err := measured(t, "backup", "create", "--out", in("backup.age"), "--data", in("house"))
	if failed("a backup of "+what, err) {
		return
	}
	table.Told("a backup of "+what, fmt.Sprintf("%.1f s, %.0f MiB of memory at most", took.Seconds(), most))
	took, most, err = measured(t, "backup", "verify", in("backup.age"), "--kit", in("kit"))
	if failed("the same verified", err) {
		return
	}
	table.Told("the same verified", fmt.Sprintf("%.1f s, %.0f MiB", took.Seconds(), most))
	took, most, err = measured(t, "backup", "restore", in("backup.age"), "--kit", in("kit"), "--data", in("new"))
	if failed("the same restored", err) {
		return
	}
	table.AtMost("the same restored, checked and on the disk", took.Seconds(), 120, "s")
	table.Told("memory of that restore at most, the mapped file included", fmt.Sprintf("%.0f MiB", most))
	if found, err := filepath.Glob(in("new/attachments/*")); err != nil || len(found) != attachments {
		t.Errorf("%d attachments came back, %v", len(found), err)
	}
}

// measured runs a command of the binary; memory is the most that was resident, in MiB.
func measured(t *testing.T, args ...string) (took time.Duration, memory float64, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), house.Binary(t), args...)
	begun := time.Now()
	out, err := command.CombinedOutput()
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %s", err, out)
	}
	took = time.Since(begun)
	if usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage); ok {
		memory = float64(usage.Maxrss) / 1024
	}
	return took, memory, nil
}

// furnish puts items and attachments into a house that does not run. They are noise, as sealed ones are.
func furnish(dir string) error {
	noise := rand.NewChaCha8([32]byte{1})
	ctx := context.Background()
	s, err := store.Open(ctx, store.Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	var people []account.Account
	err = s.Accounts().View(ctx, func(r account.Reader) (err error) {
		people, err = r.Accounts()
		return err
	})
	if err != nil {
		return err
	}
	err = s.Vault().WriteLong(ctx, "", func(w vault.Writer) error {
		for i := range backedUpItems {
			body := make([]byte, itemBytes/2) // twice as long in hexadecimal
			_, _ = noise.Read(body)
			it := vault.Item{
				ID: vault.ItemID(fmt.Sprintf("01a1ff4f-2269-70a5-a53b-%012d", i)), Owner: people[0].ID, Created: time.Now(),
				Body: fmt.Appendf(nil, `"type":1,"notes":"%x"`, body),
			}
			if it.Revision, err = w.Next(it.Owner); err != nil {
				return err
			}
			if err := w.PutItem(it); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(dir, "attachments"), 0o700); err != nil {
		return err
	}
	content := make([]byte, attachedBytes)
	for i := range attachments {
		_, _ = noise.Read(content)
		if err := os.WriteFile(filepath.Join(dir, "attachments", fmt.Sprintf("%06x", i)), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

package appliance

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"latchkey/appliance/backup"
	"latchkey/appliance/backup/archive"
	"latchkey/appliance/restore"
	"latchkey/appliance/settings"
	"latchkey/appliance/vault"
)

// kitOf makes the recovery kit of a house as a person does, and gives its text.
func kitOf(t *testing.T, a *Appliance) []byte {
	t.Helper()
	paper, asked, err := a.kits.Draw(t.Context(), "Elm Street", "alice@example.test")
	if err != nil {
		t.Fatal(err)
	}
	body := strings.TrimPrefix(paper.RecoveryKey, "AGE-SECRET-KEY-1")
	var answer strings.Builder
	for _, at := range asked {
		answer.WriteByte(body[at])
	}
	if err := a.kits.Confirm(t.Context(), paper.ID, answer.String()); err != nil {
		t.Fatal(err)
	}
	return []byte(paper.RecoveryKey + "\n" + paper.SigningKey + "\n")
}

// backedUp makes a backup of a house, whole.
func backedUp(t *testing.T, a *Appliance) []byte {
	t.Helper()
	keys, made, err := a.kits.Keys(t.Context())
	if err != nil || !made {
		t.Fatal(made, err)
	}
	to, err := age.ParseX25519Recipient(keys.Recipient)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	err = a.source(t.Context(), func(m archive.Manifest, parts []archive.Part) error {
		return archive.Write(t.Context(), &b, []age.Recipient{to}, keys.Sign, m, parts, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestACheckThatIsKilled judges a restore and a proof whose check the kernel ends.
func TestACheckThatIsKilled(t *testing.T) {
	t.Parallel()
	a := assemble(t, configOf(t))
	f := a.finisher()
	f.check = []string{"/bin/sh", "-c", "kill -9 $$"}
	err := f.whole(t.Context(), a.store)
	if problemCode(err) != "restore.unchecked" || !errors.Is(err, backup.ErrUnchecked) {
		t.Errorf("got %v", err)
	}
}

func closed(t *testing.T, a *Appliance) {
	t.Helper()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRestoreFile brings a house back on a machine that knows nothing of it.
func TestRestoreFile(t *testing.T) {
	t.Parallel()
	old := configOf(t)
	a := assemble(t, old)
	owned(t, a)
	kit := kitOf(t, a)
	public := map[string]any{settings.HouseName: "Elm Street", settings.ReachMode: "public", settings.ReachName: "elm.example.test", settings.ReachProvider: "watch"}
	if err := a.settings.Set(t.Context(), public); err != nil {
		t.Fatal(err)
	}
	if err := a.store.SetValues(t.Context(), map[string][]byte{mappingsValue: []byte("{}"), reachValue: []byte(`{"version":1}`)}); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(old.Data, attachmentsFolder), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"0a1b-2c": "sealed bytes", "Not Ours.txt": "a stranger's"} {
		if err := os.WriteFile(filepath.Join(old.Data, attachmentsFolder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	house, before := a.store.Identity(), revision(t, a)
	backup := backedUp(t, a)
	closed(t, a)

	fresh := configOf(t)
	fresh.Data = filepath.Join(filepath.Dir(fresh.Data), "new", "house") // made with its parent
	fresh.MachineKey = bytes.Repeat([]byte{7}, 32)
	var phases []restore.Phase
	done, err := RestoreFile(t.Context(), fresh, bytes.NewReader(backup), kit, func(p restore.Phase, _ *archive.Manifest, _, _ int64) {
		if len(phases) == 0 || phases[len(phases)-1] != p {
			phases = append(phases, p)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if done.Old != "" || done.Dir != fresh.Data || done.Manifest.HouseName != "Elm Street" || done.Manifest.Counts["people"] != 1 {
		t.Errorf("told %+v", done)
	}
	if len(phases) != 2 || phases[0] != restore.Reading || phases[1] != restore.Checking {
		t.Errorf("phases %v", phases)
	}

	t.Run("the seal key lies closed by this machine's", func(t *testing.T) {
		open := fresh
		open.MachineKey = nil
		if _, err := Assemble(t.Context(), open); problemCode(err) != "store.keyClosed" {
			t.Errorf("got %v", err)
		}
	})
	b := assemble(t, fresh)
	t.Run("it is the same house with the same people", func(t *testing.T) {
		people, err := b.people.People(t.Context())
		if err != nil || len(people) != 1 || people[0].Email != "alice@example.test" || b.store.Identity() != house {
			t.Errorf("people %v, %v", people, err)
		}
	})
	t.Run("every date is newer than what the phones have seen", func(t *testing.T) {
		if now := revision(t, b); now <= before {
			t.Errorf("revision %v, before %v", now, before)
		}
	})
	t.Run("what items own outside the database is there, and nothing else", func(t *testing.T) {
		raw, err := os.ReadFile(filepath.Join(fresh.Data, attachmentsFolder, "0a1b-2c"))
		if err != nil || string(raw) != "sealed bytes" {
			t.Errorf("%q, %v", raw, err)
		}
		if _, err := os.Stat(filepath.Join(fresh.Data, attachmentsFolder, "Not Ours.txt")); err == nil {
			t.Error("a stranger's file came along")
		}
	})
	t.Run("what was true of the old machine only is forgotten", func(t *testing.T) {
		for _, name := range notOfThisMachine() {
			if raw, err := (blob{b.store, name}).Load(t.Context()); err != nil || raw != nil {
				t.Errorf("%s holds %q, %v", name, raw, err)
			}
		}
	})
	t.Run("nothing is published before an owner says that the old machine is off", func(t *testing.T) {
		if !b.rests() || !hasCondition(b, "restored.pending") {
			t.Errorf("rests %v, conditions %+v", b.rests(), b.board.List())
		}
		p, err := word{b}.Pending(t.Context())
		if err != nil || p == nil || p.From != "test" || p.Restored.Before(p.Made) {
			t.Errorf("pending %+v, %v", p, err)
		}
	})
	closed(t, b)
	b = assemble(t, fresh)
	t.Run("a restart does not forget that", func(t *testing.T) {
		if !b.rests() {
			t.Error("it rests no more")
		}
	})
	t.Run("the owner's word ends it, once", func(t *testing.T) {
		if err := (word{b}).Confirm(t.Context()); err != nil || b.rests() || hasCondition(b, "restored.pending") {
			t.Errorf("got %v, conditions %+v", err, b.board.List())
		}
		if err := (word{b}).Confirm(t.Context()); problemCode(err) != "restored.none" {
			t.Errorf("the second time: %v", err)
		}
	})
	closed(t, b)

	t.Run("a backup opens what is there already only by putting it aside", func(t *testing.T) {
		again, err := RestoreFile(t.Context(), fresh, bytes.NewReader(backup), kit, nil)
		if err != nil || again.Old == "" {
			t.Fatalf("told %+v, %v", again, err)
		}
		if _, err := os.Stat(filepath.Join(again.Old, "latchkey.db")); err != nil {
			t.Error(err)
		}
	})
}

func TestRestoreFileRefuses(t *testing.T) {
	t.Parallel()
	old := configOf(t)
	a := assemble(t, old)
	owned(t, a)
	kit := kitOf(t, a)
	backup := backedUp(t, a)
	other := kitOf(t, a) // a newer kit, which opens only what comes after it
	closed(t, a)

	fresh := configOf(t)
	b := assemble(t, fresh)
	owned(t, b)
	house := b.store.Identity()
	closed(t, b)
	for _, c := range []struct {
		name   string
		backup []byte
		kit    []byte
		code   string
	}{
		{"a kit that is none", backup, []byte("my kit"), "kit.unreadable"},
		{"another kit than the one it was made for", backup, other, "backup.kit"},
		{"a file that is no backup", []byte("hello"), kit, "backup.foreign"},
		{"half of it", backup[:len(backup)/2], kit, "backup.truncated"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := RestoreFile(t.Context(), fresh, bytes.NewReader(c.backup), c.kit, nil)
			if problemCode(err) != c.code {
				t.Errorf("got %v (%s), want %s", err, problemCode(err), c.code)
			}
			b := assemble(t, fresh)
			if b.store.Identity() != house || b.rests() {
				t.Error("the house that was there is another now")
			}
			closed(t, b)
			if left, _ := filepath.Glob(fresh.Data + ".*"); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
	t.Run("a house that runs is not replaced under its feet", func(t *testing.T) {
		b := assemble(t, fresh)
		defer closed(t, b)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := RestoreFile(ctx, fresh, bytes.NewReader(backup), kit, nil); err == nil {
			t.Error("it was")
		}
	})
}

// TestAHouseThatIsGone is a data folder whose house was moved away: a new one
// in its place would look like the loss of everything.
func TestAHouseThatIsGone(t *testing.T) {
	t.Parallel()
	c := configOf(t)
	if err := os.MkdirAll(c.Data+".before-20261121T120000Z", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Assemble(t.Context(), c); problemCode(err) != "house.gone" {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(c.Data); err == nil {
		t.Error("a new one was made")
	}
}

func hasCondition(a *Appliance, code string) bool {
	for _, c := range a.board.List() {
		if c.Code == code {
			return true
		}
	}
	return false
}

// revision is the date of the owner's last change.
func revision(t *testing.T, a *Appliance) vault.Revision {
	t.Helper()
	people, err := a.people.People(t.Context())
	if err != nil || len(people) == 0 {
		t.Fatal(people, err)
	}
	at, err := a.vault.Revision(t.Context(), people[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

package archive_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/backup/archive"
	"latchkey/appliance/store"
	"latchkey/appliance/vault"
)

// testdata holds a backup of each format and each version of the store that was
// ever released, made by the program of then: format1-store3.age, its kit, and
// what stands in it. They are restored here for ever, so none of them is ever
// changed. When one of the two numbers has grown,
//
//	go test ./appliance/backup/archive -run Golden -make-golden
//
// adds the next one; it overwrites nothing.
var addGolden = flag.Bool("make-golden", false, "add a backup of the present format and store to testdata")

// goldenName is how the present format and store are called.
func goldenName() string {
	return filepath.Join("testdata", fmt.Sprintf("format%d-store%d", archive.Format, store.Version()))
}

func TestGoldenBackupsAreRestoredForEver(t *testing.T) {
	if *addGolden {
		makeGolden(t)
	}
	found, err := filepath.Glob("testdata/format*-store*.age")
	must(t, err)
	first := filepath.Join("testdata", "format1-store3.age")
	if _, err := os.Stat(first); err != nil {
		t.Fatalf("the first one is gone: %v", err)
	}
	if now := goldenName() + ".age"; !strings.Contains(strings.Join(found, " "), now) {
		t.Errorf("there is no %s yet; add it by -run Golden -make-golden", now)
	}
	for _, file := range found {
		base := strings.TrimSuffix(file, ".age")
		t.Run(filepath.Base(base), func(t *testing.T) {
			backup, err := os.ReadFile(file)
			must(t, err)
			text, err := os.ReadFile(base + ".kit")
			must(t, err)
			want, err := os.ReadFile(base + ".txt")
			must(t, err)
			kit, err := archive.ParseKit(text)
			must(t, err)
			r, err := archive.Open(bytes.NewReader(backup), kit, archive.Limits{Version: store.Version()})
			must(t, err)
			dir := filepath.Join(t.TempDir(), "house")
			must(t, r.Unpack(t.Context(), dir, nil))
			if got := describe(t, dir); got != string(want) {
				t.Errorf("it holds\n%s\ninstead of\n%s", got, want)
			}
		})
	}
}

// describe opens a house with the store of today, checks it, and says what is
// in it, in words that don't change with the store.
func describe(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	s := openHouse(t, dir)
	fmt.Fprintf(&out, "house %s\n", s.Identity())
	must(t, s.Accounts().View(t.Context(), func(people account.Reader) error {
		all, err := people.Accounts()
		if err != nil {
			return err
		}
		return s.Vault().View(t.Context(), func(r vault.Reader) error {
			for _, a := range all {
				fmt.Fprintf(&out, "account %s %s\n", a.ID, a.Email)
				for it, err := range r.Items(a.ID) {
					if err != nil {
						return err
					}
					fmt.Fprintf(&out, "item %s %s\n", it.ID, it.Body)
				}
			}
			return nil
		})
	}))
	key := s.SealKey()
	must(t, s.Close())
	for _, f := range store.Check(filepath.Join(dir, archive.DatabasePart), key).Findings {
		fmt.Fprintf(&out, "finding %v\n", f)
	}
	for _, name := range []string{archive.LocalCAPart, archive.ConfigPart, archive.AttachmentsFolder + "/00-aa", archive.AttachmentsFolder + "/ff"} {
		content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		must(t, err)
		fmt.Fprintf(&out, "file %s %d bytes %x\n", name, len(content), sha256.Sum256(content))
	}
	return out.String()
}

func openHouse(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	return s
}

// makeGolden lets the program itself, built from this tree, set up a house and
// back it up.
func makeGolden(t *testing.T) {
	t.Helper()
	base := goldenName()
	if _, err := os.Stat(base + ".age"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s.age is there, and none is ever changed", base)
	}
	must(t, os.MkdirAll("testdata", 0o755))
	work := t.TempDir()
	in := func(name string) string { return filepath.Join(work, name) }
	run := func(name string, args ...string) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v: %s", name, args, err, out)
		}
	}
	must(t, os.WriteFile(in("password"), []byte("a password of nobody's\n"), 0o600))
	must(t, os.WriteFile(in("config.toml"), []byte("# A golden configuration.\nlisten = [\":8443\"]\n"), 0o600))
	run("go", "build", "-o", in("latchkey"), "latchkey")
	run(in("latchkey"), "setup", "--local", "--email", "golden@example.com", "--name", "Golden", "--password-file", in("password"),
		"--recovery-kit", in("kit"), "--data", in("house"))
	addItems(t, in("house"))
	must(t, os.Mkdir(in("house/attachments"), 0o700))
	must(t, os.WriteFile(in("house/attachments/00-aa"), noise(1, 700), 0o600))
	must(t, os.WriteFile(in("house/attachments/ff"), nil, 0o600))
	run(in("latchkey"), "backup", "create", "--out", in("backup.age"), "--data", in("house"), "--config", in("config.toml"))
	must(t, os.WriteFile(in("house/config.toml"), []byte("# A golden configuration.\nlisten = [\":8443\"]\n"), 0o600))
	said := describe(t, in("house"))
	for from, to := range map[string]string{"backup.age": ".age", "kit": ".kit"} {
		content, err := os.ReadFile(in(from))
		must(t, err)
		must(t, os.WriteFile(base+to, content, 0o644))
	}
	must(t, os.WriteFile(base+".txt", []byte(said), 0o644))
}

// addItems keeps three items of the owner; the server can't read them anyway,
// so that their bodies may say what they like.
func addItems(t *testing.T, dir string) {
	t.Helper()
	s := openHouse(t, dir)
	var owner account.UserID
	must(t, s.Accounts().View(t.Context(), func(r account.Reader) error {
		all, err := r.Accounts()
		owner = all[0].ID
		return err
	}))
	must(t, s.Vault().Write(context.Background(), "", func(w vault.Writer) error {
		for i := range 3 {
			it := vault.Item{
				ID: vault.ItemID(fmt.Sprintf("01a1ff4f-2269-70a5-a53b-00000000000%d", i)), Owner: owner,
				Created: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), Body: fmt.Appendf(nil, `"type":1,"name":"golden %d"`, i),
			}
			var err error
			if it.Revision, err = w.Next(owner); err != nil {
				return err
			}
			if err := w.PutItem(it); err != nil {
				return err
			}
		}
		return nil
	}))
	must(t, s.Close())
}

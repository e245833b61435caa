package restore_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"

	"filippo.io/age"
	"golang.org/x/sys/unix"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/problem"
	"latchkey/appliance/restore"
)

// made is a small backup with its kit.
func made(t *testing.T) ([]byte, archive.Kit) {
	t.Helper()
	recovery, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	public, sign, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	part := func(name, content string) archive.Part {
		return archive.Part{Name: name, Size: int64(len(content)), Open: func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader([]byte(content))), nil
		}}
	}
	var b bytes.Buffer
	m := archive.Manifest{House: "00112233445566778899aabbccddeeff", Made: noon, Program: "test", Version: 1, Why: "asked"}
	parts := []archive.Part{part(archive.DatabasePart, "new"), part(archive.SealKeyPart, "key"), part(archive.LocalCAPart, "ca")}
	if err := archive.Write(t.Context(), &b, []age.Recipient{recovery.Recipient()}, sign, m, parts, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), archive.Kit{Recovery: recovery, Signer: public}
}

func building(dir string) restore.Building {
	return restore.Building{Dir: dir, Version: 1, Finish: func(context.Context, string, archive.Manifest) error { return nil }}
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return problem.Of(err).Code
}

var whole = []string{"house/latchkey.db=new", "house/local-ca.pem=ca", "house/seal.key=key"}

func TestReplace(t *testing.T) {
	t.Parallel()
	backup, kit := made(t)
	t.Run("the house takes its place, and nothing else is left", func(t *testing.T) {
		t.Parallel()
		dir := folders(t, "other/file=kept")
		_, old, err := restore.Replace(t.Context(), building(dir), bytes.NewReader(backup), kit, noon)
		if err != nil || old != "" {
			t.Fatalf("old house at %q, %v", old, err)
		}
		if got, want := found(t, dir), append(slices.Clone(whole), "other/file=kept"); !slices.Equal(got, want) {
			t.Errorf("found %q, want %q", got, want)
		}
	})
	t.Run("one that is not good enough leaves all as it was", func(t *testing.T) {
		t.Parallel()
		dir := folders(t, "house/latchkey.db=old")
		b := building(dir)
		b.Finish = func(context.Context, string, archive.Manifest) error { return errors.New("damaged") }
		if _, _, err := restore.Replace(t.Context(), b, bytes.NewReader(backup), kit, noon); err == nil {
			t.Error("it was taken")
		}
		if got := found(t, dir); !slices.Equal(got, []string{"house/latchkey.db=old"}) {
			t.Errorf("found %q", got)
		}
	})
	for _, name := range []string{"house.restored", "house.building"} {
		t.Run("somebody's own "+name+" is not touched", func(t *testing.T) {
			t.Parallel()
			dir := folders(t, "house/latchkey.db=old", name+"/latchkey.db=another's")
			_, _, err := restore.Replace(t.Context(), building(dir), bytes.NewReader(backup), kit, noon)
			if code(err) != "restore.inway" {
				t.Errorf("got %v", err)
			}
			if got, want := found(t, dir), []string{name + "/latchkey.db=another's", "house/latchkey.db=old"}; !slices.Equal(got, want) {
				t.Errorf("found %q", got)
			}
		})
	}
	t.Run("two beside one folder don't meet", func(t *testing.T) {
		t.Parallel()
		dir := folders(t, "house/latchkey.db=old")
		b := building(dir)
		b.Finish = func(ctx context.Context, _ string, _ archive.Manifest) error {
			_, _, err := restore.Replace(ctx, building(dir), bytes.NewReader(backup), kit, noon)
			if code(err) != "restore.busy" {
				t.Errorf("the second: %v", err)
			}
			return restore.Resume(dir) // nor does a start sweep away what is being made
		}
		if _, _, err := restore.Replace(t.Context(), b, bytes.NewReader(backup), kit, noon); err != nil {
			t.Error(err)
		}
	})
}

// TestReplaceUnderAHouse waits for a house that does not end.
func TestReplaceUnderAHouse(t *testing.T) {
	backup, kit := made(t)
	synctest.Test(t, func(t *testing.T) {
		dir := folders(t, "house/latchkey.db=old")
		f, err := os.Open(filepath.Join(dir, "latchkey.db"))
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
			t.Fatal(err)
		}
		if _, _, err = restore.Replace(t.Context(), building(dir), bytes.NewReader(backup), kit, noon); code(err) != "restore.running" {
			t.Errorf("got %v", err)
		}
		_ = f.Close()
		if err := restore.Resume(dir); err != nil { // a later start does not make up for it
			t.Fatal(err)
		}
		if got := found(t, dir); !slices.Equal(got, []string{"house/latchkey.db=old"}) {
			t.Errorf("found %q", got)
		}
	})
}

func TestReplaceFromWithin(t *testing.T) {
	backup, kit := made(t)
	dir := folders(t, "house/latchkey.db=old")
	t.Chdir(dir)
	if _, _, err := restore.Replace(t.Context(), building("."), bytes.NewReader(backup), kit, noon); code(err) != "restore.inside" {
		t.Errorf("got %v", err)
	}
}

package store

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/problem"
	"latchkey/appliance/vault"
)

// openChild opens a house that may be damaged anywhere, reads all of it, runs
// the full check and, when that is clean, writes. It prints what it found.
func openChild(args []string) int {
	s, err := Open(testContext, quiet(args[0]))
	if err != nil {
		fmt.Println("refused", problem.Of(err).Code)
		return 0
	}
	fmt.Print("read ")
	for name, read := range map[string]func() error{"vault": func() error { return readVault(s) }, "rest": func() error { return readRest(s) }} {
		if err := read(); err != nil {
			fmt.Printf("%s: %v ", name, err)
		}
	}
	path, err := s.copyAside(testContext)
	if err != nil {
		fmt.Print("copy: ", err)
	} else if r := Check(path, s.key.encode()); !r.Clean() {
		fmt.Print("check: ", &r)
	} else if err := s.SetValue(testContext, "after", []byte("damage")); err != nil {
		fmt.Print("write: ", err)
	} else {
		fmt.Print("harmless ")
	}
	fmt.Println("done", s.Close())
	return 0
}

func readVault(s *Store) error {
	n := 0
	defer func() {
		if n != damageItems {
			fmt.Printf("MISSING %d ", damageItems-n)
		}
	}()
	return s.Vault().View(testContext, func(r vault.Reader) error {
		for it, err := range r.Items(damageOwner) {
			if err != nil {
				return err
			}
			if err := rightItem(it); err != nil {
				return err
			}
			n++
		}
		return nil
	})
}

func readRest(s *Store) error {
	v, err := s.Value(testContext, "name")
	if err == nil && string(v) != "value" {
		fmt.Print("WRONG value ", string(v))
	}
	return err
}

const damageOwner = "00000000-0000-7000-8000-00000000000a"

func damageItem(i int) vault.Item {
	return vault.Item{
		ID: vault.ItemID(crashID(i)), Owner: damageOwner,
		Body: fmt.Appendf(nil, `"item":"%s","text":"%s"`, crashID(i), strings.Repeat("x", 100+i)),
	}
}

// rightItem shouts when an item is not what was put: that is the one thing
// that damage must never lead to.
func rightItem(it vault.Item) error {
	for i := range damageItems {
		if want := damageItem(i); want.ID == it.ID {
			if string(want.Body) != string(it.Body) {
				fmt.Print("WRONG item ", it.ID)
			}
			return nil
		}
	}
	fmt.Print("WRONG id ", it.ID)
	return errors.New("unknown item")
}

const damageItems = 120

// TestDamageAnywhereIsNoticedOrHarmless flips a bit or cuts the file at random
// places. Opening it never ends in a panic, and nothing that is read is ever
// something else than what was put.
func TestDamageAnywhereIsNoticedOrHarmless(t *testing.T) {
	dir, file := damagedHouse(t)
	tries := 120
	if testing.Short() || os.Getenv("LATCHKEY_QUICK") != "" {
		tries = 12
	}
	count := map[string]int{}
	for i := range tries {
		bad := bytes.Clone(file)
		what := "flipped"
		switch i % 4 {
		case 0:
			bad, what = bad[:rand.N(len(bad))], "cut"
		case 1:
			randomBit(bad)
		default: // where bbolt keeps what it believes
			page := rand.N(len(bad)/os.Getpagesize()) * os.Getpagesize()
			randomBit(bad[page : page+metaHeader+metaSize])
		}
		must(t, os.WriteFile(filepath.Join(dir, fileName), bad, 0o600))
		cmd := child("open", dir)
		last := &limited{size: 2000}
		cmd.Env = append(cmd.Env, "GOTRACEBACK=single")
		cmd.Stderr = last
		hung := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Signal(os.Interrupt) })
		out, err := cmd.Output()
		if !hung.Stop() {
			t.Fatalf("try %d (%s): it hung, having said %s", i, what, out)
		}
		said, _, _ := strings.Cut(string(out), " ")
		switch {
		case strings.Contains(string(out), "WRONG"),
			strings.Contains(string(out), "MISSING") && strings.Contains(string(out), "harmless"):
			t.Fatalf("try %d (%s): %s", i, what, out)
		case err != nil && !strings.HasPrefix(string(out), "read"):
			t.Fatalf("try %d (%s): opening ended with %v: %s", i, what, err, out)
		case err != nil:
			t.Errorf("try %d (%s): reading or writing ended with %v: %s", i, what, err, last.b.Bytes())
		case strings.Contains(string(out), "harmless"):
			said = "harmless"
		}
		count[what+" "+said]++
		if what == "cut" && said != "refused" {
			t.Errorf("try %d: cut to %d of %d bytes, and it said %s", i, len(bad), len(file), out)
		}
	}
	t.Log(count)
}

// damagedHouse is a house of just so many pages as it needs.
func damagedHouse(t *testing.T) (dir string, file []byte) {
	t.Helper()
	dir = t.TempDir()
	must(t, Create(dir, nil))
	s, err := Open(t.Context(), quiet(dir))
	must(t, err)
	must(t, s.SetValue(t.Context(), "name", []byte("value")))
	must(t, s.Accounts().Write(t.Context(), func(w account.Writer) error {
		return w.PutAccount(account.Account{ID: damageOwner, Email: "ada@example.org"})
	}))
	must(t, s.Vault().WriteLong(t.Context(), "", func(w vault.Writer) error {
		rev, err := w.Next(damageOwner)
		for i := range damageItems {
			it := damageItem(i)
			it.Revision = rev
			err = errors.Join(err, w.PutItem(it))
		}
		return err
	}))
	var whole bytes.Buffer
	must(t, s.HotCopy(t.Context(), &whole))
	must(t, s.Close())
	return dir, whole.Bytes()
}

func randomBit(b []byte) { b[rand.N(len(b))] ^= 1 << rand.N(8) }

package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"latchkey/appliance/account"
	"latchkey/appliance/problem"
	"latchkey/appliance/vault"
)

// goodMeta is a meta page with a good checksum over any fields.
func goodMeta(pageSize uint32, root, freelist, highWater, txid uint64) []byte {
	order := binary.NativeEndian
	page := make([]byte, max(int(pageSize), metaHeader+metaSize))
	order.PutUint16(page[8:], metaPageFlag)
	b := page[metaHeader:]
	order.PutUint32(b, metaMagic)
	order.PutUint32(b[4:], metaVersion)
	order.PutUint32(b[8:], pageSize)
	for i, v := range []uint64{root, 0, freelist, highWater, txid} {
		order.PutUint64(b[16+8*i:], v)
	}
	sum := fnv.New64a()
	sum.Write(b[:56])
	order.PutUint64(b[56:], sum.Sum64())
	return page
}

// made is a closed, furnished house: its folder and its two files' content.
func madeHouse(t *testing.T) (dir string, file, key []byte) {
	t.Helper()
	dir = t.TempDir()
	must(t, Create(dir))
	s, err := Open(t.Context(), quiet(dir))
	must(t, err)
	furnished(t, s)
	must(t, s.Close())
	file, err = os.ReadFile(filepath.Join(dir, fileName))
	must(t, err)
	return dir, file, s.key.encode()
}

func TestWhatCantBeOpenedSaysWhyAndStaysAsItIs(t *testing.T) {
	dir, file, key := madeHouse(t)
	pageSize := os.Getpagesize()
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	db, err := bbolt.Open(foreign, 0o600, nil)
	must(t, err)
	must(t, db.Close())
	stranger, err := os.ReadFile(foreign)
	must(t, err)
	cases := []struct {
		says, code string
		file, key  []byte
	}{
		{"an empty database", "store.empty", []byte{}, key},
		{"a database that lost its end", "store.truncated", file[:6*pageSize], key},
		{"a database cut within its first pages", "store.foreign", file[:50], key},
		{"zeros", "store.foreign", make([]byte, len(file)), key},
		{"a text", "store.foreign", []byte(strings.Repeat("not a database\n", 1000)), key},
		{"another program's database", "store.foreign", stranger, key},
		{"both meta pages altered", "store.damaged", flipped(file, metaHeader+40, pageSize+metaHeader+40), key},
		{"another bbolt's format", "store.foreign", flipped(file, metaHeader+4, pageSize+metaHeader+4), key},
		{"an empty key", "store.keyDamaged", file, []byte{}},
		{"half a key", "store.keyDamaged", file, key[:len(key)/2]},
		{"an altered key", "store.keyDamaged", file, flipped(key, 70)},
		{"another house's key", "store.keyForeign", file, newSealKey().encode()},
	}
	for _, c := range cases {
		t.Run(c.says, func(t *testing.T) {
			must(t, os.WriteFile(filepath.Join(dir, fileName), c.file, 0o600))
			must(t, os.WriteFile(filepath.Join(dir, keyName), c.key, 0o600))
			_, err := Open(t.Context(), quiet(dir))
			wantProblem(t, err, c.code)
			wantProblem(t, Create(dir), "store.exists")
			left, err := os.ReadFile(filepath.Join(dir, fileName))
			if must(t, err); !bytes.Equal(left, c.file) {
				t.Error("the database was changed")
			}
		})
	}
}

func flipped(b []byte, at ...int) []byte {
	b = bytes.Clone(b)
	for _, i := range at {
		b[i] ^= 1
	}
	return b
}

func TestAHouseThatAnotherProcessUsesIsLeftAlone(t *testing.T) {
	s := openNew(t)
	_, err := Open(t.Context(), quiet(s.dir))
	wantProblem(t, err, "store.locked")
}

func TestANewerFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	must(t, Create(dir))
	s, err := Open(t.Context(), quiet(dir))
	must(t, err)
	must(t, s.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucketHouse)).Put(keyVersion, binary.BigEndian.AppendUint64(nil, Version()+1))
	}))
	must(t, s.Close())
	_, err = Open(t.Context(), quiet(dir))
	wantProblem(t, err, "store.newer")
}

func TestAFileThatMayNotBeReadIsAProblem(t *testing.T) {
	if os.Geteuid() == 0 {
		dir, _, _ := madeHouse(t)
		must(t, os.Remove(filepath.Join(dir, keyName)))
		must(t, os.Mkdir(filepath.Join(dir, keyName), 0o700)) // root reads everything but a folder
		_, err := Open(t.Context(), quiet(dir))
		wantProblem(t, err, "store.unreadable")
		return
	}
	for _, name := range []string{keyName, fileName} {
		dir, _, _ := madeHouse(t)
		must(t, os.Chmod(filepath.Join(dir, name), 0))
		_, err := Open(t.Context(), quiet(dir))
		wantProblem(t, err, "store.unreadable")
	}
}

func TestOneBadMetaPageIsToldAndBorne(t *testing.T) {
	dir, file, _ := madeHouse(t)
	for i, at := range []int{metaHeader + 40, os.Getpagesize() + metaHeader + 40} {
		must(t, os.WriteFile(filepath.Join(dir, fileName), flipped(file, at), 0o600))
		s, err := Open(t.Context(), quiet(dir))
		if err != nil {
			t.Errorf("meta page %d: %v", i, err)
			continue
		}
		if !s.Opening().MetaDamaged {
			t.Errorf("meta page %d: nothing was told", i)
		}
		must(t, s.SetValue(t.Context(), "x", []byte("y")))
		must(t, s.Close())
	}
}

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

// FuzzWalkPages gives the walker any file: it must end, and within the file.
func FuzzWalkPages(f *testing.F) {
	path := filepath.Join(f.TempDir(), fileName)
	must(f, makeFile(path, newSealKey(), Version()))
	whole, err := os.ReadFile(path)
	must(f, err)
	f.Add(whole[2*os.Getpagesize():], uint64(3), uint64(2))
	f.Add([]byte{}, uint64(2), uint64(3))
	f.Fuzz(func(t *testing.T, pages []byte, root, free uint64) {
		const size = 1 << 10
		file := append(make([]byte, 2*size), pages...)
		m := meta{pageSize: size, root: root, freelist: free, highWater: uint64(len(file) / size)}
		_ = walkPages(bytes.NewReader(file), m)
	})
}

// damagedHouse is a house of just so many pages as it needs.
func damagedHouse(t *testing.T) (dir string, file []byte) {
	t.Helper()
	dir = t.TempDir()
	must(t, Create(dir))
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

package store

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
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
	must(t, Create(dir, nil))
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
			wantProblem(t, Create(dir, nil), "store.exists")
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
	must(t, Create(dir, nil))
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

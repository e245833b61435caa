package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

func FuzzParseSealKey(f *testing.F) {
	whole := newSealKey().encode()
	f.Add(whole)
	f.Add(bytes.TrimSpace(whole))
	f.Add(whole[:len(whole)/2])
	f.Add(bytes.ToUpper(whole))
	f.Add([]byte(sealKeyTitle + "\nhouse \nkey \ncheck \n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := parseSealKey(text)
		if err == nil && !bytes.Equal(bytes.TrimRight(text, "\r\n"), bytes.TrimSpace(k.encode())) {
			t.Errorf("%q was taken for a key file", text)
		}
	})
}

func FuzzParseMeta(f *testing.F) {
	page := make([]byte, metaHeader+metaSize)
	f.Add(page)
	f.Add(goodMeta(4096, 3, 2, 40, 7))
	f.Add(goodMeta(0, 3, 2, 40, 7))
	f.Add(goodMeta(4096, 50, 2, 40, 7))
	f.Add(goodMeta(4096, 3, 1<<63, 40, 7))
	f.Fuzz(func(t *testing.T, page []byte) {
		m, err := parseMeta(page)
		if err == nil && (m.pageSize < minPageSize || m.root >= m.highWater || m.freelist >= m.highWater) {
			t.Errorf("%+v was taken for a meta page", m)
		}
		_, _ = readMetas(bytes.NewReader(page), int64(len(page)))
	})
}

func FuzzDecodeItem(f *testing.F) {
	it := benchItem("")
	it.Body = []byte(`"type":1`)
	for range 2 {
		text, err := encodeItem(&it)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(text[:len(text)-len(it.Body)])
		it.Folder, it.Favourite, it.Deleted, it.Archived = vault.FolderID(someID()), true, time.Now(), time.Now()
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var it vault.Item
		if err := decodeItem(text, &it); err != nil {
			return
		}
		again, err := encodeItem(&it)
		if err != nil || !bytes.Equal(again, text) {
			t.Errorf("%x became %x, %v", text, again, err)
		}
	})
}

func FuzzDecodeSession(f *testing.F) {
	f.Add(encodeSession(&account.Session{
		Hash: []byte("hash"), Client: "web", Stamp: "stamp", Created: time.Now(), Proved: time.Now(), Method: account.ByTOTP, NoRefresh: true,
	}))
	old, err := hex.DecodeString(oldSession)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(old)
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := decodeSession(text, make([]byte, 32))
		if err != nil {
			return
		}
		again, err := decodeSession(encodeSession(&s), make([]byte, 32))
		if err != nil || !reflect.DeepEqual(again, s) {
			t.Errorf("%+v became %+v, %v", s, again, err)
		}
	})
}

func FuzzRecord(f *testing.F) {
	f.Add(append(frame(nil, tableAccounts, "id"), "{}"...))
	f.Add(frame(nil, tableAccounts))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, text []byte) {
		body, err := bodyOf(text, tableAccounts, "id")
		if err == nil && !bytes.HasSuffix(text, body) {
			t.Errorf("%x has body %x", text, body)
		}
		_, _ = decodeEntry(make([]byte, journalKey), text)
		_ = decodeFolder(text, &vault.Folder{})
	})
}

func FuzzParseReport(f *testing.F) {
	f.Add([]byte(`{"version":2,"pages":4,"counts":{"items":1}}`))
	f.Add([]byte(`{"version":2,"findings":[{"code":"page"}],"left":3}`))
	f.Add([]byte(`{"version":2} {"version":2}`))
	f.Add([]byte(`{"version":0}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parseReport(text)
		if err == nil && (r.Version == 0 || len(r.Findings) > mostFindings) {
			t.Errorf("%q was taken for a report", text)
		}
	})
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
		_ = errors.Join(walkPages(bytes.NewReader(file), m, walkAll), walkPages(bytes.NewReader(file), m, 0))
	})
}

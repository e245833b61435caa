package archive_test

import (
	"archive/tar"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"latchkey/appliance/backup/archive"
)

// A forgery is a backup made by other code than the package's, by somebody who
// has both keys: right unless a case bends it. It follows FORMAT.md and knows
// nothing of the writer.
type forgery struct {
	manifest map[string]any
	raw      []byte // instead of the manifest
	parts    []stuff
	entries  []stuff // set by pack; what the tar holds
	tail     []byte  // behind the end of the tar
	noEnd    bool    // of the tar
	after    []byte  // behind the zstd frame, inside the encryption
	options  []zstd.EOption
	signer   ed25519.PrivateKey // set by pack
}

// stuff is an entry of the tar.
type stuff struct {
	name    string
	content []byte
	bend    func(*tar.Header)
	raw     []byte // these bytes instead of the entry
}

func forge() *forgery {
	f := &forgery{parts: []stuff{
		{name: "latchkey.db", content: noise(1, 3000)},
		{name: "seal.key", content: []byte("latchkey seal key 1\n")},
		{name: "local-ca.pem", content: []byte("-----BEGIN CERTIFICATE-----\n")},
		{name: "attachments/0a-1b", content: noise(2, 700)},
		{name: "attachments/0c", content: noise(3, 70)},
	}}
	f.manifest = map[string]any{
		"format": 1, "house": "1a2b3c4d00112233445566778899aabb", "houseName": "Elm Street", "made": "2026-11-21T03:15:00Z",
		"program": "0.5.0", "version": 3, "why": "daily", "counts": map[string]int{"items": 4},
	}
	f.list()
	return f
}

// list lets the manifest name the parts as they are now.
func (f *forgery) list() {
	list := []map[string]any{}
	for _, p := range f.parts {
		list = append(list, map[string]any{"name": p.name, "size": len(p.content)})
	}
	f.manifest["parts"] = list
}

// pack makes the entries as they are right, signed by sign.
func (f *forgery) pack(t testing.TB, sign ed25519.PrivateKey) {
	t.Helper()
	f.signer = sign
	raw := f.raw
	if raw == nil {
		var err error
		raw, err = json.Marshal(f.manifest)
		must(t, err)
	}
	sums := fmt.Sprintf("%x  manifest.json\n", sha256.Sum256(raw))
	for _, p := range f.parts {
		sums += fmt.Sprintf("%x  %s\n", sha256.Sum256(p.content), p.name)
	}
	f.entries = []stuff{
		{name: "manifest.json", content: raw},
		{name: "manifest.json.sig", content: ed25519.Sign(sign, append([]byte("latchkey backup manifest 1\n"), raw...))},
	}
	f.entries = append(f.entries, f.parts...)
	f.entries = append(f.entries, stuff{name: "SHA256SUMS", content: []byte(sums)},
		stuff{name: "SHA256SUMS.sig", content: ed25519.Sign(sign, []byte("latchkey backup sums 1\n"+sums))})
}

func (f *forgery) tar(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, e := range f.entries {
		if e.raw != nil {
			out.Write(e.raw)
			continue
		}
		h := &tar.Header{
			Typeflag: tar.TypeReg, Name: e.name, Size: int64(len(e.content)), Mode: 0o600,
			ModTime: time.Date(2026, 11, 21, 3, 15, 0, 0, time.UTC), Format: tar.FormatUSTAR,
		}
		if e.bend != nil {
			e.bend(h)
		}
		w := tar.NewWriter(&out) // one for each, so that a case may leave the rules between two
		must(t, w.WriteHeader(h))
		_, err := w.Write(e.content[:min(int64(len(e.content)), h.Size)])
		must(t, err)
		must(t, w.Flush())
	}
	if !f.noEnd {
		out.Write(make([]byte, 1024))
	}
	out.Write(f.tail)
	return out.Bytes()
}

// seal compresses and encrypts a tar.
func (f *forgery) seal(t testing.TB, h house, tarball []byte) []byte {
	t.Helper()
	var zipped bytes.Buffer
	z, err := zstd.NewWriter(&zipped, append([]zstd.EOption{zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1 << 20)}, f.options...)...)
	must(t, err)
	_, err = z.Write(tarball)
	must(t, err)
	must(t, z.Close())
	zipped.Write(f.after)
	return encrypt(t, h, zipped.Bytes())
}

func encrypt(t testing.TB, h house, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := age.Encrypt(&out, h.recipients()...)
	must(t, err)
	_, err = w.Write(plain)
	must(t, err)
	must(t, w.Close())
	return out.Bytes()
}

func (f *forgery) file(t testing.TB, h house) []byte {
	t.Helper()
	if f.entries == nil {
		f.pack(t, h.sign)
	}
	return f.seal(t, h, f.tar(t))
}

// at finds an entry by its name.
func (f *forgery) at(name string) int {
	for i, e := range f.entries {
		if e.name == name {
			return i
		}
	}
	panic("forgery: no entry " + name)
}

func TestARightForgeryIsTaken(t *testing.T) {
	h, f := newHouse(t), forge()
	dir, err := h.unpack(t, bytes.NewReader(f.file(t, h)), archive.Limits{Version: 3, Free: 1 << 20})
	must(t, err)
	var parts []archive.Part
	for _, p := range f.parts {
		parts = append(parts, part(p.name, p.content))
	}
	sameFolder(t, dir, parts)
}

// pax is an extended header that stands before an entry, with these records.
func pax(t testing.TB, typeflag byte, records ...string) []byte {
	t.Helper()
	body := ""
	for _, r := range records {
		n := len(r) + len(" \n") // and its own digits
		for len(fmt.Sprint(n))+len(r)+len(" \n") != n {
			n++
		}
		body += fmt.Sprintf("%d %s\n", n, r)
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	must(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "PaxHeaders.0/x", Size: int64(len(body)), Mode: 0o600, Format: tar.FormatUSTAR}))
	_, err := io.Copy(w, strings.NewReader(body))
	must(t, err)
	must(t, w.Flush())
	raw := out.Bytes()
	raw[156] = typeflag
	return checksummed(raw)
}

// checksummed sets the checksum of the header that raw begins with.
func checksummed(raw []byte) []byte {
	copy(raw[148:156], "        ")
	sum := 0
	for _, b := range raw[:512] {
		sum += int(b)
	}
	copy(raw[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return raw
}

package archive_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/klauspost/compress/zstd"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/problem"
)

// TestWhatIsRefused bends one thing of a right backup at a time. Whoever bends
// has both keys, so that nothing but the reader's own strictness stands in the
// way.
func TestWhatIsRefused(t *testing.T) {
	entry := func(at string, e stuff) func(t *testing.T, f *forgery) {
		return func(_ *testing.T, f *forgery) { f.entries = slices.Insert(f.entries, f.at(at), e) }
	}
	bent := func(name string, bend func(*tar.Header)) func(t *testing.T, f *forgery) {
		return func(_ *testing.T, f *forgery) { f.entries[f.at(name)].bend = bend }
	}
	cut := func(name string) func(t *testing.T, f *forgery) {
		return func(_ *testing.T, f *forgery) { f.entries = slices.Delete(f.entries, f.at(name), f.at(name)+1) }
	}
	cases := []struct {
		name string
		want string // the problem's code
		says string // in its text
		// before bends what is signed, bend the entries behind the signature
		before func(f *forgery)
		bend   func(t *testing.T, f *forgery)
	}{
		{name: "a path that climbs out", want: "backup.entry", says: "../evil", bend: entry("seal.key", stuff{name: "../evil", content: []byte("x")})},
		{name: "a path that climbs out in the middle", want: "backup.entry", says: "attachments/../../evil", bend: entry("SHA256SUMS", stuff{name: "attachments/../../evil"})},
		{name: "an absolute path", want: "backup.entry", says: "/etc/evil", bend: entry("seal.key", stuff{name: "/etc/evil", content: []byte("x")})},
		{name: "an entry that nobody named", want: "backup.entry", says: "notes.txt", bend: entry("seal.key", stuff{name: "notes.txt", content: []byte("x")})},
		{name: "an attachment that nobody named", want: "backup.entry", says: "attachments/0b", bend: entry("attachments/0c", stuff{name: "attachments/0b"})},
		{name: "a folder", want: "backup.entry", says: "attachments/", bend: entry("attachments/0a-1b", stuff{name: "attachments/", bend: func(h *tar.Header) { h.Typeflag = tar.TypeDir }})},
		{name: "an entry behind the last", want: "backup.entry", says: "late", bend: func(_ *testing.T, f *forgery) { f.entries = append(f.entries, stuff{name: "late"}) }},
		{name: "the manifest once more", want: "backup.entry", says: "manifest.json", bend: entry("seal.key", stuff{name: "manifest.json", content: []byte("{}")})},
		{name: "a name with an escape sequence", want: "backup.entry", says: `\x1b[31m`, bend: entry("seal.key", stuff{name: "\x1b[31mred"})},
		{name: "a link in a part's place", want: "backup.entry", says: "seal.key", bend: bent("seal.key", func(h *tar.Header) { h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, "/etc/shadow", 0 })},
		{name: "a hard link in a part's place", want: "backup.entry", says: "seal.key", bend: bent("seal.key", func(h *tar.Header) { h.Typeflag, h.Linkname, h.Size = tar.TypeLink, "latchkey.db", 0 })},
		{name: "a device in a part's place", want: "backup.entry", says: "seal.key", bend: bent("seal.key", func(h *tar.Header) { h.Typeflag, h.Devmajor, h.Devminor, h.Size = tar.TypeBlock, 8, 1, 0 })},
		{name: "a character device", want: "backup.entry", bend: bent("seal.key", func(h *tar.Header) { h.Typeflag, h.Devmajor, h.Size = tar.TypeChar, 1, 0 })},
		{name: "a pipe in a part's place", want: "backup.entry", bend: bent("seal.key", func(h *tar.Header) { h.Typeflag, h.Size = tar.TypeFifo, 0 })},
		{name: "a plain file with a device's number", want: "backup.entry", bend: bent("seal.key", func(h *tar.Header) { h.Devminor = 1 })},
		{name: "a plain file with a device's major number", want: "backup.entry", bend: bent("seal.key", func(h *tar.Header) { h.Devmajor = 1 })},
		{name: "a plain file with a link's target", want: "backup.entry", bend: bent("seal.key", func(h *tar.Header) { h.Linkname = "x" })},
		{name: "a part that runs as its owner", want: "backup.entry", bend: bent("seal.key", func(h *tar.Header) { h.Mode = 0o4755 })},
		{name: "a part of somebody", want: "backup.entry", bend: bent("seal.key", func(h *tar.Header) { h.Uid = 1000 })},
		{name: "a part of some group", want: "backup.entry", bend: bent("seal.key", func(h *tar.Header) { h.Gid = 1000 })},
		{name: "a part of somebody by name", want: "backup.entry", bend: bent("seal.key", func(h *tar.Header) { h.Uname = "root" })},
		{name: "a part of some group by name", want: "backup.entry", bend: bent("seal.key", func(h *tar.Header) { h.Gname = "root" })},
		{name: "a part of another time", want: "backup.entry", bend: bent("seal.key", func(h *tar.Header) { h.ModTime = made.Add(time.Second) })},
		{name: "a part with GNU's header", want: "backup.entry", bend: bent("seal.key", func(h *tar.Header) { h.Format = tar.FormatGNU })},
		{name: "a part with an attribute", want: "backup.entry", bend: bent("seal.key", func(h *tar.Header) {
			h.Format, h.PAXRecords = tar.FormatPAX, map[string]string{"SCHILY.xattr.user.x": "y"}
		})},
		{name: "a manifest of another owner", want: "backup.entry", says: "manifest.json", bend: bent("manifest.json", func(h *tar.Header) { h.Uid = 1 })},
		{name: "a signature of another owner", want: "backup.entry", says: "manifest.json.sig", bend: bent("manifest.json.sig", func(h *tar.Header) { h.Uid = 1 })},
		{name: "checksums as a device", want: "backup.entry", bend: bent("SHA256SUMS", func(h *tar.Header) { h.Typeflag, h.Size = tar.TypeChar, 0 })},
		{name: "a sparse file", want: "backup.entry", bend: func(t *testing.T, f *forgery) {
			at := f.at("seal.key")
			f.entries = slices.Insert(f.entries, at, stuff{name: "-", raw: pax(t, 'x',
				"GNU.sparse.major=0", "GNU.sparse.minor=1", "GNU.sparse.numblocks=1", "GNU.sparse.map=0,20", "GNU.sparse.size=20")})
		}},
		{name: "a part under another name by an extended header", want: "backup.entry", says: "../evil", bend: func(t *testing.T, f *forgery) {
			f.entries = slices.Insert(f.entries, f.at("seal.key"), stuff{name: "-", raw: pax(t, 'x', "path=../evil")})
		}},
		{name: "a global header", want: "backup.entry", bend: func(t *testing.T, f *forgery) {
			f.entries = slices.Insert(f.entries, f.at("seal.key"), stuff{name: "-", raw: pax(t, 'g', "comment=hello")})
		}},
		{name: "the same part twice", want: "backup.entry", says: "twice", bend: entry("local-ca.pem", stuff{name: "seal.key", content: []byte("latchkey seal key 1\n")})},
		{name: "the same attachment twice", want: "backup.entry", says: "twice", bend: entry("SHA256SUMS", stuff{name: "attachments/0c", content: noise(3, 70)})},
		{name: "a part is missing", want: "backup.missing", says: "seal.key", bend: cut("seal.key")},
		{name: "the first part is missing", want: "backup.missing", says: "latchkey.db", bend: cut("latchkey.db")},
		{name: "the last part is missing", want: "backup.missing", says: "attachments/0c", bend: cut("attachments/0c")},
		{name: "the checksums are missing", want: "backup.missing", says: "SHA256SUMS", bend: cut("SHA256SUMS")},
		{name: "the checksums' signature is missing", want: "backup.missing", says: "SHA256SUMS.sig", bend: cut("SHA256SUMS.sig")},
		{name: "the manifest is missing", want: "backup.foreign", bend: cut("manifest.json")},
		{name: "the manifest's signature is missing", want: "backup.foreign", bend: cut("manifest.json.sig")},
		{name: "two parts have changed places", want: "backup.missing", bend: func(_ *testing.T, f *forgery) { f.entries[2], f.entries[3] = f.entries[3], f.entries[2] }},
		{name: "a part is longer than declared", want: "backup.size", says: "3001 bytes instead of 3000", bend: func(_ *testing.T, f *forgery) { f.entries[f.at("latchkey.db")].content = noise(1, 3001) }},
		{name: "a part is shorter than declared", want: "backup.size", says: "2999 bytes instead of 3000", bend: func(_ *testing.T, f *forgery) { f.entries[f.at("latchkey.db")].content = noise(1, 2999) }},
		{name: "a part was altered", want: "backup.digest", says: "latchkey.db", bend: func(_ *testing.T, f *forgery) { f.entries[f.at("latchkey.db")].content = noise(9, 3000) }},
		{name: "the last part was altered", want: "backup.digest", says: "attachments/0c", bend: func(_ *testing.T, f *forgery) { f.entries[f.at("attachments/0c")].content = noise(9, 70) }},
		{name: "the checksums were altered", want: "backup.digest", says: "manifest.json", bend: func(_ *testing.T, f *forgery) { f.entries[f.at("SHA256SUMS")].content[0] ^= 1 }},
		{name: "the checksums' end was altered", want: "backup.digest", says: "attachments/0c", bend: func(_ *testing.T, f *forgery) {
			sums := f.entries[f.at("SHA256SUMS")].content
			sums[len(sums)-1] = ' '
		}},
		{name: "the checksums have a line more", want: "backup.size", bend: func(_ *testing.T, f *forgery) {
			at := f.at("SHA256SUMS")
			f.entries[at].content = append(f.entries[at].content, "\n"...)
		}},
		{name: "the checksums' signature was altered", want: "backup.signer", bend: func(_ *testing.T, f *forgery) { f.entries[f.at("SHA256SUMS.sig")].content[0] ^= 1 }},
		{name: "the checksums' signature is short", want: "backup.size", bend: func(_ *testing.T, f *forgery) {
			at := f.at("SHA256SUMS.sig")
			f.entries[at].content = f.entries[at].content[:63]
		}},
		{name: "the manifest's signature was altered", want: "backup.signer", bend: func(_ *testing.T, f *forgery) { f.entries[f.at("manifest.json.sig")].content[0] ^= 1 }},
		{name: "the manifest's signature is short", want: "backup.signer", bend: func(_ *testing.T, f *forgery) {
			at := f.at("manifest.json.sig")
			f.entries[at].content = f.entries[at].content[:63]
		}},
		{name: "the manifest's signature is long", want: "backup.manifest", bend: func(_ *testing.T, f *forgery) {
			at := f.at("manifest.json.sig")
			f.entries[at].content = append(f.entries[at].content, 0)
		}},
		{name: "the manifest was altered", want: "backup.signer", bend: func(_ *testing.T, f *forgery) { f.entries[0].content[20] ^= 1 }},
		{name: "blocks of zeros behind the tar", want: "backup.trailing", before: func(f *forgery) { f.tail = make([]byte, 512) }},
		{name: "a byte behind the tar", want: "backup.trailing", before: func(f *forgery) { f.tail = []byte{0} }},
		{name: "a hundred megabytes behind the tar", want: "backup.trailing", before: func(f *forgery) { f.tail = make([]byte, 100<<20) }},
		{name: "a tar without an end", want: "backup.trailing", before: func(f *forgery) { f.noEnd = true }},
		{name: "a tar with half an end", want: "backup.trailing", before: func(f *forgery) { f.noEnd, f.tail = true, make([]byte, 512) }},
		{name: "a second frame behind the first", want: "backup.trailing", before: func(f *forgery) { f.after = frame([]byte("x")) }},
		{name: "an empty frame behind the first", want: "backup.trailing", before: func(f *forgery) { f.after = frame(nil) }},
		{name: "a frame to be skipped behind the first", want: "backup.trailing", before: func(f *forgery) { f.after = []byte("\x50\x2a\x4d\x18\x01\x00\x00\x00x") }},
		{name: "a byte behind the frame", want: "backup.trailing", before: func(f *forgery) { f.after = []byte{0} }},
		{name: "a frame that wants a window of 64 MB", want: "backup.bomb", before: func(f *forgery) {
			f.options, f.tail = []zstd.EOption{zstd.WithWindowSize(64 << 20)}, make([]byte, 80<<20)
		}},
		{name: "a manifest that unpacks to a hundred megabytes", want: "backup.manifest", bend: func(_ *testing.T, f *forgery) { f.entries[0].content = make([]byte, 100<<20) }},
		{name: "headers without an end before the manifest", want: "backup.bomb", bend: func(t *testing.T, f *forgery) {
			extended := pax(t, 'x', "comment="+strings.Repeat("x", 900<<10))
			f.entries = slices.Insert(f.entries, 0, stuff{name: "-", raw: bytes.Repeat(extended, 100)})
		}},
		{name: "a header before a part, which changes nothing", want: "backup.entry", bend: func(t *testing.T, f *forgery) {
			f.entries = slices.Insert(f.entries, f.at("SHA256SUMS.sig"), stuff{name: "-", raw: pax(t, 'x', "size=64")})
		}},
		{name: "the sums of another backup of this house", want: "backup.digest", says: "latchkey.db", bend: func(t *testing.T, f *forgery) {
			earlier := forge()
			earlier.parts[0].content = noise(9, 3000)
			earlier.pack(t, f.signer)
			for _, name := range []string{"SHA256SUMS", "SHA256SUMS.sig"} {
				f.entries[f.at(name)] = earlier.entries[earlier.at(name)]
			}
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h, f := newHouse(t), forge()
			if c.before != nil {
				c.before(f)
			}
			f.pack(t, h.sign)
			if c.bend != nil {
				c.bend(t, f)
			}
			file := f.file(t, h)
			dir, err := h.unpack(t, bytes.NewReader(file), archive.Limits{})
			wantRefusal(t, dir, err, c.want)
			if err != nil && !strings.Contains(problem.Of(err).Text, c.says) {
				t.Errorf("it says %q without %q", problem.Of(err).Text, c.says)
			}
			if got := code(t, h.check(t, bytes.NewReader(file))); got != c.want {
				t.Errorf("a check says %q", got)
			}
		})
	}
}

// check reads a file as a proof does.
func (h house) check(t testing.TB, file io.Reader) error {
	t.Helper()
	r, err := archive.Open(file, h.kit, archive.Limits{})
	if err != nil {
		return err
	}
	return r.Check(t.Context(), nil)
}

// frame is a frame of its own.
func frame(content []byte) []byte {
	var out bytes.Buffer
	z, _ := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1), zstd.WithZeroFrames(true))
	_, _ = z.Write(content)
	_ = z.Close()
	return out.Bytes()
}

func TestWhatIsNoBackup(t *testing.T) {
	h, other := newHouse(t), newHouse(t)
	file := h.write(t, small())
	kit := func(mine, theirs bool) archive.Kit {
		k := other.kit
		if mine {
			k.Recovery = h.kit.Recovery
		}
		if theirs {
			k.Signer = h.kit.Signer
		}
		return k
	}
	cases := []struct {
		name, want string
		file       []byte
		kit        archive.Kit
	}{
		{"another kit", "backup.kit", file, other.kit},
		{"the recovery key of another kit", "backup.kit", file, kit(false, true)},
		{"the signing key of another kit", "backup.signer", file, kit(true, false)},
		{"a kit without a recovery key", "kit.unreadable", file, archive.Kit{Signer: h.kit.Signer}},
		{"a kit without a signing key", "kit.unreadable", file, archive.Kit{Recovery: h.kit.Recovery}},
		{"an empty file", "backup.truncated", nil, h.kit},
		{"a photograph", "backup.foreign", noise(1, 5000), h.kit},
		{"a short text", "backup.foreign", []byte("hello"), h.kit},
		{"a later version of age", "backup.foreign", []byte("age-encryption.org/v2\nwhatever"), h.kit},
		{"an age file with ASCII armor", "backup.foreign", []byte("-----BEGIN AGE ENCRYPTED FILE-----\n"), h.kit},
		{"an age file without recipients", "backup.damaged", append([]byte("age-encryption.org/v1\n---\n"), bytes.Repeat([]byte("x"), 10_000)...), h.kit},
		{"an age file whose header has no end", "backup.damaged", append([]byte("age-encryption.org/v1\n-> X25519 "), bytes.Repeat([]byte("a "), 1<<20)...), h.kit},
		{"an encrypted letter", "backup.foreign", encrypt(t, h, []byte("Dear Martha")), h.kit},
		{"an encrypted nothing", "backup.foreign", encrypt(t, h, nil), h.kit},
		{"an encrypted and compressed letter", "backup.foreign", encrypt(t, h, frame([]byte("Dear Martha"))), h.kit},
		{"an encrypted and compressed nothing of a hundred megabytes", "backup.foreign", encrypt(t, h, frame(make([]byte, 100<<20))), h.kit},
		{"a frame that wants a dictionary", "backup.foreign", encrypt(t, h, []byte("\x28\xb5\x2f\xfd\x05\x58\x01\x01\x00\x00")), h.kit},
		{"a frame with a block of no kind", "backup.foreign", encrypt(t, h, []byte("\x28\xb5\x2f\xfd\x04\x58\x07\x00\x00")), h.kit},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir, err := house{kit: c.kit}.unpack(t, bytes.NewReader(c.file), archive.Limits{})
			wantRefusal(t, dir, err, c.want)
		})
	}
}

func TestWhatTheManifestMayNotSay(t *testing.T) {
	set := func(field string, value any) func(*forgery) {
		return func(f *forgery) { f.manifest[field] = value }
	}
	parts := func(list ...any) func(*forgery) {
		return func(f *forgery) {
			var out []map[string]any
			for i := 0; i < len(list); i += 2 {
				out = append(out, map[string]any{"name": list[i], "size": list[i+1]})
			}
			f.manifest["parts"] = out
		}
	}
	cases := []struct {
		name, want, says string
		bend             func(*forgery)
		limits           archive.Limits
	}{
		{"a newer format", "backup.newer", "format 2, written by Latchkey 0.9.0", func(f *forgery) {
			f.manifest = map[string]any{"format": 2, "program": "0.9.0", "parts": "told otherwise"}
		}, archive.Limits{}},
		{"a newer store", "backup.version", "version 3, written by Latchkey 0.5.0; this program opens up to version 2", set("version", 3), archive.Limits{Version: 2}},
		{"more than is free", "backup.space", "needs 4 kB, and 3 kB are free", set("version", 3), archive.Limits{Free: 3000}},
		{"more than could ever be free", "backup.space", "needs 1000001 MB, and 1073 MB are free", parts("latchkey.db", 1_000_000_000_000, "seal.key", 1), archive.Limits{Free: 1 << 30}},
		{"no format", "backup.manifest", "", set("format", 0), archive.Limits{}},
		{"a negative format", "backup.manifest", "", set("format", -1), archive.Limits{}},
		{"a format in words", "backup.manifest", "", set("format", "one"), archive.Limits{}},
		{"no house", "backup.manifest", "", set("house", ""), archive.Limits{}},
		{"a house that is a path", "backup.manifest", "", set("house", "../../1a2b"), archive.Limits{}},
		{"a house in capitals", "backup.manifest", "", set("house", "1A2B3C4D"), archive.Limits{}},
		{"a house too long to be one", "backup.manifest", "", set("house", strings.Repeat("a", 65)), archive.Limits{}},
		{"a time in words", "backup.manifest", "", set("made", "yesterday"), archive.Limits{}},
		{"a time of another zone", "backup.manifest", "", set("made", "2026-11-21T04:15:00+01:00"), archive.Limits{}},
		{"a time with a fraction", "backup.manifest", "", set("made", "2026-11-21T03:15:00.5Z"), archive.Limits{}},
		{"a time before computers had one", "backup.manifest", "", set("made", "1969-12-31T23:59:59Z"), archive.Limits{}},
		{"no parts", "backup.missing", "latchkey.db", parts(), archive.Limits{}},
		{"no database", "backup.missing", "latchkey.db", parts("seal.key", 1), archive.Limits{}},
		{"no seal key", "backup.missing", "seal.key", parts("latchkey.db", 1), archive.Limits{}},
		{"a part that climbs out", "backup.entry", "../evil", parts("latchkey.db", 1, "seal.key", 1, "../evil", 1), archive.Limits{}},
		{"a part with an absolute path", "backup.entry", "/evil", parts("latchkey.db", 1, "seal.key", 1, "/evil", 1), archive.Limits{}},
		{"a part of no name", "backup.entry", `""`, parts("latchkey.db", 1, "seal.key", 1, "", 1), archive.Limits{}},
		{"an attachment of no name", "backup.entry", "attachments/", parts("latchkey.db", 1, "seal.key", 1, "attachments/", 1), archive.Limits{}},
		{"an attachment in a folder", "backup.entry", "attachments/a/b", parts("latchkey.db", 1, "seal.key", 1, "attachments/a/b", 1), archive.Limits{}},
		{"an attachment with a dot", "backup.entry", "attachments/..", parts("latchkey.db", 1, "seal.key", 1, "attachments/..", 1), archive.Limits{}},
		{"an attachment with a backslash", "backup.entry", "attachments", parts("latchkey.db", 1, "seal.key", 1, `attachments/\a`, 1), archive.Limits{}},
		{"an attachment in capitals", "backup.entry", "attachments/A", parts("latchkey.db", 1, "seal.key", 1, "attachments/A", 1), archive.Limits{}},
		{"an attachment whose name is too long", "backup.entry", "attachments/aa", parts("latchkey.db", 1, "seal.key", 1, "attachments/"+strings.Repeat("a", 65), 1), archive.Limits{}},
		{"a very long name", "backup.entry", "longlong….", parts("latchkey.db", 1, "seal.key", 1, strings.Repeat("long", 1000), 1), archive.Limits{}},
		{"the folder of attachments as a part", "backup.entry", "attachments", parts("latchkey.db", 1, "seal.key", 1, "attachments", 1), archive.Limits{}},
		{"a socket's name", "backup.entry", "latchkey.sock", parts("latchkey.db", 1, "latchkey.sock", 1, "seal.key", 1), archive.Limits{}},
		{"a part twice", "backup.entry", "twice", parts("latchkey.db", 1, "latchkey.db", 1, "seal.key", 1), archive.Limits{}},
		{"parts in another order", "backup.entry", "not in its order", parts("seal.key", 1, "latchkey.db", 1), archive.Limits{}},
		{"attachments in another order", "backup.entry", "not in its order", parts("latchkey.db", 1, "seal.key", 1, "attachments/b", 1, "attachments/a", 1), archive.Limits{}},
		{"a negative size", "backup.manifest", "seal.key", parts("latchkey.db", 1, "seal.key", -1), archive.Limits{}},
		{"sizes that sum to less than nothing", "backup.manifest", "seal.key", parts("latchkey.db", int64(1)<<61-1, "seal.key", int64(1)<<61-1), archive.Limits{}},
		{"a size beyond all numbers", "backup.manifest", "", parts("latchkey.db", 1e30, "seal.key", 1), archive.Limits{}},
		{"no JSON", "backup.manifest", "", func(f *forgery) { f.raw = []byte("hello") }, archive.Limits{}},
		{"half a JSON", "backup.manifest", "", func(f *forgery) { f.raw = []byte(`{"format":1`) }, archive.Limits{}},
		{"an empty manifest", "backup.manifest", "", func(f *forgery) { f.raw = []byte{} }, archive.Limits{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h, f := newHouse(t), forge()
			c.bend(f)
			dir, err := h.unpack(t, bytes.NewReader(f.file(t, h)), c.limits)
			wantRefusal(t, dir, err, c.want)
			if err != nil && !strings.Contains(problem.Of(err).Text, c.says) {
				t.Errorf("it says %q without %q", problem.Of(err).Text, c.says)
			}
		})
	}
	t.Run("what a later program adds is passed over", func(t *testing.T) {
		h, f := newHouse(t), forge()
		f.manifest["mood"] = "cheerful"
		_, err := h.unpack(t, bytes.NewReader(f.file(t, h)), archive.Limits{Version: 3, Free: 1 << 20})
		must(t, err)
	})
	t.Run("exactly what is free is enough", func(t *testing.T) {
		h, f := newHouse(t), forge()
		var total int64
		for _, p := range f.parts {
			total += int64(len(p.content))
		}
		_, err := h.unpack(t, bytes.NewReader(f.file(t, h)), archive.Limits{Free: total})
		must(t, err)
	})
}

// endless is a header of age that goes on and on, and counts how far it was read.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	if e.read == 0 {
		copy(p, "age-encryption.org/v1\n-> X25519 ")
	}
	e.read += len(p)
	return len(p), nil
}

func TestAHeaderWithoutAnEndIsNotReadToItsEnd(t *testing.T) {
	source := &endless{}
	dir, err := newHouse(t).unpack(t, io.LimitReader(source, 100<<20), archive.Limits{})
	wantRefusal(t, dir, err, "backup.damaged")
	if source.read > 80<<10 {
		t.Errorf("%d bytes were read", source.read)
	}
}

func TestAFileThatFailsToBeRead(t *testing.T) {
	h := newHouse(t)
	file := h.write(t, small())
	pulled := errors.New("input/output error")
	for _, at := range []int{0, 10, 100, 200, 300, 3000, len(file)} {
		stick := io.MultiReader(bytes.NewReader(file[:at]), iotest.ErrReader(pulled))
		dir, err := h.unpack(t, stick, archive.Limits{})
		wantRefusal(t, dir, err, "backup.source")
		if !errors.Is(err, pulled) {
			t.Errorf("at %d the cause is lost: %v", at, err)
		}
	}
	for name, slow := range map[string]func(io.Reader) io.Reader{"a byte at a time": iotest.OneByteReader, "with the end in the last piece": iotest.DataErrReader} {
		if _, err := h.unpack(t, slow(bytes.NewReader(file)), archive.Limits{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

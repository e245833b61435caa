package archive

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"path/filepath"
	"reflect"
	"testing"
	"testing/iotest"
	"time"
)

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"format":1,"house":"1a2b3c4d","made":"2026-11-21T03:15:00Z","parts":[{"name":"latchkey.db","size":1},{"name":"seal.key","size":2},{"name":"attachments/0","size":3}]}`))
	f.Add([]byte(`{"format":2,"program":"9.9","parts":{}}`))
	f.Add([]byte(`{"format":1,"FORMAT":1,"house":"../..","made":"0000-01-01T00:00:00Z","version":18446744073709551615}`))
	f.Add([]byte(`{"format":1,"house":"1a","made":"2026-11-21T03:15:00Z","parts":[{"name":"latchkey.db","size":9223372036854775807},{"name":"seal.key","size":9223372036854775807}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := parseManifest(raw)
		if err != nil {
			return
		}
		for _, e := range m.Parts {
			if !filepath.IsLocal(e.Name) || e.Size < 0 {
				t.Errorf("took the part %q of %d bytes", e.Name, e.Size)
			}
		}
		if m.Total() < 0 || m.tarLength(int64(len(raw))) < m.Total() {
			t.Errorf("took parts that sum to %d", m.Total())
		}
		again, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := parseManifest(again); err != nil || !reflect.DeepEqual(back, m) {
			t.Errorf("written again it is %v, %v", back, err)
		}
	})
}

// TestHeader wants a tar's headers to hold sizes of every length, those that
// nobody can write in a test too, and to take the room that was reckoned.
func TestHeader(t *testing.T) {
	for name, size := range map[string]int64{
		"nothing": 0, "a block": 512, "a block and a byte": 513, "the most of a plain header": 8<<30 - 1,
		"one byte more than that": 8 << 30, "a hundred terabytes": 100 << 40, "whatever fits": math.MaxInt64 / 4,
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			want := header("latchkey.db", size, time.Unix(1_795_000_000, 0))
			if err := tar.NewWriter(&out).WriteHeader(want); err != nil {
				t.Fatal(err)
			}
			if padded := (size + 511) / 512 * 512; int64(out.Len())+padded != entryLength(size) {
				t.Errorf("%d bytes of header, and the length reckoned is %d", out.Len(), entryLength(size))
			}
			got, err := tar.NewReader(&out).Next()
			if err != nil {
				t.Fatal(err)
			}
			if err := same(got, header("latchkey.db", size, time.Unix(1_795_000_000, 0))); err != nil {
				t.Errorf("it is refused: %v", err)
			}
			if err := same(got, header("latchkey.db", size+1, time.Unix(1_795_000_000, 0))); err == nil {
				t.Error("another size is taken")
			}
			got.PAXRecords = maps.Clone(got.PAXRecords)
			if got.PAXRecords == nil {
				got.PAXRecords = map[string]string{}
			}
			got.PAXRecords["comment"] = "x"
			if err := same(got, header("latchkey.db", size, time.Unix(1_795_000_000, 0))); err == nil {
				t.Error("a comment is taken")
			}
		})
	}
}

// TestOneFrame is RFC 8878, 3.1.1, in small frames made by hand.
func TestOneFrame(t *testing.T) {
	const magic = "\x28\xb5\x2f\xfd"
	cases := []struct {
		name, frame string
		want        error
	}{
		{"a window, one raw block", magic + "\x00\x58" + "\x11\x00\x00" + "ab", io.EOF},
		{"a checksum", magic + "\x04\x58" + "\x11\x00\x00" + "ab" + "1234", io.EOF},
		{"a single segment with a size of one byte", magic + "\x20\x02" + "\x11\x00\x00" + "ab", io.EOF},
		{"a single segment with a size of two bytes", magic + "\x60\x02\x00" + "\x11\x00\x00" + "ab", io.EOF},
		{"a window and a size of four bytes", magic + "\x80\x58\x02\x00\x00\x00" + "\x11\x00\x00" + "ab", io.EOF},
		{"a single segment with a size of eight bytes", magic + "\xe0\x02\x00\x00\x00\x00\x00\x00\x00" + "\x11\x00\x00" + "ab", io.EOF},
		{"two blocks", magic + "\x00\x58" + "\x10\x00\x00" + "ab" + "\x01\x00\x00", io.EOF},
		{"a run is one byte, however long", magic + "\x00\x58" + "\xfb\xff\x1f" + "a", io.EOF},
		{"a compressed block of 300 bytes", magic + "\x00\x58" + "\x65\x09\x00" + string(make([]byte, 300)), io.EOF},
		{"a dictionary, whose number would pass for a block", magic + "\x01\x58" + "\x11\x00\x00" + "ab", errFrame},
		{"a block of the fourth kind", magic + "\x00\x58" + "\x17\x00\x00" + "ab", errFrame},
		{"a frame to be skipped", "\x50\x2a\x4d\x18\x00\x00\x00\x00", errFrame},
		{"an older zstd", "\x27\xb5\x2f\xfd\x00\x58\x01\x00\x00", errFrame},
		{"nothing", "", io.ErrUnexpectedEOF},
		{"half a magic number", magic[:2], io.ErrUnexpectedEOF},
		{"no window", magic + "\x00", io.ErrUnexpectedEOF},
		{"no block", magic + "\x00\x58", io.ErrUnexpectedEOF},
		{"half a block's header", magic + "\x00\x58" + "\x11", io.ErrUnexpectedEOF},
		{"half a block", magic + "\x00\x58" + "\x11\x00\x00" + "a", io.ErrUnexpectedEOF},
		{"no last block", magic + "\x00\x58" + "\x10\x00\x00" + "ab", io.ErrUnexpectedEOF},
		{"half a checksum", magic + "\x04\x58" + "\x11\x00\x00" + "ab" + "12", io.ErrUnexpectedEOF},
		{"a byte more", magic + "\x00\x58" + "\x11\x00\x00" + "abc", errTrailing},
		{"a frame more", magic + "\x00\x58" + "\x01\x00\x00" + magic + "\x00\x58" + "\x01\x00\x00", errTrailing},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range []io.Reader{bytes.NewReader([]byte(c.frame)), iotest.OneByteReader(bytes.NewReader([]byte(c.frame)))} {
				f := newOneFrame(r)
				var got []byte
				var err error
				for b := make([]byte, 7); err == nil; {
					var n int
					n, err = f.Read(b)
					got = append(got, b[:n]...)
				}
				if !errors.Is(err, c.want) || c.want != io.EOF && errors.Is(err, io.EOF) {
					t.Errorf("ended with %v", err)
				}
				if c.want == io.EOF && string(got) != c.frame {
					t.Errorf("let %q through", got)
				}
			}
		})
	}
}

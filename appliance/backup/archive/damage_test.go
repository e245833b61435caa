package archive_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/appliance/backup/archive"
)

// verdicts counts by what the reader refused, and fails where it didn't or said
// something that is not true of a file that was cut or altered.
type verdicts map[string]int

func (v verdicts) add(t *testing.T, what string, err error) {
	t.Helper()
	got := code(t, err)
	v[got]++
	switch got {
	case "backup.truncated", "backup.damaged", "backup.foreign", "backup.kit":
	default:
		t.Errorf("%s: %q (%v)", what, got, err)
	}
}

// inside takes all bytes near the ends of a file, and every eleventh other one.
func inside(at, size int) bool { return at < 500 || at > size-200 || at%11 == 0 }

func TestAFileCutAnywhereIsRefused(t *testing.T) {
	h := newHouse(t)
	t.Run("a small one at each byte of its head and its end, and at some between", func(t *testing.T) {
		file, seen := h.write(t, small()), verdicts{}
		for n := range file {
			if inside(n, len(file)) {
				seen.add(t, fmt.Sprint("cut at ", n), h.check(t, bytes.NewReader(file[:n])))
			}
		}
		// It is one chunk of age, so that everything is the end.
		if len(seen) != 1 || seen["backup.truncated"] < 900 {
			t.Errorf("of %d bytes: %v", len(file), seen)
		}
	})
	t.Run("a large one where its layers have their seams", func(t *testing.T) {
		parts := append(small(), part("attachments/ff", noise(3, 1<<20)))
		file, seen := h.write(t, parts), verdicts{}
		const chunk = 64<<10 + 16
		head := len(file) % chunk
		for seam := head; seam < len(file); seam += chunk {
			for n := max(0, seam-18); n <= seam+18; n++ {
				seen.add(t, fmt.Sprint("cut at ", n), h.check(t, bytes.NewReader(file[:n])))
			}
			dir, err := h.unpack(t, bytes.NewReader(file[:seam]), archive.Limits{})
			wantRefusal(t, dir, err, "backup.truncated")
		}
	})
}

func TestEveryFlippedBitIsFound(t *testing.T) {
	h := newHouse(t)
	t.Run("in a small file, a bit of every byte of its head and its end, and of some between", func(t *testing.T) {
		file, seen := h.write(t, small()), verdicts{}
		for at := range file {
			if inside(at, len(file)) {
				file[at] ^= 1 << (at % 8)
				seen.add(t, fmt.Sprint("bit in byte ", at), h.check(t, bytes.NewReader(file)))
				file[at] ^= 1 << (at % 8)
			}
		}
		must(t, h.check(t, bytes.NewReader(file)))
	})
	t.Run("in a large file, a bit of every 9001st byte, and nothing stays", func(t *testing.T) {
		file := h.write(t, append(small(), part("attachments/ff", noise(3, 1<<20))))
		seen := verdicts{}
		for at := 0; at < len(file); at += 9001 {
			file[at] ^= 1 << (at % 8)
			dir, err := h.unpack(t, bytes.NewReader(file), archive.Limits{})
			wantRefusal(t, dir, err, code(t, err))
			seen.add(t, fmt.Sprint("bit in byte ", at), err)
			file[at] ^= 1 << (at % 8)
		}
		if seen["backup.damaged"] < 100 {
			t.Errorf("a file altered in the middle should be called so: %v", seen)
		}
	})
	t.Run("chunks that changed places, doubled or dropped", func(t *testing.T) {
		file := h.write(t, append(small(), part("attachments/ff", noise(3, 1<<20))))
		const chunk = 64<<10 + 16
		// Whatever stands before the first full chunk is the header with its nonce.
		from := bytes.Index(file, []byte("\n--- ")) + len("\n--- ") + 43 + 1 + 16
		first, second, rest := file[from:from+chunk], file[from+chunk:from+2*chunk], file[from+2*chunk:]
		for name, pieces := range map[string][][]byte{
			"changed": {second, first, rest}, "doubled": {first, first, second, rest}, "dropped": {first, rest},
		} {
			whole := bytes.Join(append([][]byte{file[:from]}, pieces...), nil)
			if got := code(t, h.check(t, bytes.NewReader(whole))); got != "backup.damaged" {
				t.Errorf("%s: %q", name, got)
			}
		}
	})
	t.Run("something appended", func(t *testing.T) {
		file := h.write(t, small())
		for _, more := range [][]byte{{0}, {'\n'}, file, make([]byte, 70<<10)} {
			if got := code(t, h.check(t, io.MultiReader(bytes.NewReader(file), bytes.NewReader(more)))); got != "backup.truncated" && got != "backup.damaged" {
				t.Errorf("%d bytes appended: %q", len(more), got)
			}
		}
	})
	t.Run("something appended to a file that ends with a full chunk", func(t *testing.T) {
		f := forge()
		f.parts[0].content = noise(1, 53_760) // and all of the tar has 125 blocks
		f.list()
		f.pack(t, h.sign)
		tarball := f.tar(t)
		plain := rawFrame(tarball, 64<<10)
		if len(plain) != 64<<10 {
			t.Fatalf("a tar of %d blocks makes a frame of %d bytes", len(tarball)/512, len(plain))
		}
		file := encrypt(t, h, plain)
		must(t, h.check(t, bytes.NewReader(file)))
		if got := code(t, h.check(t, bytes.NewReader(append(file, 'x')))); got != "backup.damaged" {
			t.Errorf("got %q", got)
		}
	})
}

func TestTheFolderOfARestore(t *testing.T) {
	h := newHouse(t)
	file := h.write(t, small())
	open := func(t *testing.T) *archive.Reader {
		t.Helper()
		r, err := archive.Open(bytes.NewReader(file), h.kit, archive.Limits{})
		must(t, err)
		return r
	}
	t.Run("must not be there", func(t *testing.T) {
		dir := t.TempDir()
		if got := code(t, open(t).Unpack(t.Context(), dir, nil)); got != "backup.folder" {
			t.Errorf("got %q", got)
		}
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("and now it is gone: %v", err)
		}
	})
	t.Run("needs its parent", func(t *testing.T) {
		if got := code(t, open(t).Unpack(t.Context(), filepath.Join(t.TempDir(), "none", "house"), nil)); got != "backup.folder" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("is made once for each reader", func(t *testing.T) {
		r, dir := open(t), filepath.Join(t.TempDir(), "house")
		must(t, r.Unpack(t.Context(), dir, nil))
		again := filepath.Join(t.TempDir(), "again")
		for _, err := range []error{r.Unpack(t.Context(), again, nil), r.Check(t.Context(), nil)} {
			if err == nil || !strings.Contains(err.Error(), "for the second time") {
				t.Errorf("a file was read twice: %v", err)
			}
		}
	})
	t.Run("has no folder of attachments where there are none", func(t *testing.T) {
		dir, err := h.unpack(t, bytes.NewReader(h.write(t, small()[:2])), archive.Limits{})
		must(t, err)
		if found, _ := filepath.Glob(filepath.Join(dir, "*")); len(found) != 2 {
			t.Errorf("there are %v", found)
		}
	})
}

// rawFrame is a frame without compression that has size bytes, filled up with
// empty blocks.
func rawFrame(content []byte, size int) []byte {
	block := func(n, last int) []byte { return []byte{byte(n<<3 | last), byte(n >> 5), byte(n >> 13)} }
	out := append([]byte("\x28\xb5\x2f\xfd\x00\x58"), block(len(content), 0)...)
	out = append(out, content...)
	for len(out)+6 <= size {
		out = append(out, block(0, 0)...)
	}
	return append(out, block(0, 1)...)
}

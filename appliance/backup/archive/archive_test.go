package archive_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	mrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/problem"
)

// house is what a house needs to make backups, and its kit.
type house struct {
	kit  archive.Kit
	sign ed25519.PrivateKey
}

func newHouse(t testing.TB) house {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	must(t, err)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	return house{archive.Kit{Recovery: identity, Signer: public}, private}
}

func (h house) recipients() []age.Recipient { return []age.Recipient{h.kit.Recovery.Recipient()} }

var made = time.Date(2026, 11, 21, 3, 15, 0, 0, time.UTC)

func manifest() archive.Manifest {
	return archive.Manifest{
		House: "1a2b3c4d00112233445566778899aabb", HouseName: "Elm Street", Made: made, Program: "0.5.0", Version: 3,
		Why: "daily", Counts: map[string]int64{"items": 4},
	}
}

func part(name string, content []byte) archive.Part {
	return archive.Part{Name: name, Size: int64(len(content)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}}
}

// small is a house of a few kilobytes.
func small() []archive.Part {
	return []archive.Part{
		part("latchkey.db", noise(1, 3000)),
		part("seal.key", []byte("latchkey seal key 1\n")),
		part("local-ca.pem", []byte("-----BEGIN CERTIFICATE-----\n")),
		part("attachments/0a-1b", noise(2, 700)),
	}
}

// noise gives n bytes that don't shrink, always the same for a seed.
func noise(seed uint64, n int) []byte {
	out := make([]byte, n)
	source := mrand.NewChaCha8([32]byte{byte(seed)})
	_, _ = source.Read(out)
	return out
}

func (h house) write(t testing.TB, parts []archive.Part) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, archive.Write(t.Context(), &out, h.recipients(), h.sign, manifest(), parts, nil))
	return out.Bytes()
}

// unpack reads a file as a restore does, into a new folder of its own.
func (h house) unpack(t testing.TB, file io.Reader, limits archive.Limits) (string, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "house.building")
	r, err := archive.Open(file, h.kit, limits)
	if err != nil {
		return dir, err
	}
	return dir, r.Unpack(t.Context(), dir, nil)
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	random := mrand.New(mrand.NewPCG(1, 2))
	for i := range 60 {
		h := newHouse(t)
		parts := randomParts(random)
		t.Run(fmt.Sprintf("house %d with %d parts", i, len(parts)), func(t *testing.T) {
			shuffled := slices.Clone(parts)
			random.Shuffle(len(parts), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			file := h.write(t, shuffled)
			r, err := archive.Open(bytes.NewReader(file), h.kit, archive.Limits{Version: 3, Free: 1 << 30})
			must(t, err)
			sameManifest(t, r.Manifest(), parts)
			dir := filepath.Join(t.TempDir(), "new")
			must(t, r.Unpack(t.Context(), dir, nil))
			sameFolder(t, dir, parts)

			r, err = archive.Open(bytes.NewReader(file), h.kit, archive.Limits{})
			must(t, err)
			must(t, r.Check(t.Context(), nil))
		})
	}
}

// randomParts are the parts of some house in their order. Its sizes lie about
// where something ends: a block of the tar, a chunk of age or of the copy.
func randomParts(random *mrand.Rand) []archive.Part {
	size := func() int {
		edge := []int{0, 0, 1, 511, 512, 513, 64 << 10, 128 << 10, 300 << 10}[random.IntN(9)]
		return max(0, edge+random.IntN(3)-1)
	}
	content := func() []byte {
		if random.IntN(3) == 0 {
			return make([]byte, size())
		}
		return noise(random.Uint64(), size())
	}
	parts := []archive.Part{part("latchkey.db", content()), part("seal.key", content())}
	for _, name := range []string{"local-ca.pem", "config.toml"} {
		if random.IntN(2) == 0 {
			parts = append(parts, part(name, content()))
		}
	}
	for i := range random.IntN(5) {
		parts = append(parts, part(fmt.Sprintf("attachments/%02x%s", i, strings.Repeat("-", random.IntN(63))), content()))
	}
	return parts
}

func sameManifest(t *testing.T, got archive.Manifest, parts []archive.Part) {
	t.Helper()
	want := manifest()
	want.Format = 1
	for _, p := range parts {
		want.Parts = append(want.Parts, archive.Entry{Name: p.Name, Size: p.Size})
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the manifest is\n%v instead of\n%v", got, want)
	}
}

func sameFolder(t *testing.T, dir string, parts []archive.Part) {
	t.Helper()
	found := map[string]bool{}
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700 | fs.ModeDir
		} else {
			found[filepath.ToSlash(name)] = true
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		return nil
	}))
	for _, p := range parts {
		got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(p.Name)))
		must(t, err)
		r, _ := p.Open()
		if want, _ := io.ReadAll(r); !bytes.Equal(got, want) {
			t.Errorf("%s came back otherwise", p.Name)
		}
		delete(found, p.Name)
	}
	if len(found) > 0 {
		t.Errorf("nobody packed %v", found)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// code is the code of the problem that err is, and says if it lacks a sentence.
func code(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var p *problem.Problem
	if !errors.As(err, &p) {
		t.Errorf("no problem for a person: %v", err)
		return "?"
	}
	if !strings.HasSuffix(p.Text, ".") || !strings.HasSuffix(p.Hint, ".") || p.Kind == problem.Internal {
		t.Errorf("%s says %q and %q, kind %d", p.Code, p.Text, p.Hint, p.Kind)
	}
	return p.Code
}

// wants a refusal that leaves nothing behind.
func wantRefusal(t *testing.T, dir string, err error, want string) {
	t.Helper()
	if got := code(t, err); got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there (%v)", dir, err)
	}
	if left, _ := os.ReadDir(filepath.Dir(dir)); len(left) != 0 {
		t.Errorf("beside it lies %v", left)
	}
}

package crash

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"latchkey/appliance/store"
)

// flips is how many bits of a database flip, each in a fresh copy.
func flips() int {
	if n, err := strconv.Atoi(os.Getenv("LATCHKEY_CRASH_FLIPS")); err == nil {
		return n
	}
	if testing.Short() || os.Getenv("LATCHKEY_QUICK") != "" {
		return 6
	}
	return 60
}

// spot is a bit of a file, and what it is part of.
type spot struct {
	at   int
	kind string
}

// parts of a page: its head, the table of its elements, and what they hold.
const parts = 3

// spots gives so many bits of a database, spread over the parts of all pages
// that are in use.
func spots(file []byte, n int) (all []spot) {
	size := os.Getpagesize()
	kinds := map[uint16]string{1: "branch", 2: "leaf", 4: "meta", 16: "freelist"}
	for len(all) < n {
		for _, i := range rand.Perm(len(file) / size * parts) {
			page := file[i/parts*size : i/parts*size+size]
			kind, known := kinds[binary.NativeEndian.Uint16(page[8:])]
			table := min(size-1, 16+16*int(binary.NativeEndian.Uint16(page[10:])))
			from, to, part := 0, 16, "head"
			switch {
			case !known:
				from, to, kind, part = 0, size, "continued or free", "content"
			case kind == "meta":
				from, to, part = 0, 80, "content"
			case i%parts == 1 && table > 16:
				from, to, part = 16, table, "table"
			case i%parts == 2:
				from, to, part = table, size, "content"
			}
			all = append(all, spot{8*(i/parts*size+from+rand.N(to-from)) + rand.N(8), kind + " page's " + part})
		}
	}
	return all[:n]
}

// compact gives a house's file with no more pages than it needs.
func compact(t *testing.T, dir string) []byte {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	var whole bytes.Buffer
	if err := s.HotCopy(t.Context(), &whole); err != nil {
		t.Fatal(err)
	}
	return whole.Bytes()
}

// TestAFlippedBitIsFoundOrHarmless flips one bit anywhere in the database of a
// house, starts it and reads as a client does. Either it does not start and says
// how to come back, or what it serves is right, or refused; and where anything
// is not right, doctor says so and names the backup.
func TestAFlippedBitIsFoundOrHarmless(t *testing.T) {
	t.Parallel()
	h := furnish(t, 0, 150, "")
	if _, _, err := complete(program(t), "backup", "create", "--data", h.dir); err != nil {
		t.Fatal(err)
	}
	file := compact(t, h.dir)
	box := &sandbox{root: memory(t)}
	count := make(map[string]int)
	for _, s := range spots(file, flips()) {
		dir, b, err := box.copyOf(h)
		if err != nil {
			t.Fatal(err)
		}
		bad := bytes.Clone(file)
		bad[s.at/8] ^= 1 << (s.at % 8)
		if err := os.WriteFile(filepath.Join(dir, "latchkey.db"), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		came, err := serveDamaged(t, dir, h.token, b)
		if err != nil {
			t.Errorf("bit %d of byte %d, in a %s: %v", s.at%8, s.at/8, s.kind, err)
		}
		count[s.kind+": "+came]++
	}
	for _, line := range sorted(count) {
		t.Log("measured: one bit flipped in a " + line)
	}
}

func sorted(count map[string]int) (lines []string) {
	for what, n := range count {
		lines = append(lines, fmt.Sprintf("%s (%d times)", what, n))
	}
	for i := range lines { // few
		for j := i + 1; j < len(lines); j++ {
			if lines[j] < lines[i] {
				lines[i], lines[j] = lines[j], lines[i]
			}
		}
	}
	return lines
}

// serveDamaged starts a house that may be damaged, and says what came of it.
func serveDamaged(t *testing.T, dir, token string, b *book) (came string, err error) {
	p, err := start(serveWords(program(t), dir)...)
	if err != nil {
		return "", err
	}
	defer p.kill()
	url, opening := p.await(t.Context(), localLine)
	reading := opening
	if opening == nil {
		c := newCaller(url, token)
		defer c.http.CloseIdleConnections()
		marks, _, err := c.sync()
		if reading = err; err == nil {
			if reading = b.compare(marks); reading != nil {
				return "served wrong", fmt.Errorf("what it serves is wrong: %w", reading)
			}
		}
	}
	d, err := start(program(t), "doctor", "--data", dir)
	if err != nil {
		return "", err
	}
	code, err := d.wait()
	if err != nil {
		return "", err
	}
	named := strings.Contains(d.said(), "latchkey backup restore "+filepath.Join(dir, "backups", "latchkey-")) || strings.Contains(d.said(), "Go back to a backup")
	found := strings.Contains(d.said(), "BAD   ")
	switch {
	case opening != nil:
		if code, _ := p.wait(); code != 1 || !strings.Contains(p.said(), "latchkey: ") || !strings.Contains(p.said(), "\n  ") {
			return "it fell over", fmt.Errorf("the start ended with %d and said:\n%s", code, p.said())
		}
		if came = "it does not start, and doctor names the backup"; code != 1 || !named {
			err = fmt.Errorf("it did not start:\n%s\nand doctor says (%d):\n%s", p.said(), code, d.said())
		}
	case reading != nil:
		if came = "reading is refused, and doctor names the backup"; code != 1 || !found || !named {
			err = fmt.Errorf("reading ended with %w, and doctor says (%d):\n%s", reading, code, d.said())
		}
	case found:
		if came = "what it serves is right, and doctor names the backup"; !named {
			err = fmt.Errorf("doctor says:\n%s", d.said())
		}
	case strings.Contains(p.said(), "was damaged"):
		came = "the start says it, and nothing is lost"
	default:
		came = "harmless"
	}
	return came, err
}

// TestAFlippedBitOfAKeyOrABackupIsFound flips bits of what lies beside the
// database.
func TestAFlippedBitOfAKeyOrABackupIsFound(t *testing.T) {
	t.Parallel()
	h := furnish(t, 0, 10, "")
	box := &sandbox{root: memory(t)}
	key, err := os.ReadFile(filepath.Join(h.dir, "seal.key"))
	if err != nil {
		t.Fatal(err)
	}
	backup, err := os.ReadFile(h.backup)
	if err != nil {
		t.Fatal(err)
	}
	flipped := func(b []byte) ([]byte, int) {
		at := rand.N(len(b))
		bad := bytes.Clone(b)
		bad[at] ^= 1 << rand.N(8)
		return bad, at
	}
	for range max(2, flips()/10) {
		dir, b, err := box.copyOf(h)
		if err != nil {
			t.Fatal(err)
		}
		bad, at := flipped(key)
		if err := os.WriteFile(filepath.Join(dir, "seal.key"), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := start(program(t), "doctor", "--data", dir)
		if err != nil {
			t.Fatal(err)
		}
		code, err := p.wait()
		if err != nil || code != 1 || !strings.Contains(p.said(), "BAD   ") || !strings.Contains(p.said(), "latchkey backup restore") {
			if s, err := look(dir); err != nil || b.compare(s.slots) != nil {
				t.Errorf("byte %d of the key: doctor ended with %d and said:\n%s", at, code, p.said())
			}
		}
		bad, at = flipped(backup)
		file, place := filepath.Join(filepath.Dir(dir), "flipped.age"), filepath.Join(filepath.Dir(dir), "restored", "house")
		if err := os.WriteFile(file, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, words := range [][]string{
			{"backup", "verify", file, "--kit", h.kit},
			{"backup", "restore", file, "--kit", h.kit, "--data", place},
		} {
			p, err := start(append([]string{program(t)}, words...)...)
			if err != nil {
				t.Fatal(err)
			}
			if code, err := p.wait(); err != nil || code != 1 || !strings.Contains(p.said(), "latchkey: ") {
				t.Errorf("byte %d of a backup: %v ended with %d and said:\n%s", at, words, code, p.said())
			}
		}
		if left, _ := os.ReadDir(filepath.Dir(place)); len(left) > 0 {
			t.Errorf("byte %d of a backup: the restore left %v", at, left)
		}
	}
}

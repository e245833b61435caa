package power

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hexed writes a text as strace -xx does.
func hexed(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		fmt.Fprintf(&b, `\x%02x`, c)
	}
	return b.String()
}

// told puts the texts between % signs into hexadecimal digits.
func told(trace string) []byte {
	parts := strings.Split(trace, "%")
	for i := 1; i < len(parts); i += 2 {
		parts[i] = hexed(parts[i])
	}
	return []byte(strings.Join(parts, ""))
}

func TestATraceIsReadCallByCall(t *testing.T) {
	trace := told(`7  pwrite64(5<%/d/f%>, "%abc%", 3, 4096) = 3
7  fdatasync(5<%/d/f%> <unfinished ...>
1234 write(9<socket:[11]>, "%HTTP/1.1 200 OK%", 15) = 15
7  <... fdatasync resumed>)          = 0
7  openat(AT_FDCWD<%/d%>, "%f%", O_RDONLY) = -1 ENOENT (No such file or directory)
7  writev(5<%/d/f%(deleted)>, [{iov_base="%a%", iov_len=1}, {iov_base="%b%", iov_len=1}], 2) = 2
8  read(4<%/d/f%>,  <unfinished ...>
7  +++ exited with 0 +++
8  <... read resumed>"%xyz%", 512) = 3
`)
	var began, ended []string
	say := func(to *[]string) func(*call) error {
		return func(c *call) error {
			fd, path := c.fd(0)
			*to = append(*to, fmt.Sprintf("%s %d %q %d-%d %q %d %v", c.name, fd, path, c.begun, c.ended, bytes.Join(c.strings, nil), c.result, c.failed))
			return nil
		}
	}
	r := &traceReader{begin: say(&began), end: say(&ended)}
	if err := r.read(bytes.NewReader(trace)); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`pwrite64 5 "/d/f" 1-1 "abc" 3 false`,
		`write 9 "socket:[11]" 3-3 "HTTP/1.1 200 OK" 15 false`,
		`fdatasync 5 "/d/f" 2-4 "" 0 false`,
		`openat -1 "/d" 5-5 "f" -1 true`,
		`writev 5 "/d/f(deleted)" 6-6 "ab" 2 false`,
		`read 4 "/d/f" 7-9 "xyz" 3 false`,
	}
	if got := strings.Join(ended, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("it reads\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if len(began) != len(want) || !strings.HasPrefix(began[1], "fdatasync") {
		t.Errorf("the calls began as %v", began)
	}
}

func TestATraceThatIsCutOrForeignIsRefused(t *testing.T) {
	for says, line := range map[string]string{
		"a string that strace has cut": `7 write(1, "%abc%"..., 9) = 9`,
		"a call without its result":    `7 write(1, "%abc%", 9)`,
		"an end without its beginning": `7 <... write resumed>) = 9`,
		"no call":                      `nonsense`,
		"an open string":               `7 write(1, "\x61`,
	} {
		r := &traceReader{begin: func(*call) error { return nil }, end: func(*call) error { return nil }}
		if err := r.read(bytes.NewReader(append(told(line), '\n'))); !errors.Is(err, errTrace) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

func FuzzTrace(f *testing.F) {
	f.Add([]byte("7 fsync(5</d>) = 0\n"))
	f.Add(told("7 write(5<%/d/f%>, \"%a%\", 1 <unfinished ...>\n7 <... write resumed>) = 1\n"))
	f.Add([]byte("7 renameat2(-1, \"\", 1, [{)}], 0) = ? \n"))
	f.Fuzz(func(t *testing.T, trace []byte) {
		d, err := newDisk(t.TempDir(), nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = (&traceReader{begin: d.begin, end: d.end}).read(bytes.NewReader(trace))
	})
}

// replayed gives the history of a trace over a folder with the file old.
func replayed(t *testing.T, trace string) *disk {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "old"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := newDisk(root, map[string]int{"kept": 9})
	if err != nil {
		t.Fatal(err)
	}
	text := told(strings.ReplaceAll(trace, "ROOT", root))
	if err := (&traceReader{begin: d.begin, end: d.end}).read(bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	if len(d.odd) > 0 {
		t.Fatalf("odd: %v", d.odd)
	}
	return d
}

// shapes are all states of all cuts, each as one text.
func shapes(d *disk) map[string]bool {
	all := make(map[string]bool)
	for _, c := range d.cuts() {
		c.settle()
		states := c.systematic(random(1))
		for range 500 {
			states = append(states, c.random(random(uint64(len(states)))))
		}
		for _, s := range states {
			var parts []string
			for path, content := range s.tree() {
				if len(content) > 20 {
					content = fmt.Appendf(nil, "%d bytes", len(content))
				}
				parts = append(parts, fmt.Sprintf("%s=%q", path, content))
			}
			all[strings.Join(sorted(parts), " ")] = true
		}
	}
	return all
}

func TestStatesAreThoseThatTheSyncsAllow(t *testing.T) {
	const making = `7 openat(AT_FDCWD<%ROOT%>, "%ROOT/new%", O_RDWR|O_CREAT|O_EXCL, 0600) = 3<%ROOT/new%>
7 write(3<%ROOT/new%>, "%new%", 3) = 3
`
	const syncing = "7 fsync(3<%ROOT/new%>) = 0\n"
	const renaming = `7 renameat(AT_FDCWD<%ROOT%>, "%ROOT/new%", AT_FDCWD<%ROOT%>, "%ROOT/old%") = 0
`
	const syncingFolder = "7 fsync(4<%ROOT%>) = 0\n"
	for _, c := range []struct {
		says, trace string
		may, never  []string
	}{
		{
			"a new file that nobody synced may be anything", making,
			[]string{`old="old"`, `new="" old="old"`, `new="new" old="old"`},
			[]string{`new="new"`},
		},
		{
			"a file's sync does not keep its name", making + syncing + "7 fsync(3<%ROOT/new%>) = 0\n",
			[]string{`old="old"`, `new="new" old="old"`},
			nil,
		},
		{
			"renamed before its sync, a file may come out empty", making + renaming + syncing,
			[]string{`old=""`, `old="old"`, `old="new"`},
			[]string{`new="new"`},
		},
		{
			"synced, renamed and its folder synced, it is the old one or the new one", making + syncing + renaming + syncingFolder,
			[]string{`old="old"`, `old="new"`, `new="new" old="old"`},
			[]string{`old=""`},
		},
	} {
		t.Run(c.says, func(t *testing.T) {
			got := shapes(replayed(t, c.trace))
			for _, shape := range c.may {
				if !got[shape] {
					t.Errorf("%s is not among %v", shape, got)
				}
			}
			for _, shape := range c.never {
				if got[shape] {
					t.Errorf("%s is among the states", shape)
				}
			}
		})
	}
}

func TestWhatASyncHasKeptIsInEveryLaterState(t *testing.T) {
	d := replayed(t, `7 openat(AT_FDCWD<%ROOT%>, "%ROOT/old%", O_RDWR) = 3<%ROOT/old%>
7 pwrite64(3<%ROOT/old%>, "%A%", 1, 0) = 1
8 fdatasync(3<%ROOT/old%> <unfinished ...>
7 pwrite64(3<%ROOT/old%>, "%B%", 1, 1) = 1
8 <... fdatasync resumed>) = 0
7 write(1<pipe:[1]>, "%it is kept%", 10) = 10
`)
	cuts := d.cuts()
	last := cuts[len(cuts)-1]
	last.settle()
	if len(last.pending) != 1 || string(last.content[d.find(filepath.Join(d.path, "old"))]) != "Ald" {
		t.Errorf("at the end %d changes are open", len(last.pending))
	}
	if !last.acked[9] {
		t.Error("what was said is not acknowledged")
	}
	cuts[0].settle()
	if len(cuts[0].pending) != 2 || cuts[0].acked[9] {
		t.Errorf("before the sync is over %d changes are open", len(cuts[0].pending))
	}
}

func TestATornWriteKeepsSomeSectors(t *testing.T) {
	old := bytes.Repeat([]byte("o"), 4*sector)
	ch := &change{offset: 100, bytes: bytes.Repeat([]byte("n"), 3*sector)}
	got := ch.apply(bytes.Clone(old), func(n int) bool { return n == 1 })
	want := bytes.Clone(old)
	copy(want[sector:2*sector], bytes.Repeat([]byte("n"), sector))
	if !bytes.Equal(got, want) {
		t.Error("another sector than the second has changed")
	}
	longer := ch.apply(nil, func(int) bool { return false })
	if len(longer) != 100+3*sector || !bytes.Equal(longer, make([]byte, len(longer))) {
		t.Errorf("a torn write at the end leaves %d bytes", len(longer))
	}
	cutTo := (&change{offset: 10}).apply(old, nil)
	if len(cutTo) != 10 {
		t.Errorf("a length of 10 leaves %d bytes", len(cutTo))
	}
}

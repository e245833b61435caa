// Package release_test makes a release of this machine's own kind, by the script that makes the real one, and looks
// into what it made.
package release_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"latchkey/systemd"
	"latchkey/test/house"
)

// file is one of an archive.
type file struct {
	mode  int64
	owner int
	body  []byte
}

func TestRelease(t *testing.T) {
	if testing.Short() {
		t.Skip("a release is not for short tests")
	}
	arch := runtime.GOARCH
	if arch == "arm" {
		arch = "armv6"
	}
	// The script itself compares its two builds, and ends in anger where they differ.
	dist := filepath.Join(t.TempDir(), "dist")
	make := exec.Command(filepath.Join(house.Root(), "scripts", "release.sh"), "--quick", "--arch", arch, "--to", dist)
	make.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1790000000")
	if out, err := make.CombinedOutput(); err != nil {
		t.Fatalf("making a release: %v\n%s", err, out)
	}
	archive := unpackArchive(t, one(t, dist, "*.tar.gz"))
	packed := openPackage(t, one(t, dist, "*.deb"))

	t.Run("the sums are those of the files", func(t *testing.T) { checkSums(t, dist) })

	t.Run("the program asks for no library and no loader", func(t *testing.T) {
		binary := within(t, archive, "latchkey")
		program, err := elf.NewFile(bytes.NewReader(binary.body))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range program.Progs {
			if part.Type == elf.PT_INTERP || part.Type == elf.PT_DYNAMIC {
				t.Errorf("it has a %v", part.Type)
			}
		}
		if binary.mode != 0o755 {
			t.Errorf("its mode is %o", binary.mode)
		}
	})

	t.Run("the package holds the same program, and the units as the program would write them", func(t *testing.T) {
		want := map[string]string{
			"usr/bin/latchkey":                 string(within(t, archive, "latchkey").body),
			"usr/lib/sysusers.d/latchkey.conf": systemd.Sysusers(),
		}
		for _, name := range systemd.Units() {
			want["usr/lib/systemd/system/"+name] = systemd.Unit(name)
		}
		for path, text := range want {
			if got, ok := packed.data[path]; !ok || string(got.body) != text {
				t.Errorf("%s is not in the package as it should be (there: %v, %d bytes)", path, ok, len(got.body))
			}
		}
		for path := range packed.data {
			if strings.Contains(path, "/systemd/") && want[path] == "" {
				t.Errorf("the program does not know %s", path)
			}
		}
	})

	t.Run("nothing in the package is anybody's but root's, writable by others, or outside usr", func(t *testing.T) {
		for path, f := range packed.data {
			if f.owner != 0 || f.mode&0o7022 != 0 || !strings.HasPrefix(path, "usr/") || strings.HasPrefix(path, "usr/local/") {
				t.Errorf("%s: mode %o, user %d", path, f.mode, f.owner)
			}
		}
	})

	t.Run("its scripts are those of the tree, and it has no file of settings to ask about", func(t *testing.T) {
		for _, name := range []string{"preinst", "postinst", "prerm", "postrm"} {
			want, err := os.ReadFile(filepath.Join(house.Root(), "packaging", "deb", name+".sh"))
			if err != nil {
				t.Fatal(err)
			}
			if got := packed.control[name]; !bytes.Equal(got.body, want) || got.mode&0o111 == 0 {
				t.Errorf("%s is another, or can't be run (mode %o)", name, got.mode)
			}
		}
		if got, ok := packed.control["conffiles"]; ok {
			t.Errorf("conffiles: %s", got.body)
		}
	})
}

func one(t *testing.T, dir, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v (%v)", pattern, found, err)
	}
	return found[0]
}

// within gives the file of that name, whatever the folder that the archive wraps all in.
func within(t *testing.T, files map[string]file, name string) file {
	t.Helper()
	for path, f := range files {
		if strings.HasSuffix(path, "/"+name) {
			return f
		}
	}
	t.Fatalf("there is no %s among %v", name, slices.Sorted(maps.Keys(files)))
	return file{}
}

func checkSums(t *testing.T, dist string) {
	t.Helper()
	sums, err := os.ReadFile(filepath.Join(dist, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(sums)) {
		want, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		body, err := os.ReadFile(filepath.Join(dist, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(body)); got != want {
			t.Errorf("%s: %s, said to be %s", name, got, want)
		}
		seen++
	}
	if there, err := os.ReadDir(dist); err != nil || len(there) != seen+1 {
		t.Errorf("%d sums for %d files (%v)", seen, len(there)-1, err)
	}
}

func unpackArchive(t *testing.T, path string) map[string]file {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return untar(t, raw)
}

// untar reads a compressed archive: its files by their paths, without a "./" before them.
func untar(t *testing.T, raw []byte) map[string]file {
	t.Helper()
	plain, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]file{}
	for r := tar.NewReader(plain); ; {
		head, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if head.Typeflag == tar.TypeDir {
			continue
		}
		if head.Typeflag != tar.TypeReg {
			t.Errorf("%s is no file and no folder", head.Name)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimPrefix(head.Name, "./")] = file{head.Mode, head.Uid + head.Gid, body}
	}
}

type deb struct{ control, data map[string]file }

// openPackage reads a .deb, which is an ar archive (deb(5)) of two compressed ones.
func openPackage(t *testing.T, path string) deb {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rest, ok := bytes.CutPrefix(raw, []byte("!<arch>\n"))
	if !ok {
		t.Fatal("it is no package")
	}
	members := map[string][]byte{}
	for len(rest) >= 60 {
		name := strings.TrimRight(string(rest[:16]), " /")
		size, err := strconv.Atoi(strings.TrimSpace(string(rest[48:58])))
		if err != nil || 60+size > len(rest) {
			t.Fatalf("the member %q: %d bytes, %v", name, size, err)
		}
		members[name] = rest[60 : 60+size]
		rest = rest[min(60+size+size%2, len(rest)):]
	}
	if got := string(members["debian-binary"]); got != "2.0\n" {
		t.Errorf("the format is %q", got)
	}
	return deb{control: untar(t, members["control.tar.gz"]), data: untar(t, members["data.tar.gz"])}
}

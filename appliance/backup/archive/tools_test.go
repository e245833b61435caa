package archive_test

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"latchkey/appliance/backup/archive"
)

// byHand gives the commands of FORMAT.md, so that what it promises is what is
// tried.
func byHand(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("FORMAT.md")
	must(t, err)
	_, rest, found := strings.Cut(string(text), "\n```sh\n")
	commands, _, ended := strings.Cut(rest, "\n```\n")
	if !found || !ended {
		t.Fatal("FORMAT.md has no commands")
	}
	for _, tool := range []string{"sh", "age", "zstd", "tar", "sha256sum", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not here; make test installs it on Debian as root (scripts/test-needs.sh)", tool)
		}
	}
	return commands
}

// kitText is a kit as the page saves it, as far as it matters.
func (h house) kitText() string {
	return "LATCHKEY: RECOVERY KIT\n\nRECOVERY KEY\n\n" + h.kit.Recovery.String() + "\n\n   1 ABCD   2 EFGH\n\nSIGNING KEY\n\n" +
		"latchkey-sign-" + base64.RawURLEncoding.EncodeToString(h.kit.Signer) + "\n\nWHAT THIS IS FOR\n"
}

// TestOtherToolsReadIt follows FORMAT.md with programs that are none of ours.
func TestOtherToolsReadIt(t *testing.T) {
	commands := byHand(t)
	h := newHouse(t)
	parts := append(small(), part("attachments/ff", noise(3, 300<<10)), part("config.toml", []byte("listen = [\":8443\"]\n")))
	read := func(t *testing.T, file []byte, kit string) (dir, said string, err error) {
		t.Helper()
		dir = t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "backup.age"), file, 0o600))
		must(t, os.WriteFile(filepath.Join(dir, "kit.txt"), []byte(kit), 0o600))
		run := exec.CommandContext(t.Context(), "sh", "-c", commands)
		run.Dir = dir
		out, err := run.CombinedOutput()
		return dir, string(out), err
	}

	t.Run("to the last byte", func(t *testing.T) {
		dir, said, err := read(t, h.write(t, parts), h.kitText())
		if err != nil || strings.Count(said, "Signature Verified Successfully") != 2 || strings.Count(said, ": OK") != len(parts)+1 {
			t.Fatalf("%v: %s", err, said)
		}
		for _, ours := range []string{"manifest.json", "manifest.json.sig", "SHA256SUMS", "SHA256SUMS.sig"} {
			must(t, os.Remove(filepath.Join(dir, "house", ours)))
		}
		sameFolder(t, filepath.Join(dir, "house"), parts)
	})
	t.Run("and see that another house signed it", func(t *testing.T) {
		other := newHouse(t)
		other.kit.Recovery = h.kit.Recovery
		if _, said, err := read(t, h.write(t, parts), other.kitText()); err == nil || !strings.Contains(said, "Verification Failure") {
			t.Errorf("%v: %s", err, said)
		}
	})
	t.Run("and see that a part was altered", func(t *testing.T) {
		f := forge()
		f.pack(t, h.sign)
		f.entries[f.at("latchkey.db")].content = noise(9, 3000)
		if _, said, err := read(t, f.file(t, h), h.kitText()); err == nil || !strings.Contains(said, "latchkey.db: FAILED") {
			t.Errorf("%v: %s", err, said)
		}
	})
	t.Run("and see that it was cut", func(t *testing.T) {
		file := h.write(t, parts)
		if _, said, err := read(t, file[:len(file)-100], h.kitText()); err == nil {
			t.Errorf("nobody minds: %s", said)
		}
	})
}

// TestTheDocumentNamesEverything keeps FORMAT.md to what the code writes.
func TestTheDocumentNamesEverything(t *testing.T) {
	text, err := os.ReadFile("FORMAT.md")
	must(t, err)
	for _, word := range []string{
		archive.DatabasePart, archive.SealKeyPart, archive.LocalCAPart, archive.ConfigPart, archive.AttachmentsFolder + "/NAME",
		"manifest.json.sig", "SHA256SUMS.sig",
	} {
		if !strings.Contains(string(text), "| `"+word+"`") {
			t.Errorf("it does not name %s", word)
		}
	}
	shape := reflect.TypeFor[archive.Manifest]()
	for i := range shape.NumField() {
		field := shape.Field(i).Tag.Get("json")
		if !regexp.MustCompile("(?m)^\\| `" + field + "` \\|").Match(text) {
			t.Errorf("it does not name the field %s", field)
		}
	}
}

package story_test

import (
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"latchkey/test/story"
)

// TestFind wants the search to see what it is meant to see; a search that finds nothing proves nothing.
func TestFind(t *testing.T) {
	const secret = "harbour lamp 41"
	cases := []struct {
		name, raw string
		found     bool
	}{
		{"as typed", "x" + secret + "y", true},
		{"in base64", base64.StdEncoding.EncodeToString([]byte(secret)), true},
		{"in base64 after one byte", base64.StdEncoding.EncodeToString([]byte("a" + secret + "bc")), true},
		{"in base64 after two bytes", base64.StdEncoding.EncodeToString([]byte("ab" + secret + "c")), true},
		{"within JSON in base64", base64.StdEncoding.EncodeToString([]byte(`{"password":"` + secret + `","notes":null}`)), true},
		{"in hexadecimal", hex.EncodeToString([]byte(secret)), true},
		{"in a form", "password=harbour+lamp+41&x=1", true},
		{"not where it is not", "harbour lamp 42", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := len(story.Find([]byte(c.raw), []string{secret})) == 1; got != c.found {
				t.Errorf("found: %v", got)
			}
		})
	}

	t.Run("in a file, and in a file's name", func(t *testing.T) {
		folder := t.TempDir()
		for name, content := range map[string]string{"a": "..." + secret, secret: "", "b": "nothing"} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		found, looked, err := story.FindInFolder(folder, []string{secret})
		if err != nil || len(found) != 2 || looked == 0 {
			t.Errorf("found %v in %d bytes, %v", found, looked, err)
		}
	})
}

package lab_test

import (
	"os"
	"path/filepath"
	"testing"
)

// writeFile puts a text into a file that goes with the test, and gives its path.
func writeFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

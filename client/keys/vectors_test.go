package keys_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"latchkey/client/keys"
)

// load reads one of the vector files that the page's tests read, too.
func load[T any](t testing.TB, name string) T {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "test", "vectors", name))
	if err != nil {
		t.Fatalf("reading vectors: %v", err)
	}
	var vectors T
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatalf("reading %s: %v", name, err)
	}
	return vectors
}

// some fails on an empty list: a test over no vectors proves nothing.
func some[T any](t testing.TB, vectors []T) []T {
	t.Helper()
	if len(vectors) == 0 {
		t.Fatal("there are no vectors")
	}
	return vectors
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatalf("reading hexadecimal: %v", err)
	}
	return raw
}

func key(t testing.TB, text string) keys.Key {
	t.Helper()
	k, err := keys.KeyFrom(unhex(t, text))
	if err != nil {
		t.Fatalf("reading a key: %v", err)
	}
	return k
}

// why are the reasons by which the vectors name errors.
var why = map[string]error{"old": keys.ErrNoMAC, "shape": keys.ErrShape, "mac": keys.ErrMAC}

// settings is a KDF as the vectors write it; memory and parallelism may be null.
type settings struct {
	Type        keys.KDFType
	Iterations  int
	Memory      int
	Parallelism int
}

func (s settings) kdf() keys.KDF { return keys.KDF(s) }

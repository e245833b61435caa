package arch_test

import (
	"os"
	"path/filepath"
	"testing"

	"latchkey/test/arch"
)

// TestRules wants each rule to see what it forbids, and to leave alone what only looks like it.
func TestRules(t *testing.T) {
	cases := []struct {
		name, source   string
		reaches, lines int
	}{
		{"init is seen", "package p\nfunc init() {}\n", 1, 0},
		{"a method named init is not", "package p\ntype t struct{}\nfunc (t) init() {}\n", 0, 0},
		{"os.Exit is seen", "package p\nimport \"os\"\nfunc f() { os.Exit(1) }\n", 1, 0},
		{"the default mux is seen", "package p\nimport \"net/http\"\nvar m = http.DefaultServeMux\n", 1, 0},
		{"the default logger is seen", "package p\nimport \"log/slog\"\nfunc f() { slog.Default().Info(\"x\") }\n", 1, 0},
		{"a table only read is fine", "package p\nvar t = map[int]int{1: 2}\nfunc f() int { return t[1] }\n", 0, 0},
		{"a map written to is seen", "package p\nvar t = map[int]int{}\nfunc f() { t[1] = 2 }\n", 0, 1},
		{"a map emptied is seen", "package p\nvar t = map[int]int{}\nfunc f() { clear(t) }\n", 0, 1},
		{"a counter is seen", "package p\nvar n int\nfunc f() { n++ }\n", 0, 1},
		{"an address taken is seen", "package p\nvar n int\nfunc f() *int { return &n }\n", 0, 1},
		{"a field set is seen", "package p\nvar s struct{ a int }\nfunc f() { s.a = 1 }\n", 0, 1},
		{"a local of the same name is fine", "package p\nvar n int\nfunc f() int { n := 1; n = 2; return n }\n", 0, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.WriteFile(filepath.Join(root, "p.go"), []byte(c.source), 0o600); err != nil {
				t.Fatal(err)
			}
			tree, err := arch.Read(root)
			if err != nil {
				t.Fatal(err)
			}
			if got := tree.Reaches(tree.Files[0]); len(got) != c.reaches {
				t.Errorf("reaches: %v, want %d", got, c.reaches)
			}
			if got := tree.Writes("."); len(got) != c.lines {
				t.Errorf("writes: %v, want %d", got, c.lines)
			}
		})
	}
}

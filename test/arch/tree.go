// Package arch keeps the house's shape: which package may import which, and a few rules that a compiler
// does not know. It only reads source, so that it runs in a bare clone and takes no time.
package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// A File is one parsed source file of the tree.
type File struct {
	Path    string // slash-separated, from the root of the tree
	Package string // the folder: "appliance/store", "." for the root
	Test    bool
	Lines   int
	AST     *ast.File
}

// A Tree is every Go file of the module, in the order of their paths.
type Tree struct {
	Set   *token.FileSet
	Files []File
}

// Read parses every Go file under root but those of other modules (a folder with its own go.mod),
// of testdata, and of node_modules.
func Read(root string) (*Tree, error) {
	tree := &Tree{Set: token.NewFileSet()}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skip(root, name, entry.Name())
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		return tree.add(root, name)
	})
	sort.Slice(tree.Files, func(i, j int) bool { return tree.Files[i].Path < tree.Files[j].Path })
	return tree, err
}

func skip(root, name, base string) error {
	if name == root {
		return nil
	}
	if base == "testdata" || base == "node_modules" || base == "lab" || strings.HasPrefix(base, ".") {
		return filepath.SkipDir
	}
	return nil
}

func (t *Tree) add(root, name string) error {
	parsed, err := parser.ParseFile(t.Set, name, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(root, name)
	if err != nil {
		return err
	}
	rel = filepath.ToSlash(rel)
	t.Files = append(t.Files, File{
		Path:    rel,
		Package: path.Dir(rel),
		Test:    strings.HasSuffix(rel, "_test.go"),
		Lines:   t.Set.Position(parsed.End()).Line,
		AST:     parsed,
	})
	return nil
}

// Imports lists what the file imports, as written.
func (f File) Imports() []string {
	var out []string
	for _, spec := range f.AST.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic("arch: the parser passed an import that is no string")
		}
		out = append(out, name)
	}
	return out
}

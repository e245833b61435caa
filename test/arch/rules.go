package arch

import (
	"fmt"
	"go/ast"
	"go/token"
)

// banned are the names that reach over the whole process. Main may use them.
var banned = map[string]string{
	"http.DefaultServeMux": "every mux is made and handed over",
	"http.Handle":          "it writes to http.DefaultServeMux",
	"http.HandleFunc":      "it writes to http.DefaultServeMux",
	"slog.Default":         "a logger is handed over",
	"slog.SetDefault":      "a logger is handed over",
	"slog.Info":            "it writes to slog.Default",
	"slog.Warn":            "it writes to slog.Default",
	"slog.Error":           "it writes to slog.Default",
	"slog.Debug":           "it writes to slog.Default",
	"os.Exit":              "only main ends the process",
	"log.Fatal":            "only main ends the process",
	"log.Fatalf":           "only main ends the process",
	"flag.Parse":           "only main reads the command line",
}

// Reaches lists where a file uses a banned name or has an init function.
func (t *Tree) Reaches(f File) []string {
	var out []string
	ast.Inspect(f.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				out = append(out, t.at(n.Pos())+": init(): nothing happens on import")
			}
		case *ast.SelectorExpr:
			owner, ok := n.X.(*ast.Ident)
			if !ok {
				return true
			}
			name := owner.Name + "." + n.Sel.Name
			if why, no := banned[name]; no {
				out = append(out, fmt.Sprintf("%s: %s: %s", t.at(n.Pos()), name, why))
			}
		}
		return true
	})
	return out
}

// Writes lists where the functions of a package write to its own package-level variables: assign, count up,
// set a field or an element, or take the address. Tables and error values, written once where they are
// declared, pass.
func (t *Tree) Writes(folder string) []string {
	globals := map[string]bool{}
	for _, f := range t.Files {
		if f.Package == folder && !f.Test {
			collect(f.AST, globals)
		}
	}
	var out []string
	for _, f := range t.Files {
		if f.Package != folder || f.Test {
			continue
		}
		for _, decl := range f.AST.Decls {
			if function, ok := decl.(*ast.FuncDecl); ok && function.Body != nil {
				out = append(out, t.writesIn(function, globals)...)
			}
		}
	}
	return out
}

func collect(file *ast.File, into map[string]bool) {
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.VAR {
			continue
		}
		for _, spec := range group.Specs {
			for _, name := range spec.(*ast.ValueSpec).Names {
				if name.Name != "_" {
					into[name.Name] = true
				}
			}
		}
	}
}

func (t *Tree) writesIn(function *ast.FuncDecl, globals map[string]bool) []string {
	local := locals(function)
	var out []string
	check := func(target ast.Expr) {
		if name := root(target); name != nil && globals[name.Name] && !local[name.Name] {
			out = append(out, fmt.Sprintf("%s: %s writes the package-level %s", t.at(name.Pos()), function.Name.Name, name.Name))
		}
	}
	ast.Inspect(function.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, target := range n.Lhs {
					check(target)
				}
			}
		case *ast.IncDecStmt:
			check(n.X)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				check(n.X)
			}
		case *ast.CallExpr:
			if called, ok := n.Fun.(*ast.Ident); ok && (called.Name == "delete" || called.Name == "clear") && len(n.Args) > 0 {
				check(n.Args[0])
			}
		}
		return true
	})
	return out
}

// locals are all the names that a function declares anywhere: a shadowed global is not written.
func locals(function *ast.FuncDecl) map[string]bool {
	out := map[string]bool{}
	ast.Inspect(function, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			for _, name := range n.Names {
				out[name.Name] = true
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				for _, target := range n.Lhs {
					if name, ok := target.(*ast.Ident); ok {
						out[name.Name] = true
					}
				}
			}
		case *ast.ValueSpec:
			for _, name := range n.Names {
				out[name.Name] = true
			}
		case *ast.RangeStmt:
			for _, e := range []ast.Expr{n.Key, n.Value} {
				if name, ok := e.(*ast.Ident); ok && n.Tok == token.DEFINE {
					out[name.Name] = true
				}
			}
		}
		return true
	})
	return out
}

// root is the variable that an expression reaches into: a for a.b[c].
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

func (t *Tree) at(pos token.Pos) string {
	p := t.Set.Position(pos)
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

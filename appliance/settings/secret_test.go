package settings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"latchkey/appliance/problem"
)

type memory map[string][]byte

func (m memory) Value(_ context.Context, name string) ([]byte, bool, error) {
	v, ok := m[name]
	return v, ok, nil
}

func (m memory) SetValues(_ context.Context, values map[string][]byte) error {
	maps.Copy(m, values)
	return nil
}

const credentials = `{"token":"hunter2"}`

// table has one of each new kind that is listed.
func table() []Key {
	return []Key{
		{Name: "a.secret", Kind: Secret, Default: "", Max: 100, Check: texts},
		{Name: "a.list", Kind: List, Default: []string{}, Max: 3, Check: network},
		{Name: "a.hidden", Kind: Secret, Default: "", Max: 100, Hidden: true},
	}
}

func TestASecretIsToldToNobodyElse(t *testing.T) {
	keep := memory{}
	s, err := open(t.Context(), keep, nil, table())
	if err != nil {
		t.Fatal(err)
	}
	var heard []any
	s.Subscribe("a.secret", func(v any) { heard = append(heard, v) })
	if err := s.Set(t.Context(), map[string]any{"a.secret": credentials}); err != nil {
		t.Fatal(err)
	}
	t.Run("the part that uses it reads it, after a restart too", func(t *testing.T) {
		again, err := open(t.Context(), keep, nil, table())
		if err != nil || s.Secret("a.secret") != credentials || again.Secret("a.secret") != credentials {
			t.Errorf("got %q, then %q, %v", s.Secret("a.secret"), again.Secret("a.secret"), err)
		}
	})
	t.Run("the list tells that there is one", func(t *testing.T) {
		list := s.List()
		if len(list) != 2 || !list[0].Set || list[0].Value != nil {
			t.Errorf("got %+v", list)
		}
	})
	t.Run("printing all of it shows nothing", func(t *testing.T) {
		if out := fmt.Sprintf("%v %+v %s %+v", s.values, s.values, s.values, s.List()); strings.Contains(out, "hunter2") {
			t.Error(out)
		}
	})
	t.Run("it can't be read as a text", func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("Text gave a secret")
			}
		}()
		s.Text("a.secret")
	})
	t.Run("an empty one clears it", func(t *testing.T) {
		if err := s.Set(t.Context(), map[string]any{"a.secret": ""}); err != nil || s.Secret("a.secret") != "" || s.List()[0].Set {
			t.Errorf("%v, still %q", err, s.Secret("a.secret"))
		}
	})
	if !reflect.DeepEqual(heard, []any{true, false}) {
		t.Errorf("subscribers heard %v", heard)
	}
}

func TestAListIsItsReadersToKeep(t *testing.T) {
	keep := memory{}
	s, err := open(t.Context(), keep, nil, table())
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Texts("a.list"); got == nil || len(got) != 0 {
		t.Errorf("by default %#v", got)
	}
	given := []string{"10.0.0.2", "fd00::/64"}
	if err := s.Set(t.Context(), map[string]any{"a.list": given}); err != nil {
		t.Fatal(err)
	}
	given[0] = "changed"
	s.Texts("a.list")[0] = "changed"
	s.List()[1].Value.([]string)[0] = "changed"
	again, err := open(t.Context(), keep, nil, table())
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range [][]string{s.Texts("a.list"), again.Texts("a.list")} {
		if fmt.Sprint(got) != "[10.0.0.2 fd00::/64]" {
			t.Errorf("got %v", got)
		}
	}
}

// file makes one of mode with text and gives its path.
func file(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPinnedSecrets(t *testing.T) {
	for _, tt := range []struct {
		name  string
		key   string
		value any
		want  string // in the problem; "": it is taken
	}{
		{"from a file of its own", "a.secret_file", file(t, "s", credentials+"\n", 0o400), ""},
		{"from a file that its group reads", "a.secret_file", file(t, "s", credentials, 0o640), ""},
		{"in the configuration itself", "a.secret", credentials, "a.secret_file"},
		{"from a file that all may read", "a.secret_file", file(t, "s", credentials, 0o644), "chmod o="},
		{"from a file that all may write", "a.secret_file", file(t, "s", credentials, 0o602), "chmod o="},
		{"from no file", "a.secret_file", "/nonexistent/s", "no file /nonexistent/s"},
		{"from a folder", "a.secret_file", "/", "no file that can be read"},
		{"from a path that depends on where it runs", "a.secret_file", "s", "full path"},
		{"from a number", "a.secret_file", int64(7), "full path"},
		{"from an empty file", "a.secret_file", file(t, "s", "\n", 0o400), "is empty"},
		{"from a file that holds something else", "a.secret_file", file(t, "s", "hunter2", 0o400), "JSON object"},
		{"from a file that is too large", "a.secret_file", file(t, "s", strings.Repeat(" ", longestSecret+1), 0o400), "larger"},
		{"a list has no file", "a.list_file", file(t, "s", "10.0.0.2", 0o400), "no such setting"},
		{"a pinned list", "a.list", []string{"10.0.0.2"}, ""},
		{"a pinned list with a stranger in it", "a.list", []string{"x"}, "Entry 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := open(t.Context(), memory{}, map[string]Pin{tt.key: {Value: tt.value, File: "c.toml", Line: 7}}, table())
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				name := strings.TrimSuffix(tt.key, "_file")
				if p, ok := s.Pinned(name); !ok || p.Line != 7 || p.Value != nil {
					t.Errorf("Pinned = %+v, %v", p, ok)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "c.toml line 7: "+tt.key) {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("the problem tells the secret")
			}
		})
	}
}

func TestAPinnedSecretStands(t *testing.T) {
	pins := map[string]Pin{"a.secret_file": {Value: file(t, "s", credentials, 0o400), File: "c.toml", Line: 7}}
	keep := memory{"settings/a.secret": []byte(`"{}"`)}
	s, err := open(t.Context(), keep, pins, table())
	if err != nil || s.Secret("a.secret") != credentials {
		t.Fatalf("%q, %v", s.Secret("a.secret"), err)
	}
	t.Run("against another one", func(t *testing.T) {
		err := s.Set(t.Context(), map[string]any{"a.secret": `{"token":"x"}`})
		if p := problem.Of(err); !strings.Contains(p.Values["a.secret"], "c.toml, line 7") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("and lets itself be set to what it is, spaced as one likes, beside others", func(t *testing.T) {
		err := s.Set(t.Context(), map[string]any{"a.secret": `{ "token": "hunter2" }`, "a.hidden": "y"})
		if err != nil || s.Secret("a.hidden") != "y" || string(keep["settings/a.secret"]) != `"{}"` {
			t.Errorf("%v; kept %s", err, keep)
		}
	})
}

func TestCredentials(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{ReachCredentials: credentials, ReachName: "home.example.org", "seal.key": "x"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o400); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("a secret that systemd hands over is pinned by its file", func(t *testing.T) {
		s, err := Open(t.Context(), memory{}, Credentials(folder, nil))
		if err != nil || s.Secret(ReachCredentials) != credentials || s.Text(ReachName) != "" {
			t.Fatalf("%v", err)
		}
		err = s.Set(t.Context(), map[string]any{ReachCredentials: ""})
		if p := problem.Of(err); p.Values[ReachCredentials] != "Fixed by "+filepath.Join(folder, ReachCredentials)+"." {
			t.Errorf("got %v", p.Values)
		}
	})
	t.Run("what config.toml names goes first", func(t *testing.T) {
		given := map[string]Pin{ReachCredentials + "_file": {Value: "/x", File: "c.toml", Line: 1}}
		if got := Credentials(folder, given); !reflect.DeepEqual(got, given) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("without systemd nothing is added", func(t *testing.T) {
		if got := Credentials("", nil); len(got) != 0 {
			t.Errorf("got %v", got)
		}
	})
}

func TestDecode(t *testing.T) {
	for _, tt := range []struct {
		name, key, raw string
		want           any
		code           string
	}{
		{"a list", ReachProxies, `["10.0.0.2", " ", " fd00::/64 "]`, []string{"10.0.0.2", "fd00::/64"}, ""},
		{"a list as one text", ReachProxies, `"10.0.0.2, fd00::/64,\n10.0.0.3"`, []string{"10.0.0.2", "fd00::/64", "10.0.0.3"}, ""},
		{"an empty list as a text", ReachProxies, `""`, []string{}, ""},
		{"no list", ReachProxies, `null`, []string{}, ""},
		{"a list of numbers", ReachProxies, `[1]`, nil, "settings.type"},
		{"a number for a text", ReachChecker, `7`, nil, "settings.type"},
		{"what a step sets", ReachName, `"home.example.org"`, nil, "settings.step"},
		{"a secret that a step sets", ReachCredentials, `"hunter2"`, nil, "settings.step"},
		{"what there is not", "no.such", `1`, nil, "settings.unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Decode(tt.key, json.RawMessage(tt.raw))
			if tt.code == "" {
				if err != nil || !reflect.DeepEqual(got, tt.want) {
					t.Errorf("got %#v, %v", got, err)
				}
				return
			}
			var p *problem.Problem
			if !errors.As(err, &p) || p.Code != tt.code || strings.Contains(fmt.Sprint(p), "hunter2") {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestPrefixes(t *testing.T) {
	got := fmt.Sprint(Prefixes([]string{"10.0.0.2", "10.1.2.3/8", "x", "fd00::1/64", "fe80::1%eth0", "::ffff:10.0.0.3", "::ffff:10.0.0.0/104"}))
	if want := "[10.0.0.2/32 10.0.0.0/8 fd00::/64 10.0.0.3/32]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTheTableReadsWell(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Keys() {
		switch {
		case seen[k.Name]:
			t.Errorf("%s stands there twice", k.Name)
		case k.Title == "" || !strings.HasSuffix(k.Help, "."):
			t.Errorf("%s says %q, %q", k.Name, k.Title, k.Help)
		case k.Words != nil && len(k.Words) != len(k.Choices):
			t.Errorf("%s has %d words for %d choices", k.Name, len(k.Words), len(k.Choices))
		case k.Kind == Secret && !k.Hidden && !k.Proof:
			t.Errorf("%s is a secret that a session alone may change", k.Name)
		}
		seen[k.Name] = true
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(ReachProxies, []byte(`["10.0.0.2"]`))
	f.Add(ReachProxies, []byte(`",,\n ,"`))
	f.Add(TrashDays, []byte(`1e400`))
	f.Fuzz(func(t *testing.T, name string, raw []byte) {
		v, err := Decode(name, raw)
		if list, ok := v.([]string); ok && err == nil {
			for _, s := range list {
				if strings.TrimSpace(s) == "" {
					t.Errorf("%q holds an empty entry", list)
				}
			}
		}
	})
}

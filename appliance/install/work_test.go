package install

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// state is a service's folder with a house in it.
func state(t *testing.T) stateFolder {
	t.Helper()
	s := stateFolder{t.TempDir()}
	for name, text := range map[string]string{
		"latchkey.db": "the house", "seal.key": "a key", "backups/a.age": "a backup", "attachments/1": "a picture",
		"other/deep/file": "what nobody knows",
	} {
		if err := os.MkdirAll(filepath.Dir(s.at(houseName, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(s.at(houseName, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s stateFolder) work(t *testing.T, verb, id string) string {
	t.Helper()
	said, err := Work(s.dir, verb, id)
	if err != nil {
		t.Fatalf("%s %s: %v", verb, id, err)
	}
	return said
}

func (s stateFolder) text(name ...string) string {
	raw, err := os.ReadFile(s.at(name...))
	if err != nil {
		return ""
	}
	return string(raw)
}

func TestCopy(t *testing.T) {
	s := state(t)
	l, err := net.Listen("unix", s.at(houseName, "latchkey.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.Symlink("/etc/passwd", s.at(houseName, "link")); err != nil {
		t.Fatal(err)
	}
	s.work(t, "copy", "one")
	t.Run("every file is there, for its owner alone", func(t *testing.T) {
		for _, name := range []string{"latchkey.db", "seal.key", "backups/a.age", "attachments/1", "other/deep/file"} {
			info, err := os.Stat(s.at(copyName, name))
			if err != nil || info.Mode().Perm() != 0o600 || s.text(copyName, name) != s.text(houseName, name) {
				t.Errorf("%s: %v, %v", name, info, err)
			}
		}
	})
	t.Run("what is written once is shared, what is written to is not", func(t *testing.T) {
		for name, want := range map[string]bool{"backups/a.age": true, "attachments/1": true, "latchkey.db": false, "seal.key": false, "other/deep/file": false} {
			a, errA := os.Stat(s.at(houseName, name))
			b, errB := os.Stat(s.at(copyName, name))
			if errA != nil || errB != nil || os.SameFile(a, b) != want {
				t.Errorf("%s is shared: %v, want %v", name, !want, want)
			}
		}
	})
	t.Run("sockets and links stay behind", func(t *testing.T) {
		for _, name := range []string{"latchkey.sock", "link"} {
			if exists(s.at(copyName, name)) {
				t.Errorf("%s came along", name)
			}
		}
	})
	t.Run("a second one begins anew", func(t *testing.T) {
		if err := os.WriteFile(s.at(copyName, "latchkey.db"), []byte("tried"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.work(t, "copy", "two")
		if s.text(copyName, "latchkey.db") != "the house" || s.text(copyName, idName) != "two" {
			t.Errorf("it holds %q of %q", s.text(copyName, "latchkey.db"), s.text(copyName, idName))
		}
	})
	t.Run("without a house there is no copy", func(t *testing.T) {
		if _, err := Work(t.TempDir(), "copy", "one"); err == nil {
			t.Error("there is one")
		}
	})
}

func TestArrange(t *testing.T) {
	// Each case is what a kill may leave behind: which folder lies where, "old",
	// "new" or none.
	for name, c := range map[string]struct{ house, upgrade, aside string }{
		"nothing swapped yet":            {"old", "new", ""},
		"swapped":                        {"new", "old", ""},
		"between two renames, going new": {"", "new", "old"},
		"after two renames, gone new":    {"new", "", "old"},
		"between two renames, back":      {"", "old", "new"},
		"between two, by the other name": {"", "new", "old"},
		"after two renames, back":        {"old", "", "new"},
	} {
		for _, verb := range []string{"new", "old"} {
			t.Run(name+", then "+verb, func(t *testing.T) {
				s := stateFolder{t.TempDir()}
				for place, what := range map[string]string{houseName: c.house, copyName: c.upgrade, asideName: c.aside} {
					if what == "" {
						continue
					}
					if err := os.Mkdir(s.at(place), 0o700); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(s.at(place, "latchkey.db"), []byte(what), 0o600); err != nil {
						t.Fatal(err)
					}
					if what == "new" {
						if err := os.WriteFile(s.at(place, idName), []byte("one"), 0o600); err != nil {
							t.Fatal(err)
						}
					}
				}
				for range 2 { // it can be done again
					s.work(t, verb, "one")
					if got := s.text(houseName, "latchkey.db"); got != verb {
						t.Fatalf("the house is the %s one", got)
					}
				}
				s.work(t, "drop", "one")
				left, err := os.ReadDir(s.dir)
				if err != nil || len(left) != 1 || exists(s.at(houseName, idName)) {
					t.Errorf("left behind: %v, %v", left, err)
				}
			})
		}
	}
	t.Run("two renames do what one does", func(t *testing.T) {
		s := state(t)
		s.work(t, "copy", "one")
		if err := s.exchangeInTwo(copyName); err != nil {
			t.Fatal(err)
		}
		if !s.made(houseName, "one") || s.text(asideName, "latchkey.db") != "the house" {
			t.Error("they did not")
		}
		if err := s.exchangeInTwo(asideName); err != nil || s.made(houseName, "one") || !s.made(copyName, "one") {
			t.Errorf("the way back: %v", err)
		}
	})
	t.Run("where the wanted one is missing, nothing moves", func(t *testing.T) {
		s := state(t)
		if _, err := Work(s.dir, "new", "one"); err == nil || s.text(houseName, "latchkey.db") != "the house" {
			t.Errorf("%v, and the house is %q", err, s.text(houseName, "latchkey.db"))
		}
	})
	t.Run("a copy of another upgrade is not taken", func(t *testing.T) {
		s := state(t)
		s.work(t, "copy", "another")
		if _, err := Work(s.dir, "new", "one"); err == nil || s.made(houseName, "another") {
			t.Errorf("it was: %v", err)
		}
	})
}

func TestWork(t *testing.T) {
	t.Run("while there is no house, nothing is removed", func(t *testing.T) {
		s := state(t)
		if err := os.Rename(s.at(houseName), s.at(copyName)); err != nil {
			t.Fatal(err)
		}
		s.work(t, "drop", "one")
		if s.text(copyName, "latchkey.db") != "the house" {
			t.Error("the only house was removed")
		}
	})
	t.Run("what is kept has the time in its name", func(t *testing.T) {
		s := state(t)
		s.work(t, "copy", "one")
		s.work(t, "new", "one")
		if said := s.work(t, "keep", "20261121T120000Z"); s.text("house.before-20261121T120000Z", "latchkey.db") != "the house" || said != s.at("house.before-20261121T120000Z") {
			t.Errorf("it is kept as %q", said)
		}
		if said := s.work(t, "keep", "20261121T120001Z"); said != "" {
			t.Errorf("done again, it kept %q", said)
		}
	})
	t.Run("only the upgrade that passed has passed", func(t *testing.T) {
		s := state(t)
		for i, want := range []string{"no", "yes"} {
			if got := s.work(t, "passed", "one"); got != want {
				t.Errorf("%d: passed = %q, want %q", i, got, want)
			}
			if err := os.WriteFile(s.at(passedName), []byte("one\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.work(t, "passed", "two"); got != "no" {
			t.Errorf("another one has passed: %q", got)
		}
	})
	for name, c := range map[string][2]string{
		"an unknown verb": {"burn", "one"}, "no upgrade": {"copy", ""}, "an upgrade that climbs": {"keep", "../../etc"},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			if _, err := Work(state(t).dir, c[0], c[1]); err == nil {
				t.Error("it was done")
			}
		})
	}
}

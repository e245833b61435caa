package store

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// someMachineKey is the key behind testdata/closed.key, which holds v2.key.
func someMachineKey() []byte {
	key := make([]byte, machineKeySize)
	for i := range key {
		key[i] = byte(i)
	}
	return key
}

func TestAGoldenClosedKeyOpens(t *testing.T) {
	closed, err := os.ReadFile("testdata/closed.key")
	must(t, err)
	want, err := os.ReadFile("testdata/v2.key")
	must(t, err)
	got, err := openSealKey(closed, someMachineKey())
	if must(t, err); !bytes.Equal(got.encode(), want) {
		t.Errorf("it holds %s", got.encode())
	}
}

func TestAHouseOfAMachineWithAKeyNeverShowsItsOwn(t *testing.T) {
	dir, key := filepath.Join(t.TempDir(), "data"), someMachineKey()
	must(t, Create(dir, key))
	made := keyFile(t, dir)
	s := openWith(t, dir, key)
	if text := keyFile(t, dir); !isClosed(made) || !bytes.Equal(text, made) || bytes.Contains(text, secretOf(s)) {
		t.Errorf("seal.key is %s", text)
	}
	if k, err := parseSealKey(s.SealKey()); err != nil || k != s.key {
		t.Errorf("SealKey gives %v", err)
	}
	must(t, s.Close())
	for _, c := range []struct {
		says, code string
		key        []byte
	}{
		{"without the machine's key", "store.keyClosed", nil},
		{"with another machine's key", "store.machineKey", bytes.Repeat([]byte{7}, machineKeySize)},
		{"with half a machine key", "store.machineKey", key[:16]},
	} {
		t.Run("and does not open "+c.says, func(t *testing.T) {
			config := quiet(dir)
			config.MachineKey = c.key
			_, err := Open(t.Context(), config)
			wantProblem(t, err, c.code)
		})
	}
	if err := Create(t.TempDir(), key[:16]); err == nil {
		t.Error("half a machine key closed a new house")
	}
}

// openWith opens a house with a machine key.
func openWith(t *testing.T, dir string, key []byte) *Store {
	t.Helper()
	c := quiet(dir)
	c.MachineKey = key
	s, err := Open(t.Context(), c)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func keyFile(t *testing.T, dir string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, keyName))
	must(t, err)
	return text
}

// secretOf is the line of the open key file that must be seen nowhere.
func secretOf(s *Store) []byte { return bytes.Split(s.SealKey(), []byte("\n"))[2] }

func TestAnOpenKeyIsClosedWhenTheMachineHasAKey(t *testing.T) {
	dir := t.TempDir()
	must(t, Create(dir, nil))
	open := keyFile(t, dir)
	must(t, os.WriteFile(filepath.Join(dir, closingKey), []byte("left by a kill"), fileMode))
	s := openWith(t, dir, someMachineKey())
	if err := s.Opening().KeyOpen; err != nil {
		t.Errorf("Opening says %v", err)
	}
	must(t, s.Close())
	closed := keyFile(t, dir)
	if !isClosed(closed) {
		t.Fatalf("seal.key is %s", closed)
	}
	k, err := openSealKey(closed, someMachineKey())
	if must(t, err); !bytes.Equal(k.encode(), open) {
		t.Error("it holds another key now")
	}
	if names, _ := os.ReadDir(dir); len(names) != 2 {
		t.Errorf("it left %v", names)
	}
	must(t, openWith(t, dir, someMachineKey()).Close())
	if again := keyFile(t, dir); !bytes.Equal(again, closed) {
		t.Error("a closed key was written again")
	}
}

func TestAKeyThatCantBeClosedIsToldAndTheHouseOpens(t *testing.T) {
	dir := t.TempDir()
	must(t, Create(dir, nil))
	must(t, os.MkdirAll(filepath.Join(dir, closingKey, "in the way"), folderMode))
	s := openWith(t, dir, someMachineKey())
	wantProblem(t, s.Opening().KeyOpen, "store.unreadable")
	must(t, s.SetValue(t.Context(), "a", []byte("b")))
	must(t, s.Close())
	if isClosed(keyFile(t, dir)) {
		t.Error("it is closed all the same")
	}
}

func TestADamagedClosedKeyIsNoOther(t *testing.T) {
	whole := newSealKey().closedBy(someMachineKey())
	dir, _, _ := madeHouse(t)
	for says, text := range map[string][]byte{
		"cut short":       whole[:len(whole)/2],
		"only its title":  []byte(closedKeyTitle + "\n"),
		"with a flip":     flipped(whole, len(whole)/2),
		"another house's": bytes.Replace(whole, []byte("house "), []byte("house 0"), 1),
		"far too long":    append(bytes.Clone(whole), bytes.Repeat([]byte("x"), 1<<20)...),
	} {
		t.Run(says, func(t *testing.T) {
			must(t, os.WriteFile(filepath.Join(dir, keyName), text, fileMode))
			c := quiet(dir)
			c.MachineKey = someMachineKey()
			_, err := Open(t.Context(), c)
			wantProblem(t, err, "store.keyDamaged")
		})
	}
}

func FuzzOpenSealKey(f *testing.F) {
	whole := newSealKey().closedBy(someMachineKey())
	f.Add(whole)
	f.Add(bytes.TrimSpace(whole))
	f.Add(whole[:len(whole)/2])
	f.Add([]byte(closedKeyTitle + "\nhouse \nsealed \ncheck \n"))
	f.Add(newSealKey().encode())
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := openSealKey(text, someMachineKey())
		if err == nil && !strings.Contains(string(text), k.house.String()) {
			t.Errorf("%q was taken for the key of another house", text)
		}
		if _, err := openSealKey(text, nil); err == nil {
			t.Errorf("%q opened by no key", text)
		}
	})
}

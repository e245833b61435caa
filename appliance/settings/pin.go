package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"latchkey/appliance/problem"
)

// Pin is a value fixed outside, with the place that fixes it.
type Pin struct {
	Value any    // string, int64, bool or []string
	File  string // as it was given
	Line  int    // counted from 1; 0 where the whole file is the value
}

// place is the pin's place in words.
func (p Pin) place() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s line %d", p.File, p.Line)
}

// fileSuffix makes a pin of a secret from the path of the file that holds it:
// secrets themselves don't stand in config.toml.
const fileSuffix = "_file"

// Credentials adds to pins those secrets that systemd handed over: files named
// as a setting (reach.credentials) in folder, which is $CREDENTIALS_DIRECTORY
// (systemd.exec(5), LoadCredentialEncrypted=); "" adds nothing. What config.toml
// pins goes first.
func Credentials(folder string, pins map[string]Pin) map[string]Pin {
	all := maps.Clone(pins)
	if all == nil {
		all = make(map[string]Pin)
	}
	if folder == "" {
		return all
	}
	for _, k := range Keys() {
		file := filepath.Join(folder, k.Name)
		if _, given := all[k.Name+fileSuffix]; given || k.Kind != Secret {
			continue
		}
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			all[k.Name+fileSuffix] = Pin{Value: file, File: file}
		}
	}
	return all
}

// pinned checks the pins and reads the files of secrets. All that is wrong is
// told at once, by file and line.
func pinned(keys map[string]Key, pins map[string]Pin) (map[string]Pin, error) {
	fixed := make(map[string]Pin, len(pins))
	var troubles []string
	for name, p := range pins {
		k, read, why := pinOf(keys, name, p)
		if why != "" {
			troubles = append(troubles, fmt.Sprintf("%s: %s: %s", p.place(), name, why))
			continue
		}
		fixed[k.Name] = read
	}
	if len(troubles) == 0 {
		return fixed, nil
	}
	slices.Sort(troubles)
	return nil, problem.New(problem.Refused, "settings.pins",
		"The pinned settings can't be used: "+strings.Join(troubles, "; ")+".",
		"Correct or remove these lines.")
}

// pinOf finds the setting that the pin is for, with the pin's value as it is
// held, or says what is wrong.
func pinOf(keys map[string]Key, name string, p Pin) (Key, Pin, string) {
	if k, ok := keys[name]; ok {
		if k.Kind == Secret {
			return k, p, "a secret does not stand in this file: put it into one of its own and name that by " + name + fileSuffix
		}
		why := k.check(p.Value)
		p.Value = inside(k, p.Value)
		return k, p, strings.TrimSuffix(why, ".")
	}
	base, isFile := strings.CutSuffix(name, fileSuffix)
	k, ok := keys[base]
	if !isFile || !ok || k.Kind != Secret {
		return k, p, "there is no such setting"
	}
	secret, why := secretFile(k, p.Value)
	p.Value = sealed(secret)
	return k, p, why
}

// secretFile reads a secret from the file at path. A line's end after it is no
// part of it.
func secretFile(k Key, path any) (secret, why string) {
	file, ok := path.(string)
	if !ok || !filepath.IsAbs(file) {
		return "", "must be the full path of the file that holds the secret"
	}
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Sprintf("there is no file %s", file)
	case err != nil || !info.Mode().IsRegular():
		return "", fmt.Sprintf("%s is no file that can be read", file)
	case info.Mode().Perm()&0o007 != 0:
		return "", fmt.Sprintf("%s is open to every user of this machine; run: chmod o= %s", file, file)
	case info.Size() > longestSecret:
		return "", fmt.Sprintf("%s is larger than any secret of this kind", file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Sprintf("%s can't be read by the user who runs Latchkey", file)
	}
	secret = strings.TrimSpace(string(text))
	if secret == "" {
		return "", fmt.Sprintf("%s is empty", file)
	}
	if why := k.check(secret); why != "" {
		return "", fmt.Sprintf("what %s holds: %s", file, strings.TrimSuffix(why, "."))
	}
	return secret, ""
}

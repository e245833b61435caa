// Package config reads config.toml: what belongs to the machine and is read
// once, at the start. It is never written by the program. What the household
// may change lies in package settings; the table [settings] here only pins
// such values.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"latchkey/appliance/problem"
)

// Config is what config.toml says, checked.
type Config struct {
	// File is where it was read from; "" where there was none.
	File string
	// Data is the folder that holds everything: the file, its key, the
	// certificate to trust, the socket for commands.
	Data string
	// Listen are the addresses for HTTPS, host:port or :port.
	Listen []string
	// Local is the loopback address for the page on this computer without
	// TLS, host:port; empty switches it off.
	Local string
	// Redirect is where callers at home who typed no https:// are sent on,
	// host:port or :port; empty switches it off.
	Redirect string
	// LogLevel is debug, info, warn or error.
	LogLevel string
	// LogFormat is text or json.
	LogFormat string
	// CountryDatabase is a file in the MaxMind DB format that says in which
	// country an address is; empty: the log names no countries.
	CountryDatabase string
	// TLSOldest is the oldest version of TLS that is spoken, "1.3" or "1.2".
	TLSOldest string
	// ACMEDirectory is where certificates are ordered (RFC 8555, 7.1.1).
	ACMEDirectory string
	// ACMETest is the directory of the dry run before that; empty: none.
	ACMETest string
	// ACMERoot is a file in PEM with what to trust the two directories by;
	// empty means what the system trusts. See Roots.
	ACMERoot string
	// Resolvers are the DNS resolvers to ask, host:port; none means those of
	// the system.
	Resolvers []string
	// AddressHTTPS and AddressDNS are asked for the public address; none means
	// the built-in ones.
	AddressHTTPS []string // URLs
	AddressDNS   []string // "NAME [CLASS] TYPE @SERVER[:PORT]"
	// TestRanges are networks that count as the internet's though they are
	// reserved, for laboratories.
	TestRanges []netip.Prefix
	// Pins are the settings that [settings] fixes, by their key.
	Pins map[string]Pin
}

// Pin is a setting fixed by the file.
type Pin struct {
	Value any    // string, int64, bool or []string
	File  string // as it was given
	Line  int    // counted from 1
}

// Off is the value that switches local, redirect or acme.test_directory off.
const Off = "off"

// Let's Encrypt's directories, <https://letsencrypt.org/docs/acme-protocol-updates/>
// and <https://letsencrypt.org/docs/staging-environment/>.
const (
	letsEncrypt     = "https://acme-v02.api.letsencrypt.org/directory"
	letsEncryptTest = "https://acme-staging-v02.api.letsencrypt.org/directory"
)

// Default is what holds where config.toml says nothing, or is not there.
func Default() Config {
	return Config{
		Data:          "",
		Listen:        []string{":8443"},
		Local:         "localhost:8480",
		Redirect:      ":80",
		LogLevel:      "info",
		LogFormat:     "text",
		TLSOldest:     "1.3",
		ACMEDirectory: letsEncrypt,
		ACMETest:      letsEncryptTest,
		Pins:          map[string]Pin{},
	}
}

// Load reads file over the defaults. An empty file name means that there is
// none. All that is wrong is told at once, as one problem that names each key.
func Load(file string) (Config, error) {
	if file == "" {
		return Default(), nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		what := fmt.Sprintf("The configuration %s can't be read.", file)
		hint := "Check that the file exists and that this user may read it."
		if errors.Is(err, fs.ErrNotExist) {
			what, hint = fmt.Sprintf("There is no configuration %s.", file), "Leave --config away to run on the defaults, or name the right file."
		}
		return Config{}, problem.New(problem.Refused, "config.unreadable", what, hint).Because(err)
	}
	c, err := Parse(file, text)
	c.File = file
	return c, err
}

// Parse reads text, which came from file (used in messages only).
func Parse(file string, text []byte) (Config, error) {
	entries, err := scan(text)
	if err != nil {
		return Config{}, problem.New(problem.Refused, "config.syntax",
			fmt.Sprintf("%s is not proper TOML: %v.", file, err),
			"Compare the line with config.example.toml.").Because(err)
	}
	c := Default()
	given := make(map[string]bool, len(entries))
	var troubles []string
	for _, e := range entries {
		given[e.key] = true
		if why := c.take(file, e); why != "" {
			troubles = append(troubles, fmt.Sprintf("line %d: %s: %s", e.line, e.key, why))
		}
	}
	if len(troubles) > 0 {
		return Config{}, problem.New(problem.Refused, "config.refused",
			fmt.Sprintf("%s can't be used: %s.", file, strings.Join(troubles, "; ")),
			"Correct these lines; config.example.toml shows every key.")
	}
	if given["acme.directory"] && !given["acme.test_directory"] {
		c.ACMETest = "" // another CA's dry run proves nothing
	}
	return c, nil
}

func (c *Config) take(file string, e entry) string {
	if key, ok := strings.CutPrefix(e.key, "settings."); ok {
		switch e.value.(type) {
		case string, int64, bool:
			c.Pins[key] = Pin{Value: e.value, File: file, Line: e.line}
			return ""
		}
		list := []string{}
		if why := texts(e.value, &list, nil); why == "" {
			c.Pins[key] = Pin{Value: list, File: file, Line: e.line}
			return ""
		}
		return "must be a text, a whole number, true, false or a list of texts"
	}
	set, ok := keys[e.key]
	if !ok {
		return "there is no such key"
	}
	return set(c, e.value)
}

// DataDir is where the data lies: what was given, else the folder house in
// systemd's state folder, else that in /var/lib/latchkey if this exists, else
// ./data. It lies one level down, so that a restore swaps whole folders in what
// the service owns.
func DataDir(given string) string {
	const installed, house = "/var/lib/latchkey", "house"
	switch {
	case given != "":
		return filepath.Clean(given)
	case os.Getenv("STATE_DIRECTORY") != "":
		first, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":")
		return filepath.Join(first, house)
	}
	if info, err := os.Stat(installed); err == nil && info.IsDir() {
		return filepath.Join(installed, house)
	}
	return "data"
}

// Keys lists every key that config.toml may have, sorted; pinned settings are
// not among them.
func Keys() []string {
	all := make([]string, 0, len(keys))
	for k := range keys {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

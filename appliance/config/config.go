// Package config reads config.toml: what belongs to the machine and is read
// once, at the start. It is never written by the program. What the household
// may change lies in package settings; the table [settings] here only pins
// such values.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"latchkey/appliance/problem"
)

// Config is what config.toml says, checked.
type Config struct {
	// Data is the folder that holds everything: the file, its key, the
	// certificate to trust, the socket for commands.
	Data string
	// Listen are the addresses for HTTPS, host:port or :port.
	Listen []string
	// Local is the loopback address for the page on this computer without
	// TLS, host:port; empty switches it off.
	Local string
	// LogLevel is debug, info, warn or error.
	LogLevel string
	// LogFormat is text or json.
	LogFormat string
	// Pins are the settings that [settings] fixes, by their key.
	Pins map[string]Pin
}

// Pin is a setting fixed by the file.
type Pin struct {
	Value any    // string, int64 or bool
	File  string // as it was given
	Line  int    // counted from 1
}

// Off is the value of `local` that switches the loopback page off.
const Off = "off"

// Default is what holds where config.toml says nothing, or is not there.
func Default() Config {
	return Config{
		Data:      "",
		Listen:    []string{":8443"},
		Local:     "localhost:8480",
		LogLevel:  "info",
		LogFormat: "text",
		Pins:      map[string]Pin{},
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
	return Parse(file, text)
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
	var troubles []string
	for _, e := range entries {
		if why := c.take(file, e); why != "" {
			troubles = append(troubles, fmt.Sprintf("line %d: %s: %s", e.line, e.key, why))
		}
	}
	if len(troubles) > 0 {
		return Config{}, problem.New(problem.Refused, "config.refused",
			fmt.Sprintf("%s can't be used: %s.", file, strings.Join(troubles, "; ")),
			"Correct these lines; config.example.toml shows every key.")
	}
	return c, nil
}

// keys is every key with how it goes into the struct; the answer says what is
// wrong with the value, if anything.
var keys = map[string]func(c *Config, v any) string{
	"data": func(c *Config, v any) string { return text(v, &c.Data, nil) },
	"listen": func(c *Config, v any) string {
		list, ok := v.([]any)
		if !ok || len(list) == 0 {
			return `must be a list of addresses such as [":8443"]`
		}
		c.Listen = nil
		for _, item := range list {
			var s string
			if why := text(item, &s, address); why != "" {
				return why
			}
			c.Listen = append(c.Listen, s)
		}
		return ""
	},
	"local": func(c *Config, v any) string {
		if v == Off {
			c.Local = ""
			return ""
		}
		return text(v, &c.Local, loopback)
	},
	"log.level":  func(c *Config, v any) string { return text(v, &c.LogLevel, oneOf("debug", "info", "warn", "error")) },
	"log.format": func(c *Config, v any) string { return text(v, &c.LogFormat, oneOf("text", "json")) },
}

func (c *Config) take(file string, e entry) string {
	if key, ok := strings.CutPrefix(e.key, "settings."); ok {
		switch e.value.(type) {
		case string, int64, bool:
			c.Pins[key] = Pin{Value: e.value, File: file, Line: e.line}
			return ""
		}
		return "must be a text, a whole number, true or false"
	}
	set, ok := keys[e.key]
	if !ok {
		return "there is no such key"
	}
	return set(c, e.value)
}

func text(v any, into *string, check func(string) string) string {
	s, ok := v.(string)
	if !ok {
		return "must be a text in quotes"
	}
	if check != nil {
		if why := check(s); why != "" {
			return why
		}
	}
	*into = s
	return ""
}

func oneOf(words ...string) func(string) string {
	return func(s string) string {
		if slices.Contains(words, s) {
			return ""
		}
		return "must be one of " + strings.Join(words, ", ")
	}
}

func address(s string) string {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return fmt.Sprintf("%q is not an address of the form host:port or :port", s)
	}
	if n, err := net.LookupPort("tcp", port); err != nil || n > 65535 {
		return fmt.Sprintf("%q has no port between 0 and 65535", s)
	}
	return ""
}

func loopback(s string) string {
	if why := address(s); why != "" {
		return why
	}
	host, _, _ := net.SplitHostPort(s)
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return ""
	}
	return `must be a loopback address such as "localhost:8480", since it is served without TLS`
}

// CheckListen and CheckLocal judge addresses given on the command line by the
// same rules; the answer is empty when nothing is wrong.
func CheckListen(s string) string { return address(s) }

// CheckLocal is CheckListen for the loopback page.
func CheckLocal(s string) string {
	if s == Off {
		return ""
	}
	return loopback(s)
}

// DataDir is where the data lies: what was given, else systemd's state folder,
// else /var/lib/latchkey if it exists, else ./data.
func DataDir(given string) string {
	const installed = "/var/lib/latchkey"
	switch {
	case given != "":
		return filepath.Clean(given)
	case os.Getenv("STATE_DIRECTORY") != "":
		first, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":")
		return filepath.Clean(first)
	}
	if info, err := os.Stat(installed); err == nil && info.IsDir() {
		return installed
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

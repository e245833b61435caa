// Package targettest holds what every kind of target must keep to, and small servers on loopback to try it on.
package targettest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/backup/target"
	"latchkey/appliance/problem"
)

// Canary is the secret that the servers want. It stands nowhere else, so that it can be looked for.
const Canary = "kanari/Vogel+7391 geheim"

// House is the house of the suite.
const House = "1a2b3c4d"

// Place is one target with a view behind it.
type Place struct {
	Config target.Config // as a person fills it in, never checked
	Env    target.Env
	// Dir is the folder in which the place keeps its files; "" where it has none.
	Dir string
	// Plant puts a file there as a stranger would; nil: into Dir.
	Plant func(t *testing.T, name string, body []byte)
	// Names lists every file there; nil: those of Dir.
	Names func(t *testing.T) []string
	// Hasty is the least patience with which it can be used at all; 0: a little.
	Hasty time.Duration
	// Addr is the host:port that Config leads to; "": no network.
	Addr string
}

// At is the place's config, leading to another host:port.
func (p Place) At(addr string) target.Config {
	c := p.Config
	c.Fields = maps.Clone(c.Fields)
	for _, name := range []string{target.FieldURL, target.FieldEndpoint} {
		if c.Fields[name] != "" {
			u, err := url.Parse(c.Fields[name])
			if err != nil {
				panic("targettest: " + err.Error())
			}
			u.Host = addr
			c.Fields[name] = u.String()
		}
	}
	if c.Fields[target.FieldHost] != "" {
		c.Fields[target.FieldHost], c.Fields[target.FieldPort], _ = net.SplitHostPort(addr)
	}
	return c
}

// With is the place's config with one field changed.
func (p Place) With(field, value string) target.Config {
	c := p.Config
	c.Fields = maps.Clone(c.Fields)
	c.Fields[field] = value
	return c
}

func (p Place) plant(t *testing.T, name string, body []byte) {
	t.Helper()
	if p.Plant != nil {
		p.Plant(t, name, body)
		return
	}
	err := os.MkdirAll(p.Dir, 0o777) // an S3 server may take away what is empty
	if err == nil {
		err = os.WriteFile(filepath.Join(p.Dir, name), body, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// files gives the names of all files but the mark.
func (p Place) files(t *testing.T) []string {
	t.Helper()
	var names []string
	if p.Names != nil {
		names = p.Names(t)
	} else {
		entries, err := os.ReadDir(p.Dir)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Type().IsRegular() {
				names = append(names, e.Name())
			}
		}
	}
	names = slices.DeleteFunc(names, func(n string) bool { return strings.HasPrefix(n, ".latchkey-") })
	slices.Sort(names)
	return names
}

// settles waits until the files are those wanted: a server may hear late that a client has gone.
func (p Place) settles(t *testing.T, want ...string) {
	t.Helper()
	slices.Sort(want)
	var got []string
	for range 200 {
		if got = p.files(t); slices.Equal(got, want) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("there lie %q, want %q", got, want)
}

// Env is what the suite's house gives a target.
func Env(t *testing.T) target.Env {
	return target.Env{House: House, Data: t.TempDir(), Known: Known, Patience: 20 * time.Second}
}

// Known stands for the archive's names.
func Known(name string) bool {
	return strings.HasPrefix(name, "latchkey-") && strings.HasSuffix(name, ".age") && len(name) == len(Name(0))
}

// Name is the name of the nth backup.
func Name(n int) string {
	made := time.Date(2026, 11, 21, 3, 15, 0, 0, time.UTC).Add(time.Duration(n) * time.Minute)
	return "latchkey-" + House + "-" + made.Format("20060102T150405Z") + ".age"
}

// open checks the place and opens it.
func (p Place) open(t *testing.T) target.Target {
	t.Helper()
	_, c, err := Check(t.Context(), p.Config, p.Env)
	if err != nil {
		t.Fatalf("checking: %v", detail(err))
	}
	return Open(t, c, p.Env)
}

// Check is target.Check by a person who takes the host key that is shown for the right one.
func Check(ctx context.Context, c target.Config, env target.Env) (target.Look, target.Config, error) {
	look, full, err := target.Check(ctx, c, env)
	if err == nil && look.Compare {
		return target.Check(ctx, full, env)
	}
	return look, full, err
}

// Open opens a checked config until the test ends.
func Open(t *testing.T, c target.Config, env target.Env) target.Target {
	t.Helper()
	opened, err := target.Open(t.Context(), c, env)
	if err != nil {
		t.Fatalf("opening: %v", detail(err))
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return opened
}

func detail(err error) string {
	p := problem.Of(err)
	return fmt.Sprintf("%s: %s %s (%v)", p.Code, p.Text, p.Hint, p.Cause)
}

// Wants fails unless err is a problem of one of the codes with two sentences and without the secrets of the suite.
func Wants(t *testing.T, err error, codes ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("got no error, want %v", codes)
		return
	}
	Clean(t, err)
	var p *problem.Problem
	if !errors.As(err, &p) {
		t.Errorf("got %v (%T), want a problem %v", err, err, codes)
		return
	}
	if !slices.Contains(codes, p.Code) {
		t.Errorf("got %s, want %v", detail(err), codes)
	}
	if p.Text == "" || strings.ContainsAny(p.Text+p.Hint, "{}") || strings.Contains(p.Text+p.Hint, "%!") || p.Code != target.CodeField && p.Hint == "" {
		t.Errorf("these are no two sentences: %q %q", p.Text, p.Hint)
	}
}

// Clean fails when err, or what it wraps, tells a secret.
func Clean(t *testing.T, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, text := range []string{e.Error(), fmt.Sprintf("%#v", e), fmt.Sprint(problem.Of(e).Values)} {
			for _, secret := range []string{Canary, url.QueryEscape(Canary), "kanari", "geheim", "a2FuYXJp"} {
				if strings.Contains(text, secret) {
					t.Errorf("the error tells %q: %s", secret, text)
				}
			}
		}
	}
}

// ended fails unless err tells that the caller has gone.
func ended(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of the context", err)
	}
	if err != nil {
		Clean(t, err)
	}
}

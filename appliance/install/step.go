package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Step is one thing to do. A step that finds its thing done does nothing, so
// that a plan can be done again after a kill.
type Step struct {
	Does Verb
	Why  string // for the person who reads the plan
	Path string // of the file, folder or program
	Mode fs.FileMode
	Own  bool     // it belongs to the service's user, not to root
	Text []byte   // of a file
	From string   // of a program: the file to copy
	Run  []string // the program to run, with its arguments
	Back []string // what undoes that; nil: nothing
	Keep bool     // once there is a house, it is not undone: the house can't be opened without
	May  bool     // it may fail: that is told, and the next step comes
}

// Verb is what a step does.
type Verb string

// The verbs.
const (
	MakeFolder  Verb = "folder"
	MakeFile    Verb = "file"
	CopyProgram Verb = "program"
	RemoveFile  Verb = "remove"
	// RemoveFolder removes a folder with all in it.
	RemoveFolder Verb = "remove all"
	RunProgram   Verb = "run"
)

// String is one line for a person.
func (s Step) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-7s ", s.Does)
	switch s.Does {
	case RunProgram:
		b.WriteString(strings.Join(s.Run, " "))
	case MakeFolder, MakeFile, CopyProgram:
		owner := "root"
		if s.Own {
			owner = "latchkey"
		}
		fmt.Fprintf(&b, "%s (%04o, %s)", s.Path, s.Mode.Perm(), owner)
	default:
		b.WriteString(s.Path)
	}
	if s.Why != "" {
		fmt.Fprintf(&b, ": %s", s.Why)
	}
	return b.String()
}

// undoing takes away what was done, the last first.
type undoing struct{ all []func() error }

func (u *undoing) add(fn func() error) {
	if u != nil && fn != nil {
		u.all = append(u.all, fn)
	}
}

func (u *undoing) run() {
	for _, fn := range slices.Backward(u.all) {
		_ = fn() // the error that led here is the one to tell
	}
}

// do does the steps in their order; back, if any, learns how to undo them.
func (c Config) do(ctx context.Context, plan []Step, back *undoing) error {
	for _, s := range plan {
		if err := ctx.Err(); err != nil {
			return err
		}
		undo, err := c.step(ctx, s)
		if undo != nil && s.Keep {
			was := undo
			undo = func() error {
				if exists(c.Place.at(DataDir)) {
					return nil
				}
				return was()
			}
		}
		back.add(undo)
		if err != nil && s.May {
			c.say("  That did not work, and the rest goes on without it: %v", err)
		} else if err != nil {
			return fmt.Errorf("doing %q: %w", s, err)
		}
		c.at("done " + s.String())
	}
	return nil
}

func (c Config) step(ctx context.Context, s Step) (undo func() error, err error) {
	path := c.Place.at(s.Path)
	owner, err := c.ownerOf(s)
	if err != nil {
		return nil, err
	}
	switch s.Does {
	case MakeFolder:
		return makeFolder(path, s.Mode, owner)
	case MakeFile:
		return c.makeFile(path, s, owner)
	case CopyProgram:
		return c.copyProgram(path, s)
	case RemoveFile:
		return removing(path)
	case RemoveFolder:
		return nil, os.RemoveAll(path)
	case RunProgram:
		if _, err := c.System.Run(ctx, Command{Name: s.Run[0], Args: s.Run[1:]}); err != nil || s.Back == nil {
			return nil, err
		}
		return func() error {
			_, err := c.System.Run(context.WithoutCancel(ctx), Command{Name: s.Back[0], Args: s.Back[1:]})
			return err
		}, nil
	}
	panic("install: a step without a verb: " + s.String())
}

// ownerOf is whom a step's thing is given to; nil is who does it (root).
func (c Config) ownerOf(s Step) (*Owner, error) {
	if !s.Own {
		return nil, nil
	}
	o, err := c.Place.owner()
	return &o, err
}

func (c Config) makeFile(path string, s Step, owner *Owner) (func() error, error) {
	was, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(was, s.Text):
		return nil, os.Chmod(path, s.Mode)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	undo := func() error { return os.Remove(path) }
	if err == nil {
		undo = func() error { return writeFile(path, was, s.Mode, nil) }
	}
	if err := makeParents(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return undo, writeFile(path, s.Text, s.Mode, owner)
}

func (c Config) copyProgram(path string, s Step) (func() error, error) {
	if same(s.From, path) {
		return nil, nil
	}
	_, err := os.Lstat(path)
	if err := makeParents(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	var undo func() error
	if errors.Is(err, fs.ErrNotExist) {
		undo = func() error { return os.Remove(path) }
	}
	return undo, copyFile(s.From, path, s.Mode)
}

func removing(path string) (func() error, error) {
	was, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := removeDurable(path); err != nil {
		return nil, err
	}
	return func() error { return writeFile(path, was, 0o644, nil) }, nil
}

package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"latchkey/systemd"
)

// HoldVerb is the verb of WorkCommand that ends in Hold.
const HoldVerb = "hold"

const (
	holding  = "held"           // what it prints once it holds the house
	patience = 10 * time.Second // for a command that has the house open just now
	retry    = 20 * time.Millisecond
)

// Hold keeps everybody from opening the house in the service's folder state, by
// the locks that the store takes, until ctx ends. It prints a line to w once it
// holds them. The old version runs from the copy to the swap in no form, a
// command that opens the house itself included: what it saved would be lost.
func Hold(ctx context.Context, state string, w io.Writer) error {
	release, err := stateFolder{state}.hold(ctx, patience)
	if err != nil {
		return err
	}
	defer release()
	if _, err := fmt.Fprintln(w, holding); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// hold locks the folder, against one who makes a house in it, and the file.
func (s stateFolder) hold(ctx context.Context, patience time.Duration) (release func(), err error) {
	var all []*os.File
	release = func() {
		for _, f := range all {
			_ = f.Close() // nothing was written
		}
	}
	for _, path := range []string{s.at(houseName), s.at(houseName, "latchkey.db")} {
		f, err := os.OpenFile(path, os.O_RDONLY|noFollow|unix.O_NONBLOCK, 0)
		if errors.Is(err, fs.ErrNotExist) && len(all) > 0 {
			break // nothing was saved in it yet
		}
		if err == nil {
			all = append(all, f)
			err = lockSoon(ctx, f, patience)
		}
		if err != nil {
			release()
			return nil, fmt.Errorf("holding the house: %w", err)
		}
	}
	return release, nil
}

func lockSoon(ctx context.Context, f *os.File, patience time.Duration) error {
	for end := time.Now().Add(patience); ; {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retry):
		}
	}
}

// alone does fn while a child holds the house.
func (c Config) alone(ctx context.Context, m marker, fn func(context.Context) error) error {
	if !m.House {
		return fn(ctx)
	}
	owner, err := c.Place.owner()
	if err != nil {
		return err
	}
	began := false
	_, failed := c.System.Run(ctx, Command{
		Name: c.helper(), Args: []string{WorkCommand, HoldVerb, m.ID}, As: &owner, Until: holding,
		While: func(ctx context.Context) { began, err = true, fn(ctx) },
	})
	switch {
	case !began:
		return problemInUse(failed)
	case err != nil:
		return errors.Join(err, failed)
	}
	return nil
}

// runs reports whether the service has a process, be it one that is starting.
func (c Config) runs(ctx context.Context) (bool, error) {
	pid, err := c.System.Run(ctx, systemctl("show", "--property=MainPID", "--value", systemd.Service))
	if err != nil {
		return false, fmt.Errorf("asking whether the house runs: %w", err)
	}
	return strings.TrimSpace(string(pid)) != "0", nil
}

// quiet stops the house, and refuses where it runs all the same.
func (c Config) quiet(ctx context.Context) error {
	if err := c.stop(ctx); err != nil {
		return fmt.Errorf("stopping the house: %w", err)
	}
	up, err := c.runs(ctx)
	if err == nil && up {
		err = problemRunning()
	}
	return err
}

// passed reports whether the new program has noted that it is about to answer.
func (c Config) passed(ctx context.Context, id string) (bool, error) {
	said, err := c.work(ctx, "passed", id)
	return strings.TrimSpace(said) == passedWord, err
}

package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"latchkey/appliance/problem"
	"latchkey/systemd"
)

// when says whether units may be stopped and started.
type when int

const (
	runningNow  when = iota // a person works on the machine
	beforeStart             // systemd waits for us before it starts the house
)

// Undo ends an upgrade that was cut short: with the new version where that had
// noted that it is about to answer, else with the old one and its data as they
// were. systemd runs it before each start of the house; where an install is
// under way, none was, or the house runs already, it does nothing.
func Undo(ctx context.Context, c Config) error {
	if !exists(c.Place.at(markerFile)) {
		return nil
	}
	unlock, err := c.Place.lock()
	var p *problem.Problem
	if errors.As(err, &p) {
		return nil // an install that lives sees to it, and it is who starts the house
	}
	if err != nil {
		return err
	}
	defer unlock()
	// A start that is asked for while another one is under way comes here, too;
	// nothing may change places under a house that is being opened.
	pid, err := c.System.Run(ctx, systemctl("show", "--property=MainPID", "--value", systemd.Service))
	if err != nil {
		return fmt.Errorf("asking whether the house runs: %w", err)
	}
	if strings.TrimSpace(string(pid)) != "0" {
		return nil
	}
	return c.settle(ctx, beforeStart)
}

// settle ends what an earlier run left.
func (c Config) settle(ctx context.Context, now when) error {
	m, err := c.Place.readMarker()
	if err != nil || m == nil {
		return err
	}
	c.say("An upgrade was cut short; ending it.")
	c.Packaged = m.Packaged
	forward, err := c.end(ctx, *m, now)
	if err == nil && !forward {
		c.say("  The house is as it was before it.")
	}
	return err
}

// end brings the upgrade of m to one of its two ends; forward says which. Each
// step can be done again, so that a kill within it loses nothing, and the marker
// goes when the rest is done.
func (c Config) end(ctx context.Context, m marker, now when) (forward bool, err error) {
	if m.Swapping {
		said, err := c.work(ctx, "passed", m.ID)
		if err != nil {
			return false, err
		}
		if strings.TrimSpace(said) == passedWord {
			return true, c.settled(ctx, m)
		}
	}
	if now == runningNow {
		if err := c.stop(ctx); err != nil {
			return false, fmt.Errorf("stopping the new version: %w", err)
		}
		c.at("undo: stopped")
	}
	if err := c.putBack(ctx, m); err != nil {
		return false, err
	}
	if err := c.Place.removeMarker(); err != nil {
		return false, err
	}
	c.at("undo: unmarked")
	c.tidy(ctx, m, "drop")
	if now == runningNow && m.Program {
		return false, c.start(ctx)
	}
	return false, nil
}

// putBack gives the old house, program and files their places.
func (c Config) putBack(ctx context.Context, m marker) error {
	if m.House && m.Swapping {
		if _, err := c.work(ctx, "old", m.ID); err != nil {
			return err
		}
		c.at("undo: house")
	}
	if before := c.Place.at(c.before()); exists(before) {
		if err := renameDurable(before, c.Place.at(c.program())); err != nil {
			return err
		}
	} else if m.Swapping && !m.Program && !m.Packaged {
		if err := removeDurable(c.Place.at(c.program())); err != nil {
			return err
		}
	}
	c.at("undo: program")
	if !m.Swapping {
		return nil
	}
	if err := c.Place.restoreFiles(m.Files); err != nil {
		return fmt.Errorf("putting the units back: %w", err)
	}
	c.at("undo: files")
	if _, err := c.System.Run(ctx, systemctl("daemon-reload")); err != nil {
		return fmt.Errorf("telling systemd of the units: %w", err)
	}
	c.at("undo: reloaded")
	return nil
}

// settled forgets the way back: the new version is what is there now.
func (c Config) settled(ctx context.Context, m marker) error {
	if err := c.Place.removeMarker(); err != nil {
		return err
	}
	c.at("unmarked")
	verb := "drop"
	if m.Keep {
		verb = "keep"
	}
	c.tidy(ctx, m, verb)
	return nil
}

// tidy removes what lies about once the marker is gone. What can't be removed
// now is removed by the next upgrade.
func (c Config) tidy(ctx context.Context, m marker, verb string) {
	id := m.ID
	if verb == "keep" {
		id = c.Now().UTC().Format("20060102T150405Z")
	}
	if m.House || exists(c.Place.at(StateDir)) {
		if said, err := c.work(ctx, verb, id); err != nil {
			c.say("  A copy of the house is left in %s: %v", StateDir, err)
		} else if said = strings.TrimSpace(said); said != "" {
			c.say("  The house as it was before is kept as %s; remove it when all is well.", said)
		}
	}
	_ = os.Remove(c.Place.at(c.before()))
	_ = os.RemoveAll(c.Place.at(beforeDir))
	c.at("tidied")
}

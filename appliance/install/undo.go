package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"latchkey/appliance/problem"
)

// when says whether units may be stopped and started.
type when int

const (
	runningNow  when = iota // a person works on the machine
	beforeStart             // systemd waits for us before it starts the house
)

// Undo ends an upgrade that was cut short: with the new version where that had
// noted that it is about to answer, else with the old one and its data as they
// were. systemd runs it before each start of the house; where no upgrade was
// under way, or the house runs already, it does nothing. While one is under way
// it answers the problem "install.busy", so that nobody but that upgrade starts
// the house.
func Undo(ctx context.Context, c Config) error {
	if !exists(c.Place.at(markerFile)) {
		return nil
	}
	unlock, err := c.Place.lock()
	var p *problem.Problem
	if errors.As(err, &p) {
		return c.busy(p)
	}
	if err != nil {
		return err
	}
	defer unlock()
	// A start that is asked for while another one is under way comes here, too;
	// nothing may change places under a house that is being opened.
	if up, err := c.runs(ctx); err != nil || up {
		return err
	}
	return c.settle(ctx, beforeStart)
}

// busy answers p, that an upgrade lives, unless it is this upgrade's start of
// the house that is asked for.
func (c Config) busy(p *problem.Problem) error {
	m, err := c.Place.readMarker()
	if err != nil {
		return err
	}
	if m == nil || m.Starting {
		return nil
	}
	return p
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
		if forward, err = c.passed(ctx, m.ID); err != nil {
			return false, err
		} else if forward {
			return true, c.settled(ctx, m)
		}
	}
	if now == runningNow {
		if forward, err = c.halt(ctx, &m); err != nil {
			return false, err
		} else if forward {
			return true, errors.Join(c.settled(ctx, m), c.start(ctx))
		}
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

// halt stops what runs, for good. The new version may have noted meanwhile that
// it is about to answer, and answered: passed says so.
func (c Config) halt(ctx context.Context, m *marker) (passed bool, err error) {
	if m.Starting {
		m.Starting = false
		if err := c.Place.writeMarker(*m); err != nil {
			return false, err
		}
	}
	if err := c.stop(ctx); err != nil {
		return false, fmt.Errorf("stopping the new version: %w", err)
	}
	c.at("undo: stopped")
	if !m.Swapping {
		return false, nil
	}
	if up, err := c.runs(ctx); err != nil {
		return false, err
	} else if up {
		return false, problemRunning()
	}
	return c.passed(ctx, m.ID)
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
	// First, as long as the marker says that the new one has passed: one that
	// lies about later would be taken for the last that worked.
	if err := removeDurable(c.Place.at(c.before())); err != nil {
		return err
	}
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

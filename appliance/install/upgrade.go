package install

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"latchkey/appliance/problem"
)

// answersPrivately begins what a trial prints once the house was opened,
// migrated and checked, and answers on its socket alone.
const answersPrivately = "latchkey answers privately"

// upgrade puts another program there. Until the new one has noted that it is
// about to answer (Passed), whatever goes wrong ends with what was there before.
func (c Config) upgrade(ctx context.Context, f found, plan []Step) error {
	m := marker{ID: rand.Text(), From: f.version, To: c.Version, Program: f.program, House: f.house, Packaged: c.Packaged, Files: changes(plan)}
	var err error
	if m.Keep, err = c.backUp(ctx, f); err != nil {
		return err
	}
	if err := c.Place.writeMarker(m); err != nil {
		return fmt.Errorf("noting that an upgrade begins: %w", err)
	}
	c.at("marked")
	if err = c.replace(ctx, &m, plan); err == nil {
		return c.settled(ctx, m)
	}
	return c.back(context.WithoutCancel(ctx), m, err)
}

// backUp asks the house for a backup; keep says that there is none, so that the
// old house is to be kept instead.
func (c Config) backUp(ctx context.Context, f found) (keep bool, err error) {
	if !f.house {
		return false, nil
	}
	c.say("Asking the house for a backup.")
	err = c.Backup(ctx)
	switch {
	case errors.Is(err, ErrNoBackup):
		c.say("  It can make none now; the house as it is will be kept beside the new one.")
		return true, nil
	case err != nil:
		return false, problemBackup(err)
	}
	return false, nil
}

func (c Config) replace(ctx context.Context, m *marker, plan []Step) error {
	if err := c.stop(ctx); err != nil {
		return fmt.Errorf("stopping the house: %w", err)
	}
	c.at("stopped")
	if err := c.alone(ctx, *m, func(ctx context.Context) error { return c.tryAndSwap(ctx, m) }); err != nil {
		return err
	}
	if !c.Packaged {
		if err := renameDurable(c.Place.at(c.next()), c.Place.at(c.program())); err != nil {
			return err
		}
		c.at("program swapped")
	}
	if err := c.do(ctx, slices.DeleteFunc(plan, func(s Step) bool { return s.Does == CopyProgram }), nil); err != nil {
		return err
	}
	return c.startNew(ctx, m)
}

// tryAndSwap is what is done while nobody may open the house.
func (c Config) tryAndSwap(ctx context.Context, m *marker) error {
	if m.House {
		if err := c.tryOut(ctx, *m); err != nil {
			return err
		}
	}
	if err := c.keepAside(m); err != nil {
		return err
	}
	// Somebody may have started the old version meanwhile, or tries again and
	// again to.
	if err := c.quiet(ctx); err != nil {
		return err
	}
	m.Swapping = true
	if err := c.Place.writeMarker(*m); err != nil {
		return err
	}
	c.at("swapping")
	if !m.House {
		return nil
	}
	c.say("Swapping.")
	if _, err := c.work(ctx, "new", m.ID); err != nil {
		return err
	}
	c.at("house swapped")
	return nil
}

// startNew starts the new program. One that is ready without having noted it
// would be undone by a power cut, and what people saved with it lost.
func (c Config) startNew(ctx context.Context, m *marker) error {
	m.Starting = true
	if err := c.Place.writeMarker(*m); err != nil {
		return err
	}
	if err := c.start(ctx); err != nil {
		return err
	}
	switch passed, err := c.passed(ctx, m.ID); {
	case err != nil:
		return err
	case !passed:
		return errors.New("the new version answers, and has not noted that it does")
	}
	return nil
}

// trialPatience is enough to migrate and check the house of a hundred people on
// a slow card; until then the household waits.
const trialPatience = 20 * time.Minute

// tryOut copies the house and lets the new program open, migrate and check the
// copy.
func (c Config) tryOut(ctx context.Context, m marker) error {
	c.say("Copying the house.")
	if said, err := c.work(ctx, "copy", m.ID); err != nil {
		return err
	} else if strings.TrimSpace(said) == waitingWord {
		return problemRestore()
	}
	c.at("copied")
	c.say("Trying the new version on the copy.")
	owner, err := c.Place.owner()
	if err != nil {
		return err
	}
	key, err := c.openKey(ctx)
	if err != nil {
		return err
	}
	args := []string{"serve", "--private", "--data", c.Place.at(StateDir + "/" + copyName)}
	if exists(c.Place.at(ConfigFile)) {
		args = append(args, "--config", c.Place.at(ConfigFile))
	}
	ctx, cancel := context.WithTimeout(ctx, trialPatience)
	defer cancel()
	if _, err := c.System.Run(ctx, Command{Name: c.helper(), Args: args, As: &owner, Key: key, Until: answersPrivately}); err != nil {
		return problemTrial(err)
	}
	c.at("tried")
	return nil
}

// keepAside keeps the old program under another name and the files as they are.
// A package manager's script has kept the program already.
func (c Config) keepAside(m *marker) error {
	if m.Program && !c.Packaged {
		before := c.Place.at(c.before())
		if err := removeDurable(before); err != nil {
			return err
		}
		if err := os.Link(c.Place.at(c.program()), before); err != nil {
			return fmt.Errorf("keeping the old program aside: %w", err)
		}
		if err := syncFolder(c.Place.at(c.bin())); err != nil {
			return err
		}
	}
	if err := c.Place.saveFiles(m.Files); err != nil {
		return fmt.Errorf("keeping the old units aside: %w", err)
	}
	c.at("kept aside")
	return nil
}

// back undoes what failed with cause, and says so.
func (c Config) back(ctx context.Context, m marker, cause error) error {
	c.say("It did not work; going back.")
	forward, err := c.end(ctx, m, runningNow)
	p := problem.Of(cause)
	switch {
	case err != nil:
		return errors.Join(cause, fmt.Errorf("going back: %w", err))
	case forward:
		return cause // it had opened the house already: nothing is undone
	case p.Code == "install.trial", !m.Swapping:
		return cause
	}
	return problemUndone(nameOf(m.From), cause)
}

func nameOf(version string) string {
	if version == "" {
		return "the one before"
	}
	return "version " + version
}

// helper is a program of the new version that the service's user may run.
func (c Config) helper() string {
	if next := c.Place.at(c.next()); exists(next) {
		return next
	}
	return "/proc/self/exe" // this process, wherever its file went meanwhile
}

// WorkCommand is the hidden command that ends in Work.
const WorkCommand = "in-state-folder"

// work does one thing in the service's folder, as the service's user.
func (c Config) work(ctx context.Context, verb, id string) (string, error) {
	owner, err := c.Place.owner()
	if err != nil {
		return "", err
	}
	out, err := c.System.Run(ctx, Command{Name: c.helper(), Args: []string{WorkCommand, verb, id}, As: &owner})
	return string(out), err
}

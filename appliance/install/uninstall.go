package install

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"latchkey/systemd"
)

// Uninstall stops the house and takes program and units away. The house, its
// configuration and the machine key stay, so that a later install finds them;
// purge removes those, too, and the user: whoever calls it so has asked twice.
// Folders for backups elsewhere always stay.
func Uninstall(ctx context.Context, c Config, purge bool) error {
	if !exists(c.Place.at(running)) {
		return problemNoSystemd()
	}
	unlock, err := c.Place.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.settle(ctx, runningNow); err != nil {
		return err
	}
	if purge {
		if err := c.Place.noMounts(); err != nil {
			return err
		}
	}
	if err := c.stopForGood(ctx); err != nil {
		return err
	}
	dropIns, err := c.ownDropIns(purge)
	if err != nil {
		return err
	}
	if err := c.do(ctx, Removal(c.Packaged, dropIns), nil); err != nil {
		return err
	}
	for _, unit := range []string{systemd.Service, systemd.Socket} {
		_ = os.Remove(c.Place.at(filepath.Join(unitDir, unit+".d"))) // unless people's own lie in it
	}
	if !purge {
		return nil
	}
	// By names that are fixed, in folders of root's; RemoveAll follows no link.
	for _, dir := range []string{StateDir, EtcDir, upgradeDir} {
		if err := os.RemoveAll(c.Place.at(dir)); err != nil {
			return fmt.Errorf("removing %s: %w", dir, err)
		}
	}
	if _, err := c.Place.owner(); err == nil {
		_, err = c.System.Run(ctx, Command{Name: "userdel", Args: []string{systemd.User}})
		return err
	}
	return nil
}

// stopForGood stops the house and its doors, and sees that it has ended.
func (c Config) stopForGood(ctx context.Context) error {
	if !exists(c.Place.at(filepath.Join(unitDir, systemd.Service))) && !exists(c.Place.at(filepath.Join(packagedDir, systemd.Service))) {
		return nil // nothing to stop
	}
	units := []string{systemd.Socket, systemd.HTTPS, systemd.HTTP, systemd.Service}
	disable := Step{Does: RunProgram, Run: append([]string{"systemctl", "disable", "--now"}, units...), May: true, Why: "stops the house"}
	if err := c.do(ctx, []Step{disable}, nil); err != nil {
		return err
	}
	return c.quiet(ctx)
}

// ownDropIns are the files beside the units that are to go: what the next
// install makes again, and with purge all that an install wrote. Those that
// people wrote stay.
func (c Config) ownDropIns(purge bool) ([]string, error) {
	key := dropIn(systemd.Service, keyDropIn)
	switch {
	case !purge && c.Packaged:
		return nil, nil
	case !purge:
		return []string{key}, nil
	}
	own := []string{key, dropIn(systemd.Socket, listenDropIn)}
	found, err := filepath.Glob(c.Place.at(dropIn(systemd.Service, "backup-*.conf")))
	if err != nil {
		return nil, err
	}
	for _, path := range found {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(string(text), backupHead) {
			own = append(own, dropIn(systemd.Service, filepath.Base(path)))
		}
	}
	return own, nil
}

// Removal is the plan of taking program and units away, and with them these
// files beside the units.
func Removal(packaged bool, dropIns []string) []Step {
	var plan []Step
	if !packaged {
		for _, name := range systemd.Units() {
			plan = append(plan, Step{Does: RemoveFile, Path: filepath.Join(unitDir, name)})
		}
		plan = append(plan, Step{Does: RemoveFile, Path: sysusers})
		for _, name := range []string{nextName, beforeName, programName} {
			plan = append(plan, Step{Does: RemoveFile, Path: filepath.Join(binDir, name)})
		}
	}
	for _, path := range dropIns {
		plan = append(plan, Step{Does: RemoveFile, Path: path})
	}
	return append(plan, Step{Does: RunProgram, Run: []string{"systemctl", "daemon-reload"}, Why: "tells systemd that the units are gone"})
}

const mountsFile = "/proc/self/mountinfo"

// noMounts refuses to remove for good what another disk, or a folder of
// somebody else, would be part of. See proc_pid_mountinfo(5).
func (p Place) noMounts() error {
	raw, err := os.ReadFile(p.at(mountsFile))
	if err != nil {
		return fmt.Errorf("looking for disks below %s: %w", StateDir, err)
	}
	for line := range strings.Lines(string(raw)) {
		words := strings.Fields(line)
		if len(words) < 5 {
			continue
		}
		at := mountPoint(words[4])
		for _, dir := range []string{StateDir, EtcDir, upgradeDir} {
			if strings.HasPrefix(at, p.at(dir)+"/") {
				return problemMount(at, p.at(dir))
			}
		}
	}
	return nil
}

// mountPoint reads a path in which the kernel wrote blanks, line ends and
// backslashes as three octal digits.
func mountPoint(written string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(written)
}

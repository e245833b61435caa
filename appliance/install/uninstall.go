package install

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

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
	plan := Removal(c.Packaged, purge)
	if !exists(c.Place.at(filepath.Join(unitDir, systemd.Service))) && !exists(c.Place.at(filepath.Join(packagedDir, systemd.Service))) {
		plan = plan[1:] // nothing to stop
	}
	if err := c.do(ctx, plan, nil); err != nil {
		return err
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

// Removal is the plan of taking program and units away.
func Removal(packaged, purge bool) []Step {
	units := []string{systemd.Socket, systemd.HTTPS, systemd.HTTP, systemd.Service}
	plan := []Step{{
		Does: RunProgram, Run: append([]string{"systemctl", "disable", "--now"}, units...), May: true, Why: "stops the house",
	}}
	if !packaged {
		for _, name := range systemd.Units() {
			plan = append(plan, Step{Does: RemoveFile, Path: filepath.Join(unitDir, name)})
		}
		plan = append(plan, Step{Does: RemoveFile, Path: sysusers})
		for _, name := range []string{nextName, beforeName, programName} {
			plan = append(plan, Step{Does: RemoveFile, Path: filepath.Join(binDir, name)})
		}
	}
	if purge || !packaged {
		plan = append(plan, Step{Does: RemoveFolder, Path: filepath.Join(unitDir, systemd.Service+".d")}, Step{Does: RemoveFolder, Path: filepath.Join(unitDir, systemd.Socket+".d")})
	}
	return append(plan, Step{Does: RunProgram, Run: []string{"systemctl", "daemon-reload"}, Why: "tells systemd that the units are gone"})
}

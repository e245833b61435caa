package install

import (
	"errors"
	"fmt"
	"path/filepath"

	"latchkey/appliance/problem"
)

// ErrNoBackup says that the house can make no backup now: it does not run, or
// has no recovery kit yet.
var ErrNoBackup = errors.New("the house can make no backup now")

func problemNoSystemd() *problem.Problem {
	return problem.New(problem.Refused, "install.systemd",
		"This machine is not run by systemd, and Latchkey installs itself as a service of systemd only.",
		"Have what starts services here run `latchkey serve --data DIR` as a user of its own, and start it again when it ends.")
}

func problemPackage() *problem.Problem {
	return problem.New(problem.Refused, "install.package",
		"Latchkey is on this machine as a package already.",
		"Upgrade it as a package (sudo apt install ./latchkey_VERSION_ARCH.deb), or remove that first (sudo apt remove latchkey); the house stays.")
}

func problemByHand() *problem.Problem {
	return problem.New(problem.Refused, "install.package",
		"Latchkey was installed on this machine by `latchkey install`, and a package would be a second one.",
		"Remove that first: sudo /usr/local/bin/latchkey uninstall ; the house stays. Then install the package again.")
}

func problemDowngrade(there, ours string) *problem.Problem {
	return problem.New(problem.Refused, "install.downgrade",
		fmt.Sprintf("Version %s is installed, and this is %s, which is older.", there, ours),
		"Install a newer one. To go back for good, uninstall, and restore a backup that the older version made.").
		With("there", there).With("ours", ours)
}

func problemFolder(dir, why string) *problem.Problem {
	return problem.New(problem.Refused, "install.folder",
		fmt.Sprintf("%s can't be a folder for backups: %s.", dir, why),
		"Name a new folder on the other disk, such as /mnt/disk/latchkey; it is made.").With("folder", dir)
}

func problemDisk(dir, kind string) *problem.Problem {
	return problem.New(problem.Refused, "install.disk",
		fmt.Sprintf("%s lies on a disk whose format (%s) knows no owners of files, so that it can't be given to the house alone.", dir, kind),
		"Format the disk as ext4, which removes all that lies on it; or install without --backup-dir first, then mount it for the house, by a line in /etc/fstab such as\n"+
			"  UUID=(see blkid) "+filepath.Dir(dir)+" "+kind+" uid=latchkey,gid=latchkey,umask=077,nofail 0 0\n"+
			"and install again with --backup-dir "+dir+".").With("folder", dir)
}

func problemRestore() *problem.Problem {
	return problem.New(problem.Refused, "install.restore",
		"A restored house waits to take its place, and an upgrade now would put it aside.",
		"Start Latchkey once, so that it takes its place: sudo systemctl restart latchkey ; then upgrade.")
}

func problemTrial(err error) *problem.Problem {
	return problem.New(problem.Refused, "install.trial",
		"The new version can't take over this house: its trial on a copy went wrong.",
		"Nothing was changed. What it said stands in brackets; keep the old version until a newer one can.").Because(err)
}

func problemStart(err error) *problem.Problem {
	return problem.New(problem.Unavailable, "install.start",
		"Latchkey does not start.",
		"See why: sudo journalctl -u latchkey -n 50").Because(err)
}

func problemUndone(version string, err error) *problem.Problem {
	return problem.New(problem.Unavailable, "install.undone",
		fmt.Sprintf("The new version did not get ready, so that %s is back, with its data as they were.", version),
		"See why: sudo journalctl -u latchkey -n 100").Because(err)
}

func problemBusy() *problem.Problem {
	return problem.New(problem.Unavailable, "install.busy",
		"Another install or upgrade is under way on this machine.", "Wait for its end.")
}

func problemInUse(err error) *problem.Problem {
	return problem.New(problem.Unavailable, "install.inuse",
		"The house can't be had alone: another program has it open.",
		"End every latchkey command that works on this machine's house (latchkey admin, latchkey setup --local), then try again.").Because(err)
}

func problemRunning() *problem.Problem {
	return problem.New(problem.Unavailable, "install.running",
		"Latchkey was stopped, and runs all the same.",
		"See what starts it again: systemctl status latchkey ; end that, then try again.")
}

func problemMount(at, dir string) *problem.Problem {
	return problem.New(problem.Refused, "uninstall.mount",
		fmt.Sprintf("Something else is mounted at %s, and what lies there would be removed with %s. Nothing was removed.", at, dir),
		"Unmount it first: sudo umount "+at+" ; then try again.").With("folder", at)
}

func problemBackup(err error) *problem.Problem {
	return problem.New(problem.Unavailable, "install.backup",
		"The house can't be backed up, so that nothing was changed.",
		"Mend what stands in brackets (status tells more), then try again.").Because(err)
}

func problemKey(err error) *problem.Problem {
	return problem.New(problem.Unavailable, "install.key",
		"The key that this machine keeps for the house can't be read.",
		"If the machine's board, TPM or system disk was replaced, restore a backup by the recovery kit.").Because(err)
}

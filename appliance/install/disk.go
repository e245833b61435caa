package install

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// disk is what a folder lies on.
type disk struct {
	device uint64 // st_dev
	kind   int64  // of the file system, as statfs(2) has it
}

// diskOf is the disk of a folder, or, where it is yet to be made, of the first
// one above that is there.
func diskOf(path string) (disk, error) {
	var at unix.Stat_t
	err := unix.Stat(path, &at)
	if errors.Is(err, fs.ErrNotExist) && path != filepath.Dir(path) {
		return diskOf(filepath.Dir(path))
	}
	var on unix.Statfs_t
	if err == nil {
		err = unix.Statfs(path, &on)
	}
	return disk{uint64(at.Dev), int64(on.Type)}, err
}

// ownerless are the file systems, by their names in fstab(5), that keep no
// owners of files: all are of the user whom the mount names.
func ownerless(kind int64) string {
	switch uint32(kind) {
	case unix.MSDOS_SUPER_MAGIC:
		return "vfat"
	case unix.EXFAT_SUPER_MAGIC:
		return "exfat"
	case 0x5346544e, 0x7366746e: // of the kernel's two drivers
		return "ntfs3"
	}
	return ""
}

// mayOwn refuses a folder for backups that can't be given to the service's user.
func (c Config) mayOwn(dir string) error {
	on, err := c.disk(dir)
	if err != nil {
		return problemFolder(dir, "it can't be looked at").Because(err)
	}
	kind := ownerless(on.kind)
	if kind == "" {
		return nil
	}
	path := c.Place.at(dir)
	if !exists(path) {
		path = filepath.Dir(path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return problemFolder(dir, "it can't be looked at").Because(err)
	}
	if o, err := c.Place.owner(); err == nil && ownerOf(info) == o {
		return nil // it was mounted so
	}
	return problemDisk(dir, kind)
}

// warnOfDisk tells that backups lie where the house does.
func (c Config) warnOfDisk() {
	if c.BackupDir == "" {
		return
	}
	there, errThere := c.disk(c.BackupDir)
	here, errHere := c.disk(StateDir)
	if errThere == nil && errHere == nil && there.device == here.device {
		c.say("%s lies on the same disk as the house: backups there help against a mistake, and are lost with that disk. Name a folder on another disk for those that have to outlive it.", c.BackupDir)
	}
}

func (c Config) disk(path string) (disk, error) {
	if c.diskOf != nil {
		return c.diskOf(c.Place.at(path))
	}
	return diskOf(c.Place.at(path))
}

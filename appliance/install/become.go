package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Become makes this process, when it is root's, for good one of the user who
// owns the folder data, so that nothing in it comes to belong to root and no
// link in it leads root astray. A folder that is not there, or is root's own,
// changes nothing. What the caller named for itself has to be open by then; the
// house is opened after.
func Become(data string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking whose the house is: %w", err)
	}
	o := ownerOf(info)
	if o.UID <= 0 {
		return nil
	}
	// In this order: without root's rights the groups could not be changed.
	err = syscall.Setgroups([]int{o.GID})
	if err == nil {
		err = syscall.Setgid(o.GID)
	}
	if err == nil {
		err = syscall.Setuid(o.UID)
	}
	if err != nil {
		return fmt.Errorf("becoming the user %d, who owns %s: %w", o.UID, data, err)
	}
	return nil
}

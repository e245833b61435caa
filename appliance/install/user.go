package install

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"latchkey/systemd"
)

// noFollow refuses a link where a folder is wanted.
const noFollow = syscall.O_NOFOLLOW

// errNoUser says that the service's user is not there.
var errNoUser = errors.New("there is no user " + systemd.User)

// owner is the service's user, by passwd(5).
func (p Place) owner() (Owner, error) {
	f, err := os.Open(p.at("/etc/passwd"))
	if err != nil {
		return Owner{}, fmt.Errorf("looking for the user %s: %w", systemd.User, err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		row := strings.Split(lines.Text(), ":")
		if len(row) < 4 || row[0] != systemd.User {
			continue
		}
		uid, errU := strconv.Atoi(row[2])
		gid, errG := strconv.Atoi(row[3])
		return Owner{UID: uid, GID: gid}, errors.Join(errU, errG)
	}
	return Owner{}, errors.Join(lines.Err(), errNoUser)
}

// ownerOf is who owns a file.
func ownerOf(info fs.FileInfo) Owner {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return Owner{UID: int(s.Uid), GID: int(s.Gid)}
	}
	return Owner{UID: -1, GID: -1}
}

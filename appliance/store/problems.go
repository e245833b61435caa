package store

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"latchkey/appliance/problem"
)

// ErrNoValue is what Value answers when nothing was ever set under the name.
var ErrNoValue = errors.New("store: no such value")

// errKept is what a Reader or Writer answers after the function it was given
// to has returned.
var errKept = errors.New("store: used after its function returned")

const (
	hintRestore = "Run `latchkey doctor` with the same options: it names the newest backup and the command that restores it."
	hintDisk    = "Check the disk and its free space, then start Latchkey again."
)

// refused makes the problem of a file that we will not open; dir goes with it.
func refused(code, text, hint, dir string) *problem.Problem {
	return problem.New(problem.Unavailable, code, text, hint).With("folder", dir)
}

func problemNone(dir string) *problem.Problem {
	return refused("store.none", "There is no Latchkey in this folder yet: "+dir+".",
		"Run `latchkey setup`, or name the right folder with --data.", dir)
}

func problemExists(dir string) *problem.Problem {
	return problem.New(problem.Refused, "store.exists", "There is already a Latchkey in this folder: "+dir+".",
		"Start it with `latchkey serve`, or choose another folder with --data.").With("folder", dir)
}

func problemKeyLost(dir string) *problem.Problem {
	return refused("store.keyLost", "The database in "+dir+" is there, but its key (seal.key) is missing.",
		"Put seal.key back from where you keep it, or restore a backup; without it nothing in the database can be read.", dir)
}

func problemFileLost(dir string) *problem.Problem {
	return refused("store.fileLost", "The key is there, but the database (latchkey.db) is missing from "+dir+".",
		hintRestore+" To start from nothing, move seal.key away first.", dir)
}

func problemKeyDamaged(dir string) *problem.Problem {
	return refused("store.keyDamaged", "The key file (seal.key) of "+dir+" is cut short or altered.",
		"Put seal.key back from where you keep a copy, or restore a backup.", dir)
}

func problemKeyClosed(dir string) *problem.Problem {
	return refused("store.keyClosed", "The key (seal.key) of "+dir+" is closed by the machine's own key, which this program was not given.",
		"Let the installed service open it, or run this as root; on another machine, restore a backup.", dir)
}

func problemMachineKey(dir string) *problem.Problem {
	return refused("store.machineKey", "The key (seal.key) of "+dir+" was closed by another machine's key.",
		"Put back the seal.key, or the machine key, that belong together; or restore a backup.", dir)
}

func problemNoCopy(dir string, full bool) *problem.Problem {
	hint := hintDisk
	if full {
		hint = "Free as much space as latchkey.db takes, and start Latchkey again. Nothing was changed."
	}
	return refused("store.noCopy", "The database in "+dir+" must be brought to a newer format, and the copy of it that is made first can't be kept.", hint, dir)
}

func problemKeyForeign(dir string) *problem.Problem {
	return refused("store.keyForeign", "The key (seal.key) belongs to another database than the one in "+dir+".",
		"Put back the seal.key that was made with this latchkey.db.", dir)
}

func problemEmpty(dir string) *problem.Problem {
	return refused("store.empty", "The database (latchkey.db) in "+dir+" is an empty file.", hintRestore, dir)
}

func problemTruncated(dir string) *problem.Problem {
	return refused("store.truncated", "The database (latchkey.db) in "+dir+" is shorter than it says it is: its end is missing.",
		hintRestore, dir)
}

func problemForeign(dir string) *problem.Problem {
	return refused("store.foreign", "The file latchkey.db in "+dir+" is not a Latchkey database.", hintRestore, dir)
}

func problemDamaged(dir string) *problem.Problem {
	return refused("store.damaged", "The database (latchkey.db) in "+dir+" is damaged.", hintRestore, dir)
}

func problemNewer(dir string) *problem.Problem {
	return refused("store.newer", "The database in "+dir+" was written by a newer Latchkey.",
		"Install that version, or a later one, and start again.", dir)
}

func problemLocked(dir string) *problem.Problem {
	return refused("store.locked", "Another Latchkey is already using "+dir+".",
		"Stop the other one first, or use its own page and commands.", dir)
}

// unreadable says why the system would not let us at a file.
func unreadable(dir string, err error) *problem.Problem {
	hint := hintDisk
	switch {
	case errors.Is(err, fs.ErrPermission):
		hint = "Run Latchkey as the user that owns the folder, or give the folder to the user that runs it."
	case isAny(err, syscall.EROFS):
		hint = "The disk can't be written: the system locks one that has a fault. Look at it, then start this machine again."
	}
	return refused("store.unreadable", "The data folder "+dir+" can't be used.", hint, dir).Because(err)
}

func problemClosed() *problem.Problem {
	return problem.New(problem.Unavailable, "store.closed", "Latchkey is stopping.", "Try again in a moment.")
}

// full says whether the disk had no room.
func full(err error) bool {
	return isAny(err, syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG)
}

// isAny looks for the system's errors, of which bbolt hands some on as text
// only.
func isAny(err error, which ...syscall.Errno) bool {
	for _, no := range which {
		if errors.Is(err, no) || strings.Contains(err.Error(), no.Error()) {
			return true
		}
	}
	return false
}

// notKept is the problem of a write that the disk refused.
func notKept(err error) *problem.Problem {
	if full(err) {
		return problem.New(problem.Unavailable, "store.full", "The disk is full: nothing of this was kept.",
			"Free some space on the machine and try again.").Because(err)
	}
	if isAny(err, syscall.EROFS) {
		return problem.New(problem.Unavailable, "store.readonly", "The disk can't be written any more: nothing of this was kept.",
			"The system locks a disk that has a fault. Look at it, then start this machine again.").Because(err)
	}
	return problem.New(problem.Unavailable, "store.disk", "The disk refused to keep this.", hintDisk).Because(err)
}

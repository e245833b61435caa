package backup

import (
	"errors"
	"fmt"
	"syscall"

	"latchkey/appliance/backup/target"
	"latchkey/appliance/problem"
)

// ErrUnchecked is wrapped by what Config.Prove answers when the check itself
// failed: it was killed, or found no room. That says nothing about the copy.
var ErrUnchecked = errors.New("backup: the house could not be checked")

// What can be wrong, as problems for a person.
var (
	errNoKit = problem.New(problem.Refused, "backup.nokit",
		"There is no recovery kit yet, so nothing could ever open a backup.",
		"Make a recovery kit in the settings and print it; backups begin by themselves then.")
	errNoCopy = problem.New(problem.NotFound, "backup.unknown",
		"There is no such backup.", "Look at the list again; it may have been replaced by a newer one.")
	errNoTarget = problem.New(problem.NotFound, "backup.notarget",
		"There is no such place for backups.", "Look at the list again; somebody may have removed it.")
	errCompare = problem.New(problem.Refused, target.CodeUnchecked,
		"Nobody has compared this server's fingerprint yet.",
		"Check the place, compare the fingerprint that is shown, and check it once more with that.")
	errBusy = problem.New(problem.Unavailable, "backup.busy",
		"Latchkey is busy with another backup just now.", "Try again when it is done.")
	errDamaged = problem.New(problem.Unavailable, "backup.damaged",
		"The copy that was read back is not what was written.",
		"Latchkey sends it again. If that goes on, replace the disk, or take another place.")
	errSpoolDamaged = problem.New(problem.Unavailable, "backup.spooldamaged",
		"The copy on this machine's own disk is damaged.",
		"The disk may be failing: look at backups elsewhere, and think of a new disk.")
	errNotOpening = problem.New(problem.Unavailable, "backup.notopening",
		"A backup was read back whole, but the house in it could not be opened.",
		"Run `latchkey doctor`: the house itself may be damaged. Keep the older backups.")
	errNoDigest = problem.New(problem.Refused, "backup.nodigest",
		"This copy comes from before the last restore, so Latchkey does not know what must be in it.",
		"Let Latchkey keep the recovery key, or try the file with `latchkey backup verify FILE --kit KIT`.")
	errDisk = problem.New(problem.Unavailable, "backup.diskfails",
		"The disk of this machine could not be read or written.",
		"It may be worn out, or read-only after a fault: run `latchkey doctor`, and think of a new disk while the house still answers.")
	errStuck = problem.New(problem.Unavailable, "backup.stuck",
		"The place has not answered for a long time.",
		"If it is a disk, pull it and plug it in again, then: sudo systemctl restart latchkey. If it is a server, see whether it runs.")
	errStillSending = problem.New(problem.Unavailable, "backup.stillsending",
		"The backup is still on its way there.", "Nothing to do: Latchkey goes on with it.")
	errWrongKey = problem.New(problem.Refused, "backup.wrongkey",
		"This is not the recovery key of this house's present kit.",
		"Type the line that begins with AGE-SECRET-KEY-1 from the newest kit.")
	errManyTargets = problem.New(problem.Refused, "backup.manytargets",
		fmt.Sprintf("There are already %d places for backups.", mostTargets), "Remove one that is no longer used.")
)

// mostTargets bounds what every backup is sent to.
const mostTargets = 12

// shortage is room that was missing.
type shortage struct {
	Needed, Free int64
}

func (s shortage) problem() *problem.Problem {
	p := problem.New(problem.Unavailable, "backup.space",
		fmt.Sprintf("There is no room on this machine's disk for a backup: it takes %s, and %s are free.", size(s.Needed), size(s.Free)),
		"Make room on the disk of this machine; Latchkey tries again by itself.")
	return p.With("needed", size(s.Needed)).With("free", size(s.Free))
}

// diskFails reports whether the machine's own disk, or the want of something
// else that it gives, is why.
func diskFails(err error) bool {
	for _, why := range []error{syscall.EIO, syscall.EROFS, syscall.ENXIO, syscall.ENODEV, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM} {
		if errors.Is(err, why) {
			return true
		}
	}
	return noRoom(err)
}

func noRoom(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// troubleOf gives err as it goes over the wire; nil for nil.
func troubleOf(err error) *Trouble {
	if err == nil {
		return nil
	}
	p := problem.Of(err)
	return &Trouble{Code: p.Code, Text: p.Text, Hint: p.Hint}
}

// size says a number of bytes as people do.
func size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d KB", max(n, 0)>>10)
}

package archive

import (
	"errors"
	"fmt"
	"strconv"
	"syscall"

	"latchkey/appliance/problem"
)

const (
	hintOther  = "Take another copy of it, or another backup."
	hintAgain  = "Copy the file once more from where it is kept, or take another backup."
	hintNobody = "Trust none of it; take another backup."
)

func refused(code, text, hint string) *problem.Problem {
	return problem.New(problem.Refused, code, text, hint)
}

func kitUnreadable(text, hint string) *problem.Problem { return refused("kit.unreadable", text, hint) }

func problemKitLarge() *problem.Problem {
	return kitUnreadable("This file is too large for a recovery kit.", "Choose the text file that was saved when the kit was made, or type its two keys.")
}

func problemKitLacks(what, start string) *problem.Problem {
	return kitUnreadable("This text holds no "+what+".", "Give the whole kit; the "+what+" in it begins with "+start+".")
}

func problemKitMistyped() *problem.Problem {
	return kitUnreadable("A character of the recovery key is wrong, missing or too many.", "Compare it with the kit, group by group.")
}

func problemKitTwo(what string) *problem.Problem {
	return kitUnreadable("This text holds two different "+what+".", "Give one kit: the one that was in force when the backup was made.")
}

func problemForeign() *problem.Problem {
	return refused("backup.foreign", "This file is not a Latchkey backup, or its beginning is damaged.",
		"Choose a file named like latchkey-1a2b3c4d-20261121T031500Z.age.")
}

func problemOtherKit() *problem.Problem {
	return refused("backup.kit", "This recovery kit does not open this backup.",
		"Take the kit that was in force when the backup was made; if it is that one, the file is damaged: take another copy.")
}

func problemSigner() *problem.Problem {
	return refused("backup.signer", "This backup is not signed by the house of this recovery kit.",
		"If you typed the kit, compare its signing key; if that is right, somebody else made this file: don't use it.")
}

func problemEnd() *problem.Problem {
	return refused("backup.truncated", "The end of this backup is not as it was written: it is cut off, altered, or followed by something else.", hintAgain)
}

func problemDamaged() *problem.Problem {
	return refused("backup.damaged", "This backup is damaged: it was altered after it was written.", hintAgain)
}

func problemBomb() *problem.Problem {
	return refused("backup.bomb", "This file unpacks to more than a backup of Latchkey can hold.", hintNobody)
}

func problemManifest(why string) *problem.Problem {
	return refused("backup.manifest", "The list of contents of this backup can't be used: "+why+".", hintOther)
}

func problemEntry(name string) *problem.Problem {
	name = quoted(name)
	return refused("backup.entry", "This backup holds something that has no place in one: "+name+".", hintNobody).With("name", name)
}

func problemKind(name string) *problem.Problem {
	name = quoted(name)
	return refused("backup.entry", "This backup holds "+name+" as something else than a plain file.", hintNobody).With("name", name)
}

func problemTwice(name string) *problem.Problem {
	name = quoted(name)
	return refused("backup.entry", "This backup holds "+name+" twice, or not in its order.", hintNobody).With("name", name)
}

func problemMissing(name string) *problem.Problem {
	name = quoted(name)
	return refused("backup.missing", "This backup lacks "+name+".", hintOther).With("name", name)
}

func problemSize(name string, want, got int64) *problem.Problem {
	name = quoted(name)
	return refused("backup.size", fmt.Sprintf("In this backup %s has %d bytes instead of %d.", name, got, want), hintOther).With("name", name)
}

func problemDigest(name string) *problem.Problem {
	name = quoted(name)
	return refused("backup.digest", "In this backup "+name+" is not what its list of checksums says.", hintOther).With("name", name)
}

func problemTrailing() *problem.Problem {
	return refused("backup.trailing", "This backup does not end where it should: something follows, or its last blocks are missing.", hintNobody)
}

func problemNewer(m Manifest) *problem.Problem {
	format := strconv.Itoa(m.Format)
	return refused("backup.newer",
		fmt.Sprintf("This backup has format %s, written by Latchkey %s; this program reads up to format %d.", format, quoted(m.Program), Format),
		"Restore it with that version of Latchkey, or a later one.").With("format", format).With("program", m.Program)
}

func problemVersion(m Manifest, limit uint64) *problem.Problem {
	version := strconv.FormatUint(m.Version, 10)
	return refused("backup.version",
		fmt.Sprintf("This backup's database has version %s, written by Latchkey %s; this program opens up to version %d.", version, quoted(m.Program), limit),
		"Restore it with that version of Latchkey, or a later one.").With("version", version).With("program", m.Program)
}

func problemSpace(need, free int64) *problem.Problem {
	wanted, there := sizes(need, free)
	return problem.New(problem.Unavailable, "backup.space", "This backup needs "+wanted+", and "+there+" are free.",
		"Free some space on the machine and try again.").
		With("need", strconv.FormatInt(need, 10)).With("free", strconv.FormatInt(free, 10))
}

func problemFolder(dir string, err error) *problem.Problem {
	return problem.New(problem.Refused, "backup.folder", "The folder "+dir+" can't be made, or is there already.",
		"Name a folder that does not exist yet, in one that may be written to.").Because(err)
}

func problemSource(err error) *problem.Problem {
	return problem.New(problem.Unavailable, "backup.source", "The backup could not be read to its end.",
		"Look whether the disk or the network is still there, then try again.").Because(err)
}

func problemChanged(name string, want int64) *problem.Problem {
	return problem.New(problem.Unavailable, "backup.changed", "While it was backed up, "+name+" changed its size.",
		"Make the backup again.").Because(fmt.Errorf("it should have %d bytes", want))
}

// notWritten is the problem of a disk that did not take what was unpacked.
func notWritten(err error) error {
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, full) {
			return problem.New(problem.Unavailable, "backup.full", "The disk is full: the backup was not unpacked.",
				"Free some space on the machine and try again.").Because(err)
		}
	}
	return problem.New(problem.Unavailable, "backup.disk", "The disk refused to keep what the backup holds.",
		"Check the disk, then try again.").Because(err)
}

// quoted makes a name from a file fit to be shown: in quotes where it holds
// anything odd, and never long.
func quoted(name string) string {
	const most = 80
	if len(name) > most {
		return quoted(name[:most]) + "…"
	}
	if q := strconv.QuoteToASCII(name); name == "" || q != `"`+name+`"` {
		return q
	}
	return name
}

// sizes says both in the unit that suits the second, the first rounded up and
// the second down.
func sizes(need, free int64) (string, string) {
	unit, name := int64(1_000_000), " MB"
	if free < 10*unit {
		unit, name = 1000, " kB"
	}
	return strconv.FormatInt((need+unit-1)/unit, 10) + name, strconv.FormatInt(free/unit, 10) + name
}

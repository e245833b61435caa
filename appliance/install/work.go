package install

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// The names in the service's folder.
const (
	houseName  = "house"
	copyName   = "house.upgrade"        // the copy, then the way back
	makingName = "house.upgrade.making" // not whole yet
	asideName  = "house.upgrade.aside"  // the middle of a swap where renames can't exchange
	keptName   = "house.before-"        // with the time: the old house, kept
	idName     = ".upgrade"             // in the copy: the upgrade that made it
	passedName = "upgrade-passed"       // holds the upgrade whose program is about to answer
)

// orderName is a file in the house, or in the restored one beside it, while a
// restore is to be taken up (see appliance/restore).
const (
	orderName    = "restore.order"
	restoredName = "house.restored"
)

// waitingWord is the answer of the verb "copy" where it copied nothing.
const waitingWord = "a restored house waits"

// passedWord is the answer of the verb "passed".
const passedWord = "yes"

// Work does one of the things that an upgrade wants done in the service's
// folder state; it runs as the user who owns that folder. Every verb may be
// cut short and done again. What it answers is for the caller.
//
//	copy ID    makes a copy of the house, whole and durable, beside it; "a
//	           restored house waits" where it made none, since one does
//	new ID     gives the copy the house's place, and the house the copy's
//	old ID     the other way round; nothing where it is so already
//	drop ID    removes whichever of both is not the house, and the notes
//	keep TIME  keeps it under a name with the time, which it answers
//	passed ID  "yes" where the new program noted that it is about to answer
//
// Hold is one of these verbs, too.
func Work(state, verb, id string) (string, error) {
	s := stateFolder{state}
	if id == "" || strings.ContainsAny(id, "/\x00") {
		return "", errors.New("install: an upgrade without a proper name")
	}
	switch verb {
	case "copy":
		if exists(s.at(restoredName, orderName)) || exists(s.at(houseName, orderName)) {
			return waitingWord, nil
		}
		return "", s.copy(id)
	case "new":
		return "", s.arrange(id, true)
	case "old":
		return "", s.arrange(id, false)
	case "drop":
		return "", s.drop()
	case "keep":
		return s.keep(id)
	case "passed":
		raw, err := os.ReadFile(s.at(passedName))
		if err == nil && strings.TrimSpace(string(raw)) == id {
			return passedWord, nil
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return "no", err
	}
	return "", fmt.Errorf("install: no work is called %q", verb)
}

// stateFolder is the folder that the service owns.
type stateFolder struct{ dir string }

func (s stateFolder) at(name ...string) string {
	return filepath.Join(append([]string{s.dir}, name...)...)
}

func (s stateFolder) copy(id string) error {
	for _, name := range []string{makingName, copyName, asideName} {
		if err := os.RemoveAll(s.at(name)); err != nil {
			return fmt.Errorf("removing an earlier copy: %w", err)
		}
	}
	if err := copyFolder(s.at(houseName), s.at(makingName), ""); err != nil {
		return fmt.Errorf("copying the house: %w", err)
	}
	if err := writeFile(s.at(makingName, idName), []byte(id), 0o600, nil); err != nil {
		return err
	}
	return renameDurable(s.at(makingName), s.at(copyName))
}

// neverChanged are folders in the house whose files are written once: the copy
// shares them, so that it takes no room for what may be the most of it.
var neverChanged = []string{"backups", "attachments"}

// copyFolder copies folders and files; inside is the way from the house to it.
// Sockets, and what else is no file, are not part of a house.
func copyFolder(from, to, inside string) error {
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		a, b, way := filepath.Join(from, e.Name()), filepath.Join(to, e.Name()), filepath.Join(inside, e.Name())
		switch {
		case e.IsDir():
			err = copyFolder(a, b, way)
		case !e.Type().IsRegular() || e.Name() == idName:
			continue
		case slices.Contains(neverChanged, inside) && os.Link(a, b) == nil:
			continue
		default:
			err = copyDurable(a, b)
		}
		if err != nil {
			return err
		}
	}
	return syncFolder(to)
}

// copyDurable makes a new file; the kernel shares the blocks where the file
// system can.
func copyDurable(from, to string) error {
	in, err := os.OpenFile(from, os.O_RDONLY|noFollow, 0)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// arrange gives the place of the house to the copy that this upgrade made, or
// to the house that was there before it. It looks where both are, so that it
// can be done again after a kill at any point.
func (s stateFolder) arrange(id string, wantCopy bool) error {
	var wanted, other string
	for _, name := range []string{houseName, copyName, asideName} {
		switch {
		case !exists(s.at(name)):
		case s.made(name, id) == wantCopy:
			wanted = name
		default:
			other = name
		}
	}
	switch {
	case wanted == "":
		return fmt.Errorf("the house that is wanted is not in %s", s.dir)
	case wanted == houseName:
		return nil
	case other == houseName:
		return s.exchange(wanted)
	}
	return renameDurable(s.at(wanted), s.at(houseName))
}

// made reports whether the folder is the copy that the upgrade made.
func (s stateFolder) made(name, id string) bool {
	raw, err := os.ReadFile(s.at(name, idName))
	return err == nil && string(raw) == id
}

// exchange swaps the house with another folder by one rename; where the file
// system can't, by two, between which there is no house (arrange mends that).
func (s stateFolder) exchange(with string) error {
	err := unix.Renameat2(unix.AT_FDCWD, s.at(with), unix.AT_FDCWD, s.at(houseName), unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return s.exchangeInTwo(with)
	}
	if err != nil {
		return fmt.Errorf("swapping the house: %w", err)
	}
	return syncFolder(s.dir)
}

func (s stateFolder) exchangeInTwo(with string) error {
	spare := asideName
	if with == asideName {
		spare = copyName
	}
	if err := renameDurable(s.at(houseName), s.at(spare)); err != nil {
		return err
	}
	return renameDurable(s.at(with), s.at(houseName))
}

// drop removes what is not the house. While there is no house, it removes
// nothing.
func (s stateFolder) drop() error {
	if !exists(s.at(houseName)) {
		return s.forget()
	}
	var errs []error
	for _, name := range []string{copyName, makingName, asideName} {
		errs = append(errs, os.RemoveAll(s.at(name)))
	}
	return errors.Join(append(errs, s.forget())...)
}

func (s stateFolder) keep(at string) (string, error) {
	name := keptName + at
	for _, old := range []string{copyName, asideName} {
		if !exists(s.at(old)) {
			continue
		}
		if err := renameDurable(s.at(old), s.at(name)); err != nil {
			return "", err
		}
		return s.at(name), s.drop()
	}
	return "", s.drop()
}

// forget removes the notes of an upgrade that has ended.
func (s stateFolder) forget() error {
	return errors.Join(removeDurable(s.at(passedName)), removeIfThere(s.at(houseName, idName)))
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"latchkey/systemd"
)

// found is what was there.
type found struct {
	program bool   // a program in its place, other than a package's new one
	version string // what it says it is; "" where it can't say
	same    bool   // it is what is to be installed, byte for byte
	enabled bool   // systemd starts it with the machine
	house   bool   // there is a folder with a house
	user    bool
	key     []byte // see Wanted.Key
	hasKey  bool
	listens bool
}

func (f found) kind() Kind {
	switch {
	case f.program && f.same:
		return Repair
	case f.program || f.house:
		return Upgrade
	}
	return First
}

// look finds out what is there. Of a package, the program before is the one
// that was kept aside; without one it is there already if it is enabled.
func (c Config) look(ctx context.Context) (found, error) {
	f := found{
		house:   exists(c.Place.at(DataDir)),
		hasKey:  exists(c.Place.at(keyFile)),
		listens: exists(c.Place.at(dropIn(systemd.Socket, listenDropIn))),
	}
	_, err := c.System.Run(ctx, systemctl("is-enabled", "--quiet", systemd.Service))
	f.enabled = err == nil
	_, err = c.Place.owner()
	f.user = err == nil
	old := c.program()
	if c.Packaged {
		old = c.before()
		if !exists(c.Place.at(old)) {
			f.program, f.same = f.enabled, f.enabled
			return f, nil
		}
	}
	path := c.Place.at(old)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return f, nil
	} else if err != nil {
		return f, fmt.Errorf("looking for the installed program: %w", err)
	}
	f.program, f.same = true, same(c.Program, path)
	if said, err := c.System.Run(ctx, Command{Name: path, Args: []string{"version"}}); err == nil {
		f.version = versionOf(said)
	}
	return f, nil
}

// versionOf reads what `latchkey version` prints.
func versionOf(said []byte) string {
	words := strings.Fields(string(said))
	if len(words) != 2 || words[0] != programName {
		return ""
	}
	return words[1]
}

// mayReplace refuses to put an older program over a newer one.
func (c Config) mayReplace(f found) error {
	if f.version != "" && older(c.Version, f.version) {
		return problemDowngrade(f.version, c.Version)
	}
	return nil
}

// older reports whether version a comes before b. Versions that are no numbers
// (a commit, "development") are neither older nor newer.
func older(a, b string) bool {
	x, okX := numbers(a)
	y, okY := numbers(b)
	if !okX || !okY {
		return false
	}
	for i := range x {
		if x[i] != y[i] {
			return x[i] < y[i]
		}
	}
	return false
}

// numbers reads 1.2.3, v1.2.3 and 1.2.3-4-gabc as what stands before the dash.
func numbers(version string) (n [3]int, ok bool) {
	version, _, _ = strings.Cut(strings.TrimPrefix(version, "v"), "-")
	parts := strings.Split(version, ".")
	if len(parts) != len(n) {
		return n, false
	}
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil || v < 0 {
			return n, false
		}
		n[i] = v
	}
	return n, true
}

// possible refuses what can't work here.
func (c Config) possible() error {
	switch {
	case !exists(c.Place.at(running)):
		return problemNoSystemd()
	case !c.Packaged && exists(c.Place.at(filepath.Join(packagedDir, systemd.Service))):
		return problemPackage()
	case c.Packaged && exists(c.Place.at(filepath.Join(unitDir, systemd.Service))):
		return problemByHand()
	}
	if c.BackupDir == "" {
		return nil
	}
	if err := c.Place.mayHoldBackups(c.BackupDir); err != nil {
		return err
	}
	return c.mayOwn(c.BackupDir)
}

// mayHoldBackups refuses a folder in which other things lie: it is to belong to
// the service's user, and to nobody else.
func (p Place) mayHoldBackups(dir string) error {
	if !filepath.IsAbs(dir) || dir == "/" || dir == StateDir || strings.HasPrefix(dir, StateDir+"/") || strings.ContainsAny(dir, "\n\r") {
		return problemFolder(dir, "it has to be a folder of its own, with its full path, outside "+StateDir)
	}
	info, err := os.Lstat(p.at(dir))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if up, err := os.Stat(p.at(filepath.Dir(dir))); err != nil || !up.IsDir() {
			return problemFolder(dir, "the folder above it is not there; is the disk plugged in?")
		}
		return nil
	case err != nil:
		return problemFolder(dir, "it can't be looked at").Because(err)
	case !info.IsDir():
		return problemFolder(dir, "it is a link or a file")
	}
	if o, err := p.owner(); err == nil && ownerOf(info) == o {
		return nil // from an earlier install
	}
	entries, err := os.ReadDir(p.at(dir))
	if err != nil || len(entries) > 0 {
		return problemFolder(dir, "other things lie in it").Because(err)
	}
	return nil
}

// wanted joins what was asked for with what was found.
func (c Config) wanted(f found) Wanted {
	w := Wanted{
		Program: c.Program, Into: c.program(), Packaged: c.Packaged, Config: c.ConfigText, Key: f.key, HasKey: f.hasKey || f.key != nil,
		Listen: c.Listen, Listens: f.listens, BackupDir: c.BackupDir,
	}
	if !f.user {
		w.UserTool = "useradd"
		if _, err := exec.LookPath("systemd-sysusers"); err == nil {
			w.UserTool = "systemd-sysusers"
		}
	}
	return w
}

// Preview is what Install would do, without doing anything.
func Preview(ctx context.Context, c Config) (Kind, []Step, error) {
	c = c.orPackaged()
	if c.FilesOnly {
		return First, files(c.wanted(found{})), nil
	}
	if err := c.possible(); err != nil {
		return "", nil, err
	}
	f, err := c.look(ctx)
	if err != nil {
		return "", nil, err
	}
	if err := c.mayReplace(f); err != nil {
		return "", nil, err
	}
	if _, err := exec.LookPath("systemd-creds"); err == nil && !f.hasKey {
		f.key = []byte{} // it is made when it is wanted
	}
	return f.kind(), Plan(c.wanted(f)), nil
}

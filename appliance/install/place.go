package install

import (
	"path/filepath"
)

// Place is where things lie. Root stands before every path, so that tests and
// package builders work in a folder of their own; "" is the machine itself.
type Place struct{ Root string }

// The paths of an installed house. They are fixed: the units name them.
const (
	EtcDir   = "/etc/latchkey"     // the configuration and the machine key
	StateDir = "/var/lib/latchkey" // the service's own
	DataDir  = StateDir + "/house" // the house
	// ConfigFile is the configuration that an installed house reads, if it is
	// there.
	ConfigFile = EtcDir + "/config.toml"

	keyFile     = EtcDir + "/machine.key.cred"
	binDir      = "/usr/local/bin"
	packagedBin = "/usr/bin"
	unitDir     = "/etc/systemd/system"
	packagedDir = "/usr/lib/systemd/system"
	sysusers    = "/etc/sysusers.d/latchkey.conf"
	upgradeDir  = "/var/lib/latchkey-upgrade" // root's: how far an upgrade has come
	running     = "/run/systemd/system"       // is there where systemd runs the machine
)

// The names of the program: as it is called, as the next one waits for its
// place, as the one before is kept while the next one is not proven.
const (
	programName = "latchkey"
	nextName    = ".latchkey.next"
	beforeName  = ".latchkey.before"
)

func (p Place) at(path string) string { return filepath.Join(p.Root, path) }

// bin is the folder of the program.
func (c Config) bin() string {
	if c.Packaged {
		return packagedBin
	}
	return binDir
}

func (c Config) program() string { return filepath.Join(c.bin(), programName) }
func (c Config) next() string    { return filepath.Join(c.bin(), nextName) }
func (c Config) before() string  { return filepath.Join(c.bin(), beforeName) }

// dropIn is a file that adds to a unit.
func dropIn(unit, name string) string { return filepath.Join(unitDir, unit+".d", name) }

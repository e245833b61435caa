package install

import "path/filepath"

// Place is where things lie. Root stands before every path, so that tests and
// package builders work in a folder of their own; "" is the machine itself.
type Place struct{ Root string }

// The paths of an installed house. They are fixed: the units name them.
const (
	binDir      = "/usr/local/bin"
	packagedBin = "/usr/bin"
	unitDir     = "/etc/systemd/system"
	packagedDir = "/usr/lib/systemd/system"
	sysusersDir = "/etc/sysusers.d"
	EtcDir      = "/etc/latchkey"             // the configuration and the machine key
	StateDir    = "/var/lib/latchkey"         // the service's own
	DataDir     = StateDir + "/house"         // the house
	upgradeDir  = "/var/lib/latchkey-upgrade" // root's: what an upgrade has done so far
)

// ConfigFile is the configuration that an installed house reads, if it exists.
const ConfigFile = EtcDir + "/config.toml"

func (p Place) at(path string) string { return filepath.Join(p.Root, path) }

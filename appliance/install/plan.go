package install

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"

	"latchkey/systemd"
)

// Wanted is all that a plan depends on: what was asked for, and what was found.
type Wanted struct {
	Program   string // the file to install, and where to
	Into      string
	Packaged  bool
	UserTool  string // "systemd-sysusers", else "useradd"; "" where the user is there
	Config    []byte // of config.toml; nil leaves it
	Key       []byte // the machine key, encrypted for this machine; nil leaves it
	HasKey    bool   // one is there or comes
	Listen    []string
	Listens   bool // addresses of an earlier install are there
	BackupDir string
}

// The drop-ins that a plan may write, beside one for each backup folder.
const (
	keyDropIn    = "machine-key.conf"
	listenDropIn = "listen.conf"
)

// Plan is what there is to do, in its order. It asks nothing and touches
// nothing; starting the house is not part of it.
func Plan(w Wanted) []Step {
	return append(files(w), commands(w)...)
}

// files are the steps that only lay files.
func files(w Wanted) []Step {
	var all []Step
	if !w.Packaged {
		all = append(
			all,
			Step{Does: MakeFile, Path: sysusers, Mode: 0o644, Text: []byte(systemd.Sysusers()), Why: "names the user that the house runs as"},
			Step{Does: CopyProgram, Path: w.Into, From: w.Program, Mode: 0o755, Why: "the program"},
		)
		for _, name := range systemd.Units() {
			all = append(all, Step{Does: MakeFile, Path: filepath.Join(unitDir, name), Mode: 0o644, Text: []byte(systemd.Unit(name)), Why: unitWhy[name]})
		}
	}
	all = append(all, Step{Does: MakeFolder, Path: EtcDir, Mode: 0o755, Why: "what belongs to this machine"})
	if w.Config != nil {
		all = append(all, Step{Does: MakeFile, Path: ConfigFile, Mode: 0o644, Text: w.Config, Why: "the configuration"})
	}
	if w.Key != nil {
		all = append(all, Step{Does: MakeFile, Path: keyFile, Mode: 0o600, Text: w.Key, Keep: true, Why: "a key that only this machine can read; it closes the house's seal key"})
	}
	if w.HasKey {
		all = append(all, Step{Does: MakeFile, Path: dropIn(systemd.Service, keyDropIn), Mode: 0o644, Text: []byte(keyText), Why: "gives the service that key"})
	}
	return append(all, listenFiles(w)...)
}

var unitWhy = map[string]string{
	systemd.Service: "the house",
	systemd.Socket:  "its door",
	systemd.HTTPS:   "the same door on 443, where that is free",
	systemd.HTTP:    "the way to https on 80, where that is free",
	systemd.Undo:    "ends an upgrade that was cut short",
}

// commands are the steps that need the running machine.
func commands(w Wanted) []Step {
	var all []Step
	switch w.UserTool {
	case "systemd-sysusers":
		all = append(all, Step{
			Does: RunProgram, Run: []string{"systemd-sysusers", "latchkey.conf"}, Why: "makes the user", Back: []string{"userdel", systemd.User}, Keep: true,
		})
	case "useradd":
		all = append(all, Step{
			Does: RunProgram, Why: "makes the user", Back: []string{"userdel", systemd.User}, Keep: true,
			Run: []string{"useradd", "--system", "--user-group", "--no-create-home", "--home-dir", StateDir, "--shell", "/usr/sbin/nologin", systemd.User},
		})
	}
	all = append(all, Step{Does: MakeFolder, Path: StateDir, Mode: 0o700, Own: true, Why: "where the house lies"})
	if w.BackupDir != "" {
		all = append(
			all,
			Step{Does: MakeFolder, Path: w.BackupDir, Mode: 0o700, Own: true, Why: "where backups may go"},
			Step{Does: MakeFile, Path: dropIn(systemd.Service, backupDropIn(w.BackupDir)), Mode: 0o644, Text: []byte(backupText(w.BackupDir)), Why: "lets the service write there"},
		)
	}
	all = append(all, Step{Does: RunProgram, Run: []string{"systemctl", "daemon-reload"}, Why: "tells systemd of the units"})
	if usual(w) {
		return append(all, enable(systemd.Service, systemd.Socket, systemd.HTTPS, systemd.HTTP))
	}
	return append(
		all, enable(systemd.Service, systemd.Socket),
		Step{Does: RunProgram, Run: []string{"systemctl", "disable", "--now", systemd.HTTPS, systemd.HTTP}, May: true, Why: "opens the addresses that were named, and no others"},
	)
}

func enable(units ...string) Step {
	return Step{
		Does: RunProgram, Run: append([]string{"systemctl", "enable"}, units...), Why: "starts it with the machine",
		Back: append([]string{"systemctl", "disable"}, units...),
	}
}

// keyText has a reason above its line, as the units have.
const keyText = `# A key that systemd decrypts for this service alone, on this machine alone. It
# closes the house's seal key: whoever takes the disk, or a copy of the house's
# folder, without the machine reads nothing.
[Service]
LoadCredentialEncrypted=` + systemd.Credential + ":" + keyFile + "\n"

// usualDoor is --listen's word for the addresses of the units themselves.
const usualDoor = ":8443"

// usual reports whether the door is open on the usual addresses.
func usual(w Wanted) bool {
	if w.Listen == nil {
		return !w.Listens
	}
	return len(w.Listen) == 1 && w.Listen[0] == usualDoor
}

func listenFiles(w Wanted) []Step {
	path := dropIn(systemd.Socket, listenDropIn)
	switch {
	case w.Listen == nil:
		return nil
	case usual(w):
		return []Step{{Does: RemoveFile, Path: path, Why: "back to the usual addresses"}}
	}
	var b strings.Builder
	b.WriteString("# As asked for by latchkey install --listen. The empty line forgets the usual\n# address; FreeBind lets the door open before the network is up.\n[Socket]\nListenStream=\n")
	for _, address := range w.Listen {
		host, port, _ := net.SplitHostPort(address) // checked by whoever asked
		if host == "" {
			address = port
		}
		fmt.Fprintf(&b, "ListenStream=%s\n", address)
	}
	b.WriteString("FreeBind=yes\n")
	return []Step{{Does: MakeFile, Path: path, Mode: 0o644, Text: []byte(b.String()), Why: "opens the addresses that were named"}}
}

// backupDropIn names the drop-in after the folder: one for each.
func backupDropIn(dir string) string {
	return "backup" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '-'
	}, dir) + ".conf"
}

// backupHead begins each such drop-in, by which uninstall knows its own.
const backupHead = "# A folder for backups, as asked for by latchkey install --backup-dir."

// backupText lets the service see and write the folder.
func backupText(dir string) string {
	text := backupHead + " The minus:\n" +
		"# a disk that is not plugged in must not keep the house from starting.\n[Service]\nBindPaths=-" + quoted(dir) + "\n"
	if hidden(dir) {
		text += "# It lies in a home, so homes are empty for the service rather than closed.\nProtectHome=tmpfs\n"
	}
	return text
}

// hidden reports whether ProtectHome=yes would hide the folder.
func hidden(dir string) bool {
	for _, home := range []string{"/home", "/root", "/run/user"} {
		if dir == home || strings.HasPrefix(dir, home+"/") {
			return true
		}
	}
	return false
}

// quoted writes a path so that systemd takes it as it is: % begins a specifier,
// a colon ends the path.
func quoted(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`, `:`, `\:`).Replace(path) + `"`
}

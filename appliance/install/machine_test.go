package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"latchkey/systemd"
)

// machine stands in for a real one: its files lie in a folder, its programs are
// texts that say what they would do, and its systemd keeps a few words of state.
type machine struct {
	t         *testing.T
	place     Place
	enabled   map[string]bool
	up        bool // the service runs
	units     string
	calls     []string
	noCreds   bool
	noDisable bool // systemctl disable fails
	stuck     bool // what runs does not end when it is asked to
	asked     int  // for a backup
	refuses   error
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t: t, place: Place{memory(t)}, enabled: map[string]bool{}}
	for _, dir := range []string{"/etc", running, "/var/lib", "/tmp"} {
		m.folder(dir)
	}
	m.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n")
	m.write(mountsFile, "29 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n")
	return m
}

// memory is a folder in memory where there is one: hundreds of upgrades sync
// thousands of files, and no power is cut here.
func memory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "latchkey-install-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (m *machine) folder(path string) {
	m.t.Helper()
	if err := os.MkdirAll(m.place.at(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) write(path, text string) {
	m.t.Helper()
	m.folder(filepath.Dir(path))
	if err := os.WriteFile(m.place.at(path), []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) read(path string) string {
	raw, err := os.ReadFile(m.place.at(path))
	if err != nil {
		return ""
	}
	return string(raw)
}

// download puts a program of that version where a person would have it; its
// faults are words: "trial", "start", "late" (after it has passed), "silent" (it
// is ready and did not note that it has passed).
func (m *machine) download(version, faults string) string {
	m.write("/tmp/latchkey", "program "+version+" "+faults+"\n")
	return m.place.at("/tmp/latchkey")
}

func (m *machine) config(version, faults string) Config {
	return Config{
		Place: m.place, Version: version, Program: m.download(version, faults), System: m,
		Backup: func(context.Context) error { m.asked++; return m.refuses },
		Now:    func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) },
	}
}

// Run does what the program would have done.
func (m *machine) Run(ctx context.Context, c Command) ([]byte, error) {
	m.calls = append(m.calls, c.String())
	switch {
	case c.Name == "systemctl":
		if c.Args[0] == "show" {
			return []byte(map[bool]string{true: "4711\n", false: "0\n"}[m.up]), nil
		}
		return nil, m.systemctl(ctx, c.Args)
	case c.Name == "systemd-sysusers" || c.Name == "useradd":
		m.write("/etc/passwd", m.read("/etc/passwd")+fmt.Sprintf("latchkey:x:%d:%d::/:/bin/false\n", os.Getuid(), os.Getgid()))
		return nil, nil
	case c.Name == "userdel":
		m.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n")
		return nil, nil
	case c.Name == "systemd-creds":
		return m.creds(c)
	case len(c.Args) == 3 && c.Args[0] == WorkCommand:
		m.asUser(c)
		if c.Args[1] == HoldVerb {
			return nil, m.hold(ctx, c)
		}
		said, err := Work(m.place.at(StateDir), c.Args[1], c.Args[2])
		return []byte(said), err
	case len(c.Args) > 1 && c.Args[1] == "--private":
		m.asUser(c)
		if c.Name == "/proc/self/exe" { // a package's
			c.Name = m.place.at(filepath.Join(packagedBin, programName))
		}
		if c.Until == "" || m.hasKey() != (string(c.Key) == machineKey) {
			m.t.Errorf("a trial without an end, or with the key %q", c.Key)
		}
		return nil, m.open(c.Name, c.Args[3], "trial")
	case len(c.Args) == 1 && c.Args[0] == "version":
		version, _ := m.program(c.Name)
		return []byte("latchkey " + version + "\n"), nil
	}
	m.t.Errorf("nobody here knows %s", c)
	return nil, errors.New("no such program")
}

func (m *machine) asUser(c Command) {
	if c.As == nil || c.As.UID != os.Getuid() {
		m.t.Errorf("%s runs as %v", c, c.As)
	}
}

// program reads the version and the faults of one.
func (m *machine) program(path string) (version, faults string) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", "missing"
	}
	words := strings.Fields(string(raw))
	return words[1], strings.Join(words[2:], " ")
}

// open is what a program does with a house: it turns it into its own form, or
// refuses one of a newer form.
func (m *machine) open(program, house, fault string) error {
	version, faults := m.program(program)
	if strings.Contains(faults, fault) {
		return errors.New("it crashed")
	}
	if _, err := os.Stat(house); err != nil {
		if err := os.Mkdir(house, 0o700); err != nil {
			return err
		}
	}
	db := filepath.Join(house, "latchkey.db")
	if f, err := os.Open(db); err == nil { // as the store does
		defer f.Close()
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			return fmt.Errorf("another one uses the house: %w", err)
		}
	}
	if raw, err := os.ReadFile(db); err == nil && older(version, strings.Fields(string(raw))[1]) {
		return fmt.Errorf("the house is newer: %s", raw)
	}
	return os.WriteFile(db, []byte("house "+version), 0o600)
}

// hold is the child that holds the house, for as long as it is wanted.
func (m *machine) hold(ctx context.Context, c Command) error {
	release, err := stateFolder{m.place.at(StateDir)}.hold(ctx, 0)
	if err != nil {
		return err
	}
	defer release()
	c.While(ctx)
	return nil
}

const machineKey = "0123456789abcdef0123456789abcdef"

func (m *machine) hasKey() bool { return exists(m.place.at(keyFile)) }

func (m *machine) creds(c Command) ([]byte, error) {
	switch {
	case m.noCreds:
		return nil, errors.New("no such program")
	case c.Args[0] == "encrypt":
		return append([]byte("closed:"), c.Stdin...), nil
	case c.Args[2] == "-":
		return bytes.TrimPrefix(c.Stdin, []byte("closed:")), nil
	}
	return []byte(machineKey), nil
}

func (m *machine) systemctl(ctx context.Context, args []string) error {
	switch args[0] {
	case "is-enabled":
		if !m.enabled[args[2]] {
			return errors.New("disabled")
		}
	case "enable":
		for _, unit := range args[1:] {
			m.enabled[unit] = true
		}
	case "disable":
		if m.noDisable {
			return errors.New("Failed to disable unit")
		}
		for _, unit := range args[1:] {
			delete(m.enabled, unit)
			m.up = m.up && (m.stuck || unit != systemd.Service)
		}
	case "daemon-reload":
		m.units = m.read(filepath.Join(unitDir, systemd.Service))
	case "stop":
		if !slices.Contains(args, "--job-mode=replace-irreversibly") {
			m.t.Error("a start would cancel this stop")
		}
		for _, unit := range args[1 : len(args)-1] {
			if !exists(m.place.at(filepath.Join(unitDir, unit))) && !exists(m.place.at(filepath.Join(packagedDir, unit))) {
				return errors.New("Unit " + unit + " not loaded.")
			}
		}
		m.up = m.up && (m.stuck || !slices.Contains(args, systemd.Service))
	case "start":
		if slices.Contains(args, systemd.Service) {
			return m.boot(ctx)
		}
	case "reset-failed":
	default:
		m.t.Errorf("systemctl %v", args)
	}
	return nil
}

// boot starts the service, as systemd does when the machine starts: first what
// undoes half of an upgrade.
func (m *machine) boot(ctx context.Context) error {
	program := m.place.at(filepath.Join(binDir, programName))
	if !exists(program) {
		program = m.place.at(filepath.Join(packagedBin, programName))
	}
	if err := Undo(ctx, Config{Place: m.place, System: m, Program: program, Now: time.Now}); err != nil {
		return fmt.Errorf("latchkey-undo.service: %w", err)
	}
	if m.up {
		return nil
	}
	if err := m.open(program, m.place.at(DataDir), "start"); err != nil {
		return err
	}
	_, faults := m.program(program)
	if strings.Contains(faults, "silent") {
		m.up = true
		return nil
	}
	if err := m.place.Passed(m.place.at(DataDir)); err != nil {
		return err
	}
	if strings.Contains(faults, "late") {
		return errors.New("it crashed late")
	}
	m.up = true
	return nil
}

// whole is what the machine is, in a line: every part of one version.
func (m *machine) whole() string {
	version, _ := m.program(m.place.at(filepath.Join(binDir, programName)))
	unit := "units new"
	if strings.HasPrefix(m.units, "# old") {
		unit = "units old"
	}
	if m.units != m.read(filepath.Join(unitDir, systemd.Service)) {
		unit = "units not reloaded"
	}
	return fmt.Sprintf("program %s, %s, %s, up %s", version, m.read(DataDir+"/latchkey.db"), unit, strconv.FormatBool(m.up))
}

// lived is a machine on which version 1.0.0 runs, with other units than ours.
func lived(t *testing.T) *machine {
	t.Helper()
	m := newMachine(t)
	if _, err := Install(t.Context(), m.config("1.0.0", "")); err != nil {
		t.Fatal(err)
	}
	m.write(filepath.Join(unitDir, systemd.Service), "# old\n")
	m.write(DataDir+"/backups/a.age", "a backup")
	m.units = "# old\n"
	m.calls = nil
	return m
}

const (
	wholeOld = "program 1.0.0, house 1.0.0, units old, up true"
	wholeNew = "program 2.0.0, house 2.0.0, units new, up true"
)

// leftovers are the names that no end of an upgrade leaves behind.
func (m *machine) leftovers() []string {
	var left []string
	for _, path := range []string{
		markerFile, beforeDir, binDir + "/" + nextName, binDir + "/" + beforeName,
		StateDir + "/" + copyName, StateDir + "/" + makingName, StateDir + "/" + asideName, StateDir + "/" + passedName, DataDir + "/" + idName,
	} {
		if exists(m.place.at(path)) {
			left = append(left, path)
		}
	}
	return left
}

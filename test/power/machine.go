package power

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"latchkey/appliance/install"
	"latchkey/appliance/store"
)

// machine is a folder that stands for a whole machine: files as they lie in a
// real one, a systemd that runs the service when it is told to, and programs
// that are texts with a version, of which 1.0.0 knows formats up to oldFormat.
// What they do to the house is done by the real store, what install does by
// the real install.
type machine struct {
	root string
	fail bool // the new version does not start
}

const (
	oldVersion, newVersion = "1.0.0", "2.0.0"
	oldFormat              = 2
	machineProgram         = "usr/local/bin/latchkey"
	closedPrefix           = "closed:" // what stands for the encryption of the machine's key
)

func (m machine) at(path string) string { return filepath.Join(m.root, path) }
func (m machine) house() string         { return m.at(install.DataDir) }

func (m machine) config(version, program string) install.Config {
	return install.Config{
		Place: install.Place{Root: m.root}, Version: version, Program: program, System: m, Out: io.Discard, Now: time.Now,
		Backup: func(context.Context) error { return nil },
	}
}

// Run does what another program would do.
func (m machine) Run(ctx context.Context, c install.Command) ([]byte, error) {
	switch {
	case c.Name == "systemctl" && c.Args[0] == "is-enabled":
		return nil, errors.New("disabled")
	case c.Name == "systemctl" && c.Args[0] == "show":
		return []byte("0\n"), nil // its process: none, whenever it is asked here
	case c.Name == "systemctl" && c.Args[0] == "start" && strings.Contains(c.String(), "latchkey.service"):
		return nil, m.boot(ctx)
	case c.Name == "systemctl":
		return nil, nil
	case c.Name == "systemd-creds" && c.Args[0] == "encrypt":
		return append([]byte(closedPrefix), c.Stdin...), nil
	case c.Name == "systemd-creds" && c.Args[2] == "-":
		return bytes.TrimPrefix(c.Stdin, []byte(closedPrefix)), nil
	case c.Name == "systemd-creds":
		return m.key()
	case len(c.Args) == 1 && c.Args[0] == "version":
		return []byte("latchkey " + m.version(c.Name) + "\n"), nil
	case len(c.Args) == 3 && c.Args[0] == install.WorkCommand:
		if c.Args[1] == install.HoldVerb {
			return nil, m.hold(ctx, c)
		}
		said, err := install.Work(m.at(install.StateDir), c.Args[1], c.Args[2])
		return []byte(said), err
	case len(c.Args) > 3 && c.Args[1] == "--private":
		return nil, m.open(ctx, c.Args[3], false)
	}
	return nil, fmt.Errorf("power: nobody here knows %s", c)
}

func (m machine) version(program string) string {
	text, _ := os.ReadFile(program)
	_, version, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	return version
}

// hold keeps the house shut, as a child does, while the rest goes on.
func (m machine) hold(ctx context.Context, c install.Command) error {
	ctx, release := context.WithCancel(ctx)
	defer release()
	heard, says := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := install.Hold(ctx, m.at(install.StateDir), says)
		_ = says.CloseWithError(io.EOF)
		ended <- err
	}()
	if _, err := heard.Read(make([]byte, 64)); err == nil { // it holds
		c.While(ctx)
	}
	release()
	return <-ended
}

// key is the machine's, as the credential file holds it; nil where there is
// none.
func (m machine) key() ([]byte, error) {
	text, err := os.ReadFile(m.at(install.EtcDir + "/machine.key.cred"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	key, ok := bytes.CutPrefix(text, []byte(closedPrefix))
	if err == nil && !ok {
		err = errors.New("power: the machine's key is not what systemd-creds has written")
	}
	return key, err
}

// boot starts the service as systemd does: what undoes half an upgrade, then
// the program.
func (m machine) boot(ctx context.Context) error {
	if err := install.Undo(ctx, m.config("", m.at(machineProgram))); err != nil {
		return fmt.Errorf("undoing: %w", err)
	}
	if m.version(m.at(machineProgram)) == oldVersion {
		return nil // it runs; nothing of it is needed
	}
	if m.fail {
		return errors.New("it crashed")
	}
	return m.open(ctx, m.house(), true)
}

// open is the new program's start: it opens the house, or makes it, and once
// it may answer keeps something and says so.
func (m machine) open(ctx context.Context, house string, answers bool) error {
	key, err := m.key()
	if err != nil {
		return err
	}
	made, err := store.Made(house)
	if err == nil && !made {
		err = store.Create(house, key)
	}
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, store.Config{Dir: house, MachineKey: key, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if !answers {
		return nil
	}
	if err := (install.Place{Root: m.root}).Passed(house); err != nil {
		return err
	}
	if err := s.SetValue(ctx, savedValue, []byte("yes")); err != nil {
		return err
	}
	fmt.Println("saved")
	return nil
}

// bootAndLook looks at a machine after a power cut.
func bootAndLook(q question) (f found) {
	m := machine{root: q.Machine}
	ctx := context.Background()
	if err := install.Undo(ctx, m.config("", m.at(machineProgram))); err != nil {
		f.Trouble = fmt.Sprintf("undoing: %v", err)
		return f
	}
	f.Program = m.version(m.at(machineProgram))
	if _, err := os.Stat(m.house()); errors.Is(err, fs.ErrNotExist) {
		return f
	}
	key, err := m.key()
	if err != nil {
		f.Trouble = err.Error()
		return f
	}
	if f.Program != oldVersion { // the new one, or none: then the next install opens it
		looked := look(question{House: m.house(), MachineKey: key})
		looked.Program = f.Program
		return looked
	}
	text, err := os.ReadFile(filepath.Join(m.house(), "seal.key"))
	if err != nil {
		f.Trouble = err.Error()
		return f
	}
	r := store.Check(filepath.Join(m.house(), "latchkey.db"), text) // the old program knows open keys only
	f.Made, f.Version, f.People, f.Items = true, r.Version, r.Counts.Accounts, r.Counts.Items
	if !r.Clean() || r.Version > oldFormat {
		f.Findings = fmt.Sprintf("for version %s: format %d, %v", f.Program, r.Version, &r)
	}
	return f
}

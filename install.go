package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"latchkey/appliance/api"
	"latchkey/appliance/config"
	"latchkey/appliance/install"
	"latchkey/appliance/listen"
	"latchkey/appliance/problem"
	"latchkey/client"
)

// installing are the flags of install and upgrade.
type installing struct {
	listen            list
	backupDir, config string
	root              string
	packaged, plan    bool
}

func (i *installing) flags(name string, s streams) *options {
	o := &options{FlagSet: flagSet(name, s.err)}
	o.Var(&i.listen, "listen", "open the door on `ADDR` (host:port or :port; may be repeated) and nowhere else; :8443 is the usual way, with 443 and 80 where they are free")
	o.StringVar(&i.backupDir, "backup-dir", "", "let the house write backups to the new `folder`, on another disk")
	o.StringVar(&i.config, "config", "", "copy `FILE` to "+install.ConfigFile)
	o.BoolVar(&i.plan, "dry-run", false, "print what would be done, and do nothing")
	o.StringVar(&i.root, "root", "", "only lay the files, below the `folder`, as for an image or a package")
	o.BoolVar(&i.packaged, "packaged", false, "for a package's scripts: program and units are there already")
	return o
}

// installHouse is install and upgrade: which of them it is, is seen on the
// machine.
func installHouse(name string) func(context.Context, streams, []string) error {
	return func(ctx context.Context, s streams, args []string) error {
		var i installing
		if err := i.flags(name, s).parse(args); err != nil {
			return err
		}
		c, err := i.read(s)
		if err != nil {
			return err
		}
		if i.plan {
			return writePlan(ctx, s.out, c)
		}
		if err := asRoot(c); err != nil {
			return err
		}
		signal.Ignore(syscall.SIGHUP) // a connection that drops must not leave half an upgrade
		done, err := install.Install(ctx, c)
		if err != nil || c.FilesOnly {
			return err
		}
		return installed(ctx, s, done)
	}
}

// read checks what was asked for.
func (i *installing) read(s streams) (install.Config, error) {
	c := install.Config{
		Place: install.Place{Root: i.root}, FilesOnly: i.root != "", Packaged: i.packaged, Version: version,
		Listen: i.listen, System: install.Machine{}, Backup: backUpInstalled, Out: s.out, Now: time.Now,
	}
	if c.FilesOnly && (i.backupDir != "" || i.packaged) {
		return c, problemOfUse("Lay the files first; the rest is done on the machine where they will lie.", "--root goes with neither --backup-dir nor --packaged.")
	}
	var err error
	if c.Program, err = os.Executable(); err != nil {
		return c, fmt.Errorf("looking for this program: %w", err)
	}
	if i.backupDir != "" {
		c.BackupDir = filepath.Clean(i.backupDir)
	}
	if i.config != "" {
		if err := i.readConfig(&c); err != nil {
			return c, err
		}
	}
	for _, address := range c.Listen {
		if why := checkDoor(address); why != "" {
			return c, usage("--listen: %s.", why)
		}
	}
	return c, nil
}

// readConfig takes a configuration that an installed house can run on.
func (i *installing) readConfig(c *install.Config) error {
	given, err := config.Load(i.config)
	if err != nil {
		return err
	}
	if given.Data != "" && filepath.Clean(given.Data) != install.DataDir {
		return problem.New(problem.Refused, "install.data",
			"An installed house lies in "+install.DataDir+", and the configuration wants it in "+given.Data+".",
			"Leave data out of that file. To bring a house along, back it up, install, and restore it.")
	}
	if c.ConfigText, err = os.ReadFile(i.config); err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	// systemd opens the door, so what the file says of it has to be in its unit.
	if c.Listen == nil && !slices.Equal(given.Listen, config.Default().Listen) {
		c.Listen = given.Listen
	}
	return nil
}

// checkDoor judges an address for systemd's socket: "" when nothing is wrong.
func checkDoor(address string) string {
	if why := config.CheckListen(address); why != "" {
		return why
	}
	host, port, _ := net.SplitHostPort(address) // checked
	if _, err := netip.ParseAddr(host); host != "" && err != nil {
		return fmt.Sprintf("%q names no address by its number", address)
	}
	if n, err := net.LookupPort("tcp", port); err != nil || n == 0 || strings.Trim(port, "0123456789") != "" {
		return fmt.Sprintf("%q has no port by its number", address)
	}
	return ""
}

func writePlan(ctx context.Context, w io.Writer, c install.Config) error {
	kind, plan, err := install.Preview(ctx, c)
	if err != nil {
		return err
	}
	var b strings.Builder
	if kind == install.Upgrade {
		b.WriteString("The house is backed up, stopped and copied; this program is tried on the copy. Then:\n")
	}
	for _, step := range plan {
		fmt.Fprintln(&b, step)
	}
	_, err = io.WriteString(w, b.String())
	return err
}

func asRoot(c install.Config) error {
	if os.Geteuid() == 0 || c.FilesOnly {
		return nil
	}
	return problem.New(problem.Refused, "install.root",
		"Only root may install and remove services on this machine.", "Put sudo before the command.")
}

// backUpInstalled has the installed house make a backup, if it runs.
func backUpInstalled(ctx context.Context) error {
	return atInstalled(ctx, func(h *client.Client) error {
		err := h.Do(ctx, http.MethodPost, "/latchkey/backups", map[string]any{"wait": true, "why": "install"}, nil)
		var refused *client.Refusal
		if errors.As(err, &refused) && (refused.Code == "backup.nokit" || refused.Code == "backup.none" || refused.Status == http.StatusNotFound) {
			return errors.Join(install.ErrNoBackup, err) // it has no kit yet, or is of a version before there were backups
		}
		return err
	})
}

// atInstalled calls the installed house as root, if it runs. It never opens its
// file, which is not root's.
func atInstalled(ctx context.Context, fn func(*client.Client) error) error {
	socket := filepath.Join(install.DataDir, "latchkey.sock")
	conn, err := listen.DialMachine(ctx, socket)
	if err != nil {
		return errors.Join(install.ErrNoBackup, err)
	}
	_ = conn.Close() // it was only to see whether somebody answers
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return listen.DialMachine(ctx, socket) }
	h := &http.Client{Transport: &http.Transport{DialContext: dial}}
	defer h.CloseIdleConnections()
	return fn(client.New(machineHost, h))
}

// installed says where the house is, and, where nobody owns it yet, how to
// begin.
func installed(ctx context.Context, s streams, done install.Done) error {
	switch done.Kind {
	case install.First:
		_, _ = fmt.Fprintf(s.out, "Latchkey %s is installed, and starts with this machine.\n", done.To)
	case install.Repair:
		_, _ = fmt.Fprintf(s.out, "Latchkey %s is in order, and runs.\n", done.To)
	case install.Upgrade:
		_, _ = fmt.Fprintf(s.out, "Latchkey %s runs%s.\n", done.To, instead(done.From))
	}
	return atInstalled(ctx, func(h *client.Client) error {
		var st api.Status
		if err := h.Do(ctx, http.MethodGet, "/latchkey/status", nil, &st); err != nil {
			return err
		}
		if !st.Ready {
			_, _ = fmt.Fprintln(s.out, "\nSet up this house by one of these links. They work at home, once, for 30 minutes.")
			return askLink(ctx, s, h)
		}
		for _, address := range st.Addresses {
			_, _ = fmt.Fprintf(s.out, "  %s\n", address)
		}
		return nil
	})
}

func instead(version string) string {
	if version == "" {
		return ""
	}
	return " instead of " + version
}

func uninstall(ctx context.Context, s streams, args []string) error {
	var purge, packaged bool
	o := &options{FlagSet: flagSet("uninstall", s.err)}
	o.BoolVar(&purge, "purge", false, "remove the house, its configuration and its key, too; asks first")
	o.BoolVar(&packaged, "packaged", false, "for a package's scripts: program and units are removed by the package")
	if err := o.parse(args); err != nil {
		return err
	}
	c := install.Config{Packaged: packaged, Version: version, System: install.Machine{}, Out: s.out, Now: time.Now}
	var err error
	if c.Program, err = os.Executable(); err != nil {
		return fmt.Errorf("looking for this program: %w", err)
	}
	if err := asRoot(c); err != nil {
		return err
	}
	if purge {
		if err := consent(s); err != nil {
			return err
		}
	}
	signal.Ignore(syscall.SIGHUP)
	if err := install.Uninstall(ctx, c, purge); err != nil {
		return err
	}
	if purge {
		_, err = fmt.Fprintln(s.out, "Latchkey and its house are gone. Backups on other disks are where they were.")
	} else {
		_, err = fmt.Fprintf(s.out, "Latchkey is removed. The house stays in %s; `latchkey install` finds it there.\n", install.DataDir)
	}
	return err
}

// purgeWord is what has to be typed before a house is removed for good.
const purgeWord = "remove everything"

// consent wants the word typed: nothing brings the house back but a backup.
func consent(s streams) error {
	_, _ = fmt.Fprintf(s.out, "This removes every password of every person in %s, for good.\nType %q to go on: ", install.DataDir, purgeWord)
	typed, err := bufio.NewReader(s.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if strings.TrimSpace(typed) != purgeWord {
		return problem.New(problem.Refused, "uninstall.consent", "Nothing was removed.",
			"Type the words as they are shown, or leave --purge away to keep the house.")
	}
	return nil
}

// undo ends an upgrade that was cut short; latchkey-undo.service runs it.
func undo(ctx context.Context, s streams, args []string) error {
	if len(args) > 0 {
		return usage("undo takes nothing.")
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("looking for this program: %w", err)
	}
	if err := asRoot(install.Config{}); err != nil {
		return err
	}
	return install.Undo(ctx, install.Config{Version: version, Program: self, System: install.Machine{}, Out: s.out, Now: time.Now})
}

// inStateFolder is the child of an install that works in the service's folder as
// the service's user: not for people.
func inStateFolder(ctx context.Context, s streams, args []string) error {
	if len(args) != 2 {
		return usage("%s wants what to do, and for which upgrade.", install.WorkCommand)
	}
	if args[0] == install.HoldVerb {
		return install.Hold(ctx, install.StateDir, s.out)
	}
	said, err := install.Work(install.StateDir, args[0], args[1])
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, said)
	return err
}

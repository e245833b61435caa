package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"latchkey/appliance"
	"latchkey/appliance/backup/archive"
	"latchkey/appliance/install"
	"latchkey/appliance/listen"
	"latchkey/appliance/problem"
	"latchkey/appliance/restore"
	"latchkey/appliance/store"
)

func backupVerify(ctx context.Context, s streams, args []string) error {
	var kitFile string
	o := flags("backup verify", s.err)
	o.StringVar(&kitFile, "kit", "", "the recovery `KIT` of the house, as a file; - is the standard input")
	if err := o.parse(args, "FILE"); err != nil {
		return err
	}
	if kitFile == "" {
		return usage("backup verify wants --kit.")
	}
	m, bytes, err := verify(ctx, s, o.words[0], kitFile)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "The backup is whole, and made by the house of this kit.\n%s", described(m))
	if bytes > 0 {
		fmt.Fprintf(&b, "  File      %s\n", size(bytes))
	}
	_, err = io.WriteString(s.out, b.String())
	return err
}

// verify reads a backup to its last byte and writes nothing; it needs neither a
// house nor a network.
func verify(ctx context.Context, s streams, file, kitFile string) (m archive.Manifest, bytes int64, err error) {
	in, bytes, kit, err := backupAndKit(s, file, kitFile)
	if err != nil {
		return m, 0, err
	}
	defer func() { _ = in.Close() }() // it was only read
	parsed, err := archive.ParseKit(kit)
	if err != nil {
		return m, 0, err
	}
	r, err := archive.Open(in, parsed, archive.Limits{Version: store.Version()})
	if err != nil {
		return m, 0, err
	}
	line := newProgress(s)
	defer line.clear()
	return r.Manifest(), bytes, r.Check(ctx, func(done, total int64) { line.show("reading the backup  %s", share(done, total)) })
}

func backupAndKit(s streams, file, kitFile string) (in io.ReadCloser, bytes int64, kit []byte, err error) {
	if file == "-" && kitFile == "-" {
		return nil, 0, nil, usage("Only one of FILE and --kit can be the standard input.")
	}
	if kit, err = readKit(s, kitFile); err != nil {
		return nil, 0, nil, err
	}
	in, bytes, err = openBackup(s, file)
	return in, bytes, kit, err
}

// described says what a backup holds, in lines.
func described(m archive.Manifest) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  House     %s\n", printable(strings.TrimSpace(m.HouseName+" ("+m.House+")")))
	fmt.Fprintf(&b, "  Made      %s, %s\n", m.Made.Local().Format(clockLayout), printable(or(m.Why, "for no reason told")))
	fmt.Fprintf(&b, "  Program   %s, version %d of the database\n", printable(m.Program), m.Version)
	fmt.Fprintf(&b, "  Holds     %s in %d files, unpacked %s\n", countsText(m.Counts), len(m.Parts), size(m.Total()))
	return b.String()
}

// countsText names what was counted, what people look for first.
func countsText(counts map[string]int64) string {
	var all []string
	for _, name := range [...]struct{ many, one string }{{"people", "person"}, {"items", "item"}, {"folders", "folder"}} {
		n, counted := counts[name.many]
		switch {
		case n == 1:
			all = append(all, "1 "+name.one)
		case counted:
			all = append(all, fmt.Sprintf("%d %s", n, name.many))
		}
	}
	return or(strings.Join(all, ", "), "all there was")
}

func backupRestore(ctx context.Context, s streams, args []string) error {
	var kitFile string
	var replace bool
	o := flags("backup restore", s.err)
	o.StringVar(&kitFile, "kit", "", "the recovery `KIT` of the house, as a file; - is the standard input")
	o.BoolVar(&replace, "replace", false, "put a house that is in the folder aside, and keep it there")
	if err := o.parse(args, "FILE"); err != nil {
		return err
	}
	if kitFile == "" || o.data == "" {
		return usage("backup restore wants --kit and --data.")
	}
	in, _, kit, err := backupAndKit(s, o.words[0], kitFile)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	c, err := o.load(s, nil)
	if err != nil {
		return err
	}
	if err := roomFor(ctx, c.Data, replace); err != nil {
		return err
	}
	if _, err := os.Stat(c.Data); err != nil { // run by root, a new house is of who owns the place for it
		if err := install.Become(filepath.Dir(c.Data)); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(s.out, beforeRestore); err != nil {
		return err
	}
	line := newProgress(s)
	done, err := appliance.RestoreFile(ctx, c, in, kit, func(p restore.Phase, _ *archive.Manifest, done, total int64) {
		line.show("%s  %s", string(p), share(done, total))
	})
	line.clear()
	if err != nil {
		return err
	}
	return sayRestored(s.out, done)
}

// beforeRestore comes before anything is done.
const beforeRestore = `What was saved after this backup was made is not in it. It may still lie on a
phone or in a browser that has not synced since: export it there first, before
that device meets the restored house.

`

func sayRestored(w io.Writer, done appliance.Restored) error {
	var b strings.Builder
	fmt.Fprintf(&b, "The house is restored in %s.\n%s", done.Dir, described(done.Manifest))
	if done.Old != "" {
		fmt.Fprintf(&b, "The one that was there lies in %s.\n", done.Old)
	}
	for _, e := range done.Manifest.Parts {
		if e.Name == archive.ConfigPart {
			fmt.Fprintf(&b, "The old machine's configuration lies beside it, in %s; nothing reads it there.\n", filepath.Join(done.Dir, archive.ConfigPart))
		}
	}
	fmt.Fprintf(&b, `
What comes next:
  1. Switch the old machine off for good, if it still runs.
  2. Start this one: %s
  3. Open its page at home and sign in. Every device has to sign in anew.
  4. Say under House that the old machine is off. Only then does this one lead
     the house's name here and open the router's port.
`, startCommand(done.Dir))
	_, err := io.WriteString(w, b.String())
	return err
}

// startCommand starts the house in dir, which systemd runs where it was
// installed.
func startCommand(dir string) string {
	if full, err := filepath.Abs(dir); err == nil && full == install.DataDir {
		return "sudo systemctl start latchkey"
	}
	return "latchkey serve --data " + dir
}

// roomFor refuses a folder in which something is: a house only by consent, what
// is none at all, and one that runs.
func roomFor(ctx context.Context, dir string, replace bool) error {
	there, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(there) == 0:
		return nil
	case err != nil:
		return problem.New(problem.Refused, "restore.folder", "The folder "+dir+" can't be read.", "Name a folder that does not exist yet.").Because(err)
	}
	_, noFile := os.Stat(filepath.Join(dir, "latchkey.db"))
	_, noKey := os.Stat(filepath.Join(dir, "seal.key"))
	if noFile != nil && noKey != nil { // with either, it is a house, even if it does not open any more
		return problem.New(problem.Refused, "restore.full", "The folder "+dir+" holds something that is no house.", "Name a folder that does not exist yet, or an empty one.")
	}
	if !replace {
		return problem.New(problem.Refused, "restore.full", "The folder "+dir+" holds a house already.",
			"Name a folder that does not exist yet; or add --replace, which puts that house aside and keeps it.")
	}
	conn, err := listen.DialMachine(ctx, filepath.Join(dir, "latchkey.sock"))
	if err != nil {
		return nil // nobody answers
	}
	_ = conn.Close() // it was only to see whether somebody does
	return problem.New(problem.Refused, "restore.running", "The house in "+dir+" runs.", "Stop it first (sudo systemctl stop 'latchkey*' where it was installed), then restore again.")
}

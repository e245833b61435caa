package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"time"

	"latchkey/appliance/backup"
	"latchkey/appliance/problem"
)

// backupCommands is what `latchkey backup` knows. Those that make and list are
// clients of the machine's own door; verify and restore need no house.
func backupCommands() []command {
	return []command{
		{"create", "make one and send it to all targets, or --out FILE", backupCreate},
		{"list", "which backups there are, where, and how they were proved", backupList},
		{"targets", "where backups go, and how that went", backupTargets},
		{"prove", "read backups back from where they lie, and open them", backupProve},
		{"verify", "verify FILE --kit KIT: read all of it and say what it holds", backupVerify},
		{"restore", "restore FILE --kit KIT --data NEWDIR: make a house of it", backupRestore},
		{"confirm", "after a restore: the old machine is off, let this one be reached again", backupConfirm},
	}
}

func backups(ctx context.Context, s streams, args []string) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-help" || args[0] == "-h" {
		return listBackup(s.out)
	}
	for _, c := range backupCommands() {
		if c.name == args[0] {
			return c.run(ctx, s, args[1:])
		}
	}
	return problemOfUse("`latchkey backup` lists what it knows.", "backup does not know %q.", args[0])
}

func listBackup(w io.Writer) error {
	for _, c := range backupCommands() {
		if _, err := fmt.Fprintf(w, "  latchkey backup %-8s %s\n", c.name, c.short); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, "\nAll of them take --help. A backup opens with the recovery kit alone; without it, nobody can.")
	return err
}

// backupView asks the house how its backups stand.
func (e errand) backupView() (v backup.View, err error) {
	return v, e.do(http.MethodGet, "/latchkey/backups", nil, &v)
}

// backupConfirm says for an owner that the old machine of a restored house is off.
func backupConfirm(ctx context.Context, s streams, args []string) error {
	o := flags("backup confirm", s.err)
	return o.run(ctx, s, args, nil, func(e errand) error {
		if err := e.do(http.MethodPost, "/latchkey/restored", struct{}{}, nil); err != nil {
			return err
		}
		_, err := fmt.Fprintln(s.out, "The old machine is off: this house is led to and opened again as its settings say.")
		return err
	})
}

// placeName is what a person calls the place with that id.
func placeName(v backup.View, id string) string {
	if id == backup.Here {
		return "this machine"
	}
	for _, t := range v.Targets {
		if t.ID == id {
			return or(t.Name, t.Kind)
		}
	}
	return id
}

// followed calls a route that answers when the work is done, and shows on a
// terminal how far it is.
func (e errand) followed(path string, in, out any) error {
	line := newProgress(e.streams)
	ctx, stop := context.WithCancel(e.ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		line.follow(ctx, e)
	}()
	err := e.do(http.MethodPost, path, in, out)
	stop()
	<-ended
	line.clear()
	return err
}

// askEvery is how often a house is asked how far it is.
const askEvery = 500 * time.Millisecond

// follow shows the job that runs until ctx ends.
func (p *progress) follow(ctx context.Context, e errand) {
	if p == nil {
		return
	}
	var v backup.View
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(askEvery):
		}
		var job *backup.Job
		if err := e.Do(ctx, http.MethodGet, "/latchkey/backups/progress", nil, &job); err != nil || job == nil || job.Ended != nil {
			continue
		}
		if job.Target != "" && placeName(v, job.Target) == job.Target {
			_ = e.Do(ctx, http.MethodGet, "/latchkey/backups", nil, &v) // the name is for the eye only
		}
		p.show("%s  %s", jobText(v, *job), share(job.Done, job.Total))
	}
}

// jobText says what a job does now.
func jobText(v backup.View, j backup.Job) string {
	words := map[backup.Phase]string{
		backup.Copying: "copying the house", backup.Sending: "sending", backup.Reading: "reading back", backup.Checking: "checking",
	}
	text := or(words[j.Phase], string(j.Phase))
	if j.Target == "" {
		return text
	}
	between := map[backup.Phase]string{backup.Sending: " to ", backup.Reading: " from "}
	return text + or(between[j.Phase], " at ") + placeName(v, j.Target)
}

// share says how much of a whole is done.
func share(done, total int64) string {
	switch {
	case total <= 0 && done <= 0:
		return ""
	case total <= 0:
		return size(done)
	}
	return fmt.Sprintf("%d %%, %s of %s", min(100, 100*done/total), size(done), size(total))
}

// maxKit is far more than a recovery kit has, in bytes.
const maxKit = 1 << 20

// readKit reads a recovery kit's text from a file, or from the standard input
// where that is "-".
func readKit(s streams, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(io.LimitReader(s.in, maxKit))
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, problem.New(problem.Refused, "kit.file", "The recovery kit can't be read from "+file+".", "Check its name and who may read it.").Because(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(f, maxKit))
	if err != nil {
		return nil, problem.New(problem.Refused, "kit.file", "The recovery kit can't be read from "+file+".", "Name the file that was saved when the kit was made.").Because(err)
	}
	return text, nil
}

// openBackup opens a backup's file, "-" being the standard input, and tells its
// size; 0 where that is not known.
func openBackup(s streams, file string) (io.ReadCloser, int64, error) {
	if file == "-" {
		return io.NopCloser(s.in), 0, nil
	}
	refused := problem.New(problem.Refused, "backup.file", "The backup can't be read from "+file+".", "Check its name and who may read it.")
	f, err := os.Open(file)
	if err != nil {
		return nil, 0, refused.Because(err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a folder")
	}
	if err != nil {
		return nil, 0, refused.Because(errors.Join(err, f.Close()))
	}
	return f, info.Size(), nil
}

// newFile is a file that a command makes for its caller, who alone may read it.
// It is opened before anything else is done: later the process may be another
// user's.
type newFile struct {
	*os.File
}

// makeFile makes a file that does not exist yet.
func makeFile(path string) (newFile, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return newFile{}, problem.New(problem.Refused, "backup.exists", path+" is there already, and a backup writes over nothing.", "Name a file that does not exist yet.")
	}
	if err != nil {
		return newFile{}, problem.New(problem.Refused, "backup.out", "The backup can't be written to "+path+".",
			"Name a file in a folder that you may write to.").Because(err)
	}
	return newFile{f}, nil
}

// keep makes it last.
func (f newFile) keep() error { return errors.Join(f.Sync(), f.Close()) }

// drop removes it again: half a backup must not be taken for one. Where this
// process may not remove it any more, it is at least empty.
func (f newFile) drop() {
	_ = f.Truncate(0)
	_ = f.Close()
	_ = os.Remove(f.Name())
}

package appliance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"latchkey/appliance/health"
	"latchkey/appliance/problem"
	"latchkey/appliance/store"
)

// The full check waits until a start has settled, then comes once a night's
// time.
const (
	firstCheck = time.Minute
	nextCheck  = 24 * time.Hour
)

// checkNightly checks the whole file again and again and pins what it finds.
func (a *Appliance) checkNightly(ctx context.Context) error {
	wait := firstCheck
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		if a.checkFile(ctx); ctx.Err() != nil {
			return nil
		}
		wait = nextCheck
	}
}

const fileDamaged = "file.damaged"

// checkFile checks every page, seal and reference, in another process on a
// copy. What it finds stays on the board until a check finds nothing.
func (a *Appliance) checkFile(ctx context.Context) health.Finding {
	report, err := a.lookThrough(ctx)
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			a.cfg.Log.Error("checking the file", "cause", err)
		}
		return health.Finding{
			State: health.Warn, Text: "The file could not be checked.",
			Hint: "Make sure that the disk has room for a copy of it and can be written, and that memory is not short.",
		}
	}
	for _, f := range report.Findings {
		a.cfg.Log.Error("checking the file", "code", f.Code, "where", f.Where, "what", f.Text)
	}
	a.damaged.Store(!report.Clean())
	a.store.Protect(unsafeToChange(report))
	if report.Clean() {
		a.board.Clear(fileDamaged)
		c := report.Counts
		return health.Finding{State: health.OK, Text: fmt.Sprintf(
			"The file is whole: %d pages, %d people, %d items, every seal opened.", report.Pages, c.Accounts, c.Items)}
	}
	found := len(report.Findings) + report.Left
	way := a.wayBack(ctx)
	a.board.Set(health.Condition{
		Code: fileDamaged, Severity: health.Trouble, Hint: way,
		Text: fmt.Sprintf("The file of this house is damaged in %d places.", found),
	})
	return health.Finding{State: health.Bad, Text: fmt.Sprintf("The file is damaged in %d places.", found), Hint: way}
}

// lookThrough runs the full check. What it finds it looks for once more, since
// the copy may be what was bad, or the memory: only the second look counts.
func (a *Appliance) lookThrough(ctx context.Context) (store.Report, error) {
	c := store.CheckConfig{Command: a.cfg.CheckCommand}
	report, err := a.store.CheckInChild(ctx, c)
	if err != nil || report.Clean() {
		return report, err
	}
	if again, err := a.store.CheckInChild(ctx, c); err == nil {
		if again.Clean() {
			a.cfg.Log.Warn("the file seemed to be damaged, and a second look found nothing: this machine's memory may be failing", "first", report.String())
		}
		report = again
	}
	return report, ctx.Err()
}

// unsafeToChange is why nothing of the vault may change in a file of that
// report, nil where it may. A value that does not open harms no other; damaged
// pages may lead what is written to where nobody finds it again.
func unsafeToChange(r store.Report) *problem.Problem {
	structural := func(f store.Finding) bool { return f.Code == store.FoundPage || f.Code == store.FoundCrash }
	if !slices.ContainsFunc(r.Findings, structural) {
		return nil
	}
	return problem.New(problem.Unavailable, "file.damaged",
		"The file of this house is damaged, so nothing is saved any more that might be lost in it.",
		"Everything that can be read still can. An owner sees under House how to go back to a backup.")
}

// CheckCopy is the other process: it reads the seal key from stdin, checks the
// copy at path and writes its report. The answer is the exit code.
func CheckCopy(stdin io.Reader, stdout io.Writer, path string) int {
	return store.CheckMain(stdin, stdout, path)
}

func metaDamaged() health.Condition {
	return health.Condition{
		Code: "file.meta", Severity: health.Warning,
		Text: "One of the file's two first pages was damaged, as after a power cut; the other one was good.",
		Hint: "Nothing is lost. If this comes back, the disk may be failing.",
	}
}

func exposed(data string) health.Condition {
	return health.Condition{
		Code: "file.exposed", Severity: health.Warning,
		Text: "Other users of this computer can read the seal key or the database.",
		Hint: "Run: chmod 700 " + data + " && chmod 600 " + data + "/seal.key " + data + "/latchkey.db, then restart Latchkey.",
	}
}

func keyOpen() health.Condition {
	return health.Condition{
		Code: "file.key", Severity: health.Warning,
		Text: "The seal key could not be closed by this machine's own key, so it lies open on the disk.",
		Hint: "The disk refused it. Look for room on the disk, then restart this machine; the key is closed at the next start.",
	}
}

func leafTrouble(err error) health.Condition {
	if err == nil {
		err = errors.New("none")
	}
	return health.Condition{
		Code: "certificate.local", Severity: health.Warning,
		Text:   "The certificate for the home network could not be renewed.",
		Hint:   "Browsers at home may soon refuse the page. Restart Latchkey; its log says more.",
		Values: map[string]string{"cause": err.Error()},
	}
}

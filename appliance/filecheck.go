package appliance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"latchkey/appliance/health"
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
	report, err := a.store.CheckInChild(ctx, store.CheckConfig{Command: a.cfg.CheckCommand})
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			a.cfg.Log.Error("checking the file", "cause", err)
		}
		return health.Finding{
			State: health.Warn, Text: "The file could not be checked.",
			Hint: "Make sure that there is room on the disk for a copy of it.",
		}
	}
	for _, f := range report.Findings {
		a.cfg.Log.Error("checking the file", "code", f.Code, "where", f.Where, "what", f.Text)
	}
	found := len(report.Findings) + report.Left
	a.board.SetIf(found > 0, health.Condition{
		Code: fileDamaged, Severity: health.Trouble,
		Text: fmt.Sprintf("The file of this house is damaged in %d places.", found),
		Hint: "Export your passwords now, from every device that has them. Then move to another disk: this one may be dying.",
	})
	if found > 0 {
		return health.Finding{
			State: health.Bad, Text: fmt.Sprintf("The file is damaged in %d places.", found),
			Hint: "Export your passwords now, from every device that has them.",
		}
	}
	c := report.Counts
	return health.Finding{State: health.OK, Text: fmt.Sprintf(
		"The file is whole: %d pages, %d people, %d items, every seal opened.", report.Pages, c.Accounts, c.Items)}
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

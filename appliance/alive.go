package appliance

import (
	"context"
	"errors"
	"os"

	"latchkey/appliance/health"
	"latchkey/appliance/problem"
)

// alive is what the watchdog hears: nil while the database answers. A writer
// that a failed disk has stopped is not enough to end the house, since reading
// goes on and a new start might not even have that; once the disk takes
// something again, a new start is what mends it.
func (a *Appliance) alive(ctx context.Context) error {
	err := a.store.Ping(ctx)
	if err == nil || problem.Of(err).Code != stopped {
		return err
	}
	if diskTakes(a.cfg.Data) != nil {
		return nil
	}
	return err
}

// reopen has the house opened anew when a disk that had stopped its writer takes
// something again: what that writer kept last is decided by opening the file. A
// machine without a watchdog has nobody else to do it.
func (a *Appliance) reopen(ctx context.Context) {
	if problem.Of(a.alive(ctx)).Code != stopped {
		return
	}
	a.cfg.Log.Warn("the disk takes something again, so the house is opened anew")
	select {
	case a.again <- struct{}{}:
	default: // it is about to
	}
}

// stopped is the code of store's problem of a writer that has given up.
const stopped = "store.stopped"

// diskRefuses pins why the disk did not keep something, until it keeps again.
func (a *Appliance) diskRefuses(why *problem.Problem) {
	const code = "disk.refuses"
	if why == nil {
		a.board.Clear(code)
	} else {
		a.board.Set(health.Condition{
			Code: code, Severity: health.Trouble, Text: why.Text,
			Hint: "What was saved before can be read as ever. " + why.Hint, Values: map[string]string{"problem": why.Code},
		})
	}
	select {
	case a.refused <- struct{}{}:
	default: // it will be looked at
	}
}

// diskTakes tries whether something can be kept in dir.
func diskTakes(dir string) error {
	f, err := os.CreateTemp(dir, "latchkey.db.check-*") // a name that the next start takes away, should this be killed
	if err != nil {
		return err
	}
	_, err = f.WriteString("whether the disk keeps this\n")
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

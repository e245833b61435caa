package appliance

import (
	"context"
	"errors"
	"os"

	"latchkey/appliance/problem"
)

// alive is what the watchdog hears: nil while the database answers. A writer
// that a failed disk has stopped is not enough to end the house, since reading
// goes on and a new start might not even have that; once the disk takes
// something again, a new start is what mends it.
func (a *Appliance) alive(ctx context.Context) error {
	err := a.store.Ping(ctx)
	if err == nil || problem.Of(err).Code != "store.stopped" {
		return err
	}
	if diskTakes(a.cfg.Data) != nil {
		return nil
	}
	return err
}

// diskTakes tries whether something can be kept in dir.
func diskTakes(dir string) error {
	f, err := os.CreateTemp(dir, "latchkey.try-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString("whether the disk keeps this\n")
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

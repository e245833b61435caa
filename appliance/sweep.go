package appliance

import (
	"context"
	"errors"
	"fmt"

	"latchkey/appliance/account"
	"latchkey/appliance/settings"
)

// sweep removes what has had its time, once: by a time that has come for
// certain, since a clock that jumped ahead must empty no trash.
func (a *Appliance) sweep(ctx context.Context) error {
	now := a.clock.Sure()
	if now.IsZero() {
		return nil
	}
	people, err := a.people.People(ctx)
	if err != nil {
		return fmt.Errorf("listing people: %w", err)
	}
	owners := make([]account.UserID, 0, len(people))
	for _, p := range people {
		owners = append(owners, p.ID)
	}
	removed, err := a.vault.SweepTrash(ctx, owners, a.settings.Number(settings.TrashDays), now)
	if removed > 0 {
		a.cfg.Log.Info("emptied old trash", "items", removed)
	}
	return errors.Join(err, a.people.SweepSessions(ctx, now))
}

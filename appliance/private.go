package appliance

import (
	"context"

	"latchkey/appliance/health"
	"latchkey/appliance/problem"
)

// tryPrivately greets once the whole file was checked and the house answers.
// A new version, run so on a house that an older one has left, proves itself
// before anybody else can reach it.
func (a *Appliance) tryPrivately(greet func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if f := a.checkFile(ctx); f.State != health.OK && ctx.Err() == nil {
			return problem.New(problem.Refused, "private.file", f.Text, f.Hint)
		}
		return greet(ctx)
	}
}

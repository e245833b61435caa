package install

import (
	"fmt"
	"path/filepath"
)

// Passed notes durably that the program which an upgrade put there has opened
// the house in data and is about to answer: from then on nothing is undone by
// itself, for what people save from then on must not be lost. Call it before
// the first request is let in. Where no upgrade is under way, or data is not
// the installed house, it does nothing; after an error nobody may be let in.
func Passed(data string) error { return Place{}.Passed(data) }

// Passed is Passed for the installed house of a place.
func (p Place) Passed(data string) error {
	if full, err := filepath.Abs(data); err != nil || full != p.at(DataDir) {
		return nil
	}
	m, err := p.readMarker()
	if err != nil {
		return err
	}
	if m == nil || !m.Swapping {
		return nil
	}
	if err := writeFile(p.at(StateDir+"/"+passedName), []byte(m.ID+"\n"), 0o600, nil); err != nil {
		return fmt.Errorf("noting that the upgrade has passed: %w", err)
	}
	return nil
}

package restore

import "time"

// RenameBoth puts DIR.restored in the place of dir without an exchange.
func RenameBoth(dir, old string) error { return beside(dir).renameBoth(old) }

// Take puts DIR.restored in the place of dir.
func Take(dir string, now time.Time) (old string, err error) { return take(beside(dir), now) }

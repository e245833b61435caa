package restore

// RenameBoth puts DIR.restored in the place of dir without an exchange.
func RenameBoth(dir, old string) error { return beside(dir).renameBoth(old) }

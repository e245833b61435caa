package store

func openChild([]string) int     { return 0 }
func fullDiskChild([]string) int { return 0 }

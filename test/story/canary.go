package story

import "latchkey/test/canary"

// Find is canary.Find.
func Find(raw []byte, texts []string) []string { return canary.Find(raw, texts) }

// FindInFolder is canary.FindInFolder.
func FindInFolder(folder string, texts []string) (found map[string][]string, looked int, err error) {
	return canary.FindInFolder(folder, texts)
}

package power

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// again has the power fail a second time, while the next start finishes what a
// first cut has left. start is that: it gives the history of what is done about
// a few states of d, no two of which hold the same names.
func again(t *testing.T, d *disk, q question, fits verdict, start func(root string) *disk) {
	t.Helper()
	const few = 6
	random := random(seed())
	cuts := d.cuts()
	first, _ := candidates(cuts, 1, random)
	random.Shuffle(len(first), func(i, j int) { first[i], first[j] = first[j], first[i] })
	seen := make(map[string]bool)
	for _, s := range first {
		tree := s.tree()
		looks := strings.Join(slices.Sorted(maps.Keys(tree)), "\n")
		if seen[looks] || len(seen) == few {
			continue
		}
		root := folder(t)
		if err := lay(root, tree); err != nil {
			t.Fatal(err)
		}
		d := start(root)
		if len(d.changes) == 0 {
			continue // there was nothing to finish
		}
		seen[looks] = true
		check(t, d, q, max(20, most()/few), seed(), func(acked map[int]bool, f found, dir string) error {
			all := maps.Clone(s.cut.acked) // what was acknowledged before the first cut still is
			maps.Copy(all, acked)
			return fits(all, f, dir)
		})
	}
	if len(seen) < 2 {
		t.Errorf("only %d states were gone on with", len(seen))
	}
}

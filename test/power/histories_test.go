package power

import (
	"path/filepath"
	"slices"
	"testing"
)

func sorted(all []string) []string {
	slices.Sort(all)
	return all
}

// TestSyncsThatAreForgottenAreFound shows that the search finds what it is for:
// of each history some syncs are left out, and then some states are bad.
func TestSyncsThatAreForgottenAreFound(t *testing.T) {
	for _, c := range []struct {
		says    string
		history func(t *testing.T, root string) (*disk, question, verdict)
		forget  func(d *disk, root string)
		states  int // enough that some of the bad ones are among them
	}{
		{"of the database while things are saved", saves, func(d *disk, root string) { d.find(filepath.Join(root, "house", "latchkey.db")).syncs = nil }, 120},
		{"of folders while a house is made", creation, forgetFolders, 1000},
		{"of folders while a new version takes the old one's place", upgrade, forgetFolders, 1000},
	} {
		t.Run(c.says, func(t *testing.T) {
			root := folder(t)
			d, q, fits := c.history(t, root)
			c.forget(d, root)
			bad := judgeAll(t, drawn(d, c.states, seed()), q, fits)
			t.Logf("%d of %d states are bad", len(bad), c.states)
			if len(bad) == 0 {
				t.Error("none")
			}
		})
	}
}

func forgetFolders(d *disk, _ string) {
	for _, n := range d.nodes {
		if n.folder {
			n.syncs = nil
		}
	}
}

func saves(t *testing.T, root string) (*disk, question, verdict) {
	dir := filepath.Join(root, "house")
	setUp(t, plainly(t), dir)
	var w *writers
	d := record(t, root, nil, func(r *recorder) {
		w = serve(t, r, dir)
		w.together(3, 4, 14)
		w.h.Stop()
	})
	if len(d.acks) != int(w.marks.Load()) {
		t.Errorf("%d of %d answers are in the trace", len(d.acks), w.marks.Load())
	}
	return d, question{House: "house"}, w.fits
}

func creation(t *testing.T, root string) (*disk, question, verdict) {
	d := record(t, root, map[string]int{"The house is set up": setUpMark}, func(r *recorder) {
		setUp(t, func(b string, args ...string) { r.run(b, args...) }, filepath.Join(root, "new", "house"))
	})
	return d, question{House: "new/house"}, fitsCreation
}

func upgrade(t *testing.T, root string) (*disk, question, verdict) {
	lived(t, root)
	d := recordWork(t, root, saysSaved, "install", root, download(t, root, newVersion))
	return d, question{Machine: "."}, fitsUpgrade
}

package power

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// A verdict says whether a state is as it must be, given what was acknowledged
// before the cut; dir is where the state lies, after the judge has opened it.
type verdict func(acked map[int]bool, f found, dir string) error

// check has states of the history judged: per cut nothing and everything, and
// of the rest so many as there is room for.
func check(t *testing.T, d *disk, q question, most int, seed uint64, fits verdict) {
	t.Helper()
	if len(d.changes) == 0 {
		t.Fatal("the trace shows no change at all")
	}
	states := drawn(d, most, seed)
	failures := judgeAll(t, states, q, fits)
	t.Logf("%d states of %d cuts judged (seed %d), %d acknowledgements, %d bad", len(states), len(d.syncs)+1, seed, len(d.acks), len(failures))
	for _, f := range failures[:min(len(failures), 8)] {
		t.Error(f)
	}
}

// drawn gives that many states of all cuts, in the order of time.
func drawn(d *disk, most int, seed uint64) []state {
	random := random(seed)
	first, rest := candidates(d.cuts(), most, random)
	random.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	random.Shuffle(len(first), func(i, j int) { first[i], first[j] = first[j], first[i] })
	states := append(first, rest...)
	states = states[:min(len(states), most)]
	slices.SortStableFunc(states, func(a, b state) int { return cmp.Compare(a.cut.at, b.cut.at) })
	return states
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// candidates gives the states that each cut must have, and all others that are
// worth a look.
func candidates(cuts []*cut, most int, random *rand.Rand) (first, rest []state) {
	for _, c := range cuts {
		c.settle()
		all := c.systematic(random)
		ends := []int{0, len(c.pending)}
		for i, s := range all {
			if slices.Contains(ends, i) {
				first = append(first, s)
			} else {
				rest = append(rest, s)
			}
		}
		for range most/len(cuts) + 3 {
			rest = append(rest, c.random(random))
		}
	}
	return first, rest
}

// judgeAll has as many judges as there are processors.
func judgeAll(t *testing.T, states []state, q question, fits verdict) (failures []string) {
	t.Helper()
	work := make(chan state)
	var all sync.WaitGroup
	var mu sync.Mutex
	for i := range runtime.NumCPU() {
		dir := filepath.Join(scratch(t), fmt.Sprint("judge", i))
		all.Go(func() {
			j := &judge{}
			for s := range work {
				err := judgeOne(j, s, q, dir, fits)
				if err != nil {
					mu.Lock()
					failures = append(failures, fmt.Sprintf("%v: %v", s, err))
					mu.Unlock()
				}
			}
			_ = j.end()
		})
	}
	for _, s := range states {
		work <- s
	}
	close(work)
	all.Wait()
	return failures
}

func judgeOne(j *judge, s state, q question, dir string, fits verdict) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := lay(dir, s.tree()); err != nil {
		return err
	}
	q.House = filepath.Join(dir, q.House)
	if q.Machine != "" {
		q.Machine = dir
	}
	f, err := j.ask(q)
	if err != nil {
		return err
	}
	if f.Trouble != "" {
		return fmt.Errorf("%s", f.Trouble)
	}
	return fits(s.cut.acked, f, dir)
}

// lay writes a tree to a folder. Zeros are left out, as holes.
func lay(dir string, tree map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	paths := make([]string, 0, len(tree))
	for path := range tree {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		full := filepath.Join(dir, path)
		if path[len(path)-1] == '/' {
			if err := os.MkdirAll(full, 0o700); err != nil {
				return err
			}
			continue
		}
		if err := layFile(full, tree[path]); err != nil {
			return err
		}
	}
	return nil
}

func layFile(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	zero := make([]byte, page)
	for at := 0; at < len(content); at += page {
		piece := content[at:min(len(content), at+page)]
		if bytes.Equal(piece, zero[:len(piece)]) {
			continue
		}
		if _, err := f.WriteAt(piece, int64(at)); err != nil {
			return err
		}
	}
	return f.Truncate(int64(len(content)))
}

// scratch is a folder in memory, where there is one: syncs cost nothing there,
// and each state lives for a few milliseconds.
func scratch(t *testing.T) string {
	t.Helper()
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		if dir, err := os.MkdirTemp("/dev/shm", "latchkey-power-"); err == nil {
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			return dir
		}
	}
	return t.TempDir()
}

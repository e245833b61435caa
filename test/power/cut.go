package power

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
)

const (
	sector = 512  // bytes that a disk writes whole or not at all
	page   = 4096 // of the system's cache
)

// A cut is a moment at which the power fails, just before a sync is over: all
// that it and the calls before it should have brought to the disk may be there
// or not, unless an earlier sync has brought it there.
type cut struct {
	d       *disk
	at      int
	pending []*change // begun before, and not synced
	acked   map[int]bool
	content map[*node][]byte // of the files that are surely on the disk
	names   []*change        // surely on the disk, in order
}

// cuts gives the moments before the end of each sync, and the end of all.
func (d *disk) cuts() []*cut {
	var all []*cut
	for _, at := range append(slices.Clone(d.syncs), d.ended+1) {
		all = append(all, &cut{d: d, at: at})
	}
	return all
}

// settle finds what is sure and what is not.
func (c *cut) settle() {
	c.acked, c.content = make(map[int]bool), make(map[*node][]byte)
	for _, a := range c.d.acks {
		if a.at < c.at {
			c.acked[a.mark] = true
		}
	}
	for _, n := range c.d.nodes {
		if !n.folder {
			c.content[n] = slices.Clone(n.base)
		}
	}
	for _, ch := range c.d.changes {
		switch {
		case ch.begun >= c.at:
		case !c.sure(ch):
			c.pending = append(c.pending, ch)
		case ch.file == nil:
			c.names = append(c.names, ch)
		default:
			c.content[ch.file] = ch.apply(c.content[ch.file], nil)
		}
	}
}

// sure says that a sync which began after the change had ended is over: of the
// file for its bytes and length, of the folder for a name in it. For a name
// that moves between folders it is the one that it moves to.
func (c *cut) sure(ch *change) bool {
	of := ch.file
	if of == nil {
		of = ch.names[0].folder
	}
	return slices.ContainsFunc(of.syncs, func(s span) bool { return s.begun > ch.ended && s.ended < c.at })
}

// apply does the change to a file's content; kept says which of its sectors
// reach the disk (nil: all).
func (ch *change) apply(content []byte, kept func(sector int) bool) []byte {
	if ch.bytes == nil {
		if int(ch.offset) <= len(content) {
			return content[:ch.offset:ch.offset]
		}
		return append(content, make([]byte, int(ch.offset)-len(content))...)
	}
	end := int(ch.offset) + len(ch.bytes)
	if end > len(content) {
		content = append(content, make([]byte, end-len(content))...)
	}
	for at := int(ch.offset); at < end; {
		next := min(end, (at/sector+1)*sector)
		if kept == nil || kept(at/sector) {
			copy(content[at:next], ch.bytes[at-int(ch.offset):])
		}
		at = next
	}
	return content
}

// fate is what becomes of a pending change.
type fate byte

const (
	lost fate = iota
	kept
	torn // some of its sectors
)

// A state is one of those that the disk may be in after a cut.
type state struct {
	cut   *cut
	style string
	fates []fate
	seed  uint64 // of which sectors a torn change keeps
	waste bool   // what was grown and never written is not zero
}

func (s state) String() string {
	return fmt.Sprintf("cut before line %d, %s, fates %d, seed %d, waste %v", s.cut.at, s.style, s.fates, s.seed, s.waste)
}

func (c *cut) state(style string, of func(i int) fate) state {
	fates := make([]fate, len(c.pending))
	for i := range fates {
		fates[i] = of(i)
	}
	return state{cut: c, style: style, fates: fates}
}

// systematic gives nothing and everything, all beginnings, each change lost
// alone, kept alone, and torn alone.
func (c *cut) systematic(random *rand.Rand) []state {
	var all []state
	n := len(c.pending)
	for i := range n + 1 {
		all = append(all, c.state(fmt.Sprint("the first ", i), func(j int) fate {
			if j < i {
				return kept
			}
			return lost
		}))
	}
	for i := range n {
		for _, one := range []struct {
			style       string
			this, other fate
		}{{"all but one", lost, kept}, {"one alone", kept, lost}, {"one torn", torn, kept}} {
			if c.pending[i].file == nil && one.this == torn {
				continue
			}
			s := c.state(fmt.Sprint(one.style, ": ", i), func(j int) fate {
				if i == j {
					return one.this
				}
				return one.other
			})
			s.seed = random.Uint64()
			all = append(all, s)
		}
	}
	return all
}

// random gives one of all the others.
func (c *cut) random(random *rand.Rand) state {
	chance, tear := []float64{0.1, 0.5, 0.9}[random.IntN(3)], []float64{0, 0.3}[random.IntN(2)]
	s := c.state("random", func(i int) fate {
		switch {
		case c.pending[i].file != nil && random.Float64() < tear:
			return torn
		case random.Float64() < chance:
			return kept
		}
		return lost
	})
	s.seed, s.waste = random.Uint64(), random.IntN(4) == 0
	return s
}

// tree builds the folder of a state: the content of each file by its path.
func (s state) tree() map[string][]byte {
	random := rand.New(rand.NewPCG(s.seed, 7))
	contents := maps.Clone(s.cut.content)
	changed := make(map[*node]bool)
	names := slices.Clone(s.cut.names)
	for i, ch := range s.cut.pending {
		if s.fates[i] == lost {
			continue
		}
		if ch.file == nil {
			names = append(names, ch)
			continue
		}
		if !changed[ch.file] {
			contents[ch.file], changed[ch.file] = slices.Clone(contents[ch.file]), true
		}
		before := len(contents[ch.file])
		contents[ch.file] = ch.apply(contents[ch.file], s.sectors(i, ch, random))
		if s.waste && len(contents[ch.file]) > before {
			litter(contents[ch.file][before:], ch, before, random)
		}
	}
	slices.SortStableFunc(names, func(a, b *change) int { return a.begun - b.begun })
	folders := make(map[*node]map[string]*node)
	for _, n := range s.cut.d.nodes {
		if n.folder {
			folders[n] = maps.Clone(n.at)
		}
	}
	for _, ch := range names {
		for _, n := range ch.names {
			if n.is == nil {
				delete(folders[n.folder], n.name)
			} else {
				folders[n.folder][n.name] = n.is
			}
		}
	}
	tree := make(map[string][]byte)
	plant(tree, "", s.cut.d.root, folders, contents)
	return tree
}

// sectors says which sectors of the change reach the disk: all of a kept one,
// and of a torn one the first ones, the last ones, or any.
func (s state) sectors(i int, ch *change, random *rand.Rand) func(int) bool {
	if s.fates[i] != torn {
		return nil
	}
	first := int(ch.offset) / sector
	last := (int(ch.offset) + len(ch.bytes)) / sector
	edge := first + random.IntN(max(1, last-first))
	switch random.IntN(3) {
	case 0:
		return func(n int) bool { return n < edge }
	case 1:
		return func(n int) bool { return n >= edge }
	}
	salt := random.Uint64()
	return func(n int) bool { return rand.New(rand.NewPCG(salt, uint64(n))).IntN(2) == 0 }
}

// litter fills what a file grew by, and the change did not write, with what lay
// on the disk before, as file systems may that order nothing.
func litter(grown []byte, ch *change, from int, random *rand.Rand) {
	for i := range grown {
		if written := from+i >= int(ch.offset) && ch.bytes != nil; !written && i/page%2 == 0 {
			grown[i] = byte(random.Uint32())
		}
	}
}

// plant writes the paths of a folder into tree; a folder's own ends in a slash.
func plant(tree map[string][]byte, path string, folder *node, folders map[*node]map[string]*node, contents map[*node][]byte) {
	for name, n := range folders[folder] {
		if n.folder {
			tree[path+name+"/"] = nil
			plant(tree, path+name+"/", n, folders, contents)
		} else {
			tree[path+name] = contents[n]
		}
	}
}

package guard

// class is what an id stands for, as the file remembers it: never renumber.
type class uint8

const (
	classPlace     class = iota + 1 // counter: one account from one network
	classNetwork                    // counter: one network at home
	classAccount                    // counter: one account, from strangers or from home
	classAll                        // counter: all strangers
	classDevice                     // counter: a known device
	classSession                    // counter: a device with a session
	classAdmitted                   // counter: one account from networks that were let in
	classFlood                      // counter: anonymous requests of one network; never kept
	classBan                        // network: what is held against it
	classKnown                      // device
	classAdmission                  // admission
	classSiege                      // siege
	classes                         // one more than the last
)

// counterClasses is one more than the last class whose rows are counters.
const counterClasses = classBan

// id is where a row stands, in memory and, hashed, in the file. What a class
// does not need is zero.
type id struct {
	class class
	kind  kind
	place Place
	who   name
	net   netID
}

// most bounds how many counters of each class there are: together about 30 MB.
// Nothing that a stranger can do by the thousand fills the classes of accounts:
// only tries that are let through are counted there, and they are few.
func (c class) most() int {
	switch c {
	case classPlace, classFlood:
		return 40_000
	case classBan:
		return 80_000
	case classAll, classSiege, classAdmission:
		return 1_000
	}
	return 20_000
}

// table holds rows of one class, no more than most.
type table[V any] struct {
	rows map[id]V
	most int
	// weight says how much would be lost with a row: the lightest goes first.
	weight func(id, V, moment) float64
}

func newTable[V any](c class, weight func(id, V, moment) float64) table[V] {
	return table[V]{rows: make(map[id]V), most: c.most(), weight: weight}
}

// sample is how many rows compete to be the one that goes. Of so many, taken
// from the map's own random order, hardly ever all are heavy.
const sample = 16

// put sets a row, and takes out the lightest of a few where there is no room
// for a new one.
func (t *table[V]) put(i id, v V, now moment) (lost id, was V) {
	if _, there := t.rows[i]; !there && len(t.rows) >= t.most {
		lost = t.lightest(now)
		was = t.rows[lost]
		delete(t.rows, lost)
	}
	t.rows[i] = v
	return lost, was
}

// lightest finds a row to lose.
func (t *table[V]) lightest(now moment) (lost id) {
	n, least := 0, 0.0
	for i, v := range t.rows {
		if w := t.weight(i, v, now); n == 0 || w < least {
			lost, least = i, w
		}
		if n++; n == sample {
			break
		}
	}
	return lost
}

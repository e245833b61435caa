package guard

import (
	"math"
	"time"
)

// moment is guard's own time, in milliseconds. It never goes back, whatever
// the wall clock does; see Guard.tickLocked.
type moment int64

func (m moment) plus(d time.Duration) moment    { return m + moment(d.Milliseconds()) }
func (m moment) since(o moment) time.Duration   { return time.Duration(m-o) * time.Millisecond }
func (m moment) until(end moment) time.Duration { return end.since(m) }

// rule says how failures at one counter are forgiven.
type rule struct {
	burst float64       // so many are let through without a wait
	drain time.Duration // one is forgotten after so long
	// Beyond burst one has to wait since the last failure: at first so long,
	// then twice as long each time, but no longer than most. With zeros one
	// waits until a failure is forgotten.
	first, most time.Duration
}

// counter holds failures that drain with time.
type counter struct {
	level float32
	at    moment // of the last failure
	kept  bool   // it stands in the file, too
}

// slack forgives what floating point adds up to: far less than one failure.
const slack = 1e-3

// level is what is left at now.
func (r rule) level(c counter, now moment) float64 {
	past := max(0, now.since(c.at))
	return max(0, float64(c.level)-float64(past)/float64(r.drain))
}

// wait is how long the next try has to wait; 0: not at all.
func (r rule) wait(c counter, now moment) time.Duration {
	over := r.level(c, now) + 1 - r.burst
	if over <= slack {
		return 0
	}
	drained := time.Duration(over * float64(r.drain)).Round(time.Millisecond)
	if r.first == 0 {
		return drained
	}
	pause := r.most
	if steps := math.Ceil(over-slack) - 1; steps < r.steps() {
		pause = r.first << int(steps)
	}
	return max(0, min(drained, now.until(c.at.plus(pause))))
}

// steps is how often first can be doubled before it reaches most.
func (r rule) steps() float64 {
	return math.Ceil(math.Log2(float64(r.most) / float64(r.first)))
}

// ceiling is the level from which on nothing gets worse, so that a long siege
// is not remembered longer than it takes to drain that.
func (r rule) ceiling() float64 {
	if r.first == 0 {
		return r.burst
	}
	return r.burst + r.steps()
}

// charge counts a failure, or a part of one, and returns by how much the level
// rose.
func (r rule) charge(c counter, weight float64, now moment) (counter, float32) {
	before := r.level(c, now)
	after := min(before+weight, max(before, r.ceiling()))
	c.level, c.at = float32(after), now
	return c, float32(after - before)
}

// refund takes back what charge added at then: no more of it than has not been
// forgotten meanwhile, so that a try that is held open takes nothing else with
// it.
func (r rule) refund(c counter, added float32, then, now moment) counter {
	left := float64(added) - float64(now.since(then))/float64(r.drain)
	c.level = float32(max(0, float64(c.level)-max(0, left)))
	return c
}

// worthy reports whether a counter is to be remembered over a restart: it holds
// a failure, and not just what is left of one.
func (r rule) worthy(c counter, now moment) bool { return r.level(c, now) >= 0.5 }

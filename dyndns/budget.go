package dyndns

import "time"

// budget bounds nudges. Times are monotonic.
type budget struct {
	left float64
	at   time.Time
}

const (
	budgetBurst  = 20 // a router that restarts makes a dozen
	budgetRefill = time.Minute
)

func (b *budget) fill() { b.left, b.at = budgetBurst, time.Now() }

func (b *budget) refill() {
	now := time.Now()
	b.left = min(budgetBurst, b.left+float64(now.Sub(b.at))/float64(budgetRefill))
	b.at = now
}

// wait is how long until one may be taken; 0: now.
func (b *budget) wait() time.Duration {
	b.refill()
	if b.left >= 1 {
		return 0
	}
	return max(time.Duration((1-b.left)*float64(budgetRefill)), time.Millisecond)
}

func (b *budget) take() bool {
	if b.wait() > 0 {
		return false
	}
	b.left--
	return true
}

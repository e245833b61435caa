// Package stats compares two samples of times: could somebody who measures tell from which of two kinds of question
// an answer came?
package stats

import (
	"math"
	"slices"
)

// A Sample is what was measured, in any unit and order.
type Sample []float64

// Quantile is the value below which a share of the sample lies, between two values in proportion; 0 of none.
func (s Sample) Quantile(share float64) float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	at := share * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}

// A Comparison is what two samples say of each other.
type Comparison struct {
	// Odds is how likely a value of the first is greater than one of the second, a tie counting half: 0.5 where
	// nobody can tell them apart (the U of Mann and Whitney over the number of pairs).
	Odds float64
	// P is how likely odds as far from 0.5 as these, or farther, come of two samples of the same kind. Of many
	// comparisons of what is the same, one in a hundred is below 0.01.
	P float64
	// D is the greatest distance between the two distributions (Kolmogorov and Smirnov), and PD how likely one as
	// great comes of two samples of the same kind.
	D, PD float64
}

// Compare compares two samples, neither of which may be empty. Its probabilities are those for large samples.
func Compare(a, b Sample) Comparison {
	odds, p := mannWhitney(a, b)
	d, pd := kolmogorovSmirnov(a, b)
	return Comparison{Odds: odds, P: p, D: d, PD: pd}
}

// mannWhitney ranks both samples together; equal values share the mean of their ranks. The variance of U is
// corrected for ties (Lehmann, Nonparametrics, 1.4).
func mannWhitney(a, b Sample) (odds, p float64) {
	type one struct {
		value float64
		first bool
	}
	all := make([]one, 0, len(a)+len(b))
	for _, v := range a {
		all = append(all, one{v, true})
	}
	for _, v := range b {
		all = append(all, one{v, false})
	}
	slices.SortFunc(all, func(x, y one) int {
		switch {
		case x.value < y.value:
			return -1
		case x.value > y.value:
			return 1
		}
		return 0
	})
	ranks, ties := 0.0, 0.0
	for from := 0; from < len(all); {
		to := from
		for to < len(all) && all[to].value == all[from].value {
			to++
		}
		rank := float64(from+1+to) / 2
		for _, x := range all[from:to] {
			if x.first {
				ranks += rank
			}
		}
		t := float64(to - from)
		ties += t*t*t - t
		from = to
	}
	n, m := float64(len(a)), float64(len(b))
	u := ranks - n*(n+1)/2
	variance := n * m / 12 * (n + m + 1 - ties/((n+m)*(n+m-1)))
	if variance <= 0 {
		return u / (n * m), 1 // all are equal
	}
	z := math.Abs(u-n*m/2) / math.Sqrt(variance)
	return u / (n * m), math.Erfc(z / math.Sqrt2)
}

// kolmogorovSmirnov walks both distributions at once.
func kolmogorovSmirnov(a, b Sample) (d, p float64) {
	x, y := slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	i, j := 0, 0
	for i < len(x) && j < len(y) {
		at := min(x[i], y[j])
		for i < len(x) && x[i] == at {
			i++
		}
		for j < len(y) && y[j] == at {
			j++
		}
		d = max(d, math.Abs(float64(i)/float64(len(x))-float64(j)/float64(len(y))))
	}
	n := float64(len(x)) * float64(len(y)) / float64(len(x)+len(y))
	return d, kolmogorov(d * math.Sqrt(n))
}

// kolmogorov is the probability that the limit distribution exceeds x.
func kolmogorov(x float64) float64 {
	if x < 0.2 {
		return 1 // the series converges slowly there, to more than 0.9999999
	}
	sum := 0.0
	for k := 1; k <= 100; k++ {
		term := math.Exp(-2 * x * x * float64(k*k))
		if k%2 == 0 {
			term = -term
		}
		sum += term
	}
	return min(1, max(0, 2*sum))
}

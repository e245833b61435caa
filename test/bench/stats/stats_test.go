package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"latchkey/test/bench/stats"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestQuantile(t *testing.T) {
	s := stats.Sample{4, 1, 3, 2, 5}
	for share, want := range map[float64]float64{0: 1, 0.5: 3, 1: 5, 0.25: 2, 0.1: 1.4} {
		near(t, "the quantile", s.Quantile(share), want, 1e-12)
	}
	near(t, "that of nothing", stats.Sample{}.Quantile(0.5), 0, 0)
}

// TestCompare has small samples that can be reckoned by hand.
func TestCompare(t *testing.T) {
	for _, test := range []struct {
		name       string
		a, b       stats.Sample
		odds, p, d float64
	}{
		// U = 0 of 9 pairs; z = 4.5/sqrt(9*7/12) = 1.964.
		{"all below", stats.Sample{1, 2, 3}, stats.Sample{4, 5, 6}, 0, 0.0495, 1},
		{"all above", stats.Sample{4, 5, 6}, stats.Sample{1, 2, 3}, 1, 0.0495, 1},
		// U = 3 of 9 pairs; z = 1.5/sqrt(9*7/12) = 0.6547.
		{"every other", stats.Sample{1, 3, 5}, stats.Sample{2, 4, 6}, 1.0 / 3, 0.5127, 1.0 / 3},
		{"the same values", stats.Sample{1, 2, 3}, stats.Sample{1, 2, 3}, 0.5, 1, 0},
		{"one value only", stats.Sample{7, 7}, stats.Sample{7, 7, 7}, 0.5, 1, 0},
		// Ranks 1.5 1.5 4 | 4 4 6: U = 1 of 9; ties 2 and 3: variance 9/12*(7-(6+24)/30) = 4.5; z = 3.5/2.1213 = 1.65.
		{"ties", stats.Sample{1, 1, 2}, stats.Sample{2, 2, 3}, 1.0 / 9, 0.0990, 2.0 / 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := stats.Compare(test.a, test.b)
			near(t, "odds", got.Odds, test.odds, 1e-9)
			near(t, "p", got.P, test.p, 1e-4)
			near(t, "d", got.D, test.d, 1e-9)
		})
	}
}

// TestProbabilities draws from the same distribution and from two that differ by a tenth of their spread.
func TestProbabilities(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	draw := func(n int, shift float64) stats.Sample {
		s := make(stats.Sample, n)
		for i := range s {
			s[i] = random.NormFloat64() + shift
		}
		return s
	}
	low, lowD := 0, 0
	const rounds = 400
	for range rounds {
		got := stats.Compare(draw(300, 0), draw(200, 0))
		if got.P < 0.05 {
			low++
		}
		if got.PD < 0.05 {
			lowD++
		}
	}
	// One in twenty, with room for four standard deviations; that of Kolmogorov and Smirnov is cautious.
	if low < 4 || low > 38 || lowD > 38 {
		t.Errorf("of %d comparisons of the same, %d and %d are below 0.05", rounds, low, lowD)
	}
	if got := stats.Compare(draw(4000, 0.1), draw(4000, 0)); got.P > 0.01 || got.PD > 0.05 || got.Odds < 0.5 {
		t.Errorf("a shift is not seen: %+v", got)
	}
}

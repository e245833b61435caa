package appliance

import (
	"strings"
	"testing"
	"time"

	"latchkey/appliance/health"
)

func TestClockFinding(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name               string
		behind, ahead, off time.Duration
		trusted            bool
		state              health.State
		says               string
	}{
		{"a trusted clock is right", 0, 0, 0, true, health.OK, "is right"},
		{"nobody has confirmed it", 0, 0, 0, false, health.Warn, "no time server"},
		{"it fell back", 3 * time.Hour, 0, 0, false, health.Bad, "fallen back by 3 hours."},
		{"two servers find it slow", 0, 0, 90 * time.Minute, false, health.Bad, "90 minutes slow"},
		{"two servers find it fast", 0, 0, -time.Hour, false, health.Bad, "60 minutes fast"},
		{"it leapt", 0, 4000 * 24 * time.Hour, 0, false, health.Bad, "leapt ahead by 4000 days"},
		{"it leapt, and two servers know by how much", 0, 4000 * 24 * time.Hour, -4000 * 24 * time.Hour, false, health.Bad, "4000 days fast"},
		{"one without a battery begins in 1970", 20000 * 24 * time.Hour, 0, 0, false, health.Bad, "fallen back by 20000 days."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := clockFinding(now, tt.behind, tt.ahead, tt.off, tt.trusted)
			if f.State != tt.state || !strings.Contains(f.Text, tt.says) || f.State != health.OK && f.Hint == "" {
				t.Errorf("%s: %s / %s", f.State, f.Text, f.Hint)
			}
		})
	}
}

func TestDiskFinding(t *testing.T) {
	for _, tt := range []struct {
		name  string
		free  uint64
		state health.State
		says  string
	}{
		{"room enough", 5 << 30, health.OK, "5.0 GB"},
		{"nearly full", 600 << 20, health.Warn, "only 600 MB"},
		{"full", 50 << 20, health.Bad, "is full: 50 MB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := diskFinding(tt.free)
			if f.State != tt.state || !strings.Contains(f.Text, tt.says) || f.State != health.OK && f.Hint == "" {
				t.Errorf("%s: %s / %s", f.State, f.Text, f.Hint)
			}
		})
	}
}

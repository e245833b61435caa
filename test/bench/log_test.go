package bench

import (
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"latchkey/test/house"
)

var logDay = regexp.MustCompile(`(?s)/(\w+)\n[^\n]*measured: ([0-9.]+) MB written`)

// logFigures is what the connection log writes in a day of three kinds, the clock's hours turned by hand.
func logFigures(t *testing.T, table *Table) {
	t.Helper()
	command := exec.Command("go", "test", "-count=1", "-v", "-run", "^TestADayOfLogWearsOutNoCard$", "./appliance/journal")
	command.Dir = house.Root()
	out, err := command.CombinedOutput()
	if err != nil {
		t.Logf("%s", out)
	}
	all := map[string][]string{}
	for _, found := range logDay.FindAllStringSubmatch(string(out), -1) {
		all[found[1]] = found
	}
	for _, row := range []struct {
		day, name string
		most      float64 // MB
	}{
		{"nobody_calls", "log, a day on which nobody calls", 0.1},
		{"eight_devices_of_a_household_sync_each_half_an_hour", "log, a day of eight devices", 1},
		{"ten_thousand_addresses_guess_all_day", "log, a day of guesses from 10,000 addresses", 20},
	} {
		found := all[row.day]
		if found == nil {
			table.Missing(row.name, "its test failed")
			continue
		}
		written, err := strconv.ParseFloat(found[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		table.AtMost(row.name, written, row.most, "MB written")
	}
}

package archive_test

import (
	"strings"
	"testing"
	"time"

	"latchkey/appliance/backup/archive"
)

func TestName(t *testing.T) {
	cases := []struct {
		name, house string
		made        time.Time
		want        string
	}{
		{"a house of today", "1a2b3c4d00112233445566778899aabb", made, "latchkey-1a2b3c4d-20261121T031500Z.age"},
		{"a time of another zone", "1a2b3c4d00", time.Date(2027, 1, 1, 0, 30, 0, 5, time.FixedZone("", 3600)), "latchkey-1a2b3c4d-20261231T233000Z.age"},
		{"a house in capitals", "1A2B3C4D00", made, "latchkey-1a2b3c4d-20261121T031500Z.age"},
		{"a house without identity", "", made, "latchkey-00000000-20261121T031500Z.age"},
		{"a house that is a path", "../../../etc", made, "latchkey-00000000-20261121T031500Z.age"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := archive.Name(c.house, c.made)
			if got != c.want {
				t.Errorf("got %s", got)
			}
			house8, at, ok := archive.ParseName(got)
			if !ok || !at.Equal(c.made.Truncate(time.Second)) || !strings.Contains(c.want, house8) {
				t.Errorf("it is read as %q, %v, %v", house8, at, ok)
			}
		})
	}
}

func TestNamesThatAreNone(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":                         "",
		"another program's":               "photo.age",
		"one still being written":         "latchkey-1a2b3c4d-20261121T031500Z.age.part",
		"one within a folder":             "x/latchkey-1a2b3c4d-20261121T031500Z.age",
		"a day that no month has":         "latchkey-1a2b3c4d-20260231T031500Z.age",
		"an hour that no day has":         "latchkey-1a2b3c4d-20261121T251500Z.age",
		"a house in capitals":             "latchkey-1A2B3C4D-20261121T031500Z.age",
		"a house that is too short":       "latchkey-1a2b3c4-20261121T031500Z.age",
		"a house that is too long":        "latchkey-1a2b3c4d5-20261121T031500Z.age",
		"a house of other letters":        "latchkey-1a2b3c4g-20261121T031500Z.age",
		"a fraction of a second":          "latchkey-1a2b3c4d-20261121T031500.5Z.age",
		"a time without its zone":         "latchkey-1a2b3c4d-20261121T031500.age",
		"a small z":                       "latchkey-1a2b3c4d-20261121T031500z.age",
		"no time":                         "latchkey-1a2b3c4d.age",
		"a capital at the beginning":      "Latchkey-1a2b3c4d-20261121T031500Z.age",
		"a copy by a file manager":        "latchkey-1a2b3c4d-20261121T031500Z (1).age",
		"a line break at the end":         "latchkey-1a2b3c4d-20261121T031500Z.age\n",
		"another ending":                  "latchkey-1a2b3c4d-20261121T031500Z.zip",
		"a house that leaves its folder":  "latchkey-../../..-20261121T031500Z.age",
		"a marker of a target's own":      ".latchkey-1a2b3c4d",
		"a date with dashes between":      "latchkey-1a2b3c4d-2026-11-21T031500Z.age",
		"a year of five digits":           "latchkey-1a2b3c4d-120261121T031500Z.age",
		"a name with something before it": "my-latchkey-1a2b3c4d-20261121T031500Z.age",
	} {
		t.Run(name, func(t *testing.T) {
			if house8, at, ok := archive.ParseName(text); ok || house8 != "" || !at.IsZero() {
				t.Errorf("read as %q, %v, %v", house8, at, ok)
			}
		})
	}
}

package listen_test

import (
	"strings"
	"testing"

	"latchkey/appliance/listen"
)

const finder = "1111111"

func TestQR(t *testing.T) {
	text := "https://192.168.178.123:8443/#/setup?token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	rows := listen.QR(text)
	t.Run("it is a square of zeros and ones with its three finders", func(t *testing.T) {
		n := len(rows)
		if n < 21 || (n-17)%4 != 0 {
			t.Fatalf("it has %d rows", n)
		}
		for y, r := range rows {
			if len(r) != n || strings.Trim(r, "01") != "" {
				t.Errorf("row %d is %q", y, r)
			}
		}
		if !strings.HasPrefix(rows[0], finder) || !strings.HasSuffix(rows[0], finder) || !strings.HasPrefix(rows[n-1], finder) {
			t.Error("a finder is missing")
		}
	})
	t.Run("the terminal's fits 24 lines and shows the same size on all of them", func(t *testing.T) {
		drawn := strings.Split(strings.TrimSuffix(listen.TerminalQR(text), "\n"), "\n")
		if len(drawn) > 23 {
			t.Errorf("it has %d lines", len(drawn))
		}
		width := len([]rune(drawn[0]))
		for y, line := range drawn {
			if len([]rune(line)) != width {
				t.Errorf("line %d is %d wide, want %d", y, len([]rune(line)), width)
			}
		}
		if strings.Trim(drawn[0], "█") != "" || strings.Trim(drawn[1], "█") != "" {
			t.Error("the border above is not light")
		}
		if !strings.HasPrefix(drawn[2], "████ ▄▄▄▄▄ █") {
			t.Errorf("the first line of modules is %q", drawn[2])
		}
	})
	t.Run("a text too long for any code gives none", func(t *testing.T) {
		long := strings.Repeat("a", 3000)
		if listen.QR(long) != nil || listen.TerminalQR(long) != "" {
			t.Error("it gave one")
		}
	})
}

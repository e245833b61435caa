package listen

import (
	"strings"

	"rsc.io/qr"
)

// quiet is the light border that a QR code needs, in modules (ISO/IEC 18004).
const quiet = 4

// QR draws text as a QR code: one string for each row, '1' for a dark module,
// without the light border of four modules that whoever draws it must leave. It
// is nil where text is too long for any code (about 2,900 bytes).
func QR(text string) []string { return rows(text, qr.M) }

// TerminalQR draws text for a terminal with light letters on a dark ground, two
// rows of modules to a line, border included. The weakest error correction
// keeps it low enough for a window of 24 lines. It is "" where text is too long.
func TerminalQR(text string) string {
	code := rows(text, qr.L)
	if code == nil {
		return ""
	}
	size := len(code) + 2*quiet
	light := func(y, x int) bool {
		y, x = y-quiet, x-quiet
		return y < 0 || x < 0 || y >= len(code) || x >= len(code) || code[y][x] == '0'
	}
	var out strings.Builder
	for y := 0; y < size; y += 2 {
		for x := range size {
			out.WriteString(halves(light(y, x), y+1 < size && light(y+1, x)))
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// halves is the character whose upper and lower halves are lit as told.
func halves(upper, lower bool) string {
	switch {
	case upper && lower:
		return "█"
	case upper:
		return "▀"
	case lower:
		return "▄"
	}
	return " "
}

func rows(text string, level qr.Level) []string {
	code, err := qr.Encode(text, level)
	if err != nil { // only its length can be wrong
		return nil
	}
	drawn := make([]string, code.Size)
	for y := range drawn {
		row := make([]byte, code.Size)
		for x := range row {
			row[x] = '0'
			if code.Black(x, y) {
				row[x] = '1'
			}
		}
		drawn[y] = string(row)
	}
	return drawn
}

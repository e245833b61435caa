package journal

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// How long the texts of a line may be, in bytes. What a device calls itself is
// a stranger's word.
const (
	maxName    = 64 // of an account, a kind, a code, an address
	maxDevice  = 100
	maxDetail  = 200
	maxCountry = 2
)

// clean cuts all texts of an event down to what one line of a log can hold.
func (e *Event) clean() {
	for _, s := range []*string{(*string)(&e.Kind), &e.Outcome, &e.Method, &e.Owner, &e.By, &e.Address} {
		*s = clean(*s, maxName)
	}
	e.Device = clean(e.Device, maxDevice)
	e.Country = clean(e.Country, maxCountry)
	e.Detail = clean(e.Detail, maxDetail)
	e.Millis = max(e.Millis, 0)
	e.Count = max(e.Count, 0)
}

// clean replaces what could break a line, steer a terminal or turn the
// direction of what follows, and cuts the text to so many bytes.
func clean(s string, most int) string {
	if plain(s) && len(s) <= most {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || steers(r) {
			return ' '
		}
		return r
	}, s)
	for len(s) > most {
		_, size := utf8.DecodeLastRuneInString(s[:most+1])
		s = s[:most+1-size]
	}
	return s
}

// plain reports whether s has nothing but printable ASCII, as most have.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// steers reports whether a character ends a line or changes the direction of
// text (Unicode Standard Annex #9, explicit formatting characters and marks).
func steers(r rune) bool {
	switch {
	case r == '\u2028', r == '\u2029', r == '\ufeff', r == '\u061c':
		return true
	case r >= '\u200e' && r <= '\u200f', r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
		return true
	case r >= 0xe0000 && r <= 0xe007f: // tags, which nobody sees
		return true
	}
	return false
}

package archive

import (
	"strings"
	"time"
)

const (
	nameStart = "latchkey-"
	nameEnd   = ".age"
	nameTime  = "20060102T150405Z" // UTC; sorts by time
	nameHouse = 8                  // hexadecimal digits of the house, enough to tell houses on one disk apart
)

// Name is the name of a house's backup: latchkey-1a2b3c4d-20261121T031500Z.age.
// house is the house's identity in hexadecimal; what isn't is read as zeros, so
// that every name is one that ParseName knows.
func Name(house string, made time.Time) string {
	digits := []byte(strings.Repeat("0", nameHouse))
	for i := 0; i < nameHouse && i < len(house); i++ {
		if c := house[i] | 0x20; isHex(c) {
			digits[i] = c
		}
	}
	return nameStart + string(digits) + "-" + made.UTC().Format(nameTime) + nameEnd
}

// ParseName takes a name apart that Name made; ok is false for every other one.
func ParseName(name string) (house8 string, made time.Time, ok bool) {
	rest, starts := strings.CutPrefix(name, nameStart)
	rest, ends := strings.CutSuffix(rest, nameEnd)
	house8, stamp, dash := strings.Cut(rest, "-")
	if !starts || !ends || !dash {
		return "", time.Time{}, false
	}
	made, err := time.Parse(nameTime, stamp)
	if err != nil || Name(house8, made) != name {
		return "", time.Time{}, false
	}
	return house8, made, true
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' }

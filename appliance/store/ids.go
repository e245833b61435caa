package store

import (
	"encoding/hex"
	"errors"

	"latchkey/appliance/account"
)

var errID = errors.New("store: an id that is not a UUID in lower case")

const uuidLength = 36

// appendUUID appends the 16 bytes of a UUID in its lower-case text form, the
// only form that we keep; ok is false for any other text.
func appendUUID(to []byte, id string) (key []byte, ok bool) {
	if len(id) != uuidLength {
		return to, false
	}
	var digits [32]byte
	n := 0
	for i := range uuidLength {
		c := id[i]
		dash := i == 8 || i == 13 || i == 18 || i == 23
		switch {
		case dash != (c == '-'):
			return to, false
		case dash:
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'f':
			digits[n] = c
			n++
		default:
			return to, false
		}
	}
	key, err := hex.AppendDecode(to, digits[:])
	return key, err == nil
}

// uuidText is the text form of 16 bytes.
func uuidText(b []byte) string {
	var t [uuidLength]byte
	hex.Encode(t[0:8], b[0:4])
	hex.Encode(t[9:13], b[4:6])
	hex.Encode(t[14:18], b[6:8])
	hex.Encode(t[19:23], b[8:10])
	hex.Encode(t[24:36], b[10:16])
	t[8], t[13], t[18], t[23] = '-', '-', '-', '-'
	return string(t[:])
}

// ownerKey is the prefix of all that belongs to owner.
func ownerKey(owner account.UserID) ([]byte, bool) {
	return appendUUID(make([]byte, 0, 48), string(owner))
}

// ownedKey is owner 16 | id 16.
func ownedKey(owner account.UserID, id string) ([]byte, bool) {
	key, ok := ownerKey(owner)
	if !ok {
		return nil, false
	}
	return appendUUID(key, id)
}

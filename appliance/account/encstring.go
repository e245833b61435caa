package account

import (
	"encoding/base64"
	"strings"
)

// IsEncString reports whether s has the shape of a ciphertext that clients may
// store here: type 2 (AES-CBC with HMAC), the RSA types 3 to 6, or type 7
// (COSE). Type 0 has no authentication and is refused, as is the removed type
// 1. Only the shape is looked at: the server has no key.
func IsEncString(s string) bool {
	kind, rest, ok := strings.Cut(s, ".")
	if !ok {
		return false
	}
	parts := strings.Split(rest, "|")
	switch kind {
	case "2":
		return len(parts) == 3 && decodedLen(parts[0]) == 16 && decodedLen(parts[1])%16 == 0 &&
			decodedLen(parts[1]) > 0 && decodedLen(parts[2]) == 32
	case "3", "4", "7":
		return len(parts) == 1 && decodedLen(parts[0]) > 0
	case "5", "6":
		return len(parts) == 2 && decodedLen(parts[0]) > 0 && decodedLen(parts[1]) == 32
	}
	return false
}

// decodedLen is the length behind standard padded base64, -1 where it is none.
// It allocates nothing for what is on its way into the file by the thousand.
func decodedLen(b64 string) int {
	if len(b64)%4 != 0 || len(b64) == 0 {
		return -1
	}
	pad := 0
	for pad < 2 && b64[len(b64)-1-pad] == '=' {
		pad++
	}
	for i := range len(b64) - pad {
		c := b64[i]
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '+' && c != '/' {
			return -1
		}
	}
	return base64.StdEncoding.DecodedLen(len(b64)) - pad
}

package archive

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"unicode"

	"filippo.io/age"
)

// Kit is what opens a backup and knows its house: the recovery key and the
// public half of the house's signing key.
type Kit struct {
	Recovery *age.X25519Identity
	Signer   ed25519.PublicKey // 32 bytes
}

const (
	recoveryStart = "AGE-SECRET-KEY-1"
	recoveryBody  = 58 // Bech32 characters: 52 for 32 bytes, 6 of checksum (BIP 173)
	signStart     = "LATCHKEY-SIGN-"
	signBody      = 43      // base64url without padding of 32 bytes (RFC 4648, 5)
	kitLimit      = 1 << 20 // bytes; a kit has two thousand
)

// ParseKit finds both keys anywhere in a kit's text: in the file that was
// saved, or typed from paper in groups. Spaces, line breaks and the case of the
// recovery key don't matter, and what its alphabet lacks (O, I, 1, B) is read
// as what it looks like. Problem "kit.unreadable" where a key is missing,
// mistyped, or there are two of a kind.
func ParseKit(text []byte) (Kit, error) {
	if len(text) > kitLimit {
		return Kit{}, problemKitLarge()
	}
	s := squeeze(text)
	recovery, err := s.recovery()
	if err != nil {
		return Kit{}, err
	}
	signer, err := s.signer()
	if err != nil {
		return Kit{}, err
	}
	return Kit{recovery, signer}, nil
}

// ParseRecoveryKey reads a recovery key alone, as tolerant as ParseKit; here
// its beginning, AGE-SECRET-KEY-1, may be left out.
func ParseRecoveryKey(text []byte) (*age.X25519Identity, error) {
	if len(text) > kitLimit {
		return nil, problemKitLarge()
	}
	s := squeeze(text)
	if len(s.text) == recoveryBody && !strings.Contains(s.upper, recoveryStart) {
		s = squeeze([]byte(recoveryStart + s.text))
	}
	return s.recovery()
}

// squeezed is a text without its spaces.
type squeezed struct {
	text  string
	upper string // the same in capitals, byte for byte
	after []bool // whether a space stood before this byte
}

// squeeze drops spaces and what can't be seen (byte order marks, soft hyphens,
// the zeros of UTF-16), and makes every kind of dash a hyphen. Every character
// becomes one byte, since nothing that we look for has another.
func squeeze(text []byte) squeezed {
	var s squeezed
	out := make([]byte, 0, len(text))
	space := true
	for _, r := range string(text) {
		switch {
		case unicode.IsSpace(r):
			space = true
			continue
		case r == 0 || r == unicode.ReplacementChar || unicode.Is(unicode.Cf, r):
			continue
		case unicode.Is(unicode.Pd, r) || r == '−':
			r = '-'
		case r > unicode.MaxASCII:
			r = '?'
		}
		out = append(out, byte(r))
		s.after = append(s.after, space)
		space = false
	}
	s.text = string(out)
	s.upper = strings.ToUpper(s.text)
	return s
}

// bodies gives where what follows each occurrence of start begins.
func (s squeezed) bodies(start string) []int {
	var at []int
	for from := 0; ; {
		i := strings.Index(s.upper[from:], start)
		if i < 0 {
			return at
		}
		from += i + len(start)
		at = append(at, from)
	}
}

// lookAlike reads what isn't in the alphabet of Bech32 as what it looks like;
// the checksum behind it says whether that was right.
var lookAlike = strings.NewReplacer("O", "0", "I", "L", "1", "L", "B", "8")

func (s squeezed) recovery() (*age.X25519Identity, error) {
	var found *age.X25519Identity
	bodies := s.bodies(recoveryStart)
	for _, at := range bodies {
		if at+recoveryBody > len(s.upper) {
			continue
		}
		key, err := age.ParseX25519Identity(recoveryStart + lookAlike.Replace(s.upper[at:at+recoveryBody]))
		if err != nil {
			continue
		}
		if found != nil && found.String() != key.String() {
			return nil, problemKitTwo("recovery keys")
		}
		found = key
	}
	switch {
	case found != nil:
		return found, nil
	case len(bodies) > 0:
		return nil, problemKitMistyped()
	}
	return nil, problemKitLacks("recovery key", "AGE-SECRET-KEY-1")
}

// signer finds the signing key. Its text has no checksum and its case matters,
// so one that stands alone as one word is believed before one in groups.
func (s squeezed) signer() (ed25519.PublicKey, error) {
	var whole, grouped []string
	for _, at := range s.bodies(signStart) {
		if at+signBody > len(s.text) {
			continue
		}
		key, err := base64.RawURLEncoding.Strict().DecodeString(s.text[at : at+signBody])
		if err != nil {
			continue
		}
		if s.word(at, at+signBody) {
			whole = append(whole, string(key))
		} else {
			grouped = append(grouped, string(key))
		}
	}
	found := whole
	if len(found) == 0 {
		found = grouped
	}
	if len(found) == 0 {
		return nil, problemKitLacks("signing key", "latchkey-sign-")
	}
	for _, key := range found {
		if key != found[0] {
			return nil, problemKitTwo("signing keys")
		}
	}
	return ed25519.PublicKey(found[0]), nil
}

// word reports whether the bytes from..to stand unbroken and end where the word
// ends.
func (s squeezed) word(from, to int) bool {
	for _, space := range s.after[from:to] {
		if space {
			return false
		}
	}
	if to == len(s.text) || s.after[to] {
		return true
	}
	c := s.text[to]
	return !isHex(c|0x20) && !(c|0x20 >= 'a' && c|0x20 <= 'z') && c != '-' && c != '_'
}
